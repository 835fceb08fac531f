/* salvage remove CRASH...: deletes saved crashes. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "base/options.h"
#include "crashdir/retain.h"
#include "tools/salvage.h"

enum { OPT_FOLDER = 1, OPT_HELP };

static const struct option_def defs[] = {
	{ 'f', "folder", "FOLDER", "where the crashes are (default /var/crash)", OPT_FOLDER },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

static void help(void)
{
	fputs("Usage: salvage remove [OPTION]... CRASH...\n"
	      "Deletes saved crashes, by the names that 'salvage list' shows. A folder that holds anything\n"
	      "but a crash is left alone.\n\n",
	      stdout);
	options_help(defs, stdout);
}

static int remove_all(const char *folder, char **names)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code = EXIT_FINE;

	if (dir < 0) {
		log_error("%s: cannot open: %m", folder);
		return EXIT_FAILED;
	}
	for (; *names; names++) {
		struct error *e = crashdir_remove(dir, folder, *names);

		if (!e)
			continue;
		log_error("%s", error_message(e));
		code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;
		error_free(e);
	}
	return code;
}

int salvage_remove(int argc, char **argv)
{
	const char *folder = "/var/crash";
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0;

	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_FAILED;
	}
	while ((id = options_next(&o)) > 0) {
		if (id == OPT_FOLDER) {
			folder = o.value;
			continue;
		}
		help();
		options_done(&o);
		return EXIT_FINE;
	}
	argv += options_rest(&o);
	options_done(&o);
	if (id < 0 || !*argv) {
		if (!id)
			log_error("remove: name at least one crash; 'salvage list' shows them");
		return EXIT_WRONG_USAGE;
	}
	return remove_all(folder, argv);
}
