/*
 * Tasks: init_task's ring of processes, each with its threads (include/linux/sched.h,
 * sched/signal.h), and the stacks of those that run and those that sleep.
 */
#include "kernel/task.h"

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define MAX_TASKS ((1u << 22) + (1u << 16)) /* PID_MAX_LIMIT (linux/threads.h), idle ones */

/* The members that are read of every task; absent ones have no name in this kernel. */
struct layout {
	struct member pid, tgid, comm, state, stack, flags, on_cpu, cpu, mm, tasks;
	bool has_on_cpu, has_cpu, has_flags, has_mm;
	struct member thread; /* in the ring of a process's threads */
	struct member signal, thread_head;
	bool by_signal;
};

static bool optional(struct kernel *k, const char *const *paths, struct member *ret)
{
	struct error *e = type_member_any(k, "task_struct", paths, ret);

	error_free(e);
	return !e;
}

static struct error *find_layout(struct kernel *k, struct layout *l)
{
	static const char *const state[] = {"__state", "state", NULL}; /* 5.14 */
	static const char *const cpu[] = {"thread_info.cpu", "cpu", NULL};
	static const char *const on_cpu[] = {"on_cpu", NULL};
	static const char *const flags[] = {"flags", NULL};
	static const char *const mm[] = {"mm", NULL};

	*l = (struct layout){0};
	TRY(type_member(k, "task_struct", "pid", &l->pid));
	TRY(type_member(k, "task_struct", "tgid", &l->tgid));
	TRY(type_member(k, "task_struct", "comm", &l->comm));
	TRY(type_member(k, "task_struct", "stack", &l->stack));
	TRY(type_member_any(k, "task_struct", state, &l->state));
	l->has_on_cpu = optional(k, on_cpu, &l->on_cpu);
	l->has_cpu = optional(k, cpu, &l->cpu);
	l->has_flags = optional(k, flags, &l->flags);
	l->has_mm = optional(k, mm, &l->mm);
	return NULL;
}

/* The rings; thread_group is gone since 6.7. */
static struct error *find_rings(struct kernel *k, struct layout *l)
{
	struct error *e;

	TRY(type_member(k, "task_struct", "tasks", &l->tasks));
	e = type_member(k, "task_struct", "thread_node", &l->thread);
	if (!e)
		e = type_member(k, "task_struct", "signal", &l->signal);
	if (!e)
		e = type_member(k, "signal_struct", "thread_head", &l->thread_head);
	l->by_signal = !e;
	error_free(e);
	return l->by_signal ? NULL : type_member(k, "task_struct", "thread_group", &l->thread);
}

static struct error *read_with(struct kernel *k, const struct layout *l, uint64_t va,
			       struct task *ret)
{
	uint64_t v;

	*ret = (struct task){.va = va, .cpu = -1};
	TRY(type_read(k, va, &l->pid, &v));
	ret->pid = (int32_t)v;
	TRY(type_read(k, va, &l->tgid, &v));
	ret->tgid = (int32_t)v;
	TRY(vmem_read(k, va + l->comm.off, ret->comm, sizeof(ret->comm) - 1));
	TRY(type_read(k, va, &l->state, &ret->state));
	TRY(type_read(k, va, &l->stack, &ret->stack_va));
	if (l->has_flags)
		TRY(type_read(k, va, &l->flags, &ret->flags));
	if (l->has_mm)
		TRY(type_read(k, va, &l->mm, &ret->mm));
	if (l->has_cpu) {
		TRY(type_read(k, va, &l->cpu, &v));
		ret->cpu = v < INT32_MAX ? (int)v : -1;
	}
	if (l->has_on_cpu) {
		TRY(type_read(k, va, &l->on_cpu, &v));
		ret->on_cpu = v != 0;
	}
	return NULL;
}

struct error *task_read(struct kernel *k, uint64_t va, struct task *ret)
{
	struct layout l;

	TRY(find_layout(k, &l));
	return read_with(k, &l, va, ret);
}

/* ---- all of them ---- */

struct tour {
	struct kernel *k;
	struct layout l;
	bool (*each)(const struct task *t, void *arg);
	void *arg;
	bool stop;
	uint64_t left; /* visits that may still come, those of unreadable tasks too */
};

/* A task that cannot be read is left out; only lack of memory ends the tour. */
static struct error *visit(struct tour *t, uint64_t va)
{
	struct task task;
	struct error *e;

	if (!t->left) {
		t->stop = true;
		return NULL;
	}
	t->left--;
	e = read_with(t->k, &t->l, va, &task);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (!e && !t->each(&task, t->arg))
		t->stop = true;
	error_free(e);
	return NULL;
}

/* The idle tasks are in no ring. */
static struct error *visit_idle(struct tour *t)
{
	unsigned cpus = 0;
	bool any = false;
	uint64_t va;

	error_free(cpu_count(t->k, &cpus));
	for (unsigned cpu = 0; cpu < cpus && !t->stop; cpu++) {
		uint64_t rq, idle = 0;
		bool there = true;
		struct error *e = cpu_in_mask(t->k, "possible", cpu, &there);

		error_free(e);
		if (!there)
			continue;
		e = percpu_address(t->k, "runqueues", cpu, &rq);
		if (!e)
			e = type_read_member(t->k, rq, "rq", "idle", &idle);
		error_free(e);
		if (e || !idle)
			continue;
		any = true;
		TRY(visit(t, idle));
	}
	if (any)
		return NULL;
	TRY(symbol_find(t->k, "init_task", &va));
	return visit(t, va);
}

static struct error *visit_threads(struct tour *t, uint64_t leader)
{
	uint64_t signal, head = leader + t->l.thread.off, node;
	struct list_walk w;
	struct error *e = NULL;
	bool seen = false;

	if (t->l.by_signal) {
		e = type_read(t->k, leader, &t->l.signal, &signal);
		head = signal + t->l.thread_head.off;
	} else {
		TRY(visit(t, leader)); /* the ring's head is the leader itself */
		seen = true;
	}
	if (!e)
		e = list_begin(t->k, head, MAX_TASKS, &w);
	if (!e) {
		while (!t->stop && list_next(t->k, &w, &node)) {
			seen |= node - t->l.thread.off == leader;
			e = visit(t, node - t->l.thread.off);
			if (e)
				return e;
		}
		e = list_error(&w);
	}
	error_free(e);
	return seen || t->stop ? NULL : visit(t, leader);
}

struct error *tasks_walk(struct kernel *k, bool (*each)(const struct task *t, void *arg),
			 void *arg)
{
	struct tour t = {.k = k, .each = each, .arg = arg, .left = MAX_TASKS};
	uint64_t head, node;
	struct list_walk w;
	struct error *e;

	TRY(find_layout(k, &t.l));
	TRY(find_rings(k, &t.l));
	TRY(symbol_find(k, "init_task", &head));
	TRY(visit_idle(&t));
	TRY(list_begin(k, head + t.l.tasks.off, MAX_TASKS, &w));
	while (!t.stop && list_next(k, &w, &node)) {
		e = visit_threads(&t, node - t.l.tasks.off);
		if (e) {
			error_free(list_error(&w));
			return e;
		}
	}
	return list_error(&w);
}

/* ---- where they were ---- */

struct error *task_running(struct kernel *k, unsigned cpu, struct task *ret)
{
	uint64_t rq, va;

	TRY(percpu_address(k, "runqueues", cpu, &rq));
	TRY(type_read_member(k, rq, "rq", "curr", &va));
	if (!va)
		return error_new(ERROR_NOT_FOUND, "CPU %u ran no task", cpu);
	return task_read(k, va, ret);
}

/* struct inactive_task_frame (arch/x86/include/asm/switch_to.h, 4.9): callee-saved registers
 * and the return address of __switch_to_asm(), below the task's saved sp. */
struct error *task_sleeping_regs(struct kernel *k, const struct task *t, struct regs *ret)
{
	static const struct {
		const char *member, *reg;
	} saved[] = {
		{"r15", "r15"}, {"r14", "r14"}, {"r13", "r13"},	     {"r12", "r12"},
		{"bx", "rbx"},	{"bp", "rbp"},	{"ret_addr", "rip"},
	};
	uint64_t sp, size, v;

	if (!k->arch || !text_equal(k->arch->name, "x86_64"))
		return error_new(ERROR_UNSUPPORTED,
				 "saved registers of sleeping tasks are known for x86_64 only");
	*ret = (struct regs){0};
	TRY(type_read_member(k, t->va, "task_struct", "thread.sp", &sp));
	TRY(type_size(k, "inactive_task_frame", &size));
	for (size_t i = 0; i < ARRAY_SIZE(saved); i++) {
		TRY(type_read_member(k, sp, "inactive_task_frame", saved[i].member, &v));
		regs_set(ret, k->arch, saved[i].reg, v);
	}
	regs_set(ret, k->arch, "rsp", sp + size);
	return NULL;
}

uint64_t task_stack_size(struct kernel *k)
{
	uint64_t size = 0;
	struct error *e = type_size(k, "thread_union", &size);

	error_free(e);
	return e || size < k->page_size || size > (1u << 20) ? 4ull * k->page_size : size;
}

/* Whether `t` is what its CPU ran; *ret_regs gets the CPU's registers when it left some. */
static bool is_running(struct kernel *k, const struct task *t, struct regs *ret_regs)
{
	struct task curr;
	struct error *e;

	*ret_regs = (struct regs){0};
	if (t->cpu < 0)
		return false;
	e = task_running(k, t->cpu, &curr);
	error_free(e);
	if (e || curr.va != t->va)
		return false;
	error_free(cpu_regs(k, t->cpu, ret_regs));
	return true;
}

struct error *task_stack(struct kernel *k, const struct task *t, struct stack *ret)
{
	uint64_t lo = t->stack_va, hi = lo + task_stack_size(k);
	struct error *e, *why = NULL;
	struct regs regs;

	if (!is_running(k, t, &regs) && !t->on_cpu) {
		why = task_sleeping_regs(k, t, &regs);
		if (why && error_kind(why) == ERROR_NOMEM)
			return why;
	}
	e = unwind(k, &regs, lo, lo ? hi : 0, ret);
	if (!e && !regs.known && !ret->complete) {
		free(ret->why);
		ret->why = strdup(why ? error_message(why)
				      : "it was running, and its CPU left no registers");
	}
	error_free(why);
	return e;
}
