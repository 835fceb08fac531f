/* Lines from a terminal, with history and completion. */
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "shell/command.h"

#define HISTORY_LINES 1000
#define TYPES_MAX     (1u << 24)

/* readline's callbacks take no argument: there is one terminal. */
static struct shell *at_terminal;

static char *complete_command(const char *text, int state)
{
	static size_t next;

	if (!state)
		next = 0;
	while (commands[next]) {
		const char *name = commands[next++]->name;

		if (text_starts(name, text))
			return strdup(name);
	}
	return NULL;
}

/* Names of structures; symbols are too many to be of help. */
static char *complete_type(const char *text, int state)
{
	static uint32_t next;
	struct kernel *k = at_terminal->kernel;
	struct btf_type t;

	if (!state)
		next = 1;
	for (; k->btf && next < btf_count(k->btf) && next < TYPES_MAX; next++) {
		if (!btf_type_at(k->btf, next, &t) || (t.kind != BTF_STRUCT && t.kind != BTF_UNION))
			continue;
		if (t.name[0] && text_starts(t.name, text)) {
			next++;
			return strdup(t.name);
		}
	}
	return NULL;
}

static char **complete(const char *text, int start, int end)
{
	(void)end;
	rl_attempted_completion_over = strncmp(rl_line_buffer, "!", 1) != 0;
	if (start == 0)
		return rl_completion_matches(text, complete_command);
	error_free(types_load(at_terminal->kernel)); /* without types nothing is offered */
	return strlen(text) >= 2 ? rl_completion_matches(text, complete_type) : NULL;
}

struct error *shell_interact(struct shell *sh)
{
	struct error *e = NULL;

	at_terminal = sh;
	rl_readline_name = "salvage";
	rl_attempted_completion_function = complete;
	rl_catch_signals = 1;
	using_history();
	stifle_history(HISTORY_LINES);
	while (!sh->ended && !e) {
		char *line = readline("crash> ");

		if (!line) {
			fputc('\n', sh->out);
			break;
		}
		if (line[strspn(line, " \t")])
			add_history(line);
		e = shell_run_line(sh, line);
		free(line);
	}
	at_terminal = NULL;
	return e;
}
