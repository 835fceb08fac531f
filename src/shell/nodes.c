/* Where nodes are listed: node_data[] (NUMA), contig_page_data (one node): include/linux/mmzone.h,
 * mm/memblock.c. */
#include "shell/nodes.h"

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define NODES_MAX 1024

static struct error *read_node(struct shell *sh, uint64_t va, unsigned id, struct nodes *ret)
{
	struct kernel *k = sh->kernel;
	struct node n = {.id = id, .va = va};

	TRY(type_read_member(k, va, "pglist_data", "node_start_pfn", &n.start_pfn));
	TRY(type_read_member(k, va, "pglist_data", "node_spanned_pages", &n.spanned));
	TRY(type_read_member(k, va, "pglist_data", "node_present_pages", &n.present));
	return vector_push(&ret->v, n) ? NULL : error_nomem();
}

static struct error *load(struct shell *sh, struct nodes *ret)
{
	struct kernel *k = sh->kernel;
	struct symbol table;
	uint64_t va, n;
	struct error *e = symbol_find(k, "contig_page_data", &va);

	if (!e)
		return read_node(sh, va, 0, ret);
	error_free(e);
	TRY(symbol_find(k, "node_data", &va));
	e = symbol_at(k, va, &table);
	n = !e && table.va == va ? table.len / k->long_size : 1;
	error_free(e);
	for (uint64_t i = 0; i < MIN(n, (uint64_t)NODES_MAX); i++) {
		uint64_t node;

		TRY(vmem_read_long(k, va + i * k->long_size, &node));
		if (node)
			TRY(read_node(sh, node, (unsigned)i, ret));
	}
	return NULL;
}

struct error *nodes_load(struct shell *sh, struct nodes *ret)
{
	struct error *e;

	*ret = (struct nodes){0};
	e = load(sh, ret);
	if (e)
		nodes_done(ret);
	return e;
}

void nodes_done(struct nodes *n)
{
	vector_done(&n->v);
}
