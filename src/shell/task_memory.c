/* include/linux/mm_types.h: mm_struct.rss_stat is an array of counters up to 6.1 (with a part in
 * each task), one of percpu_counter since. Which counter is which: enum of mm_types_task.h. */
#include "shell/task_memory.h"

#include "base/base.h"
#include "kernel/c_type.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/tasks.h"

static const char *const counters[] = {"MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES"};

struct delta {
	uint64_t mm;
	int64_t pages;
};

struct rss_deltas {
	struct delta *v;
	size_t n;
};

static int by_mm(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;

	return x->mm < y->mm ? -1 : x->mm > y->mm;
}

/* The counters of one task that belong to its process. */
static int64_t own_delta(struct kernel *k, const struct task *t)
{
	int64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		char path[48];
		int64_t index;
		uint64_t v;
		struct error *e = type_enum_value(k, counters[i], &index);

		if (!e) {
			snprintf(path, sizeof(path), "rss_stat.count[%d]", (int)index);
			e = type_read_member(k, t->va, "task_struct", path, &v);
		}
		if (!e)
			sum += (int32_t)v;
		error_free(e);
	}
	return sum;
}

struct error *rss_deltas_load(struct shell *sh, struct rss_deltas **ret)
{
	const struct shell_tasks *all;
	struct rss_deltas *d;
	struct member m;
	struct error *e;

	*ret = NULL;
	e = type_member(sh->kernel, "task_struct", "rss_stat.count", &m);
	if (e) { /* this kernel has no such counters */
		error_free(e);
		return NULL;
	}
	TRY(shell_tasks_load(sh, &all));
	d = calloc(1, sizeof(*d));
	if (d)
		d->v = calloc(MAX(all->n, (size_t)1), sizeof(*d->v));
	if (!d || !d->v) {
		free(d);
		return error_nomem();
	}
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++)
		if (!task_is_kernel(&all->v[i]))
			d->v[d->n++] = (struct delta){all->v[i].mm, own_delta(sh->kernel, &all->v[i])};
	qsort(d->v, d->n, sizeof(*d->v), by_mm);
	*ret = d;
	return NULL;
}

void rss_deltas_free(struct rss_deltas *d)
{
	if (!d)
		return;
	free(d->v);
	free(d);
}

static int64_t delta_of(const struct rss_deltas *d, uint64_t mm)
{
	size_t low = 0, high = d ? d->n : 0;
	int64_t sum = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->v[middle].mm < mm)
			low = middle + 1;
		else
			high = middle;
	}
	for (; d && low < d->n && d->v[low].mm == mm; low++)
		sum += d->v[low].pages;
	return sum;
}

/* A percpu_counter: the shared count and what CPUs hold back. */
static struct error *percpu_counter_sum(struct kernel *k, uint64_t va, int64_t *ret)
{
	struct member count, pieces;
	uint64_t v, ptr;
	unsigned cpus;

	TRY(type_member(k, "percpu_counter", "count", &count));
	TRY(type_read(k, va, &count, &v));
	*ret = (int64_t)v;
	TRY(type_member(k, "percpu_counter", "counters", &pieces));
	TRY(type_read(k, va, &pieces, &ptr));
	TRY(cpu_count(k, &cpus));
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		uint64_t at;
		uint32_t piece;
		bool there = true;
		struct error *e = cpu_in_mask(k, "possible", cpu, &there);

		error_free(e);
		if (!there)
			continue;
		TRY(percpu_pointer(k, ptr, cpu, &at));
		TRY(vmem_read_u32(k, at, &piece));
		*ret += (int32_t)piece;
	}
	return NULL;
}

static struct error *counter_value(struct kernel *k, uint64_t mm, int64_t index, int64_t *ret)
{
	char path[48];
	struct member m;
	uint64_t v;
	struct error *e;

	snprintf(path, sizeof(path), "rss_stat.count[%d].counter", (int)index);
	e = type_member(k, "mm_struct", path, &m);
	if (!e) {
		TRY(type_read(k, mm, &m, &v));
		*ret = (int64_t)v;
		return NULL;
	}
	error_free(e);
	snprintf(path, sizeof(path), "rss_stat[%d]", (int)index);
	TRY(type_member(k, "mm_struct", path, &m));
	return percpu_counter_sum(k, mm + m.off, ret);
}

struct error *task_memory_read(struct shell *sh, const struct task *t, const struct rss_deltas *d,
			       struct task_memory *ret)
{
	struct kernel *k = sh->kernel;
	int64_t sum;

	*ret = (struct task_memory){0};
	if (task_is_kernel(t))
		return NULL;
	TRY(type_read_member(k, t->mm, "mm_struct", "total_vm", &ret->total_vm));
	sum = delta_of(d, t->mm);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		int64_t index, n;
		struct error *e = type_enum_value(k, counters[i], &index);

		if (e) { /* shared memory counts as files before 4.5 */
			error_free(e);
			continue;
		}
		TRY(counter_value(k, t->mm, index, &n));
		sum += n;
	}
	ret->rss = sum > 0 ? (uint64_t)sum : 0;
	return NULL;
}
