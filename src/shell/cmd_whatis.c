/* whatis: what a type, member or symbol is. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/declared.h"
#include "kernel/symbol.h"
#include "shell/command.h"
#include "shell/expr.h"
#include "shell/show.h"

enum { OPT_OFFSETS = 1 };

static const struct option_def options[] = {
	{'o', NULL, NULL, "structures with the offsets of their members", OPT_OFFSETS},
	{0},
};

static void put_enum(struct shell *sh, const struct btf_type *t)
{
	struct btf_elem el;

	fprintf(sh->out, "enum %s {\n", t->name);
	for (uint32_t i = 0; btf_elem_at(sh->kernel->btf, t, i, &el); i++)
		fprintf(sh->out, "  %s = %" PRId64 "\n", el.name, el.value);
	fputs("};\n", sh->out);
}

static void put_typedef(struct shell *sh, const struct btf_type *t, uint32_t id)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	uint64_t size;

	ctype_declare(sh->kernel, ctype_of(t->size), t->name, &out);
	fprintf(sh->out, "typedef %s;\n", strbuf_str(&out));
	if (btf_size(sh->kernel->btf, id, &size))
		fprintf(sh->out, "SIZE: %" PRIu64 "\n", size);
}

static struct error *put_struct(struct shell *sh, struct ctype t, const char *only, bool offsets)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	if (only || offsets)
		TRY(show_offsets(sh, t, only, 0, false, &out));
	else
		TRY(show_definition(sh, t, false, &out));
	fputs(strbuf_str(&out), sh->out);
	return NULL;
}

static struct error *put_type(struct shell *sh, struct ctype t, bool offsets)
{
	struct btf_type b;
	uint64_t size;
	_cleanup_strbuf_ struct strbuf out = {0};

	if (!t.n && btf_type_at(sh->kernel->btf, t.id, &b) && b.kind == BTF_TYPEDEF) {
		put_typedef(sh, &b, t.id);
		return NULL;
	}
	if (ctype_base(sh->kernel, t, &b) && (b.kind == BTF_ENUM || b.kind == BTF_ENUM64)) {
		put_enum(sh, &b);
		return NULL;
	}
	if (ctype_kind(sh->kernel, t) == CTYPE_STRUCT)
		return put_struct(sh, t, NULL, offsets);
	ctype_declare(sh->kernel, t, "", &out);
	fprintf(sh->out, "%s\n", strbuf_str(&out));
	if (ctype_size(sh->kernel, t, &size))
		fprintf(sh->out, "SIZE: %" PRIu64 "\n", size);
	return NULL;
}

/* Of one name alone: structures, unions and enums besides what C calls a type. */
static struct error *find_type(struct shell *sh, const char *text, struct ctype *ret)
{
	static const char *const keywords[] = {"", "struct ", "union ", "enum "};
	struct error *e = NULL;
	char name[200];

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		error_free(e);
		snprintf(name, sizeof(name), "%s%s", keywords[i], text);
		e = ctype_parse(sh->kernel, name, ret);
		if (!e || error_kind(e) == ERROR_NOMEM)
			return e;
	}
	return e;
}

/* A function's prototype. */
static bool find_function(struct shell *sh, const char *name, struct ctype *ret)
{
	struct btf *b = sh->kernel->btf;
	struct btf_type t;

	for (uint32_t id = 1; id < btf_count(b); id++) {
		if (!btf_type_at(b, id, &t) || t.kind != BTF_FUNC || strcmp(t.name, name) != 0)
			continue;
		*ret = ctype_of(t.size);
		return true;
	}
	return false;
}

static struct error *put_symbol(struct shell *sh, const char *name)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct ctype t;
	bool percpu;
	uint64_t va;

	TRY(types_load(sh->kernel));
	TRY(symbol_find(sh->kernel, name, &va));
	if (!find_function(sh, name, &t))
		TRY(declared_type(sh->kernel, name, &t, &percpu));
	ctype_declare(sh->kernel, t, name, &out);
	fprintf(sh->out, "%s;\n", strbuf_str(&out));
	return NULL;
}

/* "init_task.comm": the type of an expression. */
static struct error *put_expression(struct shell *sh, const char *text)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct expr_value v;

	TRY(expr_eval(sh, text, &v));
	if (!v.typed)
		return error_new(ERROR_NOT_FOUND, "nothing tells the type of %s", text);
	ctype_declare(sh->kernel, v.type, "", &out);
	fprintf(sh->out, "%s\n", strbuf_str(&out));
	return NULL;
}

static struct error *put_word(struct shell *sh, const char *text, bool offsets)
{
	struct ctype t;
	struct error *e, *e2;
	size_t len = strcspn(text, ".");
	char name[160];

	if (text[len] && len < sizeof(name)) { /* "task_struct.comm" */
		memcpy(name, text, len);
		name[len] = '\0';
		e = find_type(sh, name, &t);
		if (!e)
			return put_struct(sh, t, text + len + 1, true);
		error_free(e);
	}
	e = find_type(sh, text, &t);
	if (!e)
		return put_type(sh, t, offsets);
	if (strpbrk(text, ".->[(*&")) {
		error_free(e);
		return put_expression(sh, text);
	}
	e2 = put_symbol(sh, text);
	if (e2 && error_kind(e2) == ERROR_NOT_FOUND) {
		/* of the two reasons that of the symbol says more when there is one */
		error_free(e);
		return e2;
	}
	error_free(e);
	return e2;
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	bool offsets = false;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0)
		offsets |= id == OPT_OFFSETS;
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", words[i]);
	TRY(strbuf_error(&text));
	return put_word(sh, strbuf_str(&text), offsets);
}

const struct command cmd_whatis = {
	.name = "whatis",
	.args = "[-o] type | struct.member | symbol",
	.summary = "tell the definition of a type, or the type of a symbol",
	.text = "Types come from the kernel's BTF. It knows functions and per-CPU variables; of other\n"
		"variables the types that everybody asks for are declared here.\n\n"
		"  whatis list_head\n"
		"  whatis task_struct.comm\n"
		"  whatis panic\n",
	.options = options,
	.run = run,
};
