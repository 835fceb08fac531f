/*
 * Tasks that sleep and take no signal: for how long, where, on which lock, and who owns that.
 * A lock is found by what the sleeper left: task_struct.blocker (6.16, kernel/hung_task.h: the
 * lock's address with its kind in the two lowest bits), else the waiter that stands on its stack,
 * whose ring of list nodes leads to the lock. Owner words: kernel/locking/mutex.c (three flag
 * bits), rwsem.c (two), 4.10 to 7.2.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/facts-priv.h"
#include "base/text.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define BLOCKED_MAX  100   /* that get a stack */
#define TASKS_MAX    300000
#define STACK_LOOK   4096  /* bytes of a stack searched for a waiter */
#define RING_MAX     20000 /* waiters of one lock */
#define CPUS_LOOK    512

/* include/linux/sched.h; the same in all kernels that have BTF */
#define STATE_INTERRUPTIBLE   1
#define STATE_UNINTERRUPTIBLE 2
#define STATE_NOLOAD	      0x400
#define EXIT_ZOMBIE	      0x20

static const struct lock_layout {
	enum lock_kind kind;
	const char *lock, *waiter;
	uint64_t owner_flags;
	const char *places[6]; /* functions that sleep for it begin so */
} locks[] = {
	{ LOCK_MUTEX, "mutex", "mutex_waiter", 7, { "__mutex_lock", "__ww_mutex_lock", "mutex_lock" } },
	{ LOCK_RWSEM, "rw_semaphore", "rwsem_waiter", 3, { "rwsem_down_", "__down_read", "__down_write" } },
	{ LOCK_SEMAPHORE, "semaphore", "semaphore_waiter", 0, { "__down" } },
};

struct sleeper {
	uint64_t va, since; /* of the scheduler's clock; 0 unknown */
};

struct look {
	struct gather *g;
	struct member arrival, exit_state;
	bool has_arrival, has_exit;
	VECTOR(uint64_t) tasks; /* sorted */
	VECTOR(struct sleeper) sleepers;
	bool no_memory;
};

static bool see_task(const struct task *t, void *arg)
{
	struct look *l = arg;
	struct report *r = l->g->r;
	struct sleeper s = { .va = t->va };
	uint64_t exit = 0;

	r->tasks++;
	if (!vector_push(&l->tasks, t->va)) {
		l->no_memory = true;
		return false;
	}
	if (l->has_exit)
		error_free(type_read(l->g->k, t->va, &l->exit_state, &exit));
	if (exit & EXIT_ZOMBIE)
		r->zombies++;
	r->running += !t->state && !exit;
	if (!(t->state & STATE_UNINTERRUPTIBLE) || t->state & STATE_NOLOAD || t->on_cpu)
		return l->tasks.n < TASKS_MAX;
	r->blocked_tasks++;
	if (l->has_arrival)
		error_free(type_read(l->g->k, t->va, &l->arrival, &s.since));
	l->no_memory = !vector_push(&l->sleepers, s);
	return !l->no_memory && l->tasks.n < TASKS_MAX;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_since(const void *a, const void *b)
{
	const struct sleeper *x = a, *y = b;

	return x->since < y->since ? -1 : x->since > y->since;
}

static bool is_task(const struct look *l, uint64_t va)
{
	return va && l->tasks.n && bsearch(&va, l->tasks.v, l->tasks.n, sizeof(va), by_value);
}

/* The latest of the CPUs' scheduler clocks, in nanoseconds; 0 unknown. */
uint64_t gather_clock(struct gather *g)
{
	struct member clock;
	struct error *e;
	uint64_t latest = 0, va, v;
	unsigned nr = 0;

	if (g->has_clock)
		return g->clock;
	e = type_member(g->k, "rq", "clock", &clock);
	if (!e)
		e = cpu_count(g->k, &nr);
	for (unsigned cpu = 0; !e && cpu < nr && cpu < CPUS_LOOK; cpu++) {
		struct error *one = percpu_address(g->k, "runqueues", cpu, &va);

		if (!one)
			one = type_read(g->k, va, &clock, &v);
		if (!one)
			latest = MAX(latest, v);
		error_free(one);
	}
	error_free(e);
	g->clock = latest;
	g->has_clock = true;
	return latest;
}

/* From a waiter's place in the ring to the lock: the one node that no task's stack holds. */
static struct error *lock_of_waiter(struct look *l, const struct lock_layout *how, uint64_t waiter,
				    uint64_t *ret)
{
	struct kernel *k = l->g->k;
	struct member list, task, wait_list, stack;
	uint64_t first, node, next, prev, who, stack_va;
	struct error *e;

	TRY(type_member(k, how->waiter, "list", &list));
	TRY(type_member(k, how->waiter, "task", &task));
	TRY(type_member(k, how->lock, "wait_list", &wait_list));
	TRY(type_member(k, "task_struct", "stack", &stack));
	first = waiter + list.off;
	node = first;
	for (unsigned i = 0; i < RING_MAX; i++) {
		TRY(vmem_read_long(k, node, &next));
		TRY(vmem_read_long(k, next + k->long_size, &prev));
		if (prev != node || next == first)
			break;
		node = next;
		who = 0;
		e = vmem_read_long(k, node - list.off + task.off, &who);
		error_free(e);
		if (!e && is_task(l, who)) {
			TRY(type_read(k, who, &stack, &stack_va));
			if (node >= stack_va && node - stack_va < task_stack_size(k))
				continue;
		}
		*ret = node - wait_list.off;
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "no lock leads to the waiter at 0x%" PRIx64, waiter);
}

/* Looks through [lo, hi) of a stack for a waiter of its task. */
static bool lock_on_stack(struct look *l, const struct lock_layout *how, uint64_t task_va, uint64_t lo,
			  uint64_t hi, uint64_t *ret)
{
	struct kernel *k = l->g->k;
	struct member task;
	uint64_t word;
	struct error *e = type_member(k, how->waiter, "task", &task);

	for (uint64_t at = lo; !e && at < hi; at += k->long_size) {
		e = vmem_read_long(k, at, &word);
		if (e || word != task_va)
			continue;
		e = lock_of_waiter(l, how, at - task.off, ret);
		if (!e)
			return true;
		error_free(e);
		e = NULL;
	}
	error_free(e);
	return false;
}

static const struct lock_layout *layout_of_kind(enum lock_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++)
		if (locks[i].kind == kind)
			return &locks[i];
	return NULL;
}

/* task_struct.blocker. */
static bool told_blocker(struct kernel *k, uint64_t task_va, struct report_lock *lock)
{
	static const enum lock_kind kinds[] = { LOCK_MUTEX, LOCK_SEMAPHORE, LOCK_RWSEM, LOCK_RWSEM };
	uint64_t v = 0;
	struct error *e = type_read_member(k, task_va, "task_struct", "blocker", &v);

	error_free(e);
	if (e || !v)
		return false;
	lock->kind = kinds[v & 3];
	lock->va = v & ~UINT64_C(3);
	return true;
}

static bool sleeps_for(const struct report_frame *f, const struct lock_layout *how)
{
	for (size_t i = 0; f->symbol && !f->module && how->places[i]; i++)
		if (text_starts(f->symbol, how->places[i]))
			return true;
	return false;
}

static void find_lock(struct look *l, struct report_blocked *b)
{
	const struct report_stack *s = &b->stack;

	if (told_blocker(l->g->k, b->va, &b->lock))
		return;
	for (size_t i = 0; i < s->frames.n; i++) {
		for (size_t n = 0; n < ARRAY_SIZE(locks); n++) {
			uint64_t lo = s->frames.v[0].sp, hi;

			if (!sleeps_for(&s->frames.v[i], &locks[n]))
				continue;
			hi = i + 1 < s->frames.n ? s->frames.v[i + 1].sp : lo + STACK_LOOK;
			hi = hi > lo && hi - lo < STACK_LOOK ? hi : lo + STACK_LOOK;
			if (lock_on_stack(l, &locks[n], b->va, lo, hi, &b->lock.va)) {
				b->lock.kind = locks[n].kind;
				return;
			}
		}
	}
}

static void name_lock(struct kernel *k, struct report_lock *lock)
{
	struct symbol sym;
	struct error *e = symbol_at(k, lock->va, &sym);

	if (!e && lock->va - sym.va < 4096) {
		int n = snprintf(lock->name, sizeof(lock->name), "%.60s", sym.name);

		if (lock->va != sym.va && n > 0 && (size_t)n < sizeof(lock->name))
			n += snprintf(lock->name + n, sizeof(lock->name) - (size_t)n, "+0x%" PRIx64,
				      lock->va - sym.va);
		if (sym.module && n > 0 && (size_t)n < sizeof(lock->name))
			snprintf(lock->name + n, sizeof(lock->name) - (size_t)n, " [%.16s]", sym.module);
	}
	error_free(e);
}

/* Who has it, as far as the lock says. */
static struct error *find_owner(struct look *l, struct report_lock *lock, uint64_t *ret_va)
{
	static const char *const owners[] = { "owner", "last_holder", NULL };
	const struct lock_layout *how = layout_of_kind(lock->kind);
	struct kernel *k = l->g->k;
	struct member m;
	struct task t;
	uint64_t va;

	TRY(type_member_any(k, how->lock, owners, &m));
	lock->owner_at = lock->va + m.off;
	TRY(vmem_read_long(k, lock->owner_at, &lock->owner_word));
	/* kernel/locking/rwsem.c: RWSEM_READER_OWNED; the task is then the last reader's */
	lock->by_readers = lock->kind == LOCK_RWSEM && lock->owner_word & 1;
	va = lock->owner_word & ~how->owner_flags;
	if (!is_task(l, va))
		return NULL;
	TRY(task_read(k, va, &t));
	set_task(&lock->owner, &t);
	*ret_va = va;
	return NULL;
}

static struct error *take_sleeper(struct look *l, const struct sleeper *s, uint64_t now)
{
	struct report *r = l->g->r;
	struct report_blocked b = { .va = s->va, .blocker = SIZE_MAX, .where = -1 };
	struct stack stack = { 0 };
	uint64_t owner = 0;
	struct task t;
	struct error *e;

	TRY(task_read(l->g->k, s->va, &t));
	set_task(&b.task, &t);
	if (s->since && now > s->since) {
		b.has_waited = true;
		b.waited_ms = (now - s->since) / 1000000;
	}
	TRY(task_stack(l->g->k, &t, &stack));
	e = take_stack(l->g->k, &stack, &b.stack);
	stack_done(&stack);
	if (!e) {
		b.where = waiting_place(&b.stack);
		find_lock(l, &b);
		if (b.lock.kind != LOCK_NONE) {
			name_lock(l->g->k, &b.lock);
			error_free(find_owner(l, &b.lock, &owner));
			/* found again as an index when all are there */
			b.blocker = (size_t)owner;
		}
	}
	if (!e && !vector_push(&r->blocked, b))
		e = error_nomem();
	if (e)
		report_stack_done(&b.stack);
	return e;
}

/* Owners' addresses become indexes. */
static void link_owners(struct report *r)
{
	for (size_t i = 0; i < r->blocked.n; i++) {
		uint64_t owner = r->blocked.v[i].blocker;

		r->blocked.v[i].blocker = SIZE_MAX;
		for (size_t n = 0; owner && n < r->blocked.n; n++)
			if (r->blocked.v[n].va == owner)
				r->blocked.v[i].blocker = n;
	}
}

static struct error *look_at_all(struct look *l)
{
	static const char *const arrivals[] = { "sched_info.last_arrival", NULL };
	static const char *const exits[] = { "exit_state", NULL };
	struct gather *g = l->g;
	struct error *e = type_member_any(g->k, "task_struct", arrivals, &l->arrival);
	uint64_t now;

	l->has_arrival = !e;
	error_free(e);
	e = type_member_any(g->k, "task_struct", exits, &l->exit_state);
	l->has_exit = !e;
	error_free(e);
	e = tasks_walk(g->k, see_task, l);
	if (l->no_memory) {
		error_free(e);
		return error_nomem();
	}
	qsort(l->tasks.v, l->tasks.n, sizeof(*l->tasks.v), by_value);
	qsort(l->sleepers.v, l->sleepers.n, sizeof(*l->sleepers.v), by_since);
	now = gather_clock(g);
	for (size_t i = 0; !e && i < l->sleepers.n && i < BLOCKED_MAX; i++) {
		struct error *one = take_sleeper(l, &l->sleepers.v[i], now);

		if (one && error_kind(one) == ERROR_NOMEM)
			e = one;
		else
			error_free(one);
	}
	link_owners(g->r);
	return e;
}

struct error *gather_blocked(struct gather *g)
{
	struct look l = { .g = g };
	struct error *e = look_at_all(&l);

	vector_done(&l.tasks);
	vector_done(&l.sleepers);
	return e;
}
