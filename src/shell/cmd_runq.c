/* runq: what each CPU had to run. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/tree.h"
#include "kernel/type.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum { OPT_CPUS = 1, OPT_TIMES, OPT_ON_CPU, OPT_LAG };

static const struct option_def options[] = {
	{'c', NULL, "CPUS", "only these CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{'t', NULL, NULL, "the clock of each queue, and when its tasks last ran", OPT_TIMES},
	{'T', NULL, NULL, "how far each queue's clock is behind the most recent one", OPT_LAG},
	{'m', NULL, NULL, "how long the running task of each CPU has been on it", OPT_ON_CPU},
	{0},
};

#define DEPTH_MAX   16 /* groups in groups */
#define QUEUED_MAX  65536

struct queue {
	struct shell *sh;
	uint64_t entity_off, node_off; /* of sched_entity in the task, of the tree's node in it */
	unsigned depth;
	unsigned shown;
	struct error *e;
};

static void put_task(struct shell *sh, const struct task *t)
{
	row_text(sh, "PID: ");
	row_i64(sh, "pid", -6, t->pid);
	row_text(sh, " TASK: ");
	row_addr(sh, "task", t->va);
	row_text(sh, "  COMMAND: \"");
	row_str(sh, "command", 0, t->comm);
	row_text(sh, "\"");
}

static void put_queued(struct shell *sh, const struct task *t)
{
	uint64_t prio = 0;

	error_free(type_read_member(sh->kernel, t->va, "task_struct", "prio", &prio)); /* then 0 */
	row_begin(sh, "queued");
	row_text(sh, "     [");
	row_u64(sh, "priority", 3, prio);
	row_text(sh, "] ");
	put_task(sh, t);
	row_end(sh);
}

static bool put_entity(uint64_t key, uint64_t entry, void *arg);

static struct error *walk_fair(struct queue *q, uint64_t cfs_rq)
{
	struct member root;

	TRY(type_member(q->sh->kernel, "cfs_rq", "tasks_timeline", &root));
	if (++q->depth > DEPTH_MAX)
		return error_new(ERROR_BAD_DATA, "groups of tasks are nested deeper than %d", DEPTH_MAX);
	TRY(rbtree_walk(q->sh->kernel, cfs_rq + root.off, put_entity, q));
	q->depth--;
	return q->e;
}

/* A task, or a group with a queue of its own. */
static bool put_entity(uint64_t key, uint64_t entry, void *arg)
{
	struct queue *q = arg;
	uint64_t entity = entry - q->node_off, group = 0;
	struct task t;

	(void)key;
	/* kernels without groups have no such member */
	error_free(type_read_member(q->sh->kernel, entity, "sched_entity", "my_q", &group));
	if (group) {
		q->e = walk_fair(q, group);
	} else {
		q->e = task_read(q->sh->kernel, entity - q->entity_off, &t);
		if (!q->e) {
			put_queued(q->sh, &t);
			q->shown++;
		}
	}
	return !q->e && q->shown < QUEUED_MAX && !shell_interrupted();
}

static struct error *put_fair(struct shell *sh, uint64_t rq)
{
	struct queue q = {.sh = sh};
	struct member cfs, root, entity, node;

	TRY(type_member(sh->kernel, "rq", "cfs", &cfs));
	TRY(type_member(sh->kernel, "cfs_rq", "tasks_timeline", &root));
	TRY(type_member(sh->kernel, "task_struct", "se", &entity));
	TRY(type_member(sh->kernel, "sched_entity", "run_node", &node));
	q.entity_off = entity.off;
	q.node_off = node.off;
	row_text(sh, "  CFS RB_ROOT: %0*" PRIx64 "\n", (int)(2 * sh->kernel->long_size), rq + cfs.off + root.off);
	TRY(walk_fair(&q, rq + cfs.off));
	if (!q.shown)
		row_text(sh, "     [no tasks queued]\n");
	return NULL;
}

static struct error *put_real_time(struct shell *sh, uint64_t rq)
{
	struct kernel *k = sh->kernel;
	struct member array, queue, entity, link;
	unsigned shown = 0;

	TRY(type_member(k, "rq", "rt.active", &array));
	TRY(type_member(k, "rt_prio_array", "queue", &queue));
	TRY(type_member(k, "task_struct", "rt", &entity));
	TRY(type_member(k, "sched_rt_entity", "run_list", &link));
	row_text(sh, "  RT PRIO_ARRAY: %0*" PRIx64 "\n", (int)(2 * k->long_size), rq + array.off);
	for (uint32_t prio = 0; prio < queue.array_len; prio++) {
		uint64_t head = rq + array.off + queue.off + prio * 2ull * k->long_size, node;
		struct list_walk w;

		TRY(list_begin(k, head, QUEUED_MAX, &w));
		while (list_next(k, &w, &node) && !shell_interrupted()) {
			struct task t;
			struct error *e = task_read(k, node - link.off - entity.off, &t);

			if (!e) {
				put_queued(sh, &t);
				shown++;
			}
			error_free(e); /* a group's entity is no task's */
		}
		TRY(list_error(&w));
	}
	if (!shown)
		row_text(sh, "     [no tasks queued]\n");
	return NULL;
}

static struct error *put_queue(struct shell *sh, unsigned cpu)
{
	struct task t;
	uint64_t rq;

	TRY(percpu_address(sh->kernel, "runqueues", cpu, &rq));
	TRY(task_running(sh->kernel, cpu, &t));
	row_begin(sh, "cpu");
	row_text(sh, "CPU ");
	row_u64(sh, "cpu", 0, cpu);
	row_text(sh, " RUNQUEUE: ");
	row_addr(sh, "runqueue", rq);
	row_text(sh, "\n  CURRENT: ");
	put_task(sh, &t);
	row_end(sh);
	TRY(put_real_time(sh, rq));
	return put_fair(sh, rq);
}

static uint64_t nanoseconds(struct shell *sh, uint64_t va, const char *type, const char *member)
{
	uint64_t v = 0;

	error_free(type_read_member(sh->kernel, va, type, member, &v)); /* then 0 */
	return v;
}

static struct error *put_times(struct shell *sh, unsigned cpu)
{
	struct task t;
	uint64_t rq, clock, arrived;

	TRY(percpu_address(sh->kernel, "runqueues", cpu, &rq));
	TRY(task_running(sh->kernel, cpu, &t));
	clock = nanoseconds(sh, rq, "rq", "clock");
	arrived = nanoseconds(sh, t.va, "task_struct", "sched_info.last_arrival");
	row_begin(sh, "cpu");
	row_text(sh, " CPU ");
	row_u64(sh, "cpu", 0, cpu);
	row_text(sh, ": ");
	row_u64(sh, "clock_ns", 0, clock);
	row_text(sh, "\n        ");
	row_u64(sh, "arrived_ns", 0, arrived);
	row_text(sh, "  ");
	put_task(sh, &t);
	row_end(sh);
	return NULL;
}

static struct error *put_on_cpu(struct shell *sh, unsigned cpu)
{
	struct task t;
	uint64_t rq, clock, since, ms;

	TRY(percpu_address(sh->kernel, "runqueues", cpu, &rq));
	TRY(task_running(sh->kernel, cpu, &t));
	clock = nanoseconds(sh, rq, "rq", "clock");
	since = nanoseconds(sh, t.va, "task_struct", "sched_info.last_arrival");
	ms = clock > since ? (clock - since) / 1000000 : 0;
	row_begin(sh, "cpu");
	row_text(sh, " CPU %u: [%" PRIu64 " %02u:%02u:%02u.%03u]  ", cpu, ms / 86400000, (unsigned)(ms / 3600000 % 24),
		 (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
	row_only_u64(sh, "on_cpu_ms", ms);
	put_task(sh, &t);
	row_end(sh);
	return NULL;
}

struct lag {
	unsigned cpu;
	uint64_t clock;
};

static int most_recent_first(const void *a, const void *b)
{
	const struct lag *x = a, *y = b;

	return x->clock > y->clock ? -1 : x->clock < y->clock;
}

static struct error *put_lags(struct shell *sh, const struct cpus *cpus)
{
	VECTOR(struct lag) all = {0};

	for (unsigned cpu = 0; cpu < cpus->nr; cpu++) {
		struct lag l = {.cpu = cpu};
		bool online = true;
		uint64_t rq;
		struct error *e;

		error_free(cpu_in_mask(sh->kernel, "online", cpu, &online));
		if (!cpus->in[cpu] || !online)
			continue;
		e = percpu_address(sh->kernel, "runqueues", cpu, &rq);
		if (!e)
			l.clock = nanoseconds(sh, rq, "rq", "clock");
		if (!e && !vector_push(&all, l))
			e = error_nomem();
		if (e) {
			vector_done(&all);
			return e;
		}
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), most_recent_first);
	for (size_t i = 0; i < all.n; i++) {
		row_begin(sh, "lag");
		row_text(sh, "  CPU ");
		row_u64(sh, "cpu", 0, all.v[i].cpu);
		row_text(sh, ": %.2f secs", (double)(all.v[0].clock - all.v[i].clock) / 1e9);
		row_only_u64(sh, "behind_ns", all.v[0].clock - all.v[i].clock);
		row_end(sh);
	}
	vector_done(&all);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct error *(*put)(struct shell *sh, unsigned cpu) = put_queue;
	const char *spec = "all";
	struct error *e = NULL;
	struct cpus cpus;
	bool any = false, lag = false;
	int id;

	while ((id = options_next(o)) > 0) {
		lag |= id == OPT_LAG;
		if (id == OPT_CPUS)
			spec = o->value;
		else if (id != OPT_LAG)
			put = id == OPT_TIMES ? put_times : put_on_cpu;
	}
	if (id < 0)
		return command_misused();
	TRY(value_cpus(sh, spec, &cpus));
	if (lag)
		e = put_lags(sh, &cpus);
	for (unsigned cpu = 0; cpu < cpus.nr && !lag && !e && !shell_interrupted(); cpu++) {
		bool online = true;

		if (!cpus.in[cpu])
			continue;
		error_free(cpu_in_mask(sh->kernel, "online", cpu, &online));
		if (!online)
			continue;
		if (any && put == put_queue)
			row_text(sh, "\n");
		any = true;
		e = put(sh, cpu);
	}
	cpus_done(&cpus);
	return e;
}

const struct command cmd_runq = {
	.name = "runq",
	.args = "[-t | -T | -m] [-c cpus]",
	.summary = "show what each CPU had to run",
	.options = options,
	.run = run,
};
