/* sym: symbols and their addresses. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/value.h"

enum { OPT_LIST = 1, OPT_QUERY, OPT_NEXT, OPT_PREVIOUS, OPT_MODULES, OPT_MODULE };

static const struct option_def options[] = {
	{'l', NULL, NULL, "list all symbols of the kernel", OPT_LIST},
	{'q', NULL, "TEXT", "list the symbols whose name contains TEXT", OPT_QUERY},
	{'p', NULL, NULL, "show the symbol before it too", OPT_PREVIOUS},
	{'n', NULL, NULL, "show the symbol after it too", OPT_NEXT},
	{'m', NULL, "MODULE", "list the symbols of a module", OPT_MODULE},
	{'M', NULL, NULL, "list the symbols of all modules", OPT_MODULES},
	{0},
};

struct listing {
	struct shell *sh;
	const char *query; /* null: all */
	bool any;
};

static void put(struct shell *sh, const struct symbol *s, uint64_t va, bool with_offset)
{
	char type[2] = {s->type ? s->type : '?', '\0'};

	row_begin(sh, "symbol");
	row_hex(sh, "address", 0, va);
	row_text(sh, " (");
	row_str(sh, "type", 0, type);
	row_text(sh, ") ");
	row_str(sh, "symbol", 0, s->name);
	if (with_offset && va != s->va) {
		row_text(sh, sh->set.radix == 16 ? "+0x%" PRIx64 : "+%" PRIu64, va - s->va);
		row_only_u64(sh, "offset", va - s->va);
	}
	if (s->module) {
		row_text(sh, " [");
		row_str(sh, "module", 0, s->module);
		row_text(sh, "]");
	}
	row_end(sh);
}

static bool list_one(const struct symbol *s, void *arg)
{
	struct listing *l = arg;

	if (!l->query || strstr(s->name, l->query)) {
		put(l->sh, s, s->va, false);
		l->any = true;
	}
	return !shell_interrupted();
}

static struct error *list_module(struct listing *l, const struct module *m)
{
	if (!l->query)
		row_text(l->sh, "%" PRIx64 " MODULE START: %s\n", m->mem[0].start, m->name);
	TRY(module_symbols_walk(l->sh->kernel, m, list_one, l));
	if (!l->query)
		row_text(l->sh, "%" PRIx64 " MODULE END: %s\n", m->mem[0].start + m->total_size, m->name);
	return NULL;
}

static struct error *list_modules(struct listing *l, const char *name)
{
	bool found = false;

	TRY(modules_load(l->sh->kernel));
	for (size_t i = 0; i < modules_count(l->sh->kernel) && !shell_interrupted(); i++) {
		const struct module *m = module_at(l->sh->kernel, i);

		if (name && !text_equal(name, m->name))
			continue;
		found = true;
		TRY(list_module(l, m));
	}
	return found || !name ? NULL : error_new(ERROR_USAGE, "%s: not found in the list of modules", name);
}

static struct error *query(struct listing *l)
{
	struct error *e;

	TRY(symbols_walk(l->sh->kernel, list_one, l));
	e = list_modules(l, NULL);
	error_free(e); /* those of the kernel have been shown */
	if (!l->any)
		return error_new(ERROR_USAGE, "%s: no symbol's name contains that", l->query);
	return NULL;
}

/* A name, in the kernel or a module. */
static struct error *find(struct shell *sh, const char *word, uint64_t *ret)
{
	struct error *e = value_address(sh, word, ret);

	if (!e)
		return NULL;
	for (size_t i = 0; i < modules_count(sh->kernel); i++) {
		struct error *e2 = module_symbol_find(sh->kernel, module_at(sh->kernel, i), word, ret);

		error_free(e2);
		if (!e2) {
			error_free(e);
			return NULL;
		}
	}
	return e;
}

static struct error *show(struct shell *sh, const char *word, bool previous, bool next)
{
	struct symbol s, other;
	uint64_t va;
	struct error *e;

	TRY(find(sh, word, &va));
	TRY(symbol_at(sh->kernel, va, &s));
	if (previous) {
		e = symbol_at(sh->kernel, s.va - 1, &other);
		if (!e)
			put(sh, &other, other.va, false);
		error_free(e);
	}
	put(sh, &s, va, true);
	if (next && s.len) {
		e = symbol_at(sh->kernel, s.va + s.len, &other);
		if (!e)
			put(sh, &other, other.va, false);
		error_free(e);
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct listing l = {.sh = sh};
	bool previous = false, next = false, done = false;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_LIST:
			TRY(symbols_walk(sh->kernel, list_one, &l));
			done = true;
			break;
		case OPT_QUERY:
			l.query = o->value;
			TRY(query(&l));
			done = true;
			break;
		case OPT_PREVIOUS:
			previous = true;
			break;
		case OPT_NEXT:
			next = true;
			break;
		case OPT_MODULES:
		case OPT_MODULE:
			TRY(list_modules(&l, id == OPT_MODULE ? o->value : NULL));
			done = true;
			break;
		}
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (!n && !done)
		return command_misused();
	for (int i = 0; i < n; i++)
		TRY(show(sh, words[i], previous, next));
	return NULL;
}

const struct command cmd_sym = {
	.name = "sym",
	.args = "[-l] | [-M] | [-m module] | [-p|-n] | [-q text] | [symbol | address]",
	.summary = "translate symbols to addresses and back, or list them",
	.text = "  sym panic\n"
		"  sym ffffffff8da01ded\n"
		"  sym -q sysrq\n"
		"  sym -m ext4\n",
	.options = options,
	.run = run,
};
