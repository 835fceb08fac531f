/* kmem -s, -S: caches of objects, their slabs, and which object an address is in. */
#include <string.h>

#include "base/base.h"
#include "kernel/slab.h"
#include "kernel/task.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/value.h"

#define CPU_LIST_MAX 4096

struct error *shell_slabs(struct shell *sh, struct slabs **ret)
{
	if (!sh->slabs)
		TRY(slabs_open(sh->kernel, &sh->slabs));
	*ret = sh->slabs;
	return NULL;
}

static void put_head(struct shell *sh)
{
	row_text(sh, "CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n");
}

static struct error *put_cache(struct shell *sh, struct slabs *s, const struct slab_cache *c)
{
	struct slab_counts n;

	TRY(slab_counts_read(s, c, &n));
	row_begin(sh, "cache");
	row_addr(sh, "cache", c->va);
	row_text(sh, " ");
	row_u64(sh, "object_size", 8, c->object_size);
	row_text(sh, "  ");
	row_u64(sh, "allocated", 9, n.objects - n.free);
	row_text(sh, "  ");
	row_u64(sh, "total", 8, n.objects);
	row_text(sh, "  ");
	row_u64(sh, "slabs", 5, n.slabs);
	row_text(sh, "  ");
	row_u64(sh, "slab_kib", 4, ((uint64_t)sh->kernel->page_size << c->order) / 1024);
	row_text(sh, "k  ");
	row_str(sh, "name", 0, c->name);
	row_end(sh);
	return NULL;
}

static void slab_head(struct shell *sh)
{
	row_text(sh, "  %-*s  %-*s  NODE  TOTAL  ALLOCATED  FREE\n", (int)(2 * sh->kernel->long_size), "SLAB",
		 (int)(2 * sh->kernel->long_size), "MEMORY");
}

static void put_slab(struct shell *sh, const struct slab *slab, uint32_t inuse)
{
	slab_head(sh);
	row_begin(sh, "slab");
	row_text(sh, "  ");
	row_addr(sh, "slab", slab->va);
	row_text(sh, "  ");
	row_addr(sh, "memory", slab->base);
	row_u64(sh, "node", 6, 0);
	row_u64(sh, "total", 7, slab->objects);
	row_u64(sh, "allocated", 11, inuse);
	row_u64(sh, "free", 6, slab->objects - inuse);
	row_end(sh);
}

static void put_object(struct shell *sh, uint64_t va, bool is_free, int cpu)
{
	row_begin(sh, "object");
	row_text(sh, is_free ? "   " : "  [");
	row_addr(sh, "object", va);
	row_bool(sh, "free", "  ", "]", is_free);
	if (cpu >= 0) {
		row_text(sh, "(cpu ");
		row_i64(sh, "cpu", 0, cpu);
		row_text(sh, " cache)");
	}
	row_end(sh);
}

/* A slab and its objects; `cpu_list` is the list that a CPU has of it (0: none). */
static struct error *put_objects(struct shell *sh, struct slabs *s, const struct slab_cache *c, uint64_t va,
				 uint64_t cpu_list, int cpu)
{
	struct slab_map shared, mine = {0};
	struct slab slab, own;
	struct error *e;

	TRY(slab_read(s, c, va, &slab));
	TRY(slab_map_read(s, c, &slab, 0, &shared));
	own = slab;
	own.freelist = cpu_list;
	e = slab_map_read(s, c, &own, 0, &mine);
	if (!e) {
		put_slab(sh, &slab, slab.objects - MIN(shared.n_free + mine.n_free, slab.objects));
		row_text(sh, "  FREE / [ALLOCATED]\n");
	}
	for (uint32_t i = 0; i < slab.objects && !e && !shell_interrupted(); i++)
		put_object(sh, slab_object(c, &slab, i), shared.free[i] || mine.free[i], mine.free[i] ? cpu : -1);
	slab_map_done(&shared);
	slab_map_done(&mine);
	return e;
}

static void complain(struct shell *sh, struct error *e)
{
	if (e)
		row_text(sh, "  (%s)\n", error_message(e));
	error_free(e);
}

static struct error *put_cpu(struct shell *sh, struct slabs *s, const struct slab_cache *c, unsigned cpu)
{
	struct slab_cpu mine;
	unsigned n = 0;

	TRY(slab_cpu_read(s, c, cpu, &mine));
	row_text(sh, "CPU %u %s:\n", cpu, c->cpus ? "KMEM_CACHE_CPU" : "SHEAVES");
	row_begin(sh, "cpu");
	row_only_u64(sh, "cpu", cpu);
	row_text(sh, "  ");
	row_addr(sh, "address", mine.va);
	if (c->sheaves) {
		row_text(sh, "  ");
		row_u64(sh, "sheaf_objects", 0, mine.sheaf_objects);
		row_text(sh, " objects at hand");
	}
	row_end(sh);
	if (!c->cpus)
		return NULL;
	row_text(sh, "CPU %u SLAB:\n", cpu);
	if (mine.slab)
		complain(sh, put_objects(sh, s, c, mine.slab, mine.freelist, (int)cpu));
	else
		row_text(sh, "  (empty)\n");
	row_text(sh, "CPU %u PARTIAL:\n", cpu);
	if (!mine.partial)
		row_text(sh, "  (empty)\n");
	for (; mine.partial && n < CPU_LIST_MAX && !shell_interrupted(); n++) {
		complain(sh, put_objects(sh, s, c, mine.partial, 0, -1));
		TRY(slab_cpu_next(s, mine.partial, &mine.partial));
	}
	return NULL;
}

struct partial {
	struct shell *sh;
	struct slabs *s;
	const struct slab_cache *c;
	bool any;
};

static struct error *put_partial(uint64_t va, void *arg)
{
	struct partial *p = arg;

	p->any = true;
	complain(p->sh, put_objects(p->sh, p->s, p->c, va, 0, -1));
	return shell_interrupted() ? error_new(ERROR_OTHER, "interrupted") : NULL;
}

static struct error *put_node(struct shell *sh, struct slabs *s, const struct slab_cache *c,
			      const struct slab_node *n, unsigned on_cpus)
{
	struct partial p = {sh, s, c, false};

	row_text(sh, "KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU\n");
	row_begin(sh, "node");
	row_addr(sh, "address", n->va);
	row_u64(sh, "node", 6, n->id);
	row_u64(sh, "slabs", 7, n->slabs);
	row_u64(sh, "partial", 9, n->partial);
	row_u64(sh, "per_cpu", 9, on_cpus);
	row_end(sh);
	row_text(sh, "NODE %u PARTIAL:\n", n->id);
	TRY(slab_partial_walk(s, n, put_partial, &p));
	if (!p.any)
		row_text(sh, "  (empty)\n");
	row_text(sh, "NODE %u FULL:\n  (not tracked)\n", n->id);
	return NULL;
}

static struct error *put_all_of(struct shell *sh, struct slabs *s, const struct slab_cache *c, const char *spec)
{
	struct cpus cpus;
	struct error *e = NULL;
	unsigned on_cpus = 0;

	TRY(value_cpus(sh, spec ? spec : "all", &cpus));
	for (unsigned cpu = 0; cpu < cpus.nr && !e && !shell_interrupted(); cpu++) {
		struct slab_cpu mine;

		if (!cpus.in[cpu])
			continue;
		e = slab_cpu_read(s, c, cpu, &mine);
		on_cpus += !e && mine.slab;
		if (!e)
			e = put_cpu(sh, s, c, cpu);
	}
	cpus_done(&cpus);
	for (unsigned id = 0; id < slabs_nodes(s) && !e && !shell_interrupted(); id++) {
		struct slab_node n;

		e = slab_node_read(s, c, id, &n);
		if (!e && n.va)
			e = put_node(sh, s, c, &n, on_cpus);
	}
	row_text(sh, "\n");
	return e;
}

static bool is_in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (list && *list) {
		size_t n = strcspn(list, ",");

		if (n == len && strncmp(list, name, n) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static bool is_asked_for(const struct kmem_caches *ask, const struct slab_cache *c)
{
	uint64_t va;

	if (!ask->which)
		return true;
	return strcmp(ask->which, c->name) == 0 || (text_hex(ask->which, &va) && va == c->va);
}

struct error *kmem_caches(struct shell *sh, const struct kmem_caches *ask)
{
	struct slabs *s;
	bool any = false;

	TRY(shell_slabs(sh, &s));
	for (size_t i = 0; i < slabs_count(s) && !shell_interrupted(); i++) {
		const struct slab_cache *c = slabs_cache(s, i);
		struct error *e;

		if (!is_asked_for(ask, c))
			continue;
		if (!any || ask->objects)
			put_head(sh);
		any = true;
		if (is_in_list(ask->without, c->name)) {
			row_text(sh, "%0*llx %-43s  %s\n", (int)(2 * sh->kernel->long_size), (unsigned long long)c->va,
				 "[IGNORED]", c->name);
			continue;
		}
		e = put_cache(sh, s, c);
		if (!e && ask->objects)
			e = put_all_of(sh, s, c, ask->cpus);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e) { /* the others may be whole */
			fprintf(sh->errors, "kmem: %s: %s\n", c->name, error_message(e));
			sh->failed = true;
			error_free(e);
		}
	}
	return any ? NULL : error_new(ERROR_USAGE, "%s: no cache of that name or at that address", ask->which);
}

/* ---- an address ---- */

static struct error *put_found(struct shell *sh, struct slabs *s, const struct slab_cache *c, const struct slab *slab,
			       uint64_t va)
{
	struct slab_map map;
	struct error *e;
	uint32_t i;
	unsigned cpus = 0;
	int cpu_of = -1;
	struct slab_cpu mine = {0};

	put_head(sh);
	TRY(put_cache(sh, s, c));
	TRY(cpu_count(sh->kernel, &cpus));
	for (unsigned cpu = 0; cpu < cpus && c->cpus && cpu_of < 0; cpu++) {
		e = slab_cpu_read(s, c, cpu, &mine);
		if (!e && mine.slab == slab->va)
			cpu_of = (int)cpu;
		error_free(e);
	}
	TRY(slab_map_read(s, c, slab, cpu_of >= 0 ? mine.freelist : 0, &map));
	put_slab(sh, slab, slab->objects - MIN(map.n_free, slab->objects));
	row_text(sh, "  FREE / [ALLOCATED]\n");
	if (slab_object_at(c, slab, va, &i))
		put_object(sh, slab_object(c, slab, i), map.free[i], -1);
	row_text(sh, "\n");
	slab_map_done(&map);
	return NULL;
}

struct error *kmem_object(struct shell *sh, uint64_t va, bool *ret)
{
	const struct slab_cache *c;
	struct slab slab;
	struct slabs *s;
	struct error *e;

	*ret = false;
	TRY(shell_slabs(sh, &s));
	e = slab_find(s, va, &c, &slab);
	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	*ret = !e;
	error_free(e);
	return *ret ? put_found(sh, s, c, &slab, va) : NULL;
}

void kmem_object_name(struct shell *sh, uint64_t va, bool address, char *buf, size_t room)
{
	const struct slab_cache *c;
	struct slab slab;
	struct slabs *s;
	uint32_t i;
	struct error *e = shell_slabs(sh, &s);

	if (!e)
		e = slab_find(s, va, &c, &slab);
	buf[0] = '\0';
	if (!e && slab_object_at(c, &slab, va, &i)) {
		if (address)
			snprintf(buf, room, "[%llx:%s]", (unsigned long long)va, c->name);
		else
			snprintf(buf, room, "[%s]", c->name);
	}
	error_free(e);
}
