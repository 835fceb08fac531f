/*
 * CPUs that went round in circles: soft and hard lockups, RCU stalls, cross calls that nobody
 * answers. Messages: kernel/watchdog.c, kernel/rcu/tree_stall.h. State: struct rcu_state, struct
 * rcu_node (kernel/rcu/tree.h), the per-CPU call_single_queue (kernel/smp.c), struct rq.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detect.h"
#include "base/text.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define RCU_NODES_MAX 4096
#define CPUS_LOOK     1024
#define DEAF_NS	      UINT64_C(3000000000) /* a clock this far behind has missed ticks */

static const char *const spinning[] = { "native_queued_spin_lock_slowpath", "queued_spin_lock_slowpath", "__pv_queued_spin",
					"queued_read_lock_slowpath", "queued_write_lock_slowpath",
					"do_raw_spin_lock", NULL };
static const char *const calling[] = { "smp_call_function", "csd_lock_wait", "generic_exec_single", NULL };

/* Behind frames that only spin or call: whose loop it is. */
static const struct report_frame *looping_frame(const struct report_stack *s)
{
	static const char *const thin[] = { "native_queued_spin", "queued_", "_raw_", "__raw_", "do_raw_", "__pv_", "cpu_relax",
					    "native_pause", "smp_call_function", "csd_lock_wait", "generic_exec_single",
					    "on_each_cpu", NULL };
	int at = interrupted_frame(s);

	if (at < 0)
		return NULL;
	for (size_t i = (size_t)at; i < s->frames.n; i++) {
		bool only = false;

		if (!s->frames.v[i].symbol)
			return &s->frames.v[i];
		for (size_t n = 0; thin[n]; n++)
			only |= !s->frames.v[i].module && text_starts(s->frames.v[i].symbol, thin[n]);
		if (!only)
			return &s->frames.v[i];
	}
	return &s->frames.v[at];
}

static const struct report_task *task_of_cpu(const struct report *r, unsigned cpu)
{
	const struct report_cpu *c = report_cpu_by_number(r, cpu);
	static const struct report_task none = { .from = FROM_NOWHERE };

	if (c && c->task.from != FROM_NOWHERE)
		return &c->task;
	return r->panic.cpu.from != FROM_NOWHERE && r->panic.cpu.value == cpu ? &r->panic.task : &none;
}

/* How long the task of a CPU has been on it, and how far its clock is behind; false unknown. */
static bool times_of_cpu(struct gather *g, unsigned cpu, uint64_t *ret_on, uint64_t *ret_behind)
{
	uint64_t rq, clock = 0, arrival = 0, now;
	struct task t;
	struct error *e;

	if (!g->k)
		return false;
	now = gather_clock(g);
	e = percpu_address(g->k, "runqueues", cpu, &rq);
	if (!e)
		e = type_read_member(g->k, rq, "rq", "clock", &clock);
	if (!e)
		e = task_running(g->k, cpu, &t);
	if (!e)
		e = type_read_member(g->k, t.va, "task_struct", "sched_info.last_arrival", &arrival);
	*ret_on = arrival && now > arrival ? now - arrival : 0;
	*ret_behind = clock && now > clock ? now - clock : 0;
	error_free(e);
	return !e;
}

static void tell_cpu(struct gather *g, struct report_cause *c, unsigned cpu)
{
	const struct report_stack *s = stack_of_cpu(g->r, cpu);
	const struct report_task *t = task_of_cpu(g->r, cpu);
	const struct report_frame *f = looping_frame(s);
	_cleanup_strbuf_ struct strbuf b = { 0 };
	uint64_t on, behind, lock;
	int spin;

	cause_blames_cpu(c, (int)cpu);
	cause_blames_task(c, t);
	cause_blames_frame(g, c, f);
	if (t->from != FROM_NOWHERE)
		evidence(g, c, "CPU %u ran %s (pid %" PRId64 ")", cpu, t->comm, t->pid);
	if (f) {
		report_frame_text(f, true, &b);
		evidence(g, c, "CPU %u stood in %s", cpu, strbuf_str(&b));
	}
	if (times_of_cpu(g, cpu, &on, &behind) && on > UINT64_C(1000000000))
		evidence(g, c, "that task had been on the CPU for %" PRIu64 ".%" PRIu64 " s", on / 1000000000,
			 on / 100000000 % 10);
	if (interrupts_off(s))
		evidence(g, c, "CPU %u had its interrupts off", cpu);
	spin = frame_among(s, spinning);
	if (g->k && spin >= 0 && s->frames.v[spin].regs && frame_reg(&s->frames.v[spin], "rdi", &lock)) {
		struct symbol sym;
		struct error *e = symbol_at(g->k, lock, &sym);

		evidence_word(g, c, lock, "it spins for the lock%s%s%s%s%s; who has it is not recorded", e ? "" : " ",
			      e ? "" : sym.name, e || !sym.module ? "" : " [", e || !sym.module ? "" : sym.module,
			      e || !sym.module ? "" : "]");
		error_free(e);
	} else if (spin >= 0) {
		evidence(g, c, "it spins for a lock");
	}
}

/* "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [zoo_spinner:93]" */
static bool cpu_in_text(const char *text, const char *before, unsigned *ret)
{
	const char *at = text ? strstr(text, before) : NULL;
	uint64_t n = 0;

	if (!at)
		return false;
	at += strlen(before);
	at += strspn(at, " ");
	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9' && n < CPUS_LOOK; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	*ret = (unsigned)n;
	return true;
}

static struct error *run_soft(struct gather *g)
{
	struct report_cause *c;
	unsigned cpu;

	if (g->r->panic.kind != CRASH_SOFT_LOCKUP)
		return NULL;
	if (!cpu_in_text(g->r->panic.reason.text, "CPU#", &cpu))
		cpu = (unsigned)g->r->panic.cpu.value;
	c = cause_add(g, "soft-lockup", 92, "CPU %u ran one task for so long that no other could%s", cpu,
		      frame_among(stack_of_cpu(g->r, cpu), spinning) >= 0 ? ": it spins for a lock that is never given back" : "");
	evidence(g, c, "the log: %s", g->r->panic.reason.text ? g->r->panic.reason.text : "");
	tell_cpu(g, c, cpu);
	/* who slept with a lock may be the one who has it */
	if (g->log.signs.v[SIGN_ATOMIC].count)
		evidence(g, c, "before, something slept where it must not: %s", g->log.signs.v[SIGN_ATOMIC].first);
	evidence_setting(g, c, "softlockup_panic");
	return NULL;
}
const struct detector detect_soft_lockup = { "soft lockups", run_soft };

/* A CPU that takes no interrupts and does not idle; its clock must be behind when `strict`. */
static bool find_deaf_cpu(struct gather *g, bool strict, unsigned *ret)
{
	for (size_t i = 0; i < g->r->cpus.n; i++) {
		unsigned cpu = g->r->cpus.v[i].cpu;
		uint64_t on, behind = 0;

		if (!interrupts_off(stack_of_cpu(g->r, cpu)) ||
		    task_of_cpu(g->r, cpu)->pid == 0)
			continue;
		if (strict && (!times_of_cpu(g, cpu, &on, &behind) || behind < DEAF_NS))
			continue;
		*ret = cpu;
		return true;
	}
	return false;
}

static struct error *run_hard(struct gather *g)
{
	struct report_cause *c;
	uint64_t on, behind;
	unsigned cpu;

	if (g->r->panic.kind == CRASH_HARD_LOCKUP) {
		if (!cpu_in_text(g->r->panic.reason.text, "on cpu", &cpu))
			cpu = (unsigned)g->r->panic.cpu.value;
		c = cause_add(g, "hard-lockup", 95, "CPU %u took no interrupts any more", cpu);
		evidence(g, c, "the log: %s", g->r->panic.reason.text ? g->r->panic.reason.text : "");
	} else if (g->r->panic.kind == CRASH_NMI && find_deaf_cpu(g, true, &cpu)) {
		c = cause_add(g, "hard-lockup", 94, "CPU %u took no interrupts any more; the NMI of a watchdog or of an "
						    "operator ended that", cpu);
		evidence(g, c, "the log: %s", g->r->panic.reason.text ? g->r->panic.reason.text : "");
	} else {
		return NULL;
	}
	tell_cpu(g, c, cpu);
	if (times_of_cpu(g, cpu, &on, &behind) && behind)
		evidence(g, c, "its clock was %" PRIu64 ".%" PRIu64 " s behind the other CPUs'", behind / 1000000000,
			 behind / 100000000 % 10);
	evidence_setting(g, c, "hardlockup_panic");
	return NULL;
}
const struct detector detect_hard_lockup = { "hard lockups", run_hard };

/* CPUs that the grace period waits for: bits of the leaves of the tree. */
static struct error *waited_for(struct gather *g, struct report_cause *c, unsigned *ret_cpu)
{
	struct kernel *k = g->k;
	struct member nodes, mask, low, high, level;
	uint64_t state, size, deepest = 0, v;
	uint32_t n;

	TRY(symbol_find(k, "rcu_state", &state));
	TRY(type_member(k, "rcu_state", "node", &nodes));
	TRY(type_member(k, "rcu_node", "qsmask", &mask));
	TRY(type_member(k, "rcu_node", "grplo", &low));
	TRY(type_member(k, "rcu_node", "grphi", &high));
	TRY(type_member(k, "rcu_node", "level", &level));
	TRY(type_size(k, "rcu_node", &size));
	n = MIN(nodes.array_len, (uint32_t)RCU_NODES_MAX);
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < n; i++) {
			uint64_t at = state + nodes.off + i * size, bits, lo;

			TRY(type_read(k, at, &level, &v));
			deepest = MAX(deepest, v);
			TRY(type_read(k, at, &mask, &bits));
			if (!pass || v != deepest || !bits)
				continue;
			TRY(type_read(k, at, &low, &lo));
			evidence_word(g, c, at + mask.off, "bits of the CPUs that RCU waits for, from CPU %" PRIu64 " on", lo);
			if (*ret_cpu == UINT32_MAX)
				*ret_cpu = (unsigned)lo + (unsigned)__builtin_ctzll(bits);
		}
	}
	return NULL;
}

static struct error *run_rcu(struct gather *g)
{
	const struct sign_seen *v = &g->log.signs.v[SIGN_STALL_CPU];
	unsigned cpu = UINT32_MAX, from_memory = UINT32_MAX;
	struct report_cause *c;
	struct error *e = NULL;

	if (g->r->panic.kind != CRASH_RCU_STALL)
		return NULL;
	c = cause_add(g, "rcu-stall", 94, "RCU waited in vain for a CPU");
	evidence(g, c, "the log: %s", g->r->panic.reason.text ? g->r->panic.reason.text : "");
	if (v->count) {
		const char *at = text_after(v->last, "rcu:");

		at = at ? at : v->last;
		at += strspn(at, " \t");
		evidence(g, c, "the log: %s", at);
		if (!cpu_in_text(at, "", &cpu))
			cpu = UINT32_MAX;
	}
	if (g->k)
		e = waited_for(g, c, &from_memory);
	if (cpu == UINT32_MAX)
		cpu = from_memory;
	if (cpu != UINT32_MAX && c) {
		_cleanup_strbuf_ struct strbuf b = { 0 };

		strbuf_printf(&b, "RCU waited in vain for CPU %u, which did not come to rest", cpu);
		free(c->text);
		c->text = strbuf_take(&b, NULL);
		if (!c->text)
			g->no_memory = true;
		tell_cpu(g, c, cpu);
	}
	evidence_setting(g, c, "sysctl_panic_on_rcu_stall");
	return e;
}
const struct detector detect_rcu_stall = { "RCU stalls", run_rcu };

/* Calls that wait in the queue of a CPU. */
static struct error *queued_calls(struct gather *g, unsigned cpu, uint64_t *ret_at, uint64_t *ret_first)
{
	TRY(percpu_address(g->k, "call_single_queue", cpu, ret_at));
	return vmem_read_long(g->k, *ret_at, ret_first);
}

static struct error *run_cross_call(struct gather *g)
{
	struct report *r = g->r;
	struct report_cause *c = NULL;

	for (size_t i = 0; i < r->cpus.n; i++) {
		unsigned cpu = r->cpus.v[i].cpu;
		const struct report_stack *s = stack_of_cpu(r, cpu);
		int at = interrupted_frame(s), call = frame_among(s, calling);
		uint64_t queue = 0, first = 0;

		/* it called before it was interrupted: not the kernel's own calls when it stops CPUs */
		if (call < 0 || at < 0 || call < at)
			continue;
		for (size_t n = 0; n < r->cpus.n; n++) {
			unsigned other = r->cpus.v[n].cpu;
			struct error *e = n == i || !g->k ? NULL : queued_calls(g, other, &queue, &first);

			if (n == i || !g->k || e || !first || !interrupts_off(stack_of_cpu(r, other))) {
				error_free(e);
				continue;
			}
			c = cause_add(g, "ipi-stall", 96, "CPU %u waits for CPU %u to answer a call, which has its interrupts off",
				      cpu, other);
			if (c)
				c->beside = r->panic.kind != CRASH_SOFT_LOCKUP && r->panic.kind != CRASH_HARD_LOCKUP &&
					    r->panic.kind != CRASH_RCU_STALL && r->panic.kind != CRASH_HUNG_TASK &&
					    r->panic.kind != CRASH_NMI;
			evidence(g, c, "CPU %u is in %s", cpu, s->frames.v[call].symbol);
			evidence_word(g, c, queue, "CPU %u has calls that it did not take up", other);
			tell_cpu(g, c, other);
			return NULL;
		}
	}
	return NULL;
}
const struct detector detect_cross_call = { "cross calls", run_cross_call };
