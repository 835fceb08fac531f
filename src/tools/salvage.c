/* salvage: the front door for people. One row per command. */
#include "tools/salvage.h"
#include "tools/shell_main.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

static const struct command {
	const char *name, *args, *help;
	char *full_name; /* for messages of the option parser */
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "report", "DUMP", "say why a kernel died, from its dump alone", "salvage report",
	  salvage_report },
	{ "shell", "DUMP", "ask a dead kernel questions, as with crash", "salvage shell", shell_main },
	{ "selfcheck", "DUMP", "say what we know of kernels and does not hold for this one", "salvage selfcheck", salvage_selfcheck },
	{ "verify", "DUMP", "check that a dump is whole and reads", "salvage verify", salvage_verify },
	{ "setup", "", "set up crash dumps on this machine; asks first", "salvage setup", salvage_setup },
	{ "show", "[CRASH]", "show one saved crash (default: the newest)", "salvage show", salvage_show },
	{ "status", "", "whether a crash would be captured", "salvage status", salvage_status },
	{ "check", "", "what stands in the way of a crash dump", "salvage check", salvage_check },
	{ "config", "[KEY=VALUE]", "show kdump.conf's settings, or change some", "salvage config",
	  salvage_config },
	{ "notify", "", "tell of crashes that were not told of yet", "salvage notify", salvage_notify },
	{ "remove", "CRASH...", "delete saved crashes", "salvage remove", salvage_remove },
	{ "list", "[FOLDER]", "show the saved crashes (default /var/crash)", "salvage list",
	  salvage_list },
};

static void help(FILE *to)
{
	fputs("Usage: salvage COMMAND [OPTION]... [ARGUMENT]...\n"
	      "Says why a Linux kernel crashed. Needs the dump, nothing else.\n\n"
	      "Commands:\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-9s %-10s %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fputs("\nExamples:\n"
	      "  salvage list                            what crashed on this machine\n"
	      "  salvage report /var/crash/127.0.0.1-*/  why (a dump folder will do)\n"
	      "  salvage report vmcore --json -o r.json  the same for programs\n\n"
	      "'salvage COMMAND --help' tells the options of a command.\n\n"
	      "Exit status: 0 done; 1 failed; 2 wrong usage; 4 done, but the dump is incomplete;\n"
	      "5 done, but no symbols were found in the dump; 6 not permitted.\n",
	      to);
}

int main(int argc, char **argv)
{
	log_setup("salvage", LOG_LEVEL_INFO);
	if (argc < 2) {
		help(stderr);
		return EXIT_WRONG_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		help(stdout);
		return EXIT_FINE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("salvage " SALVAGE_VERSION);
		return EXIT_FINE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!text_equal(argv[1], commands[i].name))
			continue;
		argv[1] = commands[i].full_name;
		return commands[i].run(argc - 1, argv + 1);
	}
	log_error("%s: no such command; 'salvage --help' lists them", argv[1]);
	return EXIT_WRONG_USAGE;
}
