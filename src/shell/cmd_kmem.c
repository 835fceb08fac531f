/* kmem: memory at a glance, its zones and counters, the vmalloc areas. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/nodes.h"
#include "shell/row.h"
#include "shell/stats.h"
#include "shell/swap.h"
#include "shell/value.h"
#include "shell/vmap.h"

enum {
	OPT_INFO = 1, OPT_COUNTERS, OPT_ZONES, OPT_VMALLOC, OPT_OFFSETS, OPT_CACHES, OPT_OBJECTS, OPT_ROOT, OPT_WITHOUT,
	OPT_FREE, OPT_FREE_BLOCKS, OPT_PAGES, OPT_MEMBERS, OPT_PHYSICAL, OPT_NODES, OPT_HUGE, OPT_FLAGS, OPT_OLD_CACHE,
	OPT_OLD_COUNT, OPT_OF_CPUS,
};

static const struct option_def options[] = {
	{'i', NULL, NULL, "how much memory there is and what it is used for", OPT_INFO},
	{'s', NULL, NULL, "the slab caches, or those named", OPT_CACHES},
	{'S', NULL, NULL, "with each slab and object; -S=CPUS: of some CPUs", OPT_OBJECTS},
	{'I', NULL, "NAMES", "without these caches: names with commas", OPT_WITHOUT},
	{'r', NULL, NULL, "with -s: caches of control groups with their root's (no kernel has them since 5.9)", OPT_ROOT},
	{'f', NULL, NULL, "the free blocks of each zone", OPT_FREE},
	{'F', NULL, NULL, "the same with each block's page", OPT_FREE_BLOCKS},
	{'p', NULL, NULL, "the struct pages: of the addresses named, else all", OPT_PAGES},
	{'m', NULL, "MEMBERS", "with -p: these members of struct page", OPT_MEMBERS},
	{'P', NULL, NULL, "addresses are physical ones", OPT_PHYSICAL},
	{'g', NULL, NULL, "the bits of page flags, or of the value named", OPT_FLAGS},
	{'v', NULL, NULL, "the areas of vmalloc", OPT_VMALLOC},
	{'V', NULL, NULL, "the counters of zones, nodes and events", OPT_COUNTERS},
	{'n', NULL, NULL, "nodes, their zones, memory sections and blocks", OPT_NODES},
	{'z', NULL, NULL, "zones and their counters", OPT_ZONES},
	{'o', NULL, NULL, "the offset of each CPU's data", OPT_OFFSETS},
	{'h', NULL, NULL, "the pools of huge pages", OPT_HUGE},
	{'=', NULL, "CPUS", NULL, OPT_OF_CPUS}, /* what follows -S */
	{'c', NULL, NULL, NULL, OPT_OLD_CACHE},
	{'C', NULL, NULL, NULL, OPT_OLD_COUNT},
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
	row_begin(i->sh, "memory");
	row_str(i->sh, "what", 13, label);
	row_text(i->sh, "  ");
	row_u64(i->sh, "pages", 7, pages);
	row_text(i->sh, "  %11s  ", size);
	if (of_what) {
		row_u64(i->sh, "percent", 3, of ? pages * 100 / of : 0);
		row_text(i->sh, "%% of ");
		row_str(i->sh, "of", 0, of_what);
	} else {
		row_text(i->sh, "       ----");
	}
	row_end(i->sh);
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
		row_text(i->sh, "\n");
		put_row(i, "TOTAL HUGE", total, 0, NULL);
		put_row(i, "HUGE FREE", free_pages, total, "TOTAL HUGE");
	}
	error_free(e);
}

static uint64_t put_swap(struct info *i)
{
	uint64_t total = 0, used;
	struct error *e = swap_totals(i->sh, &total, &used);

	if (!e) {
		row_text(i->sh, "\n");
		put_row(i, "TOTAL SWAP", total, 0, NULL);
		put_row(i, "SWAP USED", used, total, "TOTAL SWAP");
		put_row(i, "SWAP FREE", total - used, total, "TOTAL SWAP");
	}
	error_free(e);
	return total;
}

/* mm/util.c: vm_commit_limit(), and what all processes together were promised. */
static void put_commit(struct info *i, uint64_t swap)
{
	_cleanup_peek_ struct peek p = {.k = i->sh->kernel};
	uint64_t kib = peek_long(&p, peek_symbol(&p, "sysctl_overcommit_kbytes"));
	uint32_t ratio = peek_u32(&p, peek_symbol(&p, "sysctl_overcommit_ratio"));
	uint64_t counter = peek_symbol(&p, "vm_committed_as"), limit;
	int64_t used = (int64_t)peek_member(&p, counter, "percpu_counter", "count");

	if (!peek_ok(&p) || ratio > 10000)
		return;
	limit = (kib ? kib * 1024 / i->page_size : i->total * ratio / 100) + swap;
	row_text(i->sh, "\n");
	put_row(i, "COMMIT LIMIT", limit, 0, NULL);
	put_row(i, "COMMITTED", used > 0 ? (uint64_t)used : 0, limit, "TOTAL LIMIT");
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
	row_text(sh, "                 PAGES        TOTAL      PERCENTAGE\n");
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
	put_commit(&i, put_swap(&i));
	return NULL;
}

/* ---- counters ---- */

static void put_counter(struct shell *sh, const char *name, int width, uint64_t v)
{
	row_begin(sh, "counter");
	row_str(sh, "name", width, name);
	row_text(sh, ": ");
	row_u64(sh, "value", 0, v);
	row_end(sh);
}

static struct error *put_zone_item(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	uint64_t v;

	(void)index;
	(void)arg;
	TRY(stats_zone(sh, name, &v));
	put_counter(sh, name, 26, v);
	return NULL;
}

static struct error *put_node_item(struct shell *sh, const char *name, uint64_t index, void *arg)
{
	uint64_t v;

	(void)index;
	(void)arg;
	TRY(stats_node(sh, name, &v));
	put_counter(sh, name, 26, v);
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
	put_counter(sh, name, 29, sum);
	return NULL;
}

static struct error *print_counters(struct shell *sh)
{
	row_text(sh, "  VM_ZONE_STAT:\n");
	TRY(stats_items(sh, "zone_stat_item", "NR_VM_ZONE_STAT_ITEMS", put_zone_item, NULL));
	row_text(sh, "\n  VM_NODE_STAT:\n");
	TRY(stats_items(sh, "node_stat_item", "NR_VM_NODE_STAT_ITEMS", put_node_item, NULL));
	row_text(sh, "\n  VM_EVENT_STATES:\n");
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
	put_counter(sh, name, 21, (int64_t)v < 0 ? 0 : v);
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
	for (unsigned i = 0; i < 3; i++)
		error_free(type_read_member(k, z->va, "zone", marks[i], &mark[i])); /* then 0 */
	row_begin(sh, "zone");
	row_text(sh, "NODE: ");
	row_u64(sh, "node", 0, node);
	row_text(sh, "  ZONE: ");
	row_u64(sh, "zone", 0, number);
	row_text(sh, "  ADDR: ");
	row_hex(sh, "address", 0, z->va);
	row_text(sh, "  NAME: \"");
	row_str(sh, "name", 0, z->name);
	row_text(sh, spanned ? "\"\n  SIZE: " : "\"\n  [unpopulated]\n");
	if (spanned)
		row_u64(sh, "size", 0, spanned);
	if (spanned && present != spanned)
		row_text(sh, "  PRESENT: %" PRIu64, present);
	row_only_u64(sh, "present", present);
	if (spanned)
		row_text(sh, "  MIN/LOW/HIGH: %" PRIu64 "/%" PRIu64 "/%" PRIu64, mark[0], mark[1], mark[2]);
	row_only_u64(sh, "min", mark[0]);
	row_only_u64(sh, "low", mark[1]);
	row_only_u64(sh, "high", mark[2]);
	row_end(sh);
	if (!spanned)
		return NULL;
	row_text(sh, "  VM_STAT:\n");
	TRY(stats_items(sh, "zone_stat_item", "NR_VM_ZONE_STAT_ITEMS", put_item_of_zone, z));
	row_text(sh, "\n\n");
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

	vmap_put(sh, r);
	return shell_interrupted() ? error_new(ERROR_OTHER, "interrupted") : NULL;
}

static struct error *print_offsets(struct shell *sh)
{
	unsigned cpus;
	uint64_t va, v;

	TRY(symbol_find(sh->kernel, "__per_cpu_offset", &va));
	TRY(cpu_count(sh->kernel, &cpus));
	row_text(sh, "PER-CPU OFFSET VALUES:\n");
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		bool there = true;

		error_free(cpu_in_mask(sh->kernel, "possible", cpu, &there));
		if (!there)
			continue;
		TRY(vmem_read_long(sh->kernel, va + cpu * sh->kernel->long_size, &v));
		row_begin(sh, "cpu");
		row_text(sh, "  CPU ");
		row_u64(sh, "cpu", 0, cpu);
		row_text(sh, ": ");
		row_hex(sh, "offset", 0, v);
		row_end(sh);
	}
	return NULL;
}

/* -s NAME, -p ADDRESS ...: the word is not the option's argument, it may be missing. */
struct request {
	bool caches, flags, pages, physical, any;
	const char *members;
	struct kmem_caches ask;
};

static struct error *run_plain(struct shell *sh, int id)
{
	switch (id) {
	case OPT_INFO:
		return print_info(sh);
	case OPT_COUNTERS:
		return print_counters(sh);
	case OPT_ZONES:
		return print_zones(sh);
	case OPT_VMALLOC:
		row_text(sh, "   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE                SIZE\n");
		return vmap_walk(sh, put_area, sh);
	case OPT_OFFSETS:
		return print_offsets(sh);
	case OPT_FREE:
		return kmem_free(sh, false);
	case OPT_FREE_BLOCKS:
		return kmem_free(sh, true);
	case OPT_NODES:
		return kmem_nodes(sh);
	case OPT_HUGE:
		return kmem_huge(sh);
	default: /* -c -C: lists that went away with 2.4 */
		return error_new(ERROR_UNSUPPORTED, "-%c: no kernel since 2.6 has that list",
				 id == OPT_OLD_CACHE ? 'c' : 'C');
	}
}

static struct error *run_word(struct shell *sh, struct request *r, char *word)
{
	uint64_t va, page, pfn;

	if (r->caches) {
		r->ask.which = word;
		return kmem_caches(sh, &r->ask);
	}
	if (r->flags)
		return kmem_flags(sh, word);
	TRY(value_address(sh, word, &va));
	if (!r->pages)
		return kmem_identify(sh, va, r->physical);
	TRY(kmem_page_of(sh, va, r->physical, &page, &pfn));
	return kmem_page(sh, page, pfn, r->members);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {0};
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		r.any |= id != OPT_WITHOUT && id != OPT_PHYSICAL;
		switch (id) {
		case OPT_OBJECTS:
			r.ask.objects = true;
			r.caches = true;
			break;
		case OPT_CACHES:
			r.caches = true;
			break;
		case OPT_OF_CPUS:
			r.ask.cpus = o->value;
			break;
		case OPT_ROOT: /* caches of control groups: gone since 5.9, the rest is -s */
			break;
		case OPT_WITHOUT:
			r.ask.without = o->value;
			break;
		case OPT_FLAGS:
			r.flags = true;
			break;
		case OPT_MEMBERS:
			r.members = o->value;
			r.pages = true;
			break;
		case OPT_PAGES:
			r.pages = true;
			break;
		case OPT_PHYSICAL:
			r.physical = true;
			break;
		default:
			TRY(run_plain(sh, id));
		}
	}
	words = command_words(o, &n);
	if (id < 0 || (!r.any && !n))
		return command_misused();
	for (int i = 0; i < n; i++)
		TRY(run_word(sh, &r, words[i]));
	if (n)
		return NULL;
	if (r.caches)
		TRY(kmem_caches(sh, &r.ask));
	if (r.flags)
		TRY(kmem_flags(sh, NULL));
	return r.pages ? kmem_pages(sh, r.members) : NULL;
}

const struct command cmd_kmem = {
	.name = "kmem",
	.args = "[-i|-s|-S|-f|-F|-p|-v|-V|-n|-z|-o|-h|-g] [-I caches] [-m members] [-P] [name | address] ...",
	.summary = "memory: totals, slab caches, free blocks, pages, zones; what an address is",
	.text = "An address alone is identified: symbol, slab object, task, vmalloc area, page.\n\n"
		"  kmem -s dentry\n"
		"  kmem -S=0,1 -I kmalloc-64,kmalloc-128\n"
		"  kmem ffff8bfcc11f6100\n"
		"  kmem -p 11f6000\n",
	.options = options,
	.run = run,
};
