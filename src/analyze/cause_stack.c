/* Kernel stacks that ran over: the guard page was hit, or the mark at their end is gone
 * (include/uapi/linux/magic.h: STACK_END_MAGIC, kernel/sched/core.c). */
#include <inttypes.h>
#include <string.h>

#include "analyze/detect.h"
#include "base/text.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define STACK_END_MAGIC 0x57ac6e9d
#define MANY		8 /* frames of one function are a recursion */

/* The function that fills the stack; its index and how often it is there. */
static int recursion(const struct report_stack *s, size_t *ret_n)
{
	int best = -1;

	*ret_n = 0;
	for (size_t i = 0; i < s->frames.n && i < 64; i++) {
		size_t n = 0;

		for (size_t k = i; s->frames.v[i].symbol && k < s->frames.n; k++)
			n += text_equal(s->frames.v[k].symbol, s->frames.v[i].symbol);
		if (n > *ret_n) {
			*ret_n = n;
			best = (int)i;
		}
	}
	return *ret_n >= MANY ? best : -1;
}

/* The words at the low end of the task's stack. */
static struct error *tell_stack_end(struct gather *g, struct report_cause *c, bool *ret_gone)
{
	struct task t;
	uint64_t mark;

	*ret_gone = false;
	if (!g->k || g->r->panic.cpu.from == FROM_NOWHERE)
		return NULL;
	TRY(task_running(g->k, (unsigned)g->r->panic.cpu.value, &t));
	TRY(vmem_read_long(g->k, t.stack_va, &mark));
	*ret_gone = mark != STACK_END_MAGIC;
	evidence_word(g, c, t.stack_va, "the mark at the end of the task's stack, which ought to be 0x%x",
		      STACK_END_MAGIC);
	return NULL;
}

static struct error *run_overflow(struct gather *g)
{
	const struct report_stack *s = &g->r->panic.stack;
	const char *text = g->r->panic.reason.text;
	struct report_cause *c;
	size_t n;
	int deep = recursion(s, &n);
	bool end = g->r->panic.kind == CRASH_STACK_CORRUPTION && text && strstr(text, "stack end detected"), gone;

	if (g->r->panic.kind != CRASH_STACK_OVERFLOW && !end && !(g->r->panic.kind == CRASH_DOUBLE_FAULT && deep >= 0))
		return NULL;
	c = cause_add(g, "stack-overflow", end ? 92 : 97, end ?
		      "The kernel stack of task %s ran over its end, or something wrote there" :
		      "The kernel stack of task %s ran over", g->r->panic.task.comm);
	if (text)
		evidence(g, c, "the log: %s", text);
	cause_blames_task(c, &g->r->panic.task);
	if (deep >= 0) {
		evidence(g, c, "%s stands %zu times on the stack", s->frames.v[deep].symbol, n);
		cause_blames_frame(g, c, &s->frames.v[deep]);
	} else {
		cause_blames_frame(g, c, blamed_frame(g));
	}
	return tell_stack_end(g, c, &gone);
}
const struct detector detect_stack_overflow = { "stack overflow", run_overflow };

static struct error *run_corruption(struct gather *g)
{
	const char *text = g->r->panic.reason.text;
	struct report_cause *c;

	if (g->r->panic.kind == CRASH_STACK_CORRUPTION && text && strstr(text, "stack-protector")) {
		c = cause_add(g, "stack-corruption", 95, "A function wrote past its local variables: %s", text);
		evidence(g, c, "the log: %s", text);
		cause_blames_frame(g, c, blamed_frame(g));
		cause_blames_task(c, &g->r->panic.task);
	} else if (g->r->panic.kind == CRASH_DOUBLE_FAULT) {
		c = cause_add(g, "double-fault", 70, "An exception came while another one was being entered");
		evidence(g, c, "the log: %s", text ? text : "");
		cause_blames_frame(g, c, blamed_frame(g));
		cause_blames_task(c, &g->r->panic.task);
	}
	return NULL;
}
const struct detector detect_stack_corruption = { "stack corruption", run_corruption };
