/* ps: the tasks. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/type.h"
#include "shell/command.h"
#include "shell/nodes.h"
#include "shell/row.h"
#include "shell/task_memory.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum {
	OPT_KERNEL = 1, OPT_USERS, OPT_LEADERS, OPT_ACTIVE, OPT_STACKS, OPT_SUMMARY, OPT_AGO, OPT_LAST,
	OPT_PARENTS, OPT_CHILDREN, OPT_THREADS, OPT_NO_HEAD, OPT_CPUS, OPT_NO_IDLE,
};

static const struct option_def options[] = {
	{'k', NULL, NULL, "only kernel threads", OPT_KERNEL},
	{'u', NULL, NULL, "only user tasks", OPT_USERS},
	{'G', NULL, NULL, "only leaders of thread groups", OPT_LEADERS},
	{'A', NULL, NULL, "only tasks that run on a CPU", OPT_ACTIVE},
	{'I', NULL, NULL, "without the idle tasks", OPT_NO_IDLE},
	{'C', NULL, "CPUS", "only tasks of these CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{'s', NULL, NULL, "the kernel stack pointer instead of the task's address", OPT_STACKS},
	{'S', NULL, NULL, "how many tasks are in which state", OPT_SUMMARY},
	{'m', NULL, NULL, "how long ago each last ran, in days, hours:minutes:seconds", OPT_AGO},
	{'l', NULL, NULL, "when each last ran, in nanoseconds", OPT_LAST},
	{'p', NULL, NULL, "the parents of each, up to the first", OPT_PARENTS},
	{'c', NULL, NULL, "the children of each", OPT_CHILDREN},
	{'g', NULL, NULL, "the threads of each process", OPT_THREADS},
	{'H', NULL, NULL, "without the line of titles", OPT_NO_HEAD},
	{0},
};

enum mode { LIST, SUMMARY, LAST_RUN, PARENTS, CHILDREN, THREADS };

struct request {
	struct shell *sh;
	enum mode mode;
	bool kernel, user, leaders, active, no_idle, stacks, ago, no_head;
	struct cpus cpus; /* in null: all */
	const struct shell_tasks *all;
	bool *picked; /* of all->n */
	uint64_t total_pages;
	struct rss_deltas *deltas;
};

static struct error *parent_va(struct shell *sh, const struct task *t, uint64_t *ret)
{
	static const char *const names[] = {"real_parent", "p_opptr", NULL};
	struct member m;

	TRY(type_member_any(sh->kernel, "task_struct", names, &m));
	return type_read(sh->kernel, t->va, &m, ret);
}

static const struct task *task_at(const struct request *r, uint64_t va)
{
	for (size_t i = 0; i < r->all->n; i++)
		if (r->all->v[i].va == va)
			return &r->all->v[i];
	return NULL;
}

/* ---- the list ---- */

static void put_comm(struct shell *sh, const struct task *t)
{
	bool is_kernel = task_is_kernel(t);

	row_text(sh, is_kernel ? "[" : "");
	row_str(sh, "command", 0, t->comm);
	row_text(sh, is_kernel ? "]" : "");
}

/* Where the stack pointer of a sleeping task was put. */
static struct error *saved_sp(struct kernel *k, const struct task *t, uint64_t *ret)
{
	static const char *const names[] = {"thread.sp", "thread.cpu_context.sp", "thread.ksp", NULL};
	struct member m;

	TRY(type_member_any(k, "task_struct", names, &m));
	return type_read(k, t->va, &m, ret);
}

static void put_address(struct request *r, const struct task *t, bool active)
{
	struct error *e;
	uint64_t sp;

	if (!r->stacks) {
		row_addr(r->sh, "task", t->va);
		return;
	}
	e = active ? NULL : saved_sp(r->sh->kernel, t, &sp);
	if (active || e)
		row_none(r->sh, "stack", "--");
	else
		row_addr(r->sh, "stack", sp);
	row_only_addr(r->sh, "task", t->va);
	error_free(e);
}

static void list_one(struct request *r, const struct task *t)
{
	struct shell *sh = r->sh;
	struct task_memory m = {0};
	bool active = task_is_active(sh, t);
	uint64_t parent = 0, ppid = 0, kib = sh->dump->page_size / 1024;
	struct error *e = parent_va(sh, t, &parent);

	if (!e)
		e = type_read_member(sh->kernel, parent, "task_struct", "pid", &ppid);
	error_free(e);
	error_free(task_memory_read(sh, t, r->deltas, &m)); /* zeros where it cannot be read */
	row_begin(sh, "task");
	row_bool(sh, "active", t->pid != 0 ? "> " : "  ", "  ", active);
	row_i64(sh, "pid", 7, t->pid);
	row_text(sh, " ");
	row_u64(sh, "ppid", 7, ppid);
	row_text(sh, " ");
	row_i64(sh, "cpu", 3, MAX(t->cpu, 0));
	row_text(sh, "  ");
	put_address(r, t, active);
	row_text(sh, "  ");
	row_str(sh, "state", 0, task_state_short(sh, t));
	row_text(sh, "  %4.1f ", r->total_pages ? 100.0 * (double)m.rss / (double)r->total_pages : 0.0);
	row_u64(sh, "vsz_kib", 8, m.total_vm * kib);
	row_text(sh, " ");
	row_u64(sh, "rss_kib", 8, m.rss * kib);
	row_text(sh, "  ");
	put_comm(sh, t);
	row_end(sh);
}

static void list_head(struct request *r)
{
	int width = (int)(2 * r->sh->kernel->long_size);
	const char *title = r->stacks ? "KSTACKP" : "TASK";
	int left = (width - (int)strlen(title) + 1) / 2;

	if (!r->no_head)
		row_text(r->sh, "      PID    PPID  CPU %*s%-*s  ST  %%MEM      VSZ      RSS  COMM\n",
			left, "", width - left, title);
}

/* What shares of memory are shares of: every page frame of every node. */
static uint64_t all_pages(struct shell *sh)
{
	struct nodes nodes;
	struct error *e = nodes_load(sh, &nodes);
	uint64_t sum = 0;

	if (e) {
		error_free(e);
		return ranges_total(&sh->dump->memory);
	}
	for (size_t i = 0; i < nodes.v.n; i++)
		sum += nodes.v.v[i].spanned;
	nodes_done(&nodes);
	return sum;
}

static struct error *list(struct request *r)
{
	r->total_pages = all_pages(r->sh);
	TRY(rss_deltas_load(r->sh, &r->deltas));
	list_head(r);
	for (size_t i = 0; i < r->all->n && !shell_interrupted(); i++)
		if (r->picked[i])
			list_one(r, &r->all->v[i]);
	return NULL;
}

/* ---- other views ---- */

static void put_count(struct shell *sh, const char *state, unsigned n)
{
	row_begin(sh, "state");
	row_text(sh, "  ");
	row_str(sh, "state", 0, state);
	row_text(sh, ": ");
	row_u64(sh, "tasks", 0, n);
	row_end(sh);
}

static void summarize(struct request *r)
{
	const char *seen[16];
	unsigned counts[16], n = 0;

	for (size_t i = 0; i < r->all->n; i++) {
		const char *state;
		unsigned j = 0;

		if (!r->picked[i])
			continue;
		state = task_state_short(r->sh, &r->all->v[i]);
		while (j < n && strcmp(seen[j], state) != 0)
			j++;
		if (j == n && n < ARRAY_SIZE(seen)) {
			seen[n] = state;
			counts[n++] = 0;
		}
		if (j < n)
			counts[j]++;
	}
	for (unsigned j = 0; j < n; j++)
		put_count(r->sh, seen[j], counts[j]);
}

struct run_time {
	const struct task *t;
	uint64_t ns;
};

static int latest_first(const void *a, const void *b)
{
	const struct run_time *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static uint64_t last_run(struct shell *sh, const struct task *t)
{
	static const char *const names[] = {"sched_info.last_arrival", "last_run", "timestamp", NULL};
	struct member m;
	uint64_t ns = 0;
	struct error *e = type_member_any(sh->kernel, "task_struct", names, &m);

	if (!e)
		e = type_read(sh->kernel, t->va, &m, &ns);
	error_free(e);
	return ns;
}

/* The clock of the CPU that `t` is on, at the crash. */
static uint64_t now_of(struct shell *sh, const struct task *t)
{
	uint64_t rq, ns = 0;
	struct error *e = percpu_address(sh->kernel, "runqueues", (unsigned)MAX(t->cpu, 0), &rq);

	if (!e)
		e = type_read_member(sh->kernel, rq, "rq", "clock", &ns);
	error_free(e);
	return ns;
}

static void put_ago(struct shell *sh, uint64_t now, uint64_t then)
{
	uint64_t ms = now > then ? (now - then) / 1000000 : 0;

	row_text(sh, "[%" PRIu64 " %02u:%02u:%02u.%03u] ", ms / 86400000, (unsigned)(ms / 3600000 % 24),
		 (unsigned)(ms / 60000 % 60), (unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
	row_only_u64(sh, "ago_ms", ms);
}

static struct error *list_last_runs(struct request *r)
{
	_cleanup_free_ struct run_time *v = calloc(MAX(r->all->n, (size_t)1), sizeof(*v));
	uint64_t newest = 0;
	size_t n = 0;
	int width = 1;

	if (!v)
		return error_nomem();
	for (size_t i = 0; i < r->all->n && !shell_interrupted(); i++)
		if (r->picked[i])
			v[n++] = (struct run_time){&r->all->v[i], last_run(r->sh, &r->all->v[i])};
	qsort(v, n, sizeof(*v), latest_first);
	for (uint64_t ns = n ? v[0].ns : 0; ns >= 10; ns /= 10)
		width++;
	for (size_t i = 0; i < n; i++) {
		newest = MAX(newest, v[i].ns);
		row_begin(r->sh, "task");
		if (r->ago)
			put_ago(r->sh, MAX(now_of(r->sh, v[i].t), newest), v[i].ns);
		else
			row_text(r->sh, "[%*" PRIu64 "] ", width, v[i].ns);
		row_only_u64(r->sh, "last_run_ns", v[i].ns);
		row_text(r->sh, "[");
		row_str(r->sh, "state", 0, task_state_short(r->sh, v[i].t));
		row_text(r->sh, "]  ");
		print_task_cells(r->sh, v[i].t);
		row_end(r->sh);
	}
	return NULL;
}

#define PARENTS_MAX 64

static void list_parents(struct request *r, const struct task *t)
{
	const struct task *chain[PARENTS_MAX];
	unsigned n = 0;
	uint64_t va;

	while (t && n < PARENTS_MAX) {
		struct error *e;

		chain[n++] = t;
		e = parent_va(r->sh, t, &va);
		error_free(e);
		if (e || va == t->va)
			break;
		t = task_at(r, va);
	}
	for (unsigned i = 0; i < n; i++) {
		row_text(r->sh, "%*s", (int)i, "");
		print_task_line(r->sh, chain[n - 1 - i]);
	}
	row_text(r->sh, "\n");
}

static void list_children(struct request *r, const struct task *t)
{
	bool any = false;

	print_task_line(r->sh, t);
	for (size_t i = 0; i < r->all->n && !shell_interrupted(); i++) {
		const struct task *child = &r->all->v[i];
		uint64_t va;
		struct error *e = parent_va(r->sh, child, &va);

		error_free(e);
		/* threads have the parent of their process */
		if (e || va != t->va || child->pid != child->tgid)
			continue;
		row_text(r->sh, "  ");
		print_task_line(r->sh, child);
		any = true;
	}
	row_text(r->sh, any ? "\n" : "  (no children)\n\n");
}

static void list_threads(struct request *r, const struct task *t)
{
	bool any = false;

	print_task_line(r->sh, t);
	for (size_t i = 0; i < r->all->n; i++) {
		const struct task *other = &r->all->v[i];

		if (other->tgid != t->tgid || other->va == t->va || t->pid == 0)
			continue;
		row_text(r->sh, "  ");
		print_task_line(r->sh, other);
		any = true;
	}
	row_text(r->sh, any ? "\n" : "  (no threads)\n\n");
}

static struct error *show(struct request *r)
{
	if (r->mode == LIST)
		return list(r);
	if (r->mode == LAST_RUN)
		return list_last_runs(r);
	if (r->mode == SUMMARY)
		summarize(r);
	for (size_t i = 0; i < r->all->n && r->mode >= PARENTS && !shell_interrupted(); i++) {
		const struct task *t = &r->all->v[i];

		if (!r->picked[i])
			continue;
		if (r->mode == PARENTS)
			list_parents(r, t);
		else if (r->mode == CHILDREN)
			list_children(r, t);
		else
			list_threads(r, t);
	}
	return NULL;
}

/* ---- which tasks ---- */

static bool passes(struct request *r, const struct task *t)
{
	if ((r->kernel && !task_is_kernel(t)) || (r->user && task_is_kernel(t)) ||
	    (r->leaders && t->pid != t->tgid) || (r->no_idle && t->pid == 0) ||
	    (r->active && !task_is_active(r->sh, t)))
		return false;
	return !r->cpus.in || (t->cpu >= 0 && (unsigned)t->cpu < r->cpus.nr && r->cpus.in[t->cpu]);
}

static struct error *pick(struct request *r, char **words, int n)
{
	struct task_picks p = {0};
	struct error *e = NULL;

	TRY(shell_tasks_load(r->sh, &r->all));
	r->picked = calloc(MAX(r->all->n, (size_t)1), sizeof(*r->picked));
	if (!r->picked)
		return error_nomem();
	for (int i = 0; i < n && !e; i++)
		e = tasks_pick(r->sh, words[i], &p);
	for (size_t i = 0; i < p.v.n; i++)
		r->picked[p.v.v[i]] = true;
	for (size_t i = 0; i < r->all->n; i++)
		r->picked[i] = (n == 0 || r->picked[i]) && passes(r, &r->all->v[i]);
	vector_done(&p.v);
	return e;
}

static struct error *take_options(struct request *r, struct options *o)
{
	int id;

	while ((id = options_next(o)) > 0) {
		r->kernel |= id == OPT_KERNEL;
		r->user |= id == OPT_USERS;
		r->leaders |= id == OPT_LEADERS;
		r->active |= id == OPT_ACTIVE;
		r->no_idle |= id == OPT_NO_IDLE;
		r->stacks |= id == OPT_STACKS;
		r->no_head |= id == OPT_NO_HEAD;
		r->ago |= id == OPT_AGO;
		if (id == OPT_SUMMARY)
			r->mode = SUMMARY;
		else if (id == OPT_AGO || id == OPT_LAST)
			r->mode = LAST_RUN;
		else if (id == OPT_PARENTS)
			r->mode = PARENTS;
		else if (id == OPT_CHILDREN)
			r->mode = CHILDREN;
		else if (id == OPT_THREADS)
			r->mode = THREADS;
		else if (id == OPT_CPUS) {
			cpus_done(&r->cpus);
			TRY(value_cpus(r->sh, o->value, &r->cpus));
		}
	}
	return id < 0 ? command_misused() : NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh};
	struct error *e = take_options(&r, o);
	char **words;
	int n;

	if (!e) {
		words = command_words(o, &n);
		e = pick(&r, words, n);
	}
	if (!e)
		e = show(&r);
	free(r.picked);
	cpus_done(&r.cpus);
	rss_deltas_free(r.deltas);
	return e;
}

const struct command cmd_ps = {
	.name = "ps",
	.args = "[-k|-u|-G|-A|-I][-C cpus][-s][-H] [-p|-c|-g|-l|-m|-S] [pid | task | command | 'regex'] ...",
	.summary = "list the tasks",
	.text = "Columns: process id, parent's, CPU, address of the task_struct, state, share of memory, KiB of\n"
		"address space and in memory, name. [name] is a kernel thread; > marks what ran on a CPU.\n"
		"States: RU running, IN sleeping, UN uninterruptible, ID idle, ST stopped, TR traced, ZO zombie,\n"
		"DE dead, PA parked, WA waking, NE new.\n\n"
		"  ps -u\n"
		"  ps -m 'kworker.*'\n"
		"  ps -l | head\n",
	.options = options,
	.run = run,
};
