/* p: the value of an expression. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/declared.h"
#include "kernel/symbol.h"
#include "shell/command.h"
#include "shell/expr.h"
#include "shell/show.h"
#include "shell/value.h"

enum { OPT_HEX = 1, OPT_DEC };

static const struct option_def options[] = {
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

static bool is_char_pointer(struct kernel *k, struct ctype t)
{
	struct ctype of;
	struct btf_type b;

	return ctype_target(k, t, &of, NULL) && ctype_base(k, of, &b) && b.kind == BTF_INT && b.size == 1;
}

/* Pointers say what they point to. */
static void put_type(struct kernel *k, struct ctype t, struct strbuf *out)
{
	if (ctype_kind(k, t) != CTYPE_PTR || is_char_pointer(k, t))
		return;
	strbuf_putc(out, '(');
	ctype_declare(k, t, "", out);
	strbuf_puts(out, ") ");
}

static struct error *put_value(struct shell *sh, const struct expr_value *v, const struct show_how *how,
			       struct strbuf *out)
{
	struct kernel *k = sh->kernel;
	uint64_t number;

	if (!v->typed) {
		if (v->in_memory) { /* a symbol: nobody says what is there */
			char name[600];

			value_symbol_text(sh, v->va, 10, name, sizeof(name));
			strbuf_printf(out, "0x%" PRIx64 " <%s>", v->va, name);
		} else {
			strbuf_printf(out, how->radix == 16 ? "0x%" PRIx64 : "%" PRIu64, v->number);
		}
		return NULL;
	}
	put_type(k, v->type, out);
	if (v->in_memory && !v->bits.bit_size)
		return show_object(sh, v->type, v->va, how, out);
	TRY(expr_number(sh, v, &number));
	show_number(sh, v->type, number, how, out);
	return NULL;
}

static struct error *print(struct shell *sh, const char *what, const struct expr_value *v,
			   const struct show_how *how)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	enum ctype_kind kind = v->typed ? ctype_kind(sh->kernel, v->type) : CTYPE_BAD;

	if (what)
		strbuf_printf(&out, "%s = ", what);
	strbuf_printf(&out, "$%u = ", sh->results + 1);
	if (what && kind == CTYPE_ARRAY && !is_char_pointer(sh->kernel, v->type))
		strbuf_puts(&out, "\n ");
	TRY(put_value(sh, v, how, &out));
	TRY(strbuf_error(&out));
	sh->results++;
	fprintf(sh->out, "%s\n", strbuf_str(&out));
	return NULL;
}

static struct error *print_copies(struct shell *sh, const char *name, const char *spec, struct ctype type,
				  const struct show_how *how)
{
	struct error *e = NULL;
	struct cpus cpus;
	char what[320];

	TRY(value_cpus(sh, spec, &cpus));
	for (unsigned cpu = 0; cpu < cpus.nr && !e && !shell_interrupted(); cpu++) {
		struct expr_value v = {.type = type, .typed = true, .in_memory = true};

		if (!cpus.in[cpu])
			continue;
		snprintf(what, sizeof(what), "per_cpu(%s, %u)", name, cpu);
		e = percpu_address(sh->kernel, name, cpu, &v.va);
		if (!e)
			e = print(sh, what, &v, how);
	}
	cpus_done(&cpus);
	return e;
}

static struct error *list_copies(struct shell *sh, const char *name, struct ctype type)
{
	_cleanup_strbuf_ struct strbuf declaration = {0};
	struct cpus cpus;

	TRY(value_cpus(sh, "all", &cpus));
	ctype_declare(sh->kernel, type, name, &declaration);
	fprintf(sh->out, "PER-CPU DATA TYPE:\n  %s;\nPER-CPU ADDRESSES:\n", strbuf_str(&declaration));
	for (unsigned cpu = 0; cpu < cpus.nr; cpu++) {
		uint64_t va;
		struct error *e;

		if (!cpus.in[cpu])
			continue;
		e = percpu_address(sh->kernel, name, cpu, &va);
		if (!e)
			fprintf(sh->out, "  [%u]: %" PRIx64 "\n", cpu, va);
		else
			fprintf(sh->out, "  [%u]: %s\n", cpu, error_message(e));
		error_free(e);
	}
	cpus_done(&cpus);
	return NULL;
}

/* "runqueues" and "runqueues:0,2"; *ret_done false: it is another expression. */
static struct error *try_percpu(struct shell *sh, const char *text, const struct show_how *how,
				bool *ret_done)
{
	size_t len = strcspn(text, ":");
	_cleanup_free_ char *name = strndup(text, len);
	struct ctype type;
	bool percpu;
	struct error *e;

	*ret_done = false;
	if (!name)
		return error_nomem();
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != len)
		return NULL;
	e = declared_type(sh->kernel, name, &type, &percpu);
	error_free(e);
	if (e || !percpu)
		return NULL;
	*ret_done = true;
	return text[len] ? print_copies(sh, name, text + len + 1, type, how) :
			   list_copies(sh, name, type);
}

static bool is_symbol(struct shell *sh, const char *text)
{
	uint64_t va;
	struct error *e = symbol_find(sh->kernel, text, &va);

	error_free(e);
	return !e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct show_how how = show_defaults(sh);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct expr_value v;
	bool done;
	char **words;
	int id, n;

	if (text_equal(o->argv[0], "px"))
		how.radix = 16;
	if (text_equal(o->argv[0], "pd"))
		how.radix = 10;
	while ((id = options_next(o)) > 0)
		how.radix = id == OPT_HEX ? 16 : 10;
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++)
		strbuf_printf(&text, "%s%s", i ? " " : "", words[i]);
	TRY(strbuf_error(&text));
	TRY(try_percpu(sh, strbuf_str(&text), &how, &done));
	if (done)
		return NULL;
	TRY(expr_eval(sh, strbuf_str(&text), &v));
	return print(sh, is_symbol(sh, strbuf_str(&text)) ? strbuf_str(&text) : NULL, &v, &how);
}

const struct command cmd_p = {
	.name = "p",
	.aliases = "px pd print",
	.args = "[-x|-d] expression | symbol[:cpus]",
	.summary = "print the value of an expression",
	.text = "C expressions over the dead kernel: symbols, casts, members, elements, operators, sizeof.\n"
		"A per-CPU variable alone lists its copies; with :0, :0,2-4 or :all it prints them.\n\n"
		"  p jiffies\n"
		"  p init_task.comm\n"
		"  p ((struct task_struct *)0xffff8bfcc11f6100)->mm->pgd\n"
		"  p runqueues:all\n",
	.options = options,
	.run = run,
};
