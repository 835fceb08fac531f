/* Builders of struct pages. */
#include "make/fake_pages.h"

#include <stdio.h>
#include <string.h>

/* Offsets with unsigned longs of `ul` bytes: flags, lru or compound_head, mapping, index,
 * private, _mapcount, _refcount. */
static unsigned off_of(const struct fake_pages *p, unsigned words)
{
	return words * p->f->long_size;
}

#define OFF_LINK     1
#define OFF_MAPPING  3
#define OFF_PRIVATE  5
#define OFF_MAPCOUNT 6

static uint64_t at(const struct fake_pages *p, uint64_t pfn, unsigned off)
{
	return p->array + pfn * p->page_len + off;
}

uint64_t fake_page_address(const struct fake_pages *p, uint64_t pfn)
{
	return p->base + at(p, pfn, 0);
}

static const struct {
	const char *name;
	int64_t value[FAKE_7_1 + 1]; /* by release; 0: not exported */
} types[] = {
	{"PAGE_BUDDY_MAPCOUNT_VALUE", {0, -128, -129, -129, -129, -268435456, -268435456}},
	{"PAGE_OFFLINE_MAPCOUNT_VALUE", {0, 0, -257, -257, -257, -251658240, -251658240}},
	{"PAGE_SLAB_MAPCOUNT_VALUE", {0, 0, 0, 0, 0, -184549376, -184549376}},
	{"PAGE_HUGETLB_MAPCOUNT_VALUE", {0, 0, 0, 0, 0, -201326592, -201326592}},
	{"PAGE_UNACCEPTED_MAPCOUNT_VALUE", {0, 0, 0, 0, 0, 0, -150994944}},
};

static void add_info(struct fake_pages *p)
{
	static const char *const releases[] = {"3.2.0", "4.14.0", "6.1.0", "6.4.0",
					       "6.7.0", "6.12.0", "7.1.0"};
	struct fake *f = p->f;

	fake_info(f, "OSRELEASE=%s", releases[p->release]);
	fake_info(f, "PAGESIZE=%u", f->page_size);
	fake_info(f, "SIZE(page)=%u", p->page_len);
	fake_info(f, "OFFSET(page.flags)=0");
	fake_info(f, "OFFSET(page.mapping)=%u", off_of(p, OFF_MAPPING));
	fake_info(f, "OFFSET(page.private)=%u", off_of(p, OFF_PRIVATE));
	fake_info(f, "OFFSET(page._mapcount)=%u", off_of(p, OFF_MAPCOUNT));
	fake_info(f, "OFFSET(page.lru)=%u", off_of(p, OFF_LINK));
	if (p->release == FAKE_7_1)
		fake_info(f, "OFFSET(page.compound_info)=%u", off_of(p, OFF_LINK));
	else if (p->release != FAKE_3_2)
		fake_info(f, "OFFSET(page.compound_head)=%u", off_of(p, OFF_LINK));
	if (p->release == FAKE_4_14 || p->release == FAKE_6_1) {
		fake_info(f, "OFFSET(page.compound_dtor)=%u", off_of(p, 2));
		fake_info(f, "OFFSET(page.compound_order)=%u",
			  off_of(p, 2) + (p->release == FAKE_6_1 ? 1 : 2));
	}
	if (p->release == FAKE_6_4) {
		fake_info(f, "OFFSET(folio._folio_dtor)=%u", p->page_len + off_of(p, 2));
		fake_info(f, "OFFSET(folio._folio_order)=%u", p->page_len + off_of(p, 2) + 1);
	}
	if (p->release >= FAKE_4_14 && p->release <= FAKE_6_4)
		fake_info(f, "NUMBER(HUGETLB_PAGE_DTOR)=2");
	if (p->release == FAKE_6_7)
		fake_info(f, "NUMBER(PG_hugetlb)=8");
	if (p->release == FAKE_3_2)
		fake_info(f, "SYMBOL(free_huge_page)=%llx",
			  (unsigned long long)(p->base + 0x1234));
	fake_info(f, "NUMBER(PG_lru)=%u", p->lru);
	fake_info(f, "NUMBER(PG_private)=%u", p->private);
	fake_info(f, "NUMBER(PG_swapcache)=%u", p->swapcache);
	fake_info(f, "NUMBER(PG_swapbacked)=%u", p->swapbacked);
	fake_info(f, "NUMBER(PG_hwpoison)=%u", p->hwpoison);
	fake_info(f, "NUMBER(PG_head_mask)=%u", 1u << p->head);
	if (p->release < FAKE_6_12 && p->release != FAKE_3_2)
		fake_info(f, "NUMBER(PG_slab)=%u", p->slab);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].value[p->release])
			fake_info(f, "NUMBER(%s)=%lld", types[i].name,
				  (long long)types[i].value[p->release]);
	fake_info(f, "LENGTH(zone.free_area)=11");
}

static unsigned page_shift(const struct fake_pages *p)
{
	return __builtin_ctz(p->f->page_size);
}

/* One section row: struct mem_section of two longs, the map second. */
static void put_section(struct fake_pages *p, uint64_t row_pa, uint64_t section)
{
	uint64_t first = section << (p->section_bits - page_shift(p));

	if (first >= p->nr)
		return;
	/* as if the array began at frame 0; flags present, has_mem_map, online */
	fake_put_long(p->f, row_pa + p->f->long_size, (p->base + p->array) | 7);
}

static void add_sections(struct fake_pages *p, enum fake_model model)
{
	struct fake *f = p->f;
	unsigned ul = f->long_size, row = 2 * ul;
	uint64_t per_section = 1ull << (p->section_bits - page_shift(p));
	uint64_t nr = (p->nr + per_section - 1) / per_section, per_root = f->page_size / row;
	uint64_t roots, symbol, block;

	if (model == FAKE_SPARSE) {
		symbol = fake_alloc(f, nr * row, 64);
		for (uint64_t i = 0; i < nr; i++)
			put_section(p, symbol + i * row, i);
		roots = nr;
	} else {
		/* the first root stays empty where there is only one section's worth of frames
		 */
		roots = nr / per_root + 2;
		symbol = fake_alloc(f, roots * ul, 64);
		block = fake_alloc(f, f->page_size, f->page_size);
		fake_put_long(f, symbol, p->base + block);
		for (uint64_t i = 0; i < nr; i++)
			put_section(p, block + i * row, i);
	}
	if (model == FAKE_EXTREME_415) {
		uint64_t variable = fake_alloc(f, ul, ul);

		fake_put_long(f, variable, p->base + symbol);
		symbol = variable;
	}
	fake_info(f, "SYMBOL(mem_section)=%llx", (unsigned long long)(p->base + symbol));
	fake_info(f, "LENGTH(mem_section)=%llu", (unsigned long long)roots);
	fake_info(f, "SIZE(mem_section)=%u", row);
	fake_info(f, "OFFSET(mem_section.section_mem_map)=%u", ul);
	fake_info(f, "NUMBER(SECTION_SIZE_BITS)=%u", p->section_bits);
}

static void add_node(struct fake_pages *p, unsigned i, uint64_t start, uint64_t n)
{
	unsigned ul = p->f->long_size;

	p->nodes[i] = fake_alloc(p->f, 4 * ul, ul);
	fake_put_long(p->f, p->nodes[i], start);
	fake_put_long(p->f, p->nodes[i] + ul, n);
	fake_put_long(p->f, p->nodes[i] + 2 * ul, fake_page_address(p, start));
}

static void add_nodes(struct fake_pages *p, enum fake_model model)
{
	struct fake *f = p->f;
	unsigned ul = f->long_size;
	uint64_t half = p->nr / 2, symbol = fake_alloc(f, 3 * ul, ul);

	fake_info(f, "OFFSET(pglist_data.node_start_pfn)=0");
	fake_info(f, "OFFSET(pglist_data.node_spanned_pages)=%u", ul);
	fake_info(f, "OFFSET(pglist_data.node_mem_map)=%u", 2 * ul);
	if (model == FAKE_ONE_NODE) {
		add_node(p, 0, 0, p->nr);
		fake_info(f, "SYMBOL(contig_page_data)=%llx",
			  (unsigned long long)(p->base + p->nodes[0]));
		return;
	}
	add_node(p, 0, half, p->nr - half);
	add_node(p, 1, 0, half);
	fake_put_long(f, symbol, p->base + p->nodes[0]);
	if (model == FAKE_NODES) {
		fake_put_long(f, symbol + 2 * ul, p->base + p->nodes[1]);
		fake_info(f, "LENGTH(node_data)=3");
	} else {
		fake_put_long(f, p->nodes[0] + 3 * ul, p->base + p->nodes[1]);
		fake_info(f, "OFFSET(pglist_data.pgdat_next)=%u", 3 * ul);
	}
	fake_info(f, "SYMBOL(%s)=%llx", model == FAKE_NODES ? "node_data" : "pgdat_list",
		  (unsigned long long)(p->base + symbol));
}

void fake_pages_init(struct fake_pages *p, struct fake *f, uint64_t base, uint64_t nr,
		     enum fake_release release, enum fake_model model)
{
	*p = (struct fake_pages){.f = f,
				 .base = base,
				 .nr = nr,
				 .release = release,
				 .page_len = f->is_64bit ? 64 : 32,
				 .section_bits = __builtin_ctz(f->page_size) + 9,
				 .lru = 5,
				 .private = 11,
				 .swapcache = 10,
				 .swapbacked = 19,
				 .slab = 9,
				 .hwpoison = 23,
				 .head = 16};
	if (release == FAKE_3_2)
		p->slab = 7;
	/* a compound head's address has as many zero bits as a 7.1 mask cuts off */
	p->array = fake_alloc(f, nr * p->page_len, 65536);
	for (uint64_t pfn = 0; pfn < nr; pfn++)
		fake_put(f, at(p, pfn, off_of(p, OFF_MAPCOUNT)), 4, UINT32_MAX);
	add_info(p);
	if (model == FAKE_FLAT) {
		uint64_t variable = fake_alloc(f, f->long_size, f->long_size);

		fake_put_long(f, variable, base + p->array);
		fake_info(f, "SYMBOL(mem_map)=%llx", (unsigned long long)(base + variable));
	} else if (model < FAKE_NODES) {
		add_sections(p, model);
	} else {
		add_nodes(p, model);
	}
}

void fake_page_flags(struct fake_pages *p, uint64_t pfn, uint64_t flags)
{
	fake_put_long(p->f, at(p, pfn, 0), flags);
}

void fake_page_mapping(struct fake_pages *p, uint64_t pfn, uint64_t mapping)
{
	fake_put_long(p->f, at(p, pfn, off_of(p, OFF_MAPPING)), mapping);
}

void fake_page_type(struct fake_pages *p, uint64_t pfn, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		uint64_t value = types[i].value[p->release];

		if (strcmp(types[i].name, name) != 0)
			continue;
		/* since 6.12 the low bytes are the owner's */
		if (p->release >= FAKE_6_12 && value)
			value |= 0x42;
		fake_put(p->f, at(p, pfn, off_of(p, OFF_MAPCOUNT)), 4, value);
	}
}

void fake_page_free(struct fake_pages *p, uint64_t pfn, unsigned order)
{
	fake_page_type(p, pfn, "PAGE_BUDDY_MAPCOUNT_VALUE");
	if (p->release == FAKE_3_2)
		fake_put(p->f, at(p, pfn, off_of(p, OFF_MAPCOUNT)), 4, (uint32_t)-128);
	fake_put_long(p->f, at(p, pfn, off_of(p, OFF_PRIVATE)), order);
}

void fake_page_compound(struct fake_pages *p, uint64_t pfn, unsigned order, bool hugetlb)
{
	unsigned shift = __builtin_ctz(p->page_len) + order, ul = p->f->long_size;
	uint64_t first_tail = at(p, pfn + 1, 0);

	fake_page_flags(p, pfn, 1u << p->head);
	for (uint64_t i = 1; i < 1ull << order && p->release != FAKE_3_2; i++)
		fake_put_long(p->f, at(p, pfn + i, off_of(p, OFF_LINK)),
			      p->release == FAKE_7_1 ? (~0ull << shift) | 1
						     : fake_page_address(p, pfn) | 1);
	switch (p->release) {
	case FAKE_3_2:
		fake_put_long(p->f, first_tail + ul, hugetlb ? p->base + 0x1234 : p->base + 1);
		fake_put_long(p->f, first_tail + 2 * ul, order);
		break;
	case FAKE_4_14:
		fake_put(p->f, first_tail + 2 * ul, 2, hugetlb ? 2 : 1);
		fake_put(p->f, first_tail + 2 * ul + 2, 2, order);
		break;
	case FAKE_6_1:
	case FAKE_6_4:
		fake_put(p->f, first_tail + 2 * ul, 1, hugetlb ? 2 : 1);
		fake_put(p->f, first_tail + 2 * ul + 1, 1, order);
		break;
	case FAKE_6_7:
		fake_put_long(p->f, first_tail, (hugetlb ? 1 << 8 : 0) | order);
		break;
	case FAKE_6_12:
	case FAKE_7_1:
		fake_put_long(p->f, first_tail, order);
		if (hugetlb)
			fake_page_type(p, pfn, "PAGE_HUGETLB_MAPCOUNT_VALUE");
		break;
	}
}
