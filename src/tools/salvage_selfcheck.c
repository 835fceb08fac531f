/* salvage selfcheck DUMP: what we know of kernels, and does not hold for this one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "dump/age.h"
#include "kernel/declared.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/unwind.h"
#include "report/saved.h"
#include "tools/salvage.h"

enum { OPT_JSON = 1, OPT_ALL, OPT_IDENTITY, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.selfcheck/1) instead of text", OPT_JSON },
	{ 'a', "all", NULL, "name variables that this kernel does not have, too", OPT_ALL },
	{ 0, "identity", "FILE", "the secret key that DUMP was encrypted for", OPT_IDENTITY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

struct check {
	struct kernel *k;
	bool json, all;
	struct strbuf out;
	struct json j;
	unsigned fine, absent, wrong, missing_sources;
};

static void help(FILE *to)
{
	fputs("Usage: salvage selfcheck [OPTION]... DUMP\n"
	      "Lists what is declared of kernel variables in this program and does not hold for the kernel in DUMP:\n"
	      "types that are not there, that do not fit before the next symbol. Where symbols, types, unwind\n"
	      "tables or modules are missing altogether, it says why.\n"
	      "Exit status: 0 all resolves; 1 some does not, or DUMP cannot be read; 5 no symbols or no types.\n\n",
	      to);
	options_help(defs, to);
}

static void put(struct check *c, const char *what, const char *state, const char *why)
{
	if (!c->json) {
		strbuf_printf(&c->out, "%s: %s%s", what, state, *why ? ": " : "");
		strbuf_add_clean(&c->out, why, strlen(why));
		strbuf_putc(&c->out, '\n');
		return;
	}
	json_open(&c->j, NULL, '{');
	json_string(&c->j, "what", what);
	json_string(&c->j, "state", state);
	json_string(&c->j, "why", *why ? why : NULL);
	json_close(&c->j, '}');
}

static void check_sources(struct check *c)
{
	static const struct {
		const char *what;
		struct error *(*load)(struct kernel *k);
	} sources[] = {
		{ "symbols", symbols_load }, { "types", types_load }, { "unwind tables", unwind_load }, { "modules", modules_load },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		_cleanup_error_ struct error *e = sources[i].load(c->k);

		if (!e)
			continue;
		put(c, sources[i].what, "missing", error_message(e));
		c->missing_sources += i < 2;
		c->wrong += i >= 2;
	}
}

static void check_declarations(struct check *c)
{
	for (const struct declared *d = declared; d->name; d++) {
		_cleanup_error_ struct error *e = NULL;
		struct ctype type;
		bool percpu;
		uint64_t va;

		/* rows of one name stand together and are alternatives */
		if (d > declared && text_equal(d->name, d[-1].name))
			continue;
		e = symbol_find(c->k, d->name, &va);
		if (e) {
			c->absent++;
			if (c->all)
				put(c, d->name, "absent", "this kernel has no such variable");
			continue;
		}
		e = declared_type(c->k, d->name, &type, &percpu);
		if (e)
			put(c, d->name, "wrong", error_message(e));
		c->wrong += e != NULL;
		c->fine += e == NULL;
	}
}

static struct error *run(const char *path, struct check *c)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;

	TRY(saved_dump_path(path, &file));
	TRY(dump_open(file, &d));
	TRY(kernel_open(d, &k));
	c->k = k;
	if (c->json) {
		json_init(&c->j, &c->out);
		json_open(&c->j, NULL, '{');
		json_string(&c->j, "schema", "salvage.selfcheck/1");
		json_string(&c->j, "release", k->release);
		json_open(&c->j, "findings", '[');
	}
	check_sources(c);
	if (!c->missing_sources)
		check_declarations(c);
	if (c->json) {
		json_close(&c->j, ']');
		json_u64(&c->j, "resolved", c->fine);
		json_u64(&c->j, "absent", c->absent);
		json_u64(&c->j, "wrong", c->wrong);
		json_close(&c->j, '}');
	} else {
		strbuf_add_clean(&c->out, k->release, strlen(k->release));
		strbuf_printf(&c->out, ": %u declarations resolve, %u do not, %u variables are not in this kernel\n", c->fine, c->wrong,
			      c->absent);
	}
	return strbuf_error(&c->out);
}

int salvage_selfcheck(int argc, char **argv)
{
	struct check c = { 0 };
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id, first = argc;

	while (!e && (id = options_next(&o)) != 0) {
		if (id == OPT_HELP)
			help(stdout);
		if (id < 0 || id == OPT_HELP) {
			options_done(&o);
			return id < 0 ? EXIT_WRONG_USAGE : EXIT_FINE;
		}
		c.json |= id == OPT_JSON;
		c.all |= id == OPT_ALL;
		if (id == OPT_IDENTITY)
			e = age_use_identities(o.value);
	}
	if (!e) {
		first = options_rest(&o);
		options_done(&o);
	}
	if (!e && first + 1 != argc) {
		log_error("expected one DUMP; see --help");
		return EXIT_WRONG_USAGE;
	}
	if (!e)
		e = run(argv[first], &c);
	if (!e)
		fwrite(c.out.s, 1, c.out.len, stdout);
	strbuf_done(&c.out);
	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_FAILED;
	}
	return c.missing_sources ? EXIT_NO_SYMBOLS : c.wrong ? EXIT_FAILED : EXIT_FINE;
}
