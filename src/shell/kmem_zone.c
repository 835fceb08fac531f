/* kmem -f, -F, -n, -h: free blocks of the zones; nodes, sections and memory blocks; hugetlb pools. */
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/slab.h"
#include "kernel/tree.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/nodes.h"
#include "shell/row.h"
#include "shell/stats.h"

#define BLOCKS_MAX (1u << 22)
#define ORDERS_MAX 32u
#define TYPES_MAX  32u /* migrate types */

struct zone {
	uint64_t va, spanned, start_pfn, free;
	char name[32];
	unsigned number;
	const struct node *node;
};

static struct error *read_zone(struct shell *sh, const struct node *node, unsigned number, struct zone *z)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t zones = peek_offset(&p, "pglist_data", "node_zones"), each = peek_size(&p, "zone");
	struct member stat = peek_layout(&p, "zone", "vm_stat");
	int64_t nr_free = peek_constant(&p, "NR_FREE_PAGES");

	*z = (struct zone){.va = node->va + zones + number * each, .number = number, .node = node};
	peek_name(&p, z->va, "zone", "name", z->name, sizeof(z->name));
	z->spanned = peek_member(&p, z->va, "zone", "spanned_pages");
	z->start_pfn = peek_member(&p, z->va, "zone", "zone_start_pfn");
	z->free = peek_long(&p, z->va + stat.off + (uint64_t)nr_free * sh->kernel->long_size);
	return peek_error(&p);
}

static struct error *for_zones(struct shell *sh, struct error *(*each)(struct shell *sh, const struct zone *z, void *arg),
			       void *arg)
{
	struct nodes nodes;
	struct member zones;
	struct error *e = NULL;

	TRY(type_member(sh->kernel, "pglist_data", "node_zones", &zones));
	TRY(nodes_load(sh, &nodes));
	for (size_t i = 0; i < nodes.v.n && !e; i++)
		for (unsigned j = 0; j < zones.array_len && !e && !shell_interrupted(); j++) {
			struct zone z;

			e = read_zone(sh, &nodes.v.v[i], j, &z);
			if (!e)
				e = each(sh, &z, arg);
		}
	nodes_done(&nodes);
	return e;
}

static uint64_t zone_map(struct shell *sh, const struct zone *z)
{
	struct slabs *s;
	uint64_t va = 0;
	struct error *e = z->spanned ? shell_slabs(sh, &s) : NULL;

	if (!e && z->spanned)
		e = slabs_page(s, z->start_pfn, &va);
	error_free(e);
	return va;
}

static void put_middle_hex(struct shell *sh, const char *name, int width, uint64_t v, bool hex)
{
	char text[32];

	snprintf(text, sizeof(text), hex ? "%llx" : "%llu", (unsigned long long)v);
	row_middle(sh, width, text);
	if (hex)
		row_only_addr(sh, name, v);
	else
		row_only_u64(sh, name, v);
}

/* ---- free blocks ---- */

struct freeing {
	bool blocks;
	uint64_t pages; /* found on the lists */
	uint64_t order_off, list_off, each_area, each_list;
	unsigned orders, types;
	uint64_t link;
};

static struct error *put_list(struct shell *sh, struct freeing *f, unsigned order, uint64_t head)
{
	struct list_walk w;
	uint64_t at, n = 0;
	struct error *e;

	TRY(list_begin(sh->kernel, head, BLOCKS_MAX, &w));
	while (list_next(sh->kernel, &w, &at) && !shell_interrupted())
		n++;
	e = list_error(&w);
	if (f->blocks)
		row_text(sh, "AREA    SIZE  FREE_AREA_STRUCT\n");
	row_begin(sh, "area");
	row_u64(sh, "order", 3, order);
	row_text(sh, " ");
	row_u64(sh, "kib", 7, ((uint64_t)sh->kernel->page_size << order) / 1024);
	row_text(sh, "k  ");
	row_addr(sh, "free_area", head);
	row_text(sh, "  ");
	if (sh->rows || !f->blocks) {
		row_u64(sh, "blocks", 6, n);
		row_text(sh, " ");
		row_u64(sh, "pages", 6, n << order);
	}
	if (e)
		row_text(sh, "  (%s)", error_message(e));
	row_end(sh);
	error_free(e);
	f->pages += n << order;
	if (!f->blocks || !n)
		return NULL;
	TRY(list_begin(sh->kernel, head, BLOCKS_MAX, &w));
	while (list_next(sh->kernel, &w, &at) && !shell_interrupted()) {
		row_begin(sh, "block");
		row_addr(sh, "page", at - f->link);
		row_end(sh);
	}
	error_free(list_error(&w)); /* it was said above */
	return NULL;
}

static struct error *put_zone(struct shell *sh, const struct zone *z, void *arg)
{
	struct freeing *f = arg;

	row_text(sh, "ZONE  NAME        SIZE    FREE      MEM_MAP       START_PADDR  START_MAPNR\n");
	row_begin(sh, "zone");
	row_u64(sh, "zone", 3, z->number);
	row_text(sh, "   ");
	row_str(sh, "name", -8, z->name);
	row_u64(sh, "size", 8, z->spanned);
	row_u64(sh, "free", 8, z->free);
	row_text(sh, "  ");
	put_middle_hex(sh, "mem_map", (int)(2 * sh->kernel->long_size), zone_map(sh, z), true);
	row_text(sh, "  ");
	put_middle_hex(sh, "start_paddr", 11, z->start_pfn * sh->kernel->page_size, true);
	row_text(sh, "  ");
	put_middle_hex(sh, "start_mapnr", 11, z->spanned ? z->start_pfn - z->node->start_pfn : 0, false);
	row_end(sh);
	if (z->spanned && !f->blocks)
		row_text(sh, "AREA    SIZE  FREE_AREA_STRUCT  BLOCKS  PAGES\n");
	for (unsigned order = 0; order < f->orders && z->spanned; order++)
		for (unsigned type = 0; type < f->types && !shell_interrupted(); type++)
			TRY(put_list(sh, f, order,
				     z->va + f->order_off + order * f->each_area + f->list_off + type * f->each_list));
	row_text(sh, "\n");
	return NULL;
}

struct error *kmem_free(struct shell *sh, bool blocks)
{
	static const char *const counter[] = {"NR_FREE_PAGES", NULL};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct member areas = peek_layout(&p, "zone", "free_area"), lists = peek_layout(&p, "free_area", "free_list");
	struct freeing f = {
		.blocks = blocks,
		.order_off = areas.off,
		.list_off = lists.off,
		.orders = MIN(areas.array_len, ORDERS_MAX),
		.types = MIN(lists.array_len, TYPES_MAX),
		.each_area = peek_size(&p, "free_area"),
		.each_list = peek_size(&p, "list_head"),
		.link = peek_offset(&p, "page", "buddy_list|lru"),
	};
	uint64_t counted;

	TRY(peek_error(&p));
	TRY(for_zones(sh, put_zone, &f));
	TRY(stats_any(sh, counter, &counted));
	row_begin(sh, "sum");
	row_text(sh, "nr_free_pages: ");
	row_u64(sh, "nr_free_pages", 0, counted);
	row_only_u64(sh, "found", f.pages);
	row_text(sh, counted == f.pages ? "  (verified)" : "  (found %llu)", (unsigned long long)f.pages);
	row_end(sh);
	return NULL;
}

/* ---- nodes ---- */

static struct error *put_zone_line(struct shell *sh, const struct zone *z, void *arg)
{
	(void)arg;
	row_begin(sh, "zone");
	row_u64(sh, "zone", 3, z->number);
	row_text(sh, "   ");
	row_str(sh, "name", -8, z->name);
	row_u64(sh, "size", 9, z->spanned);
	row_text(sh, "  ");
	if (z->spanned) {
		row_addr(sh, "mem_map", zone_map(sh, z));
	} else {
		row_text(sh, "%*s", (int)(2 * sh->kernel->long_size), "0");
		row_only_addr(sh, "mem_map", 0);
	}
	row_text(sh, "  ");
	row_hex(sh, "start_paddr", 11, z->start_pfn * sh->kernel->page_size);
	row_text(sh, "  ");
	row_u64(sh, "start_mapnr", 11, z->start_pfn);
	row_end(sh);
	return NULL;
}

/* include/linux/mmzone.h: low bits of section_mem_map */
enum { SECTION_PRESENT = 1, SECTION_HAS_MAP = 2, SECTION_ONLINE = 4, SECTION_EARLY = 8, SECTION_BITS = 0x3f };

static struct error *put_section(struct shell *sh, uint64_t nr, uint64_t va, uint64_t section_pages, uint64_t page_len)
{
	uint64_t coded, map;

	TRY(type_read_member(sh->kernel, va, "mem_section", "section_mem_map", &map));
	if (!(map & SECTION_PRESENT))
		return NULL;
	coded = map & ~(uint64_t)SECTION_BITS;
	row_begin(sh, "section");
	row_u64(sh, "nr", 2, nr);
	row_text(sh, "  ");
	row_addr(sh, "section", va);
	row_text(sh, "  ");
	row_addr(sh, "coded_mem_map", coded);
	row_text(sh, "  ");
	row_addr(sh, "mem_map", coded + nr * section_pages * page_len);
	row_text(sh, "  %s%s%s%s  ", map & SECTION_PRESENT ? "P" : "-", map & SECTION_HAS_MAP ? "M" : "-",
		 map & SECTION_ONLINE ? "O" : "-", map & SECTION_EARLY ? "E" : "-");
	row_only_u64(sh, "state", map & SECTION_BITS);
	row_u64(sh, "pfn", 0, nr * section_pages);
	row_end(sh);
	return NULL;
}

static struct error *put_sections(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	int64_t bits;
	uint64_t each, per_root, roots, table, page_len, max_pfn = sh->dump->max_pfn;

	if (!vmcoreinfo_number(sh->kernel->info, "SECTION_SIZE_BITS", &bits) || bits < 12 || bits > 40)
		return NULL; /* no sparse memory */
	each = peek_size(&p, "mem_section");
	page_len = peek_size(&p, "page");
	table = peek_symbol(&p, "mem_section"); /* VMCOREINFO's: the array, also where the variable points to it */
	TRY(peek_error(&p));
	if (!each || !table)
		return NULL;
	per_root = sh->kernel->page_size / each;
	roots = (max_pfn * sh->kernel->page_size >> bits) / MAX(per_root, (uint64_t)1) + 1;
	row_text(sh, "\n-------------------------------------------------------------------\n\n"
		     "NR      SECTION        CODED_MEM_MAP        MEM_MAP       STATE PFN\n");
	for (uint64_t r = 0; r < MIN(roots, (uint64_t)65536) && !shell_interrupted(); r++) {
		uint64_t root = peek_long(&p, table + r * sh->kernel->long_size);

		for (uint64_t i = 0; i < per_root && root && !peek_failed(&p); i++)
			TRY(put_section(sh, r * per_root + i, root + i * each,
					((uint64_t)1 << bits) / sh->kernel->page_size, page_len));
	}
	return peek_error(&p);
}

static bool put_block(uint64_t key, uint64_t va, void *arg)
{
	struct shell *sh = arg;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t section = peek_member(&p, va, "memory_block", "start_section_nr");
	uint64_t state = peek_member(&p, va, "memory_block", "state"), size = 0, at = peek_symbol(&p, "sections_per_block");
	int64_t node = peek_int(&p, va, "memory_block", "nid"), bits = 27, online;
	uint64_t per_block = peek_u32(&p, at);
	char name[32];

	(void)key;
	snprintf(name, sizeof(name), "memory%llu", (unsigned long long)key);
	(void)vmcoreinfo_number(sh->kernel->info, "SECTION_SIZE_BITS", &bits);
	size = MAX(per_block, (uint64_t)1) << bits;
	if (!peek_ok(&p))
		return true;
	online = peek_constant(&p, "MEM_ONLINE"); /* an enum since 6.12 or so, 1 before */
	if (!peek_ok(&p))
		online = 1;
	row_begin(sh, "block");
	row_text(sh, " ");
	row_addr(sh, "block", va);
	row_text(sh, "   ");
	row_str(sh, "name", -10, name);
	row_text(sh, " ");
	row_hex(sh, "start", 8, section << bits);
	row_text(sh, " - ");
	row_hex(sh, "last", 8, (section << bits) + size - 1);
	row_text(sh, "  ");
	row_i64(sh, "node", -4, node);
	row_str(sh, "state", -8, state == (uint64_t)online ? "ONLINE" : "OFFLINE");
	row_u64(sh, "section", 0, section);
	row_end(sh);
	return !shell_interrupted();
}

/* drivers/base/memory.c: an xarray of them since 5.8 */
static struct error *put_blocks(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t blocks = peek_symbol(&p, "memory_blocks");

	if (!peek_ok(&p))
		return NULL;
	row_text(sh, "\n   MEM_BLOCK        NAME        PHYSICAL RANGE     NODE  STATE   START_SECTION_NO\n");
	return xarray_walk(sh->kernel, blocks, put_block, sh);
}

struct error *kmem_nodes(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct member zones = peek_layout(&p, "pglist_data", "node_zones");
	uint64_t each = peek_size(&p, "zone");
	struct nodes nodes;
	int width = (int)(2 * sh->kernel->long_size);

	TRY(peek_error(&p));
	TRY(nodes_load(sh, &nodes));
	for (size_t i = 0; i < nodes.v.n; i++) {
		const struct node *n = &nodes.v.v[i];
		struct zone all = {.start_pfn = n->start_pfn, .spanned = n->spanned};

		row_text(sh, "NODE    SIZE      PGLIST_DATA       BOOTMEM_DATA       NODE_ZONES   \n");
		row_begin(sh, "node");
		row_u64(sh, "node", 3, n->id);
		row_u64(sh, "size", 10, n->spanned);
		row_text(sh, "   ");
		row_addr(sh, "pglist_data", n->va);
		row_text(sh, "  ");
		row_middle(sh, width, "----");
		for (uint32_t z = 0; z < zones.array_len && !sh->rows; z++)
			row_text(sh, "%s%*s%0*llx", z ? "\n" : "", z ? 3 + 10 + 3 + width + 2 + width + 2 : 2, "", width,
				 (unsigned long long)(n->va + zones.off + z * each));
		row_text(sh, "\n");
		row_text(sh, "    MEM_MAP          START_PADDR    START_MAPNR\n");
		row_addr(sh, "mem_map", zone_map(sh, &all));
		row_text(sh, "    ");
		put_middle_hex(sh, "start_paddr", 11, n->start_pfn * sh->kernel->page_size, true);
		row_text(sh, "     ");
		put_middle_hex(sh, "start_mapnr", 11, n->start_pfn, false);
		row_end(sh);
		row_text(sh, "\n");
	}
	nodes_done(&nodes);
	row_text(sh, "ZONE  NAME         SIZE       MEM_MAP      START_PADDR  START_MAPNR\n");
	TRY(for_zones(sh, put_zone_line, NULL));
	TRY(put_sections(sh));
	return put_blocks(sh);
}

/* ---- hugetlb ---- */

struct error *kmem_huge(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t va = peek_symbol(&p, "hstates"), each = peek_size(&p, "hstate");
	uint32_t n = peek_u32(&p, peek_symbol(&p, "hugetlb_max_hstate"));

	TRY(peek_error(&p));
	row_middle(sh, 0, "HSTATE");
	row_text(sh, "    SIZE    FREE   TOTAL  NAME\n");
	for (uint32_t i = 0; i < MIN(n, 16u); i++, va += each) {
		uint64_t order = peek_member(&p, va, "hstate", "order");
		uint64_t free = peek_member(&p, va, "hstate", "free_huge_pages");
		uint64_t total = peek_member(&p, va, "hstate", "nr_huge_pages"), kib;
		char name[64], size[32];

		peek_name(&p, va, "hstate", "name", name, sizeof(name));
		TRY(peek_error(&p));
		if (order > 40)
			continue;
		kib = ((uint64_t)sh->kernel->page_size << order) / 1024;
		if (kib >= 1u << 20)
			snprintf(size, sizeof(size), "%lluGB", (unsigned long long)kib >> 20);
		else if (kib >= 1024)
			snprintf(size, sizeof(size), "%lluMB", (unsigned long long)kib >> 10);
		else
			snprintf(size, sizeof(size), "%lluKB", (unsigned long long)kib);
		row_begin(sh, "hstate");
		row_addr(sh, "hstate", va);
		row_text(sh, " ");
		row_str(sh, "size", 6, size);
		row_text(sh, " ");
		row_u64(sh, "free", 7, free);
		row_text(sh, " ");
		row_u64(sh, "total", 7, total);
		row_text(sh, "  ");
		row_str(sh, "name", 0, name);
		row_end(sh);
	}
	return NULL;
}
