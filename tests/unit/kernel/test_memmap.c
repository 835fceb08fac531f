/* Finding struct pages in every memory model. */
#include "../test.h"

#include "base/bytes.h"
#include "kernel/memmap.h"
#include "make/fake_pages.h"

#define MIB  (1ull << 20)
#define BASE 0xffff888000000000ull

static void start(struct fake *f)
{
	fake_init(f, FAKE_X86_64, true, false, 8 * MIB);
	fake_segment(f, BASE, 0, 8 * MIB);
	f->next = MIB;
}

/* Every frame's struct page is the one with its number in flags. */
static void every_frame(enum fake_model model, enum fake_release release)
{
	CLEANUP(memmap_close) struct memmap *m = NULL;
	struct fake f;
	struct fake_pages p;
	uint64_t pfn, n, va, nr = 1000; /* ends inside a section */

	start(&f);
	fake_pages_init(&p, &f, BASE, nr, release, model);
	for (pfn = 0; pfn < nr; pfn++)
		fake_page_flags(&p, pfn, 0x1000000 + pfn);
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_int_equal(memmap_page_struct_size(m), 64);
	for (pfn = 0; pfn < nr; pfn += n) {
		const void *pages = NULL;

		assert_ok(memmap_get(m, pfn, nr - pfn, &pages, &n));
		assert_in_range(n, 1, nr - pfn);
		for (uint64_t i = 0; i < n; i++)
			assert_int_equal(get_u64((const char *)pages + i * 64, false),
					 0x1000000 + pfn + i);
		assert_ok(memmap_address(m, pfn, &va));
		assert_int_equal(va, fake_page_address(&p, pfn));
	}
	memmap_close(take_ptr(m));
	fake_done(&f);
}

static void every_model(void **state)
{
	every_frame(FAKE_SPARSE, FAKE_3_2);
	every_frame(FAKE_EXTREME, FAKE_6_1);
	every_frame(FAKE_EXTREME_415, FAKE_4_14);
	every_frame(FAKE_FLAT, FAKE_6_1);
	every_frame(FAKE_NODES, FAKE_4_14);
	every_frame(FAKE_NODE_LIST, FAKE_3_2);
	every_frame(FAKE_ONE_NODE, FAKE_4_14);
}

/* Nodes with a hole between them, one without memory, and one that cannot be read. */
static void holes_between_nodes(void **state)
{
	CLEANUP(memmap_close) struct memmap *m = NULL;
	struct fake f;
	struct fake_pages p;
	const void *pages;
	uint64_t n;

	start(&f);
	fake_pages_init(&p, &f, BASE, 1000, FAKE_4_14, FAKE_NODES);
	fake_put(&f, p.nodes[1] + 8, 8, 400); /* [0, 400), [500, 1000) */
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_ok(memmap_get(m, 390, 100, &pages, &n));
	assert_int_equal(n, 10);
	assert_error(memmap_get(m, 400, 10, &pages, &n), ERROR_NOT_FOUND, "no struct page");
	assert_int_equal(n, 100);
	assert_ok(memmap_get(m, 500, 10, &pages, &n));
	assert_error(memmap_get(m, 1000, 10, &pages, &n), ERROR_NOT_FOUND, "no struct page");
	assert_true(n > 1ull << 40);
	memmap_close(take_ptr(m));
	fake_done(&f);

	start(&f);
	fake_pages_init(&p, &f, BASE, 1000, FAKE_4_14, FAKE_NODE_LIST);
	fake_put(&f, p.nodes[0] + 8, 8, 0);
	fake_put(&f, p.nodes[1] + 24, 8, BASE + p.nodes[0]); /* no end */
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_ok(memmap_get(m, 499, 100, &pages, &n));
	assert_int_equal(n, 1);
	assert_error(memmap_get(m, 500, 10, &pages, &n), ERROR_NOT_FOUND, "no struct page");
	memmap_close(take_ptr(m));
	fake_done(&f);

	/* the chain breaks where the dump ends */
	start(&f);
	fake_pages_init(&p, &f, BASE, 1000, FAKE_4_14, FAKE_NODE_LIST);
	fake_put(&f, p.nodes[0] + 24, 8, 0xffff999000000000);
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_ok(memmap_get(m, 500, 100, &pages, &n));
	assert_error(memmap_get(m, 499, 10, &pages, &n), ERROR_NOT_FOUND, "no struct page");
	memmap_close(take_ptr(m));
	fake_done(&f);

	start(&f);
	fake_info(&f, "SYMBOL(node_data)=ffff888000200000\nLENGTH(node_data)=3");
	fake_put(&f, 0x200000 + 8, 8, 0xffff999000000000);
	fake_pages_init(&p, &f, BASE, 1000, FAKE_4_14, FAKE_NODES);
	fake_open(&f);
	assert_error(memmap_open(f.k, &m), ERROR_NOT_FOUND, "no node has struct pages");
	fake_done(&f);

	start(&f);
	fake_info(&f, "SIZE(page)=64\nSYMBOL(node_data)=ffff888000200000");
	fake_open(&f);
	assert_error(memmap_open(f.k, &m), ERROR_NOT_FOUND, "no pglist_data.node_mem_map");
	fake_done(&f);
}

/* The dump lacks some rows of mem_section: the frames of those sections have none to read,
 * all others have. */
static void sections_that_are_lost(void **state)
{
	CLEANUP(memmap_close) struct memmap *m = NULL;
	struct fake f;
	struct fake_pages p;
	const void *pages;
	uint64_t n, at;

	fake_init(&f, FAKE_X86_64, true, false, 8 * MIB);
	f.next = MIB;
	fake_pages_init(&p, &f, BASE, 2048, FAKE_6_1, FAKE_EXTREME);
	/* the rows' block goes, and in its place is one that ends with the dump */
	at = f.len - 16 - 8;
	fake_put_bytes(&f, at, f.memory + (f.next - 4096), 24);
	for (uint64_t pa = MIB; pa < f.next; pa += 8)
		if (get_u64(f.memory + pa, false) == BASE + f.next - 4096)
			fake_put(&f, pa, 8, BASE + at);
	fake_segment(&f, BASE, 0, f.len);
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_ok(memmap_get(m, 511, 10, &pages, &n));
	assert_int_equal(n, 1);
	assert_error(memmap_get(m, 512 + 12, 10, &pages, &n), ERROR_LOST, "cannot be read");
	assert_int_equal(n, 512 - 12);
	/* as often as it is asked */
	assert_error(memmap_get(m, 1023, 10, &pages, &n), ERROR_LOST, "cannot be read");
	assert_int_equal(n, 1);
	memmap_close(take_ptr(m));
	fake_done(&f);
}

static void holes(void **state)
{
	CLEANUP(memmap_close) struct memmap *m = NULL;
	struct fake f;
	struct fake_pages p;
	const void *pages;
	uint64_t n;

	start(&f);
	fake_pages_init(&p, &f, BASE, 1024, FAKE_6_1, FAKE_EXTREME);
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	/* a section without map in a block that is there: the section's rest */
	assert_error(memmap_get(m, 1034, 5, &pages, &n), ERROR_NOT_FOUND, "no struct page");
	assert_int_equal(n, 512 - 10);
	/* a root that is not there: all its sections; the first root has 4096 / 16 of them */
	assert_error(memmap_get(m, 256 * 512 + 7, 5, &pages, &n), ERROR_NOT_FOUND,
		     "no struct page");
	assert_int_equal(n, 256 * 512 - 7);
	/* behind all roots */
	assert_error(memmap_get(m, 1ull << 50, 5, &pages, &n), ERROR_NOT_FOUND,
		     "no struct page");
	assert_true(n > 1ull << 40);
	memmap_close(take_ptr(m));
	fake_done(&f);
}

/* The dump lacks the memory of some struct pages: those frames only have none to read. */
static void struct_pages_that_are_lost(void **state)
{
	CLEANUP(memmap_close) struct memmap *m = NULL;
	struct fake f;
	struct fake_pages p;
	const void *pages;
	uint64_t n, lost;

	fake_init(&f, FAKE_X86_64, true, false, 8 * MIB);
	f.next = MIB;
	fake_pages_init(&p, &f, BASE, 1024, FAKE_6_1, FAKE_EXTREME);
	lost = p.array + 3 * 4096;
	fake_segment(&f, BASE, 0, lost);
	fake_segment(&f, BASE + lost + 4096, lost + 4096, 8 * MIB - lost - 4096);
	fake_open(&f);
	assert_ok(memmap_open(f.k, &m));
	assert_ok(memmap_get(m, 0, 1000, &pages, &n));
	assert_int_equal(n, 3 * 64);
	assert_error(memmap_get(m, 3 * 64, 1000, &pages, &n), ERROR_NOT_FOUND, "");
	assert_int_equal(n, 64);
	assert_ok(memmap_get(m, 4 * 64, 10, &pages, &n));
	assert_int_equal(n, 10);
	memmap_close(take_ptr(m));
	fake_done(&f);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{"SIZE(page)=8", "SIZE(page)"},
		{"SIZE(mem_section)=100000", "makes no sense"},
		{"LENGTH(mem_section)=0", "makes no sense"},
		{"OFFSET(mem_section.section_mem_map)=16", "makes no sense"},
		{"SYMBOL(mem_section)=ffff888000000000", "no section of memory"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct memmap *m;
		struct fake f;
		struct fake_pages p;
		struct error *e;

		start(&f);
		fake_info(&f, "%s", bad[i][0]); /* the first of two equal keys counts */
		fake_pages_init(&p, &f, BASE, 1024, FAKE_6_1, FAKE_EXTREME);
		fake_open(&f);
		e = memmap_open(f.k, &m);
		assert_non_null(e);
		assert_non_null(strstr(error_message(e), bad[i][1]));
		error_free(e);
		fake_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_model),
		cmocka_unit_test(holes),
		cmocka_unit_test(holes_between_nodes),
		cmocka_unit_test(sections_that_are_lost),
		cmocka_unit_test(struct_pages_that_are_lost),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
