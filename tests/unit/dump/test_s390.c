/* The reader of IBM Z stand-alone dumps: both forms, what is damaged, and what memory tells. */
#include "made.h"

/* VMCOREINFO note at 0x5000 behind the pointer at 0xe0c; two CPUs' prefix areas. */
#define MEMORY                                                                                  \
	"at 0xe0c x:0000000000005000\n"                                                         \
	"at 0x5000 x:0000000b0000001200000000+t:VMCOREINFO+z:2+t:OSRELEASE=6.1-test\n"          \
	"prefix 0 0x10000\nprefix 1 0x12000\n"                                                  \
	"at 0x11280 b:1:128+b:2:16+z:48+b:3:64\n"                                               \
	"at 0x13280 b:4:128+b:5:16+z:48+b:6:64\n"                                               \
	"at 0x100000 r:1:4096+r:2:4096\n"

static uint64_t reg_of(const struct dump *d, size_t note, const char *name)
{
	const struct arch_reg *r = arch_find_reg(d->arch, name);

	assert_non_null(r);
	return get_uint(d->notes[note].desc + d->arch->prstatus_regs + r->off, r->size, d->big);
}

static void check_notes(struct dump *d)
{
	assert_int_equal(d->nr_notes, 3);
	assert_int_equal(d->notes[0].desc_len, 336);
	assert_int_equal(get_u32(d->notes[1].desc + 32, true), 2);
	assert_int_equal(reg_of(d, 0, "r0"), 0x0101010101010101);
	assert_int_equal(reg_of(d, 0, "pswa"), 0x0202020202020202);
	assert_int_equal(reg_of(d, 0, "acr15"), 0x03030303);
	assert_int_equal(reg_of(d, 1, "r15"), 0x0404040404040404);
	assert_int_equal(reg_of(d, 1, "pswm"), 0x0505050505050505);
	assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1-test");
}

static void test_plain(void **state)
{
	struct image im = { 0 };
	/* 2009-02-13 23:31:30 */
	struct dump *d = open_made(make_s390,
				   "s390 plain\ntod 0xc3be585457880000\nmemory 0x200000\n" MEMORY,
				   &im);
	uint64_t off, n;

	assert_string_equal(d->format, "s390 stand-alone");
	assert_ptr_equal(d->arch, &arch_s390x);
	assert_true(d->big);
	assert_true(d->complete);
	assert_int_equal(d->page_size, 4096);
	assert_int_equal(d->max_pfn, 512);
	assert_int_equal(ranges_total(&d->memory), 512);
	assert_page(d, 256, PAGE_OK, "r:1:4096");
	assert_page(d, 257, PAGE_OK, "r:2:4096");
	assert_page(d, 511, PAGE_OK, "");
	assert_page(d, 512, PAGE_HOLE, "");
	assert_memory_equal(dump_map_phys(d, 0x100800, 4096), im.bytes + 4096 + 0x100800, 4096);
	assert_null(dump_map_phys(d, 0x1ff000, 4097));
	assert_true(dump_locate(d, 256, UINT64_MAX, &off, &n));
	assert_int_equal(off, 4096 + 0x100000);
	assert_int_equal(n, 256); /* the trailer is no page */
	assert_int_equal(d->timestamp, 1234567890);
	check_notes(d);
	dump_close(d);
	image_done(&im);
}

static void test_31_bit(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_s390,
				   "s390 plain\narch 1\nmemory 0x100000\nprefix 0 0x4000\n"
				   "at 0x4100 b:1:8\nat 0x4120 b:2:64\nat 0x4180 b:3:64\n",
				   &im);

	assert_ptr_equal(d->arch, &arch_s390);
	assert_false(d->is_64bit);
	assert_int_equal(d->nr_notes, 1);
	assert_int_equal(reg_of(d, 0, "pswa"), 0x01010101);
	assert_int_equal(reg_of(d, 0, "acr0"), 0x02020202);
	assert_int_equal(reg_of(d, 0, "r15"), 0x03030303);
	assert_null(d->vmcoreinfo);
	dump_close(d);
	image_done(&im);
}

static void test_plain_damaged(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_s390, "s390 plain\nmemory 0x100000\nno-trailer\n", &im);
	uint64_t off, n;

	assert_false(d->complete);
	assert_page(d, 255, PAGE_OK, "");
	dump_close(d);
	d = open_made(make_s390,
		      "s390 plain\nmemory 0x100000\nat 0x1000 b:1:4096\ncut 0x2800\n", &im);
	assert_false(d->complete);
	assert_page(d, 0, PAGE_OK, "");
	assert_page(d, 1, PAGE_LOST, "");
	assert_page(d, 255, PAGE_LOST, "");
	assert_true(dump_locate(d, 0, 10, &off, &n));
	assert_int_equal(n, 1);
	assert_false(dump_locate(d, 1, 10, &off, &n));
	dump_close(d);
	/* a trailer older than the dump belongs to the one before it */
	d = open_made(make_s390,
		      "s390 plain\nmemory 0x100000\ntod 0x8000000000000000\n"
		      "poke 0x101008 7000000000000000\n",
		      &im);
	assert_false(d->complete);
	dump_close(d);
	image_done(&im);
}

#define SEGMENTS                                                                                \
	"at 0x400000 v:1:0x280000\nat 0x700000 r:7:0x100000\n"                                  \
	"segment 0 0x200000\nsegment 0x400000 0x280000 packed raw=1\n"                          \
	"segment 0x700000 0x100000 packed\n"

static void check_segments(struct dump *d, const struct image *plain)
{
	unsigned char got[4096];

	for (unsigned i = 0; i < 4096; i++) {
		/* up and down, so that entries are packed out in any order */
		uint64_t pfn = i % 2 ? 4095 - i : i, pa = pfn * 4096;
		bool there = pa < 0x200000 || (pa >= 0x400000 && pa < 0x680000) ||
			     (pa >= 0x700000 && pa < 0x800000);
		enum page_answer answer = dump_read_page(d, pfn, got, NULL);

		assert_int_equal(answer, there ? PAGE_OK : PAGE_ZERO);
		assert_int_equal(dump_page_state(d, pfn), answer);
		assert_memory_equal(got, plain->bytes + 4096 + pa, 4096);
	}
}

static void test_extended(void **state)
{
	static const unsigned blocks[] = { 4096, 2048, 1024, 512 };
	struct image plain = { 0 };

	assert_ok(make_s390("s390 plain\n" MEMORY SEGMENTS, &plain));
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&text, "s390 extended\nblock %u\n" MEMORY SEGMENTS,
				     blocks[i]) > 0);
		d = open_made(make_s390, text, &im);
		assert_string_equal(d->format, "s390 stand-alone, extended");
		assert_true(d->complete);
		check_segments(d, &plain);
		check_notes(d);
		dump_close(d);
		image_done(&im);
	}
	image_done(&plain);
}

/* Small entries, so that a segment has many of them. */
static void test_entries(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_s390,
				   "s390 extended\nentrysize 8192\nat 0 v:1:0x100000\n"
				   "segment 0 0xff000 packed raw=5\n",
				   &im);
	unsigned char got[4096];
	struct strbuf want = { 0 };

	assert_ok(make_data("v:1:0x100000", 0, &want));
	for (unsigned i = 0; i < 255; i++) {
		uint64_t pfn = i * 91 % 255;

		assert_int_equal(dump_read_page(d, pfn, got, NULL), PAGE_OK);
		assert_memory_equal(got, want.s + pfn * 4096, 4096);
	}
	assert_page(d, 255, PAGE_ZERO, "");
	strbuf_done(&want);
	dump_close(d);
	image_done(&im);
}

static void test_extended_damaged(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_s390,
				   "s390 extended\n" SEGMENTS "no-stop\nno-trailer\n", &im);

	assert_false(d->complete);
	assert_page(d, 0x300, PAGE_ZERO, "");
	assert_page(d, 0x700, PAGE_OK, "r:7:4096");
	assert_page(d, 0x800, PAGE_LOST, "");
	dump_close(d);
	/* in the second segment's data */
	d = open_made(make_s390, "s390 extended\n" SEGMENTS "cut 0x204000\n", &im);
	assert_false(d->complete);
	assert_page(d, 0x1ff, PAGE_OK, "");
	assert_page(d, 0x400, PAGE_LOST, "");
	assert_page(d, 0x700, PAGE_LOST, "");
	dump_close(d);
	/* an entry that does not unpack costs its own memory only */
	d = open_made(make_s390,
		      "s390 extended\nat 0 v:1:0x300000\nsegment 0 0x300000 packed\n"
		      "poke 8200 ffffffffffff\n",
		      &im);
	assert_true(d->complete);
	assert_page(d, 3, PAGE_LOST, "");
	assert_int_equal(dump_page_state(d, 0x180), PAGE_OK);
	dump_close(d);
	/* an entry that points out of its segment */
	d = open_made(make_s390,
		      "s390 extended\nat 0 v:1:0x300000\nsegment 0 0x300000 packed\n"
		      "poke 4148 00ffffff\n",
		      &im);
	assert_page(d, 3, PAGE_LOST, "");
	dump_close(d);
	/* a segment that goes back, one that leaves memory */
	d = open_made(make_s390,
		      "s390 extended\nsegment 0x100000 0x100000\nsegment 0 0x100000\n", &im);
	assert_false(d->complete);
	assert_page(d, 0, PAGE_ZERO, "");
	assert_page(d, 0x200, PAGE_LOST, "");
	dump_close(d);
	d = open_made(make_s390, "s390 extended\nsegment 0 0x1000 length=0x2000000\n", &im);
	assert_false(d->complete);
	assert_page(d, 0, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
}

/* VMCOREINFO by struct os_info, where the pointer of old is not set. */
static void test_os_info(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_s390,
				   "s390 plain\nmemory 0x100000\nat 0xe18 x:0000000000008000\n"
				   "at 0x8000 x:4f53494e464f535a\n"
				   "at 0x8020 x:00000000000090000000000000000005\n"
				   "at 0x9000 t:A=12\\n\n",
				   &im);

	assert_string_equal(d->vmcoreinfo, "A=12\n");
	dump_close(d);
	/* pointers that lead out of memory cost the text, not the dump */
	d = open_made(make_s390,
		      "s390 plain\nmemory 0x100000\nat 0xe0c x:7fffffffffff0000\n"
		      "at 0xe18 x:fffffffffffff000\nprefix 0 0xfffff000\n",
		      &im);
	assert_null(d->vmcoreinfo);
	assert_int_equal(d->nr_notes, 0);
	assert_true(d->complete);
	dump_close(d);
	image_done(&im);
}

static void test_refused(void **state)
{
	assert_error(try_made(make_s390, "s390 plain\nmemory 4096\nmvdump 1\nvolume 2\n"),
		     ERROR_UNSUPPORTED, "volume 2 of a multi-volume");
	assert_error(try_made(make_s390, "s390 extended\nmemory 4096\npoke 0x200 a8190173618f23fe\n"),
		     ERROR_UNSUPPORTED, "zgetdump");
	assert_error(try_made(make_s390, "s390 plain\nmemory 4096\narch 3\n"), ERROR_UNSUPPORTED,
		     "architecture 3");
	assert_error(try_made(make_s390, "s390 plain\nmemory 4096\npagesize 8192\n"),
		     ERROR_BAD_DATA, "pages of 8192");
	assert_error(try_made(make_s390, "s390 plain\nmemory 4096\ncut 100\n"), ERROR_BAD_DATA,
		     "ends at 0x64");
	assert_error(try_made(make_s390, "s390 extended\nmemory 4096\npoke 0x62 00000fff\n"),
		     ERROR_BAD_DATA, "4095");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),	 cmocka_unit_test(test_31_bit),
		cmocka_unit_test(test_plain_damaged), cmocka_unit_test(test_extended),
		cmocka_unit_test(test_entries),	 cmocka_unit_test(test_extended_damaged),
		cmocka_unit_test(test_os_info),	 cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
