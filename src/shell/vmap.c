/* One list of all areas, vmap_area_list (2.6.28 to 6.8); since then each of vmap_nodes[] has a
 * busy list of its own. */
#include "shell/vmap.h"

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/row.h"

#define AREAS_MAX (1u << 22)
#define NODES_MAX 4096u

struct rows {
	VECTOR(struct vmap_row) v;
};

static struct error *take_list(struct shell *sh, uint64_t head, struct rows *rows)
{
	struct kernel *k = sh->kernel;
	struct member link;
	struct list_walk w;
	uint64_t node;
	struct error *e = NULL;

	TRY(type_member(k, "vmap_area", "list", &link));
	TRY(list_begin(k, head, AREAS_MAX, &w));
	while (!e && list_next(k, &w, &node) && !shell_interrupted()) {
		struct vmap_row r = {.area = node - link.off};

		e = type_read_member(k, r.area, "vmap_area", "va_start", &r.start);
		if (!e)
			e = type_read_member(k, r.area, "vmap_area", "va_end", &r.end);
		if (!e)
			e = type_read_member(k, r.area, "vmap_area", "vm", &r.vm);
		if (!e && !vector_push(&rows->v, r))
			e = error_nomem();
	}
	struct error *end = list_error(&w);

	if (!e)
		return end;
	error_free(end);
	return e;
}

static struct error *take_nodes(struct shell *sh, struct rows *rows)
{
	struct kernel *k = sh->kernel;
	uint64_t nodes, number, each;
	struct member head;
	uint32_t n;

	TRY(symbol_find(k, "vmap_nodes", &nodes));
	TRY(vmem_read_long(k, nodes, &nodes));
	TRY(symbol_find(k, "nr_vmap_nodes", &number));
	TRY(vmem_read_u32(k, number, &n));
	TRY(type_size(k, "vmap_node", &each));
	TRY(type_member(k, "vmap_node", "busy.head", &head));
	for (uint32_t i = 0; i < MIN(n, NODES_MAX); i++)
		TRY(take_list(sh, nodes + i * each + head.off, rows));
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct vmap_row *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

struct error *vmap_walk(struct shell *sh, struct error *(*each)(const struct vmap_row *r, void *arg), void *arg)
{
	struct rows rows = {0};
	uint64_t head;
	struct error *e = symbol_find(sh->kernel, "vmap_area_list", &head);

	if (!e) {
		e = take_list(sh, head, &rows);
	} else {
		error_free(e);
		e = take_nodes(sh, &rows);
	}
	qsort(rows.v.v, rows.v.n, sizeof(*rows.v.v), by_start);
	for (size_t i = 0; i < rows.v.n && !e; i++)
		e = each(&rows.v.v[i], arg);
	vector_done(&rows.v);
	return e;
}

void vmap_put(struct shell *sh, const struct vmap_row *r)
{
	row_begin(sh, "area");
	row_addr(sh, "vmap_area", r->area);
	row_text(sh, "  ");
	row_addr(sh, "vm_struct", r->vm);
	row_text(sh, "  ");
	row_addr(sh, "start", r->start);
	row_text(sh, " - ");
	row_addr(sh, "end", r->end);
	row_text(sh, "  ");
	row_u64(sh, "size", 7, r->end - r->start);
	row_end(sh);
}
