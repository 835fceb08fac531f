/*
 * Who ran where when the machine died: the panicking task, its stack, and every CPU. A stack
 * is told by what the unwinder found; names come from the kernel's own symbols.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/facts-priv.h"
#include "base/text.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define CPUS_MAX	8192
#define FRAMES_MAX	(1u << 17) /* of all CPUs together */
#define CODE_BEFORE	42 /* bytes, as the kernel prints (arch/x86/kernel/dumpstack.c) */
#define CODE_AFTER	22

static struct report_regs *copy_regs(const struct kernel *k, const struct regs *regs)
{
	struct report_regs *out = calloc(1, sizeof(*out));

	for (unsigned i = 0; out && k->arch->regs[i].name && i < ARRAY_SIZE(regs->v); i++) {
		struct report_reg *row = &out->v[out->n];

		if (!(regs->known >> i & 1))
			continue;
		snprintf(row->name, sizeof(row->name), "%s", k->arch->regs[i].name);
		row->value = regs->v[i];
		out->n++;
	}
	return out;
}

static struct error *name_frame(struct kernel *k, struct report_frame *f)
{
	struct symbol sym;
	/* a return address belongs to the call before it: the next function may begin there */
	struct error *e = symbol_at(k, f->interrupted || !f->pc ? f->pc : f->pc - 1, &sym);

	if (error_drop_if(&e, ERROR_NOMEM))
		return error_nomem();
	if (e) {
		error_free(e); /* no symbol covers it: shown as an address */
		return NULL;
	}
	f->symbol = strdup(sym.name);
	f->module = sym.module ? strdup(sym.module) : NULL;
	if (!f->symbol || (sym.module && !f->module))
		return error_nomem();
	f->off = f->pc - sym.va;
	f->len = sym.len;
	return NULL;
}

struct error *take_stack(struct kernel *k, const struct stack *s, struct report_stack *ret)
{
	for (size_t i = 0; i < s->n; i++) {
		struct report_frame f = { .pc = s->frames[i].pc, .sp = s->frames[i].sp,
					  .exact = s->frames[i].exact,
					  .interrupted = s->frames[i].is_interrupted };
		struct error *e = name_frame(k, &f);

		if (!e && s->frames[i].has_regs) {
			f.regs = copy_regs(k, &s->frames[i].regs);
			e = f.regs ? NULL : error_nomem();
		}
		if (!e && !vector_push(&ret->frames, f))
			e = error_nomem();
		if (e) {
			free(f.symbol);
			free(f.module);
			free(f.regs);
			return e;
		}
	}
	ret->complete = s->complete;
	if (s->why) {
		ret->why = strdup(s->why);
		if (!ret->why)
			return error_nomem();
	}
	return NULL;
}

void set_task(struct report_task *to, const struct task *t)
{
	to->from = FROM_MEMORY;
	to->pid = t->pid;
	memcpy(to->comm, t->comm, sizeof(t->comm));
	to->comm[sizeof(to->comm) - 1] = '\0';
}

struct error *gather_panic_task(struct gather *g)
{
	struct report *r = g->r;
	struct task t;
	struct error *e;
	unsigned cpu;

	TRY(symbols_load(g->k));
	e = panic_cpu(g->k, &cpu);
	/* what the log told of itself stays where memory is silent */
	if (!e) {
		r->panic.cpu = (struct fact_u64){ cpu, FROM_MEMORY };
		e = task_running(g->k, cpu, &t);
		if (!e)
			set_task(&r->panic.task, &t);
	}
	return e;
}

/* The stack of what runs on a CPU. */
static struct error *running_stack(struct kernel *k, unsigned cpu, struct report_stack *ret)
{
	struct stack s = { 0 };
	struct regs regs;
	struct task t;
	struct error *e;

	TRY(cpu_regs(k, cpu, &regs));
	e = task_running(k, cpu, &t);
	if (!e) {
		t.on_cpu = true;
		t.cpu = (int)cpu;
		e = task_stack(k, &t, &s);
	}
	if (e) {
		/* the registers alone carry an unwinder, only without a guess at the bounds */
		error_free(e);
		TRY(unwind(k, &regs, 0, 0, &s));
	}
	e = take_stack(k, &s, ret);
	stack_done(&s);
	return e;
}

struct error *gather_panic_stack(struct gather *g)
{
	if (g->r->panic.cpu.from == FROM_NOWHERE || g->r->panic.cpu.value > CPUS_MAX)
		return error_new(ERROR_NOT_FOUND, "the CPU that panicked is not known");
	return running_stack(g->k, (unsigned)g->r->panic.cpu.value, &g->r->panic.stack);
}

struct wanted {
	int64_t pid;
	struct task task;
	bool found;
};

static bool is_wanted(const struct task *t, void *arg)
{
	struct wanted *w = arg;

	w->found = t->pid == w->pid;
	if (w->found)
		w->task = *t;
	return !w->found;
}

/* "INFO: task NAME:PID blocked for more than ...": NAME may hold colons and blanks. */
static bool blocked_pid(const char *reason, int64_t *ret)
{
	const char *end = strstr(reason, " blocked for more than"), *p = end;
	char digits[21];

	while (p && p > reason && p[-1] >= '0' && p[-1] <= '9')
		p--;
	if (!p || p == end || p == reason || p[-1] != ':' || (size_t)(end - p) >= sizeof(digits))
		return false;
	memcpy(digits, p, (size_t)(end - p));
	digits[end - p] = '\0';
	return text_i64(digits, ret);
}

/* A hung task did not panic itself: its stack is the one to read. */
struct error *gather_victim(struct gather *g)
{
	struct report *r = g->r;
	struct wanted w = { 0 };
	struct stack s = { 0 };
	struct error *e;

	if (r->panic.kind != CRASH_HUNG_TASK || !r->panic.reason.text ||
	    !blocked_pid(r->panic.reason.text, &w.pid))
		return NULL;
	TRY(tasks_walk(g->k, is_wanted, &w));
	if (!w.found)
		return error_new(ERROR_NOT_FOUND, "no task has the pid %" PRId64 " that the log tells of",
				 w.pid);
	set_task(&r->panic.victim, &w.task);
	TRY(task_stack(g->k, &w.task, &s));
	e = take_stack(g->k, &s, &r->panic.victim_stack);
	stack_done(&s);
	return e;
}

static bool same_stack(const struct report_cpu *a, const struct report_cpu *b)
{
	if (a->online != b->online || a->panicked || b->panicked || a->has_regs != b->has_regs ||
	    a->task.from != b->task.from || !text_equal(a->why, b->why) ||
	    a->stack.frames.n != b->stack.frames.n)
		return false;
	/* idle tasks differ in name only: swapper/3; others are worth a line each */
	if (a->task.from != FROM_NOWHERE && (a->task.pid || b->task.pid))
		return false;
	for (size_t i = 0; i < a->stack.frames.n; i++)
		if (a->stack.frames.v[i].pc != b->stack.frames.v[i].pc)
			return false;
	return true;
}

/* `frames`: how many the CPUs before have. */
static struct error *take_cpu(struct gather *g, size_t frames, struct report_cpu *c)
{
	struct regs regs;
	struct task t;
	struct error *e = task_running(g->k, c->cpu, &t);

	if (!e)
		set_task(&c->task, &t);
	error_free(e);
	e = cpu_regs(g->k, c->cpu, &regs);
	c->has_regs = !e;
	if (e) {
		c->why = c->online ? strdup(error_message(e)) : NULL;
		error_free(e);
		return NULL;
	}
	if (c->panicked)
		return NULL;
	if (frames >= FRAMES_MAX) {
		c->why = strdup("the stacks of the CPUs before are long enough for one report");
		return NULL;
	}
	e = running_stack(g->k, c->cpu, &c->stack);
	if (e) {
		c->why = strdup(error_message(e));
		error_free(e);
	}
	return NULL;
}

struct error *gather_cpus(struct gather *g)
{
	struct report *r = g->r;
	unsigned nr, without = 0;
	size_t frames = 0;

	TRY(cpu_count(g->k, &nr));
	for (unsigned cpu = 0; cpu < nr && cpu < CPUS_MAX; cpu++) {
		struct report_cpu c = { .cpu = cpu, .same_as = r->cpus.n };
		bool present = true;

		TRY(cpu_in_mask(g->k, "present", cpu, &present));
		if (!present)
			continue;
		TRY(cpu_in_mask(g->k, "online", cpu, &c.online));
		c.panicked = r->panic.cpu.from != FROM_NOWHERE && r->panic.cpu.value == cpu;
		TRY(take_cpu(g, frames, &c));
		frames += c.stack.frames.n;
		without += c.online && !c.has_regs;
		for (size_t i = 0; i < r->cpus.n; i++) {
			if (r->cpus.v[i].same_as == i && same_stack(&r->cpus.v[i], &c)) {
				c.same_as = i;
				report_stack_done(&c.stack);
				break;
			}
		}
		if (!vector_push(&r->cpus, c)) {
			report_stack_done(&c.stack);
			free(c.why);
			return error_nomem();
		}
	}
	if (without)
		return report_miss(r, "registers", "%u online CPUs left none: they did not answer "
						   "the stop request", without);
	return NULL;
}

/* The kernel prints the bytes around a faulting instruction, but cannot always read them. */
struct error *gather_code(struct gather *g)
{
	struct report *r = g->r;
	unsigned char bytes[CODE_BEFORE + CODE_AFTER];
	_cleanup_strbuf_ struct strbuf b = { 0 };
	unsigned before = CODE_BEFORE;
	struct error *e;
	uint64_t pc;

	if (r->panic.code.text || r->panic.boundary < 0 || !crash_kinds[r->panic.kind].at_exception)
		return NULL;
	pc = r->panic.stack.frames.v[r->panic.boundary].pc;
	if (pc < g->d->page_size)
		return NULL; /* a jump through a null pointer: there is no code */
	e = vmem_read(g->k, pc - before, bytes, before + CODE_AFTER);
	if (e && pc % g->d->page_size < before) {
		/* the first page of a module: nothing is mapped before it */
		error_free(e);
		before = (unsigned)(pc % g->d->page_size);
		e = vmem_read(g->k, pc - before, bytes, before + CODE_AFTER);
	}
	if (e) {
		struct error *e2 = report_miss(r, "instruction bytes", "%s", error_message(e));

		error_free(e);
		return e2;
	}
	for (unsigned i = 0; i < before + CODE_AFTER; i++)
		strbuf_printf(&b, i == before ? "%s<%02x>" : "%s%02x", i ? " " : "", bytes[i]);
	TRY(strbuf_error(&b));
	return fact_set(&r->panic.code, strbuf_str(&b), FROM_MEMORY);
}
