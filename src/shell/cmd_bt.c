/* bt: stacks. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/exceptions.h"
#include "shell/row.h"
#include "shell/stack_text.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum {
	OPT_ALL = 1, OPT_CPUS, OPT_PANIC, OPT_GROUP, OPT_OFFSETS, OPT_WORDS, OPT_SYMBOLS, OPT_TEXT,
	OPT_TEXT_ALL, OPT_RAW, OPT_HEX, OPT_DEC, OPT_NO_IDLE, OPT_REFERENCE, OPT_CHECK, OPT_EXCEPTIONS, OPT_ALL_EXCEPTIONS,
	OPT_LINES, OPT_PC, OPT_SP, OPT_OLD,
};

static const struct option_def options[] = {
	{'a', NULL, NULL, "the tasks that ran on the CPUs at the crash", OPT_ALL},
	{'c', NULL, "CPUS", "those of some CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{'p', NULL, NULL, "the task that panicked", OPT_PANIC},
	{'g', NULL, NULL, "the threads of the process too", OPT_GROUP},
	{'s', NULL, NULL, "functions with the offset in them", OPT_OFFSETS},
	{'f', NULL, NULL, "the words of each frame", OPT_WORDS},
	{'F', NULL, NULL, "the same, addresses by name: symbols, [slab caches]; -FF: [address:cache]", OPT_SYMBOLS},
	{'e', NULL, NULL, "look for saved registers on the stack", OPT_EXCEPTIONS},
	{'E', NULL, NULL, "look for them on the interrupt and exception stacks of all CPUs", OPT_ALL_EXCEPTIONS},
	{'I', NULL, "PC", "begin at this instruction", OPT_PC},
	{'S', NULL, "SP", "begin at this stack pointer", OPT_SP},
	{'l', NULL, NULL, "with source lines: they need debugging information, which is not read; says so", OPT_LINES},
	{'o', NULL, NULL, "by search alone: the same as -t", OPT_TEXT},
	{'O', NULL, NULL, "taken and ignored: no method but the unwind tables' is the default", OPT_OLD},
	{'t', NULL, NULL, "every word above the stack pointer that points into code", OPT_TEXT},
	{'T', NULL, NULL, "every word of the stack that does", OPT_TEXT_ALL},
	{'r', NULL, NULL, "the raw words of the stack", OPT_RAW},
	{'x', NULL, NULL, "offsets in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "offsets in decimal", OPT_DEC},
	{'n', NULL, "idle", "with -a: without CPUs that were idle", OPT_NO_IDLE},
	{'R', NULL, "SYMBOL", "only stacks in which a symbol or an address occurs", OPT_REFERENCE},
	{'v', NULL, NULL, "look for stacks that ran over", OPT_CHECK},
	{0},
};

enum mode { FRAMES, TEXT, TEXT_ALL, RAW, EXCEPTIONS };

struct request {
	struct shell *sh;
	enum mode mode;
	struct stack_how how;
	bool no_idle, group;
	const char *reference;
	uint64_t pc, sp; /* where to begin; 0: where the task stood */
	bool any; /* something was printed */
};

#define STACK_DEFAULT 16384

/* A kernel stack's size: the type that holds it says. */
static uint64_t stack_size(struct shell *sh)
{
	struct member m;
	struct error *e = type_member(sh->kernel, "thread_union", "stack", &m);
	uint64_t va, end;

	error_free(e);
	if (!e && m.size && m.size <= 1u << 20)
		return m.size;
	/* not in BTF (it is no type of any variable): init's stack has symbols around it */
	e = symbol_find(sh->kernel, "__start_init_stack", &va);
	if (!e)
		e = symbol_find(sh->kernel, "__end_init_stack", &end);
	if (!e && end > va && end - va <= 1u << 20)
		return end - va;
	error_free(e);
	e = symbol_find(sh->kernel, "__start_init_task", &va);
	if (!e)
		e = symbol_find(sh->kernel, "__end_init_task", &end);
	error_free(e);
	return !e && end > va && end - va <= 1u << 20 ? end - va : STACK_DEFAULT;
}

static bool is_text(struct shell *sh, uint64_t va, struct symbol *s)
{
	struct error *e = symbol_at(sh->kernel, va, s);

	error_free(e);
	return !e && strchr("tTwW", s->type) && s->len && va - s->va < s->len;
}

static void put_text_word(struct request *r, uint64_t at, uint64_t v, const struct symbol *s)
{
	struct shell *sh = r->sh;

	row_begin(sh, "word");
	row_text(sh, "  [");
	row_addr(sh, "at", at);
	row_text(sh, "] ");
	row_str(sh, "function", 0, s->name);
	if (r->how.offsets)
		row_text(sh, r->how.radix == 16 ? "+0x%" PRIx64 : "+%" PRIu64, v - s->va);
	row_only_u64(sh, "offset", v - s->va);
	row_text(sh, " at ");
	row_hex(sh, "value", 0, v);
	if (s->module) {
		row_text(sh, " [");
		row_str(sh, "module", 0, s->module);
		row_text(sh, "]");
	}
	row_end(sh);
}

/* Every word of [from, end of the stack) that points into code. */
static struct error *print_text(struct request *r, const struct task *t, uint64_t from)
{
	unsigned word = r->sh->kernel->long_size;
	uint64_t end = t->stack_va + stack_size(r->sh);

	for (uint64_t at = from; at < end && !shell_interrupted(); at += word) {
		struct symbol s;
		uint64_t v;

		TRY(vmem_read_long(r->sh->kernel, at, &v));
		if (is_text(r->sh, v, &s))
			put_text_word(r, at, v, &s);
	}
	return NULL;
}

/* From a place that was named, not where the task stood. */
static struct error *stack_from(struct request *r, const struct task *t, struct stack *ret)
{
	struct kernel *k = r->sh->kernel;
	struct regs from = {0};
	uint64_t pc = r->pc, sp = r->sp;

	if (!k->arch || !sp)
		return error_new(ERROR_USAGE, "-I: needs -S, the stack pointer that goes with it");
	if (!pc) { /* what lies there is where the caller goes on */
		TRY(vmem_read_long(k, sp, &pc));
		sp += k->long_size;
	}
	regs_set(&from, k->arch, k->arch->pc, pc);
	regs_set(&from, k->arch, k->arch->sp, sp);
	return unwind(k, &from, t->stack_va, t->stack_va + stack_size(r->sh), ret);
}

static struct error *print_raw(struct request *r, const struct task *t)
{
	char line[96];

	snprintf(line, sizeof(line), "rd -x %" PRIx64 " %" PRIu64, t->stack_va,
		 stack_size(r->sh) / r->sh->kernel->long_size);
	return shell_run_line(r->sh, line);
}

/* Whether any frame, or any word between the frames, is the symbol or address asked for. */
static struct error *refers(struct request *r, const struct task *t, const struct stack *s, bool *ret)
{
	uint64_t va, end = t->stack_va + stack_size(r->sh);
	struct symbol wanted;
	struct error *e;

	*ret = false;
	TRY(value_address(r->sh, r->reference, &va));
	e = symbol_at(r->sh->kernel, va, &wanted);
	error_free(e);
	if (e || wanted.va != va)
		wanted = (struct symbol){.va = va, .len = 1};
	for (size_t i = 0; i < s->n && !*ret; i++)
		*ret = s->frames[i].pc - wanted.va < MAX(wanted.len, (uint64_t)1);
	if (*ret || !s->n)
		return NULL;
	for (uint64_t at = s->frames[0].sp; at < end && at >= t->stack_va && !*ret;
	     at += r->sh->kernel->long_size) {
		uint64_t v;

		TRY(vmem_read_long(r->sh->kernel, at, &v));
		*ret = v - wanted.va < MAX(wanted.len, (uint64_t)1);
	}
	return NULL;
}

static struct error *print_task(struct request *r, const struct task *t)
{
	struct stack s;
	struct error *e;
	bool wanted = true;

	if (r->mode == EXCEPTIONS) {
		print_task_line(r->sh, t);
		r->any = true;
		return print_exceptions_in(r->sh, t->stack_va, t->stack_va + stack_size(r->sh));
	}
	if (r->mode == RAW || r->mode == TEXT_ALL) {
		print_task_line(r->sh, t);
		r->any = true;
		return r->mode == RAW ? print_raw(r, t) : print_text(r, t, t->stack_va);
	}
	e = r->pc || r->sp ? stack_from(r, t, &s) : task_stack(r->sh->kernel, t, &s);
	if (e && r->reference && error_kind(e) != ERROR_NOMEM) {
		error_free(e);
		return NULL;
	}
	if (e) {
		print_task_line(r->sh, t);
		return e;
	}
	if (r->reference)
		e = refers(r, t, &s, &wanted);
	if (!e && wanted) {
		if (r->any)
			row_text(r->sh, "\n");
		r->any = true;
		print_task_line(r->sh, t);
		e = r->mode == TEXT ? print_text(r, t, s.n ? s.frames[0].sp : t->stack_va) :
				      print_stack(r->sh, &s, &r->how);
	}
	stack_done(&s);
	return e;
}

/* One task that cannot be shown does not keep the others back. */
static struct error *print_and_go_on(struct request *r, const struct task *t)
{
	struct error *e = print_task(r, t);

	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	fprintf(r->sh->errors, "bt: %s\n", error_message(e));
	r->any = true;
	error_free(e);
	return NULL;
}

static struct error *print_cpus(struct request *r, const char *spec)
{
	struct cpus cpus;
	struct error *e = NULL;

	TRY(value_cpus(r->sh, spec, &cpus));
	for (unsigned cpu = 0; cpu < cpus.nr && !e && !shell_interrupted(); cpu++) {
		struct task t;
		bool online = true;

		if (!cpus.in[cpu])
			continue;
		error_free(cpu_in_mask(r->sh->kernel, "online", cpu, &online));
		if (!online)
			continue;
		e = task_running(r->sh->kernel, cpu, &t);
		if (!e && !(r->no_idle && t.pid == 0))
			e = print_and_go_on(r, &t);
	}
	cpus_done(&cpus);
	return e;
}

static struct error *print_group(struct request *r, const struct task *t)
{
	const struct shell_tasks *all;

	TRY(shell_tasks_load(r->sh, &all));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++)
		if (all->v[i].tgid == t->tgid && (t->pid != 0 || all->v[i].va == t->va))
			TRY(print_and_go_on(r, &all->v[i]));
	return NULL;
}

static struct error *print_panicked(struct request *r)
{
	struct task t;
	unsigned cpu;

	TRY(panic_cpu(r->sh->kernel, &cpu));
	TRY(task_running(r->sh->kernel, cpu, &t));
	return print_task(r, &t);
}

#define STACK_END_MAGIC 0x57ac6e9d /* include/uapi/linux/magic.h */

/* The word at the end of each stack: the kernel writes it, and what runs over overwrites it. */
static struct error *check_stacks(struct request *r)
{
	const struct shell_tasks *all;
	unsigned bad = 0;

	TRY(shell_tasks_load(r->sh, &all));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		const struct task *t = &all->v[i];
		uint64_t end = t->stack_va, word;
		struct member m;
		struct error *e = type_member(r->sh->kernel, "task_struct", "thread_info", &m);

		if (e) { /* thread_info is on the stack, and comes first */
			error_free(e);
			e = type_size(r->sh->kernel, "thread_info", &word);
			end += e ? 0 : word;
		}
		error_free(e);
		e = vmem_read_long(r->sh->kernel, end, &word);
		if (e || word == STACK_END_MAGIC) {
			error_free(e);
			continue;
		}
		print_task_line(r->sh, t);
		fprintf(r->sh->out, "  possible stack overflow: [%0*" PRIx64 "]: %" PRIx64 " != STACK_END_MAGIC\n",
			(int)(2 * r->sh->kernel->long_size), end, word);
		bad++;
	}
	if (!bad)
		fputs("No stack overflows detected\n", r->sh->out);
	return NULL;
}

static struct error *print_words(struct request *r, char **words, int n)
{
	struct task_picks p = {0};
	struct error *e = NULL;

	for (int i = 0; i < n && !e; i++)
		e = tasks_pick(r->sh, words[i], &p);
	for (size_t i = 0; i < p.v.n && !e && !shell_interrupted(); i++) {
		const struct task *t = &r->sh->tasks->v[p.v.v[i]];

		e = r->group ? print_group(r, t) : print_and_go_on(r, t);
	}
	vector_done(&p.v);
	return e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .how.radix = sh->set.radix};
	const char *cpus = NULL;
	bool panicked = false, check = false, lines = false;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		switch (id) {
		case OPT_ALL:
			cpus = "all";
			break;
		case OPT_CPUS:
			cpus = o->value;
			break;
		case OPT_PANIC:
			panicked = true;
			break;
		case OPT_GROUP:
			r.group = true;
			break;
		case OPT_OFFSETS:
			r.how.offsets = true;
			break;
		case OPT_SYMBOLS:
			r.how.objects = r.how.symbols;
			r.how.symbols = true;
			r.how.words = true;
			break;
		case OPT_EXCEPTIONS:
			r.mode = EXCEPTIONS;
			break;
		case OPT_ALL_EXCEPTIONS:
			return print_all_exceptions(sh);
		case OPT_LINES:
			lines = true;
			break;
		case OPT_PC:
			TRY(value_address(sh, o->value, &r.pc));
			break;
		case OPT_SP:
			TRY(value_address(sh, o->value, &r.sp));
			break;
		case OPT_WORDS:
			r.how.words = true;
			break;
		case OPT_TEXT:
			r.mode = TEXT;
			break;
		case OPT_TEXT_ALL:
			r.mode = TEXT_ALL;
			break;
		case OPT_RAW:
			r.mode = RAW;
			break;
		case OPT_HEX:
		case OPT_DEC:
			r.how.radix = id == OPT_HEX ? 16 : 10;
			break;
		case OPT_NO_IDLE:
			r.no_idle = true;
			break;
		case OPT_REFERENCE:
			r.reference = o->value;
			break;
		case OPT_CHECK:
			check = true;
			break;
		}
	}
	if (id < 0)
		return command_misused();
	if (lines)
		row_text(sh, "(no lines: they come from DWARF, which is not read)\n");
	if (check)
		return check_stacks(&r);
	if (panicked)
		return print_panicked(&r);
	if (cpus)
		return print_cpus(&r, cpus);
	words = command_words(o, &n);
	if (n)
		return print_words(&r, words, n);
	if (!sh->has_task)
		return error_new(ERROR_NOT_FOUND, "no task is the current one; name one, or try bt -a");
	return r.group ? print_group(&r, &sh->task) : print_task(&r, &sh->task);
}

const struct command cmd_bt = {
	.name = "bt",
	.args = "[-a|-c cpus|-p|-g] [-s][-f|-F|-FF][-t|-T|-r|-e|-E][-x|-d][-n idle][-R symbol][-v][-S sp [-I pc]] [pid | task] ...",
	.summary = "show stacks",
	.text = "Frames come from the kernel's own unwind tables: what is shown was called, and nothing\n"
		"stale is. Where no table leads on, the rest of the stack is searched and marked (?).\n\n"
		"  bt -a\n"
		"  bt -sx 1\n"
		"  bt -F\n",
	.options = options,
	.run = run,
};
