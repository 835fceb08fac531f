/* -e: struct pages of frames that are left out, and only those. */
#include "../test.h"

#include "../dump/disk.h"
#include "collect/collect.h"
#include "collect/keep.h"
#include "make/fake_pages.h"

#define MIB 1048576ull
#define NR  1024 /* frames with struct pages, 64 to a page */

static void start(struct fake *f, struct fake_pages *p)
{
	uint64_t base = 0xffff888000000000;

	fake_init(f, FAKE_X86_64, true, false, 8 * MIB);
	fake_segment(f, base, 0, 8 * MIB);
	f->next = MIB;
	fake_pages_init(p, f, base, NR, FAKE_6_1, FAKE_EXTREME);
	/* 64 to 191 and 448 to 575 are free, 192 to 199 too, 320 to 383 all but one */
	fake_page_free(p, 64, 6);
	fake_page_free(p, 128, 6);
	fake_page_free(p, 192, 3);
	fake_page_free(p, 320, 5);
	fake_page_free(p, 352, 4);
	fake_page_free(p, 368, 3);
	fake_page_free(p, 376, 2);
	fake_page_free(p, 380, 1);
	fake_page_free(p, 382, 0);
	fake_page_free(p, 448, 6);
	fake_page_free(p, 512, 6);
	/* poisoned ones are left out at any level */
	for (uint64_t pfn = 640; pfn < 704; pfn++)
		fake_page_flags(p, pfn, 1ull << p->hwpoison);
	fake_open(f);
}

static void check(struct fake *f, const struct fake_pages *p, int level, const uint64_t *want, size_t n)
{
	_cleanup_strbuf_ struct strbuf why = { 0 };
	struct keep keep;
	uint64_t map = p->array / 4096;

	assert_ok(keep_open(f->k, level, &why, &keep));
	assert_ok(keep_drop_unused_map(&keep, f->k, f->dump, &why));
	assert_int_equal(ranges_total(&keep.unused_map), n);
	for (size_t i = 0; i < n; i++) {
		uint64_t pfn = map + want[i], len;

		assert_true(ranges_contain(&keep.unused_map, pfn, pfn + 1));
		assert_false(keep_at(&keep, pfn, pfn + 10, &len));
	}
	assert_true(keep_at(&keep, map, map + 1, &(uint64_t){ 0 }));
	keep_done(&keep);
}

static void only_whole_pages_of_them(void **state)
{
	static const uint64_t free_ones[] = { 1, 2, 7, 8, 10 }, poisoned[] = { 10 };
	struct fake_pages p;
	struct fake f;

	start(&f, &p);
	check(&f, &p, 16, free_ones, ARRAY_SIZE(free_ones));
	check(&f, &p, 15, poisoned, ARRAY_SIZE(poisoned));
	fake_done(&f);
}

/* In the dump: left out, told in the header, and counted by itself. */
static void in_a_dump(void **state)
{
	struct disk *disk = disk_new(SIZE_MAX, -1);
	unsigned char page[4096];
	struct collect_result c;
	struct collect_request r;
	struct fake_pages p;
	struct source *s;
	struct dump *d;
	struct fake f;

	start(&f, &p);
	r = (struct collect_request){ .dump = f.dump, .kernel = f.k, .level = 16, .codec = &codec_lzo,
				      .drop_unused_map = true, .sink = &disk->sink };
	assert_ok(collect_run(&r, &c));
	assert_true(c.complete);
	assert_int_equal(c.counts.dropped[CLASS_UNUSED_MAP], 5);
	collect_result_done(&c);
	assert_int_equal(get_u32(disk->bytes + 424, false), 0x12); /* LZO, struct pages left out */
	assert_ok(source_open_memory("disk", disk->bytes, disk->len, &s));
	assert_ok(dump_open_source(s, &d));
	assert_int_equal(dump_read_page(d, p.array / 4096 + 7, page, NULL), PAGE_EXCLUDED);
	assert_int_equal(dump_read_page(d, p.array / 4096 + 5, page, NULL), PAGE_OK);
	dump_close(d);
	sink_close(&disk->sink);
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_pages_of_them),
		cmocka_unit_test(in_a_dump),
	};

	return cmocka_run_group_tests_name("unused_map", tests, NULL, NULL);
}
