/* hogs: what takes the memory: processes, slab caches, vmalloc's callers. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/slab.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/task_memory.h"
#include "shell/tasks.h"
#include "shell/value.h"
#include "shell/vmap.h"

enum { OPT_COUNT = 1 };

static const struct option_def options[] = {
	{'n', NULL, "COUNT", "so many of each kind (10)", OPT_COUNT},
	{0},
};

#define COUNT_MAX   100000
#define CALLERS_MAX 65536

struct hog {
	uint64_t bytes, va, count;
	int64_t pid; /* of processes */
	char name[160];
};

struct hogs {
	VECTOR(struct hog) v;
};

static int by_size(const void *a, const void *b)
{
	const struct hog *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static void put(struct shell *sh, const char *kind, const char *title, struct hogs *h, int64_t count)
{
	if (h->v.n)
		qsort(h->v.v, h->v.n, sizeof(*h->v.v), by_size);
	row_text(sh, "%s\n", title);
	for (size_t i = 0; i < h->v.n && (int64_t)i < count && h->v.v[i].bytes; i++) {
		const struct hog *g = &h->v.v[i];

		row_begin(sh, kind);
		row_text(sh, "%12.1f MB  ", (double)g->bytes / (1 << 20));
		row_only_u64(sh, "bytes", g->bytes);
		row_addr(sh, "address", g->va);
		row_text(sh, "  ");
		if (g->pid >= 0) {
			row_i64(sh, "pid", 7, g->pid);
			row_text(sh, "  ");
		} else {
			row_u64(sh, "count", 7, g->count);
			row_text(sh, "  ");
		}
		row_str(sh, "name", 0, g->name);
		row_end(sh);
	}
	row_text(sh, "\n");
	vector_done(&h->v);
}

static struct error *processes(struct shell *sh, int64_t count)
{
	_cleanup_rss_deltas_ struct rss_deltas *deltas = NULL;
	const struct shell_tasks *all;
	struct hogs h = {0};

	TRY(shell_tasks_load(sh, &all));
	TRY(rss_deltas_load(sh, &deltas));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		const struct task *t = &all->v[i];
		struct hog g = {.va = t->va, .pid = t->pid};
		struct task_memory m;
		struct error *e;

		if (t->pid != t->tgid || !t->mm)
			continue;
		e = task_memory_read(sh, t, deltas, &m);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e) { /* a damaged one does not hide the others */
			error_free(e);
			continue;
		}
		g.bytes = m.rss * sh->kernel->page_size;
		snprintf(g.name, sizeof(g.name), "%s", t->comm);
		if (!vector_push(&h.v, g))
			return error_nomem();
	}
	put(sh, "process", "PROCESSES (resident)  TASK                PID  COMMAND", &h, count);
	return NULL;
}

static struct error *caches(struct shell *sh, int64_t count)
{
	struct hogs h = {0};
	struct slabs *s;

	TRY(shell_slabs(sh, &s));
	for (size_t i = 0; i < slabs_count(s) && !shell_interrupted(); i++) {
		const struct slab_cache *c = slabs_cache(s, i);
		struct hog g = {.va = c->va, .pid = -1};

		for (unsigned id = 0; id < slabs_nodes(s); id++) {
			struct slab_node n;
			struct error *e = slab_node_read(s, c, id, &n);

			if (!e && n.va) {
				g.count += n.objects;
				g.bytes += (n.slabs * sh->kernel->page_size) << c->order;
			}
			error_free(e); /* a node that cannot be read counts nothing */
		}
		snprintf(g.name, sizeof(g.name), "%s", c->name);
		if (!vector_push(&h.v, g))
			return error_nomem();
	}
	put(sh, "cache", "SLAB CACHES           KMEM_CACHE       OBJECTS  NAME", &h, count);
	return NULL;
}

struct adding {
	struct shell *sh;
	struct hogs h;
};

/* By who asked for it (vm_struct.caller). */
static struct error *add_area(const struct vmap_row *r, void *arg)
{
	struct adding *a = arg;
	_cleanup_peek_ struct peek p = {.k = a->sh->kernel};
	uint64_t caller = r->vm ? peek_member(&p, r->vm, "vm_struct", "caller") : 0;
	uint64_t pages = r->vm ? peek_member(&p, r->vm, "vm_struct", "nr_pages") : 0;
	struct hog g = {.va = caller, .pid = -1, .count = 1, .bytes = pages * a->sh->kernel->page_size};

	if (!peek_ok(&p) || !pages)
		return NULL;
	for (size_t i = 0; i < a->h.v.n; i++)
		if (a->h.v.v[i].va == caller) {
			a->h.v.v[i].bytes += g.bytes;
			a->h.v.v[i].count++;
			return NULL;
		}
	value_symbol_text(a->sh, caller, 16, g.name, sizeof(g.name));
	return a->h.v.n >= CALLERS_MAX || vector_push(&a->h.v, g) ? NULL : error_nomem();
}

static struct error *vmalloc(struct shell *sh, int64_t count)
{
	struct adding a = {.sh = sh};
	struct error *e = vmap_walk(sh, add_area, &a);

	if (e) {
		vector_done(&a.h.v);
		return e;
	}
	put(sh, "vmalloc", "VMALLOC               CALLER             AREAS  FUNCTION", &a.h, count);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	static struct error *(*const parts[])(struct shell *sh, int64_t count) = {processes, caches, vmalloc};
	int64_t count = 10;
	int id;

	while ((id = options_next(o)) > 0) {
		TRY(value_count(o->value, &count));
		if (count < 1 || count > COUNT_MAX)
			return error_new(ERROR_USAGE, "-n: 1 to %d", COUNT_MAX);
	}
	if (id < 0)
		return command_misused();
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		struct error *e = parts[i](sh, count);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e)
			fprintf(sh->errors, "hogs: %s\n", error_message(e));
		error_free(e);
	}
	return NULL;
}

const struct command cmd_hogs = {
	.name = "hogs",
	.args = "[-n count]",
	.summary = "list what takes the most memory: processes, slab caches, vmalloc's callers",
	.options = options,
	.run = run,
};
