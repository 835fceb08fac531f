/*
 * Pools of kernel workers with work that nobody takes up (kernel/workqueue.c: struct worker_pool,
 * struct worker; watchdog_ts is when the pool last made progress, in jiffies). The pools bound to a
 * CPU are looked at.
 */
#include <inttypes.h>
#include <string.h>

#include "analyze/facts-priv.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define CPUS_LOOK	  1024
#define POOLS_OF_A_CPU	  2 /* ordinary and high priority: NR_STD_WORKER_POOLS */
#define WORKS_MAX	  100000
#define WORKERS_MAX	  10000
#define KEPT		  32

struct walk_work {
	struct gather *g;
	struct member worklist, watchdog, workers, node, current, function, task, entry, func;
	uint64_t pool_size, jiffies, hz;
};

static struct error *find_layout(struct walk_work *w)
{
	static const char *const progress[] = { "last_progress_ts", "watchdog_ts", NULL };
	struct kernel *k = w->g->k;

	TRY(type_member(k, "worker_pool", "worklist", &w->worklist));
	TRY(type_member_any(k, "worker_pool", progress, &w->watchdog));
	TRY(type_member(k, "worker_pool", "workers", &w->workers));
	TRY(type_member(k, "worker", "node", &w->node));
	TRY(type_member(k, "worker", "current_work", &w->current));
	TRY(type_member(k, "worker", "current_func", &w->function));
	TRY(type_member(k, "worker", "task", &w->task));
	TRY(type_member(k, "work_struct", "entry", &w->entry));
	TRY(type_member(k, "work_struct", "func", &w->func));
	return type_size(k, "worker_pool", &w->pool_size);
}

/* Ticks per second: jiffies began at minus five minutes (INITIAL_JIFFIES). */
static struct error *find_clock(struct walk_work *w)
{
	static const unsigned rates[] = { 100, 250, 300, 1000 };
	uint64_t va, best = UINT64_MAX;

	TRY(symbol_find(w->g->k, "jiffies_64", &va));
	TRY(vmem_read_u64(w->g->k, va, &w->jiffies));
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		/* stored as 2^32 - 300 * HZ on 64-bit machines */
		uint64_t start = UINT32_MAX - (uint64_t)300 * rates[i] + 1, ms, off;

		if (w->jiffies < start)
			continue;
		ms = (w->jiffies - start) * 1000 / rates[i];
		off = ms > w->g->log.last_us / 1000 ? ms - w->g->log.last_us / 1000 : w->g->log.last_us / 1000 - ms;
		if (off < best) {
			best = off;
			w->hz = rates[i];
		}
	}
	return w->hz ? NULL : error_new(ERROR_NOT_FOUND, "the length of a tick is not known");
}

static struct error *count_waiting(struct walk_work *w, uint64_t pool, struct report_pool *p)
{
	struct list_walk l;
	uint64_t node, func;

	TRY(list_begin(w->g->k, pool + w->worklist.off, WORKS_MAX, &l));
	while (list_next(w->g->k, &l, &node)) {
		struct error *e;

		if (p->waiting++)
			continue;
		e = type_read(w->g->k, node - w->entry.off, &w->func, &func);
		if (!e)
			symbol_format(w->g->k, func, p->function, sizeof(p->function));
		error_free(e);
	}
	return list_error(&l);
}

/* The worker that runs, rather than sleeps, if there is one. */
static struct error *find_busy(struct walk_work *w, uint64_t pool, struct report_pool *p)
{
	struct list_walk l;
	uint64_t node;

	TRY(list_begin(w->g->k, pool + w->workers.off, WORKERS_MAX, &l));
	while (list_next(w->g->k, &l, &node)) {
		uint64_t worker = node - w->node.off, current = 0, func = 0, va = 0;
		struct task t;
		struct error *e = type_read(w->g->k, worker, &w->current, &current);

		if (!e && current)
			e = type_read(w->g->k, worker, &w->function, &func);
		if (!e && current)
			e = type_read(w->g->k, worker, &w->task, &va);
		if (!e && va)
			e = task_read(w->g->k, va, &t);
		if (!e && va && (p->worker.from == FROM_NOWHERE || !t.state)) {
			set_task(&p->worker, &t);
			symbol_format(w->g->k, func, p->busy_with, sizeof(p->busy_with));
		}
		error_free(e);
	}
	return list_error(&l);
}

static struct error *look_at_pool(struct walk_work *w, uint64_t pool, int cpu)
{
	struct report_pool p = { .va = pool, .cpu = cpu };
	uint64_t since;

	TRY(count_waiting(w, pool, &p));
	if (!p.waiting)
		return NULL;
	TRY(type_read(w->g->k, pool, &w->watchdog, &since));
	if (since > w->jiffies || !since)
		return NULL; /* not kept by this kernel */
	p.stalled_ms = (w->jiffies - since) * 1000 / w->hz;
	TRY(find_busy(w, pool, &p));
	if (w->g->r->pools.n < KEPT && !vector_push(&w->g->r->pools, p))
		return error_nomem();
	return NULL;
}

struct error *gather_work(struct gather *g)
{
	struct walk_work w = { .g = g };
	unsigned nr;

	TRY(find_layout(&w));
	TRY(find_clock(&w));
	TRY(cpu_count(g->k, &nr));
	for (unsigned cpu = 0; cpu < nr && cpu < CPUS_LOOK; cpu++) {
		uint64_t va;
		bool present = false;

		/* a CPU that the panicking one stopped counts as offline, and tells as much */
		TRY(cpu_in_mask(g->k, "present", cpu, &present));
		if (!present)
			continue;
		TRY(percpu_address(g->k, "cpu_worker_pools", cpu, &va));
		for (unsigned i = 0; i < POOLS_OF_A_CPU; i++)
			TRY(look_at_pool(&w, va + i * w.pool_size, (int)cpu));
	}
	return NULL;
}
