/* Lines from a terminal, with history and completion. */
#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "kernel/btf.h"
#include "kernel/symbol.h"
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

/* Names of structures. */
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

/* "task_struct.pi": members of the structure, those of its nameless parts too. */
struct members {
	struct words v;
	const char *begin; /* of the member's name */
	size_t prefix;	   /* bytes of what was typed before it */
	const char *text;
	bool failed;
};

#define PARTS_DEPTH 8

static void take_members(struct members *m, const struct btf *b, uint32_t id, unsigned depth)
{
	struct btf_type t;
	struct btf_elem el;

	if (depth > PARTS_DEPTH || !btf_type_at(b, btf_strip(b, id), &t) || (t.kind != BTF_STRUCT && t.kind != BTF_UNION))
		return;
	for (uint32_t i = 0; btf_elem_at(b, &t, i, &el) && !m->failed; i++) {
		struct error *e = NULL;

		if (!el.name[0])
			take_members(m, b, el.type, depth + 1);
		else if (text_starts(el.name, m->begin))
			e = words_addf(&m->v, "%.*s%s", (int)m->prefix, m->text, el.name);
		m->failed |= e != NULL;
		error_free(e);
	}
}

static char *complete_member(const char *text, int state)
{
	static struct members m;
	static size_t next;
	struct btf *b = at_terminal->kernel->btf;
	char name[128];
	const char *dot = strchr(text, '.');
	uint32_t id = 0;

	if (!state) {
		words_done(&m.v);
		m = (struct members){.text = text, .begin = dot + 1, .prefix = (size_t)(dot + 1 - text)};
		next = 0;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - text), text);
		while (b && btf_next_named(b, name, &id))
			take_members(&m, b, id, 0);
	}
	return next < m.v.n ? strdup(m.v.v[next++]) : NULL;
}

/* Symbols that begin so, as many as somebody reads. */
#define SYMBOLS_SHOWN 200

struct symbol_names {
	struct words v;
	const char *text;
};

static bool take_symbol(const struct symbol *s, void *arg)
{
	struct symbol_names *n = arg;
	struct error *e = text_starts(s->name, n->text) ? words_add(&n->v, s->name) : NULL;

	error_free(e);
	return !e && n->v.n < SYMBOLS_SHOWN;
}

/* A type's name, then symbols. */
static char *complete_word(const char *text, int state)
{
	static struct symbol_names names;
	static size_t next;
	static bool types;
	char *found;

	if (!state) {
		words_done(&names.v);
		names = (struct symbol_names){.text = text};
		error_free(symbols_walk(at_terminal->kernel, take_symbol, &names)); /* then types alone */
		next = 0;
		types = true;
	}
	found = types ? complete_type(text, state) : NULL;
	types = types && found;
	if (found)
		return found;
	return next < names.v.n ? strdup(names.v.v[next++]) : NULL;
}

static char **complete(const char *text, int start, int end)
{
	(void)end;
	rl_attempted_completion_over = strncmp(rl_line_buffer, "!", 1) != 0;
	if (start == 0)
		return rl_completion_matches(text, complete_command);
	error_free(types_load(at_terminal->kernel)); /* without types symbols are offered */
	if (strchr(text, '.'))
		return rl_completion_matches(text, complete_member);
	return strlen(text) >= 3 ? rl_completion_matches(text, complete_word) : NULL;
}

struct error *shell_interact(struct shell *sh)
{
	struct error *e = NULL;

	at_terminal = sh;
	sh->set.scroll = !sh->no_scroll && isatty(STDOUT_FILENO);
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
