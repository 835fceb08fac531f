/* help: the list of commands, or one of them. */
#include "shell/command.h"

static void list(struct shell *sh)
{
	fputs("Commands:\n", sh->out);
	for (size_t i = 0; commands[i]; i++)
		fprintf(sh->out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nThe name of a structure is a command too: \"list_head ffffffff8ea1aa40\".\n"
	      "  COMMAND | less    COMMAND > FILE    COMMAND >> FILE    !COMMAND    # comment\n"
	      "Addresses are hexadecimal with or without 0x, or symbol+offset, or (an expression).\n"
	      "\"help COMMAND\" tells the options of one.\n",
	      sh->out);
}

static struct error *run(struct shell *sh, struct options *o)
{
	int n;
	char **words = command_words(o, &n);

	if (!n)
		list(sh);
	for (int i = 0; i < n; i++) {
		const struct command *c = command_find(words[i]);

		if (!c)
			return error_new(ERROR_USAGE, "%s: no such command", words[i]);
		if (i)
			fputc('\n', sh->out);
		command_help(c, sh->out);
	}
	return NULL;
}

const struct command cmd_help = {
	.name = "help",
	.aliases = "man ?",
	.args = "[command ...]",
	.summary = "this list, or all about one command",
	.run = run,
};
