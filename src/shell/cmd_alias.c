/* alias, repeat: other ways to say a command. */
#include <string.h>

#include "base/base.h"
#include "shell/alias.h"
#include "shell/command.h"
#include "shell/row.h"

#define ALIASES_MAX 256

struct alias {
	char *name, *command; /* owned */
};

struct aliases {
	VECTOR(struct alias) v;
};

static const struct {
	const char *name, *command;
} builtin[] = {
	{"sf", "set scroll off"}, {"sn", "set scroll on"}, {"hex", "set radix 16"}, {"dec", "set radix 10"}, {"size", "*"}, {"last", "ps -l"},
};

static const char *find(struct shell *sh, const char *name)
{
	for (size_t i = 0; sh->aliases && i < sh->aliases->v.n; i++)
		if (strcmp(sh->aliases->v.v[i].name, name) == 0)
			return sh->aliases->v.v[i].command;
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (strcmp(builtin[i].name, name) == 0)
			return builtin[i].command;
	return NULL;
}

/* Once: an alias of itself is what it was. */
struct error *alias_expand(struct shell *sh, struct words *w)
{
	const char *command = find(sh, w->v[0]);
	_cleanup_words_ struct words all = {0};
	struct words old;

	if (!command)
		return NULL;
	TRY(words_split(&all, command));
	for (size_t i = 1; i < w->n; i++)
		TRY(words_add(&all, w->v[i]));
	old = *w;
	*w = all;
	all = old;
	return NULL;
}

void aliases_free(struct aliases *a)
{
	for (size_t i = 0; a && i < a->v.n; i++) {
		free(a->v.v[i].name);
		free(a->v.v[i].command);
	}
	if (a)
		vector_done(&a->v);
	free(a);
}

static void put(struct shell *sh, const char *origin, const char *name, const char *command)
{
	row_begin(sh, "alias");
	row_str(sh, "origin", -8, origin);
	row_text(sh, " ");
	row_str(sh, "alias", -8, name);
	row_text(sh, " ");
	row_str(sh, "command", 0, command);
	row_end(sh);
}

/* "man", "lsmod" and the like, which the commands themselves list. */
static void put_other_names(struct shell *sh, const struct command *c)
{
	const char *at = c->aliases;

	while (at && *at) {
		size_t n = strcspn(at, " ");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		put(sh, "builtin", name, c->name);
		at += n + strspn(at + n, " ");
	}
}

static void show(struct shell *sh)
{
	row_text(sh, "ORIGIN   ALIAS    COMMAND\n");
	for (size_t i = 0; commands[i]; i++)
		put_other_names(sh, commands[i]);
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		put(sh, "builtin", builtin[i].name, builtin[i].command);
	for (size_t i = 0; sh->aliases && i < sh->aliases->v.n; i++)
		put(sh, "user", sh->aliases->v.v[i].name, sh->aliases->v.v[i].command);
}

static struct error *drop(struct shell *sh, const char *name)
{
	for (size_t i = 0; sh->aliases && i < sh->aliases->v.n; i++) {
		struct alias *a = &sh->aliases->v.v[i];

		if (strcmp(a->name, name) != 0)
			continue;
		free(a->name);
		free(a->command);
		*a = sh->aliases->v.v[--sh->aliases->v.n];
		return NULL;
	}
	return error_new(ERROR_USAGE, "%s: no alias of that name was given here", name);
}

static struct error *add(struct shell *sh, const char *name, char **words, int n)
{
	_cleanup_strbuf_ struct strbuf command = {0};
	struct alias a;

	if (command_find(name))
		return error_new(ERROR_USAGE, "%s: a command has that name", name);
	for (int i = 0; i < n; i++)
		strbuf_printf(&command, i ? " %s" : "%s", words[i]);
	TRY(strbuf_error(&command));
	error_free(drop(sh, name)); /* a new meaning replaces the old one */
	if (!sh->aliases)
		sh->aliases = calloc(1, sizeof(*sh->aliases));
	if (!sh->aliases)
		return error_nomem();
	if (sh->aliases->v.n == ALIASES_MAX)
		return error_new(ERROR_USAGE, "there are %d aliases already", ALIASES_MAX);
	a = (struct alias){strdup(name), strbuf_take(&command, NULL)};
	if (a.name && a.command && vector_push(&sh->aliases->v, a))
		return NULL;
	free(a.name);
	free(a.command);
	return error_nomem();
}

static struct error *run_alias(struct shell *sh, struct options *o)
{
	char **words;
	int n;

	words = command_words(o, &n);
	if (!n) {
		show(sh);
		return NULL;
	}
	if (n == 1) {
		const char *command = find(sh, words[0]);

		if (!command)
			return error_new(ERROR_USAGE, "%s: no such alias", words[0]);
		row_text(sh, "ORIGIN   ALIAS    COMMAND\n");
		put(sh, "", words[0], command);
		return NULL;
	}
	return words[1][0] ? add(sh, words[0], words + 1, n - 1) : drop(sh, words[0]);
}

static struct error *run_repeat(struct shell *sh, struct options *o)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	char **words;
	int n, first;

	words = command_words(o, &n);
	first = n && words[0][0] == '-' ? 1 : 0;
	if (n <= first || text_equal(words[first], "repeat"))
		return command_misused();
	for (int i = first; i < n; i++)
		strbuf_printf(&line, i > first ? " %s" : "%s", words[i]);
	TRY(strbuf_error(&line));
	TRY(shell_run_line(sh, strbuf_str(&line)));
	row_text(sh, "(once: a dump does not change)\n");
	return NULL;
}

const struct command cmd_alias = {
	.name = "alias",
	.args = "[name [command ...]]",
	.summary = "give a command another name; without words, list them",
	.text = "  alias kp bt -p\n"
		"  alias kp \"\"                   takes it away again\n",
	.run = run_alias,
};

const struct command cmd_repeat = {
	.name = "repeat",
	.args = "[-seconds] command",
	.summary = "run a command: once, since a dump does not change",
	.run = run_repeat,
};
