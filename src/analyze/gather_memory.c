/*
 * What the memory was used for: the kernel's own counters (include/linux/mmzone.h: zone_stat_item,
 * node_stat_item; kept for the whole machine in vm_zone_stat and vm_node_stat), the largest slab
 * caches and the largest processes. Slab counters are in pages or, since 5.9, named _B but still
 * kept in pages globally (mm/vmstat.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/facts-priv.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define CACHES_MAX 20000
#define NODES_LOOK 64
#define CPUS_LOOK  256 /* whose part of a counter is added */
#define PAGES_SANE (UINT64_C(1) << 48)

static struct error *counter(struct gather *g, const char *array, const char *const *items, uint64_t *ret)
{
	int64_t index = -1;
	uint64_t va, v;
	struct error *e = NULL;

	for (size_t i = 0; items[i] && index < 0; i++) {
		error_free(e);
		e = type_enum_value(g->k, items[i], &index);
	}
	TRY(e);
	if (index < 0 || index > 1000)
		return error_new(ERROR_BAD_DATA, "%s: no counter has the number %" PRId64, array, index);
	TRY(symbol_find(g->k, array, &va));
	TRY(vmem_read_long(g->k, va + (uint64_t)index * g->k->long_size, &v));
	/* the parts of the CPUs may make the sum negative for a moment */
	*ret = (int64_t)v < 0 || v > PAGES_SANE ? 0 : v;
	return NULL;
}

static void take_counter(struct gather *g, const char *array, const char *const *items, uint64_t unit,
			 struct fact_u64 *ret)
{
	uint64_t v = 0;
	struct error *e = counter(g, array, items, &v);

	if (!e)
		fact_set_u64(ret, v * unit, FROM_MEMORY);
	error_free(e);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void take_counters(struct gather *g)
{
	struct report_memory *m = &g->r->memory_use;
	uint64_t page = g->k->page_size;
	const struct {
		const char *array;
		const char *const *items;
		uint64_t unit;
		struct fact_u64 *to;
	} rows[] = {
		{ "vm_zone_stat", NAMES("NR_FREE_PAGES"), page, &m->free },
		{ "vm_node_stat", NAMES("NR_ANON_MAPPED"), page, &m->anonymous },
		{ "vm_node_stat", NAMES("NR_FILE_PAGES"), page, &m->files },
		{ "vm_node_stat", NAMES("NR_SHMEM"), page, &m->shared },
		{ "vm_node_stat", NAMES("NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE"), page,
		  &m->unreclaimable },
		{ "vm_node_stat", NAMES("NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE"), page, &m->slab },
		{ "vm_node_stat", NAMES("NR_PAGETABLE"), page, &m->page_tables }, /* 5.11 */
		{ "vm_zone_stat", NAMES("NR_PAGETABLE"), page, &m->page_tables },
		{ "vm_node_stat", NAMES("NR_KERNEL_STACK_KB"), 1024, &m->stacks },
		{ "vm_zone_stat", NAMES("NR_KERNEL_STACK_KB"), 1024, &m->stacks },
		{ "vm_node_stat", NAMES("NR_VMALLOC"), page, &m->vmalloc }, /* 6.19 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		take_counter(g, rows[i].array, rows[i].items, rows[i].unit, rows[i].to);
	if (m->slab.from != FROM_NOWHERE)
		m->slab.value += m->unreclaimable.value;
}

static void take_variable(struct gather *g, const char *name, uint64_t unit, struct fact_u64 *ret)
{
	uint64_t va, v = 0;
	struct error *e = symbol_find(g->k, name, &va);

	if (!e)
		e = vmem_read_long(g->k, va, &v);
	if (!e && v < PAGES_SANE)
		fact_set_u64(ret, v * unit, FROM_MEMORY);
	error_free(e);
}

/* The largest stay, sorted. */
static bool keep_largest(struct report_use *v, size_t *n, const struct report_use *one)
{
	size_t at = *n;

	if (*n == MEMORY_TOP && v[*n - 1].bytes >= one->bytes)
		return false;
	if (*n < MEMORY_TOP)
		++*n;
	else
		at--;
	for (; at > 0 && v[at - 1].bytes < one->bytes; at--)
		v[at] = v[at - 1];
	v[at] = *one;
	return true;
}

struct cache_layout {
	struct member list, name, order, node, slabs;
	uint32_t nodes; /* as many pointers has a cache, whatever the type says */
};

static struct error *find_cache_layout(struct kernel *k, struct cache_layout *l)
{
	static const char *const nodes[] = { "node", "per_node", NULL }; /* 7.1 */
	uint64_t va;
	struct error *e = symbol_find(k, "nr_node_ids", &va);

	/* a constant where there is one node only */
	l->nodes = 1;
	if (!e)
		e = vmem_read_u32(k, va, &l->nodes);
	error_free(e);
	TRY(type_member(k, "kmem_cache", "list", &l->list));
	TRY(type_member(k, "kmem_cache", "name", &l->name));
	TRY(type_member(k, "kmem_cache", "oo.x", &l->order));
	TRY(type_member_any(k, "kmem_cache", nodes, &l->node));
	return type_member(k, "kmem_cache_node", "nr_slabs.counter", &l->slabs);
}

/* One cache: its slabs on all nodes. */
static struct error *read_cache(struct kernel *k, const struct cache_layout *l, uint64_t va,
				struct report_use *ret)
{
	uint64_t order, name, slabs = 0, n = MIN(MAX(l->nodes, 1u), (uint32_t)NODES_LOOK);
	uint64_t step = l->node.array_len ? l->node.size / l->node.array_len : k->long_size;

	*ret = (struct report_use){ .va = va, .pid = -1 };
	TRY(type_read(k, va, &l->order, &order));
	order = order >> 16 & 0xffff; /* mm/slub.c: OO_SHIFT */
	if (order > 20)
		return error_new(ERROR_BAD_DATA, "the slab cache at 0x%" PRIx64 " has order %" PRIu64, va, order);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t node, count;

		TRY(vmem_read_long(k, va + l->node.off + i * step, &node));
		if (!node)
			continue;
		TRY(type_read(k, node, &l->slabs, &count));
		if (count < PAGES_SANE)
			slabs += count;
	}
	ret->bytes = slabs * ((uint64_t)k->page_size << order);
	TRY(type_read(k, va, &l->name, &name));
	return vmem_read_string(k, name, ret->name, sizeof(ret->name));
}

static struct error *take_caches(struct gather *g)
{
	struct report_memory *m = &g->r->memory_use;
	struct cache_layout l;
	struct list_walk w;
	uint64_t head, node;

	TRY(find_cache_layout(g->k, &l));
	TRY(symbol_find(g->k, "slab_caches", &head));
	if (!vector_reserve(&m->caches, MEMORY_TOP))
		return error_nomem();
	TRY(list_begin(g->k, head, CACHES_MAX, &w));
	while (list_next(g->k, &w, &node)) {
		struct report_use one;
		struct error *e = read_cache(g->k, &l, node - l.list.off, &one);

		if (!e)
			(void)keep_largest(m->caches.v, &m->caches.n, &one); /* or it is small */
		error_free(e);
	}
	return list_error(&w);
}

struct processes {
	struct gather *g;
	struct member percpu_count, percpu_parts;
	bool percpu; /* counters are percpu_counter (6.2) */
	unsigned cpus;
	int64_t index[3];
	size_t nr;
};

/* A percpu_counter with the parts that CPUs hold back. */
static struct error *read_percpu(struct processes *p, uint64_t va, int64_t *ret)
{
	struct kernel *k = p->g->k;
	uint64_t v, parts, at;
	uint32_t part;

	TRY(type_read(k, va, &p->percpu_count, &v));
	*ret = (int64_t)v;
	TRY(type_read(k, va, &p->percpu_parts, &parts));
	for (unsigned cpu = 0; parts && cpu < p->cpus && cpu < CPUS_LOOK; cpu++) {
		TRY(percpu_pointer(k, parts, cpu, &at));
		TRY(vmem_read_u32(k, at, &part));
		*ret += (int32_t)part;
	}
	return NULL;
}

static struct error *read_rss(struct processes *p, uint64_t mm, uint64_t *ret_pages)
{
	int64_t sum = 0, one;

	for (size_t i = 0; i < p->nr; i++) {
		char path[48];
		struct member m;
		uint64_t v;

		snprintf(path, sizeof(path), p->percpu ? "rss_stat[%d]" : "rss_stat.count[%d]", (int)p->index[i]);
		TRY(type_member(p->g->k, "mm_struct", path, &m));
		if (p->percpu) {
			TRY(read_percpu(p, mm + m.off, &one));
		} else {
			TRY(vmem_read_long(p->g->k, mm + m.off, &v));
			one = (int64_t)v;
		}
		sum += one;
	}
	*ret_pages = sum < 0 || (uint64_t)sum > PAGES_SANE ? 0 : (uint64_t)sum;
	return NULL;
}

static bool see_process(const struct task *t, void *arg)
{
	struct processes *p = arg;
	struct report_memory *m = &p->g->r->memory_use;
	struct report_use one = { .va = t->va, .pid = t->pid };
	uint64_t pages = 0;

	if (!t->mm || t->pid != t->tgid)
		return true;
	error_free(read_rss(p, t->mm, &pages));
	one.bytes = pages * p->g->k->page_size;
	memcpy(one.name, t->comm, sizeof(t->comm));
	if (one.bytes)
		(void)keep_largest(m->processes.v, &m->processes.n, &one); /* or it is small */
	return true;
}

static struct error *take_processes(struct gather *g)
{
	static const char *const items[] = { "MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES" };
	struct processes p = { .g = g };
	struct member m;
	struct error *e = type_member(g->k, "mm_struct", "rss_stat.count[0]", &m);

	p.percpu = e != NULL;
	error_free(e);
	if (p.percpu) {
		TRY(type_member(g->k, "percpu_counter", "count", &p.percpu_count));
		TRY(type_member(g->k, "percpu_counter", "counters", &p.percpu_parts));
		TRY(cpu_count(g->k, &p.cpus));
	}
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		e = type_enum_value(g->k, items[i], &p.index[p.nr]);
		p.nr += !e;
		error_free(e);
	}
	if (!vector_reserve(&g->r->memory_use.processes, MEMORY_TOP))
		return error_nomem();
	return tasks_walk(g->k, see_process, &p);
}

struct error *gather_memory(struct gather *g)
{
	struct report_memory *m = &g->r->memory_use;
	uint64_t page = g->k->page_size;
	struct error *e;

	m->total = g->r->memory;
	take_counters(g);
	take_variable(g, "nr_vmalloc_pages", page, &m->vmalloc);
	take_variable(g, "pcpu_nr_populated", page, &m->percpu);
	take_variable(g, "total_swap_pages", page, &m->swap_total);
	take_variable(g, "nr_swap_pages", page, &m->swap_free);
	e = take_caches(g);
	if (e) {
		struct error *e2 = report_miss(g->r, "slab caches", "%s", error_message(e));

		error_free(e);
		TRY(e2);
	}
	return take_processes(g);
}
