/* Commands of the classic shell that have no place here: each says why, and what does the same. */
#include <string.h>

#include "base/base.h"
#include "shell/command.h"

static struct error *run_wr(struct shell *sh, struct options *o)
{
	(void)sh;
	(void)o;
	return error_new(ERROR_UNSUPPORTED, "a dump is evidence and is never written to");
}

static struct error *run_extend(struct shell *sh, struct options *o)
{
	(void)sh;
	(void)o;
	return error_new(ERROR_UNSUPPORTED,
			 "shared objects made for the classic shell are not loaded; trace, gcore and locks are commands here");
}

/* What people type after gdb, and who answers it here. */
static const struct {
	const char *word, *instead;
} equivalents[] = {
	{"print", "p"}, {"p", "p"}, {"output", "p"}, {"x", "rd"}, {"disassemble", "dis"}, {"ptype", "whatis"},
	{"whatis", "whatis"}, {"bt", "bt"}, {"backtrace", "bt"}, {"where", "bt"}, {"info", "sym"}, {"list", "sym"},
	{"set", "set"}, {"printf", "p"},
};

static struct error *run_gdb(struct shell *sh, struct options *o)
{
	(void)sh;
	for (size_t i = 0; o->argc > 1 && i < ARRAY_SIZE(equivalents); i++)
		if (strcmp(o->argv[1], equivalents[i].word) == 0)
			return error_new(ERROR_UNSUPPORTED, "there is no debugger inside: \"%s\" is \"%s\" here, see \"help %s\"",
					 o->argv[1], equivalents[i].instead, equivalents[i].instead);
	return error_new(ERROR_UNSUPPORTED,
			 "there is no debugger inside: p, struct, whatis, dis, rd and bt answer what it answered");
}

const struct command cmd_wr = {
	.name = "wr",
	.args = "address value",
	.summary = "refused: dumps are not written to",
	.run = run_wr,
};

const struct command cmd_extend = {
	.name = "extend",
	.args = "file ...",
	.summary = "refused: what the common extensions do is built in",
	.run = run_extend,
};

const struct command cmd_gdb = {
	.name = "gdb",
	.aliases = "g",
	.args = "words ...",
	.summary = "refused: names the command that does the same",
	.run = run_gdb,
};
