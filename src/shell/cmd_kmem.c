/* kmem: memory at a glance, its zones and counters, the vmalloc areas. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/nodes.h"
#include "shell/stats.h"
#include "shell/swap.h"
#include "shell/vmap.h"

enum { OPT_INFO = 1, OPT_COUNTERS, OPT_ZONES, OPT_VMALLOC, OPT_OFFSETS };

static const struct option_def options[] = {
	{'i', NULL, NULL, "how much memory there is and what it is used for", OPT_INFO},
	{'V', NULL, NULL, "the counters of zones, nodes and events", OPT_COUNTERS},
	{'z', NULL, NULL, "zones and their counters", OPT_ZONES},
	{'v', NULL, NULL, "the areas of vmalloc", OPT_VMALLOC},
	{'o', NULL, NULL, "the offset of each CPU's data", OPT_OFFSETS},
	{0},
};

/* ---- -i ---- */

struct info {
	struct shell *sh;
	uint64_t total, page_size;
};

static void size_text(uint64_t bytes, char *buf, size_t room)
{
	if (bytes >= 1ull << 30)
		snprintf(buf, room, "%.1f GB", (double)bytes / (1ull << 30));
	else if (bytes >= 1u << 20)
		snprintf(buf, room, "%.1f MB", (double)bytes / (1u << 20));
	else if (bytes)
		snprintf(buf, room, "%" PRIu64 " KB", bytes / 1024);
	else
		snprintf(buf, room, "0");
}

static void put_row(struct info *i, const char *label, uint64_t pages, uint64_t of, const char *of_what)
{
	char size[32];

	size_text(pages * i->page_size, size, sizeof(size));
	fprintf(i->sh->out, "%13s  %7" PRIu64 "  %11s  ", label, pages, size);
	if (of_what)
		fprintf(i->sh->out, "%3" PRIu64 "%% of %s\n", of ? pages * 100 / of : 0, of_what);
	else
		fputs("       ----\n", i->sh->out);
}

/* Counted in bytes since 5.9 (_B), but the global counters stay pages. */
static void put_slab(struct info *i)
{
	static const char *const reclaimable[] = {"NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE", NULL};
	static const char *const unreclaimable[] = {"NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE", NULL};
	uint64_t a, b;
	struct error *e = stats_any(i->sh, reclaimable, &a);

	if (!e)
		e = stats_any(i->sh, unreclaimable, &b);
	if (!e)
		put_row(i, "SLAB", a + b, i->total, "TOTAL MEM");
	error_free(e);
}

/* Pages of block devices: the page cache of the bdev file system's inodes. */
static struct error *buffer_pages(struct shell *sh, uint64_t *ret)
{
	struct kernel *k = sh->kernel;
	struct member inodes, link;
	struct list_walk w;
	uint64_t sb, node;

	*ret = 0;
	TRY(symbol_find(k, "blockdev_superblock", &sb));
	TRY(vmem_read_long(k, sb, &sb));
	TRY(type_member(k, "super_block", "s_inodes", &inodes));
	TRY(type_member(k, "inode", "i_sb_list", &link));
	TRY(list_begin(k, sb + inodes.off, 1u << 20, &w));
	while (list_next(k, &w, &node)) {
		uint64_t mapping, pages;

		TRY(type_read_member(k, node - link.off, "inode", "i_mapping", &mapping));
		TRY(type_read_member(k, mapping, "address_space", "nrpages", &pages));
		*ret += pages;
	}
	return list_error(&w);
}

static struct error *total_ram(struct shell *sh, uint64_t *ret)
{
	static const char *const names[] = {"_totalram_pages", "totalram_pages", NULL};
	uint64_t va;

	TRY(symbol_find_any(sh->kernel, names, &va));
	return vmem_read_long(sh->kernel, va, ret);
}

static void put_huge(struct info *i)
{
	uint64_t va, max = 0, total = 0, free_pages = 0, each;
	uint32_t n = 0;
	struct error *e = symbol_find(i->sh->kernel, "hstates", &va);

	if (!e)
		e = symbol_find(i->sh->kernel, "hugetlb_max_hstate", &max);
	if (!e)
		e = vmem_read_u32(i->sh->kernel, max, &n);
	if (!e)
		e = type_size(i->sh->kernel, "hstate", &each);
	for (uint32_t s = 0; !e && s < MIN(n, 16u); s++) {
		uint64_t order, pages = 0, unused = 0;

		e = type_read_member(i->sh->kernel, va + s * each, "hstate", "order", &order);
		if (!e)
			e = type_read_member(i->sh->kernel, va + s * each, "hstate", "nr_huge_pages", &pages);
		if (!e)
			e = type_read_member(i->sh->kernel, va + s * each, "hstate", "free_huge_pages", &unused);
		if (!e && order < 32) {
			total += pages << order;
			free_pages += unused << order;
		}
	}
	if (!e) {
		fputc('\n', i->sh->out);
		put_row(i, "TOTAL HUGE", total, 0, NULL);
		put_row(i, "HUGE FREE", free_pages, total, "TOTAL HUGE");
	}
	error_free(e);
}

static void put_swap(struct info *i)
{
	uint64_t total, used;
	struct error *e = swap_totals(i->sh, &total, &used);

	if (!e) {
		fputc('\n', i->sh->out);
		put_row(i, "TOTAL SWAP", total, 0, NULL);
		put_row(i, "SWAP USED", used, total, "TOTAL SWAP");
		put_row(i, "SWAP FREE", total - used, total, "TOTAL SWAP");
	}
	error_free(e);
}

static struct error *print_info(struct shell *sh)
{
	static const char *const free_pages[] = {"NR_FREE_PAGES", NULL};
	static const char *const cached[] = {"NR_FILE_PAGES", NULL};
	struct info i = {.sh = sh, .page_size = sh->dump->page_size};
	uint64_t unused, buffers = 0, cache;
	struct error *e;

	TRY(total_ram(sh, &i.total));
	TRY(stats_any(sh, free_pages, &unused));
	fprintf(sh->out, "                 PAGES        TOTAL      PERCENTAGE\n");
	put_row(&i, "TOTAL MEM", i.total, 0, NULL);
	put_row(&i, "FREE", unused, i.total, "TOTAL MEM");
	put_row(&i, "USED", i.total > unused ? i.total - unused : 0, i.total, "TOTAL MEM");
	e = buffer_pages(sh, &buffers);
	if (!e)
		put_row(&i, "BUFFERS", buffers, i.total, "TOTAL MEM");
	error_free(e);
	e = stats_any(sh, cached, &cache);
	if (!e)
		put_row(&i, "CACHED", cache > buffers ? cache - buffers : 0, i.total, "TOTAL MEM");
	error_free(e);
	put_slab(&i);
	put_huge(&i);
	put_swap(&i);
	return NULL;
}

/* ---- counters ---- */

static struct error *put_zone_item(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	uint64_t v;

	(void)index;
	(void)arg;
	TRY(stats_zone(sh, name, &v));
	fprintf(sh->out, "%26s: %" PRIu64 "\n", name, v);
	return NULL;
}

static struct error *put_node_item(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	uint64_t v;

	(void)index;
	(void)arg;
	TRY(stats_node(sh, name, &v));
	fprintf(sh->out, "%26s: %" PRIu64 "\n", name, v);
	return NULL;
}

/* Events are counted by each CPU for itself. */
static struct error *put_event(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	struct member m;
	uint64_t sum = 0;
	unsigned cpus;

	(void)arg;
	TRY(type_member(sh->kernel, "vm_event_state", "event", &m));
	TRY(cpu_count(sh->kernel, &cpus));
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		uint64_t va, v;
		bool online = true;

		error_free(cpu_in_mask(sh->kernel, "online", cpu, &online));
		if (!online)
			continue;
		TRY(percpu_address(sh->kernel, "vm_event_states", cpu, &va));
		TRY(vmem_read_long(sh->kernel, va + m.off + index * sh->kernel->long_size, &v));
		sum += v;
	}
	fprintf(sh->out, "%29s: %" PRIu64 "\n", name, sum);
	return NULL;
}

static struct error *print_counters(struct shell *sh)
{
	fputs("  VM_ZONE_STAT:\n", sh->out);
	TRY(stats_items(sh, "zone_stat_item", "NR_VM_ZONE_STAT_ITEMS", put_zone_item, NULL));
	fputs("\n  VM_NODE_STAT:\n", sh->out);
	TRY(stats_items(sh, "node_stat_item", "NR_VM_NODE_STAT_ITEMS", put_node_item, NULL));
	fputs("\n  VM_EVENT_STATES:\n", sh->out);
	return stats_items(sh, "vm_event_item", "NR_VM_EVENT_ITEMS", put_event, NULL);
}

/* ---- zones ---- */

struct zone {
	uint64_t va;
	char name[32];
};

static struct error *put_item_of_zone(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	const struct zone *z = arg;
	struct member m;
	uint64_t v;

	TRY(type_member(sh->kernel, "zone", "vm_stat", &m));
	TRY(vmem_read_long(sh->kernel, z->va + m.off + index * sh->kernel->long_size, &v));
	fprintf(sh->out, "%21s: %" PRIu64 "\n", name, (int64_t)v < 0 ? 0 : v);
	return NULL;
}

static struct error *put_zone(struct shell *sh, unsigned node, unsigned number, struct zone *z)
{
	static const char *const marks[] = {"_watermark[0]", "_watermark[1]", "_watermark[2]"};
	struct kernel *k = sh->kernel;
	uint64_t spanned, present, va, mark[3] = {0};

	TRY(type_read_member(k, z->va, "zone", "name", &va));
	TRY(vmem_read_string(k, va, z->name, sizeof(z->name)));
	TRY(type_read_member(k, z->va, "zone", "spanned_pages", &spanned));
	TRY(type_read_member(k, z->va, "zone", "present_pages", &present));
	fprintf(sh->out, "NODE: %u  ZONE: %u  ADDR: %" PRIx64 "  NAME: \"%s\"\n", node, number, z->va, z->name);
	if (!spanned) {
		fputs("  [unpopulated]\n\n", sh->out);
		return NULL;
	}
	fprintf(sh->out, "  SIZE: %" PRIu64, spanned);
	if (present != spanned)
		fprintf(sh->out, "  PRESENT: %" PRIu64, present);
	for (unsigned i = 0; i < 3; i++)
		error_free(type_read_member(k, z->va, "zone", marks[i], &mark[i]));
	fprintf(sh->out, "  MIN/LOW/HIGH: %" PRIu64 "/%" PRIu64 "/%" PRIu64 "\n  VM_STAT:\n", mark[0], mark[1], mark[2]);
	TRY(stats_items(sh, "zone_stat_item", "NR_VM_ZONE_STAT_ITEMS", put_item_of_zone, z));
	fputs("\n\n", sh->out);
	return NULL;
}

static struct error *print_zones(struct shell *sh)
{
	struct nodes nodes;
	struct error *e;
	struct member zones;
	uint64_t each;

	TRY(type_member(sh->kernel, "pglist_data", "node_zones", &zones));
	TRY(type_size(sh->kernel, "zone", &each));
	TRY(nodes_load(sh, &nodes));
	e = NULL;
	for (size_t i = 0; i < nodes.v.n && !e; i++)
		for (uint32_t j = 0; j < zones.array_len && !e; j++) {
			struct zone z = {.va = nodes.v.v[i].va + zones.off + j * each};

			e = put_zone(sh, nodes.v.v[i].id, j, &z);
		}
	nodes_done(&nodes);
	return e;
}

/* ---- the rest ---- */

static struct error *put_area(const struct vmap_row *r, void *arg)
{
	struct shell *sh = arg;
	int width = (int)(2 * sh->kernel->long_size);

	fprintf(sh->out, "%0*" PRIx64 "  %0*" PRIx64 "  %0*" PRIx64 " - %0*" PRIx64 "  %7" PRIu64 "\n", width, r->area,
		width, r->vm, width, r->start, width, r->end, r->end - r->start);
	return shell_interrupted() ? error_new(ERROR_OTHER, "interrupted") : NULL;
}

static struct error *print_offsets(struct shell *sh)
{
	unsigned cpus;
	uint64_t va, v;

	TRY(symbol_find(sh->kernel, "__per_cpu_offset", &va));
	TRY(cpu_count(sh->kernel, &cpus));
	fputs("PER-CPU OFFSET VALUES:\n", sh->out);
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		bool there = true;

		error_free(cpu_in_mask(sh->kernel, "possible", cpu, &there));
		if (!there)
			continue;
		TRY(vmem_read_long(sh->kernel, va + cpu * sh->kernel->long_size, &v));
		fprintf(sh->out, "  CPU %u: %" PRIx64 "\n", cpu, v);
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	bool any = false;
	int id;

	while ((id = options_next(o)) > 0) {
		any = true;
		switch (id) {
		case OPT_INFO:
			TRY(print_info(sh));
			break;
		case OPT_COUNTERS:
			TRY(print_counters(sh));
			break;
		case OPT_ZONES:
			TRY(print_zones(sh));
			break;
		case OPT_VMALLOC:
			fputs("   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE                SIZE\n", sh->out);
			TRY(vmap_walk(sh, put_area, sh));
			break;
		case OPT_OFFSETS:
			TRY(print_offsets(sh));
			break;
		}
	}
	return id < 0 || !any ? command_misused() : NULL;
}

const struct command cmd_kmem = {
	.name = "kmem",
	.args = "-i | -V | -z | -v | -o",
	.summary = "memory: totals, counters, zones, vmalloc areas",
	.options = options,
	.run = run,
};
