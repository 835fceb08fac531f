/* exit, q: the end. */
#include "shell/command.h"

static struct error *run(struct shell *sh, struct options *o)
{
	(void)o;
	sh->ended = true;
	return NULL;
}

const struct command cmd_exit = {
	.name = "exit",
	.aliases = "q quit",
	.args = "",
	.summary = "leave",
	.run = run,
};
