/* Where the memory went: a process, a slab cache, vmalloc, or what nobody accounts for. */
#include <inttypes.h>
#include <string.h>

#include "analyze/detect.h"

#define SHARE_HOG  35 /* percent of the machine's memory */
#define SHARE_LEAK 25

static uint64_t percent(uint64_t part, uint64_t whole)
{
	return whole ? (uint64_t)((double)part * 100 / (double)whole) : 0;
}

static void tell_memory(struct gather *g, struct report_cause *c)
{
	const struct report_memory *m = &g->r->memory_use;
	const struct {
		const char *words;
		const struct fact_u64 *v;
	} rows[] = {
		{ "memory in all", &m->total },	       { "free", &m->free },
		{ "anonymous", &m->anonymous },	       { "files and buffers", &m->files },
		{ "slab that cannot be reclaimed", &m->unreclaimable }, { "vmalloc", &m->vmalloc },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].v->from != FROM_NOWHERE)
			evidence(g, c, "%s: %" PRIu64 " MiB", rows[i].words, rows[i].v->value >> 20);
}

static struct error *run_oom(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_OUT_OF_MEMORY)
		return NULL;
	c = cause_add(g, "out-of-memory", 80, "The machine ran out of memory");
	if (g->r->panic.reason.text)
		evidence(g, c, "the log: %s", g->r->panic.reason.text);
	tell_memory(g, c);
	cause_blames_task(c, &g->r->panic.task);
	evidence_setting(g, c, "sysctl_panic_on_oom");
	return NULL;
}
const struct detector detect_out_of_memory = { "lack of memory", run_oom };

static struct error *run_hog(struct gather *g)
{
	const struct report_memory *m = &g->r->memory_use;
	const struct report_use *p = m->processes.n ? &m->processes.v[0] : NULL;
	struct report_task task = { .from = FROM_MEMORY };
	bool oom = g->r->panic.kind == CRASH_OUT_OF_MEMORY;
	struct report_cause *c;

	if (!p || m->total.from == FROM_NOWHERE || percent(p->bytes, m->total.value) < (oom ? SHARE_HOG : 90))
		return NULL;
	c = cause_add(g, "memory-hog", 94, "Process %s (pid %" PRId64 ") holds %" PRIu64 " MiB, %" PRIu64 " %% of the memory", p->name,
		      p->pid, p->bytes >> 20, percent(p->bytes, m->total.value));
	if (c)
		c->beside = !oom;
	task.pid = p->pid;
	memcpy(task.comm, p->name, sizeof(task.comm) - 1);
	cause_blames_task(c, &task);
	evidence_word(g, c, p->va, "its task_struct");
	tell_memory(g, c);
	if (oom)
		evidence_setting(g, c, "sysctl_panic_on_oom");
	return NULL;
}
const struct detector detect_memory_hog = { "memory hogs", run_hog };

/* What no counter knows: drivers that took pages and kept them. */
static uint64_t unaccounted(const struct report_memory *m)
{
	uint64_t known = m->free.value + m->anonymous.value + m->files.value + m->slab.value + m->page_tables.value +
			 m->stacks.value + m->vmalloc.value + m->percpu.value + m->huge.value;

	if (m->total.from == FROM_NOWHERE || m->free.from == FROM_NOWHERE || m->anonymous.from == FROM_NOWHERE ||
	    m->files.from == FROM_NOWHERE || m->slab.from == FROM_NOWHERE || known > m->total.value)
		return 0;
	return m->total.value - known;
}

static struct error *run_leak(struct gather *g)
{
	const struct report_memory *m = &g->r->memory_use;
	const struct report_use *cache = m->caches.n ? &m->caches.v[0] : NULL;
	bool oom = g->r->panic.kind == CRASH_OUT_OF_MEMORY;
	unsigned limit = oom ? SHARE_LEAK : 2 * SHARE_LEAK;
	struct report_cause *c = NULL;

	if (m->total.from == FROM_NOWHERE)
		return NULL;
	if (cache && percent(cache->bytes, m->total.value) >= limit) {
		c = cause_add(g, "memory-leak", 93, "The slab cache %s holds %" PRIu64 " MiB, %" PRIu64 " %% of the memory", cache->name,
			      cache->bytes >> 20, percent(cache->bytes, m->total.value));
		evidence_word(g, c, cache->va, "the struct kmem_cache");
	} else if (percent(m->vmalloc.value, m->total.value) >= limit) {
		c = cause_add(g, "memory-leak", 92, "vmalloc areas hold %" PRIu64 " MiB, %" PRIu64 " %% of the memory",
			      m->vmalloc.value >> 20, percent(m->vmalloc.value, m->total.value));
	} else if (percent(unaccounted(m), m->total.value) >= limit + 10) {
		c = cause_add(g, "memory-leak", 80, "%" PRIu64 " MiB, %" PRIu64 " %% of the memory, are in use and in no account: "
						    "pages that a driver took", unaccounted(m) >> 20,
			      percent(unaccounted(m), m->total.value));
	}
	if (!c)
		return NULL;
	c->beside = !oom;
	/* whoever was asking when there was none left is often the one who leaks */
	if (oom) {
		cause_blames_task(c, &g->r->panic.task);
		evidence(g, c, "%s (pid %" PRId64 ") asked when there was none left", g->r->panic.task.comm, g->r->panic.task.pid);
		evidence_setting(g, c, "sysctl_panic_on_oom");
	}
	tell_memory(g, c);
	return NULL;
}
const struct detector detect_memory_leak = { "leaks", run_leak };
