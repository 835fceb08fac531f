/* The LKCD reader: every version, width and byte order, disorder, and what is damaged. */
#include "made.h"

static const char *const orders[] = { "little", "big" };
static const unsigned versions[] = { 1, 2, 3, 5, 6, 7, 8, 9, 10 };

static const char body[] = "panic t:Oops:\\s0000\ntime 1000000000\n"
			   "uts release t:2.4.9-lkcd\nuts nodename t:host\n"
			   "page 1 packed data=b:7:1000+r:2:500+z:300+b:9:2000\n"
			   "page 2 data=r:3:4096\n"
			   "page 3 zero\n"
			   "page 4 packed data=z:4096\n"
			   "page 300 count=40 data=r:30:4096\n";

static void check_body(struct dump *d)
{
	for (int round = 0; round < 2; round++) {
		assert_page(d, 0, PAGE_HOLE, "");
		assert_page(d, 1, PAGE_OK, "b:7:1000+r:2:500+z:300+b:9:2000");
		assert_page(d, 2, PAGE_OK, "r:3:4096");
		assert_page(d, 3, PAGE_ZERO, "");
		assert_page(d, 4, PAGE_OK, "");
		assert_page(d, 5, PAGE_HOLE, "");
		assert_page(d, 300, PAGE_OK, "r:30:4096");
		assert_page(d, 339, PAGE_OK, "r:69:4096");
		assert_page(d, 318, PAGE_OK, "r:48:4096");
		assert_page(d, 319, PAGE_OK, "r:49:4096");
		assert_page(d, 317, PAGE_OK, "r:47:4096");
		assert_page(d, 340, PAGE_HOLE, "");
	}
}

static void test_every_layout(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions) * 4; i++) {
		unsigned version = versions[i / 4];
		bool wide = i & 2, gzip = version >= 5 && (i & 1);
		_cleanup_free_ char *text = NULL, *name = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&text,
				     "lkcd %u %d %s\ncompress %s\ntask 0xc1234000\n"
				     "buffer 262144\n%s",
				     version, wide ? 64 : 32, orders[i & 1],
				     gzip ? "gzip" : "rle", body) > 0);
		d = open_made(make_lkcd, text, &im);
		assert_true(asprintf(&name, "LKCD version %u", version) > 0);
		assert_string_equal(d->format, name);
		assert_ptr_equal(d->arch, wide ? &arch_x86_64 : &arch_i386);
		assert_int_equal(d->big, i & 1);
		assert_int_equal(d->page_size, 4096);
		assert_int_equal(d->max_pfn, 340);
		assert_true(d->complete);
		assert_string_equal(d->utsname.release, "2.4.9-lkcd");
		assert_string_equal(d->utsname.nodename, "host");
		assert_string_equal(d->panic_text, "Oops: 0000");
		assert_int_equal(d->timestamp, 1000000000);
		assert_int_equal(d->panic_task, version > 1 ? 0xc1234000 : 0);
		assert_int_equal(d->memory.n, 2);
		assert_int_equal(ranges_total(&d->memory), 44);
		check_body(d);
		dump_close(d);
		image_done(&im);
	}
}

/* Records in no order, and pages that come twice: the first one in the file counts. */
static void test_unsorted(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 8 64 little\n"
				   "page 90 data=r:90:4096\n"
				   "page 20 count=20 data=r:20:4096\n"
				   "page 30 count=4 data=b:1:4096\n"
				   "page 5 data=r:5:4096\n"
				   "page 38 count=10 data=r:1038:4096\n"
				   "page 90 data=b:2:4096\n"
				   "page 88 count=4 data=r:1088:4096\n",
				   &im);

	assert_true(d->complete);
	assert_int_equal(d->memory.n, 3);
	for (int round = 0; round < 2; round++) {
		assert_page(d, 5, PAGE_OK, "r:5:4096");
		assert_page(d, 30, PAGE_OK, "r:30:4096");
		assert_page(d, 33, PAGE_OK, "r:33:4096");
		assert_page(d, 39, PAGE_OK, "r:39:4096");
		assert_page(d, 40, PAGE_OK, "r:1040:4096");
		assert_page(d, 47, PAGE_OK, "r:1047:4096");
		assert_page(d, 48, PAGE_HOLE, "");
		assert_page(d, 88, PAGE_OK, "r:1088:4096");
		assert_page(d, 89, PAGE_OK, "r:1089:4096");
		assert_page(d, 90, PAGE_OK, "r:90:4096");
		assert_page(d, 91, PAGE_OK, "r:1091:4096");
	}
	dump_close(d);
	image_done(&im);
}

/* Every order of asking gets the same bytes, whatever was found before. */
static void test_any_order(void **state)
{
	struct image im = { 0 };
	struct dump *d;
	struct strbuf text = { 0 };
	uint32_t x = 1;

	strbuf_puts(&text, "lkcd 8 64 little\n");
	for (unsigned i = 0; i < 60; i++) {
		x = x * 1664525 + 1013904223;
		strbuf_printf(&text, "page %u count=%u data=r:%u:4096\n", x >> 24, (x >> 8) % 40,
			      i * 1000);
	}
	d = open_made(make_lkcd, strbuf_str(&text), &im);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned char got[8], want[8] = { 0 };
		uint64_t off, pfn;
		enum page_answer answer = PAGE_HOLE;
		unsigned char page[4096];

		x = x * 1664525 + 1013904223;
		pfn = i % 3 ? (i / 3 * 7) % 300 : x >> 23;
		/* the first record of the page, by a walk of the test's own */
		for (off = 65536; answer == PAGE_HOLE && !(get_u32(im.bytes + off + 12, false) & 4);
		     off += 16 + 4096)
			if (get_u64(im.bytes + off, false) == pfn * 4096) {
				memcpy(want, im.bytes + off + 16, 8);
				answer = PAGE_OK;
			}
		memset(got, 0, sizeof(got));
		assert_int_equal(dump_read_page(d, pfn, page, NULL), answer);
		if (answer == PAGE_OK)
			memcpy(got, page, 8);
		assert_memory_equal(got, want, 8);
	}
	dump_close(d);
	image_done(&im);
	strbuf_done(&text);
}

/* A lower level leaves pages out on purpose; a long gap is a hole of the machine all the same. */
static void test_levels(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 7 32 little\nlevel 4\n"
				   "page 10 data=b:1:4096\npage 20 data=b:2:4096\n"
				   "page 600000 data=b:3:4096\n",
				   &im);

	assert_page(d, 9, PAGE_HOLE, "");
	assert_page(d, 11, PAGE_EXCLUDED, "");
	assert_page(d, 21, PAGE_HOLE, "");
	assert_page(d, 600000, PAGE_OK, "b:3:4096");
	assert_int_equal(ranges_total(&d->memory), 12);
	dump_close(d);
	/* the old numbers: 4 is everything, 2 the kernel */
	d = open_made(make_lkcd,
		      "lkcd 2 32 little\nlevel 2\npage 10 data=b:1:4096\npage 20 data=b:2:4096\n",
		      &im);
	assert_page(d, 11, PAGE_EXCLUDED, "");
	dump_close(d);
	image_done(&im);
}

static void test_cut_off(void **state)
{
	static const char text[] = "lkcd 8 64 little\nmemory 0 0 0x100000\n"
				   "page 10 count=20 data=r:10:4096\n%s%s";
	_cleanup_free_ char *bytes = NULL, *no_end = NULL, *unsorted = NULL;
	struct image im = { 0 };
	struct dump *d;
	struct error *why;
	unsigned char buf[4096];

	/* inside the tenth record */
	assert_true(asprintf(&bytes, text, "cut 110000\n", "") > 0);
	d = open_made(make_lkcd, bytes, &im);
	assert_false(d->complete);
	assert_page(d, 19, PAGE_OK, "r:19:4096");
	assert_page(d, 20, PAGE_LOST, "");
	assert_page(d, 29, PAGE_LOST, "");
	assert_page(d, 9, PAGE_HOLE, ""); /* pages came in order: it was not there */
	assert_page(d, 255, PAGE_LOST, "");
	assert_page(d, 256, PAGE_HOLE, "");
	assert_int_equal(dump_read_page(d, 200, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "no end record"));
	error_free(why);
	dump_close(d);
	/* only the end record is missing */
	assert_true(asprintf(&no_end, text, "no-end\n", "") > 0);
	d = open_made(make_lkcd, no_end, &im);
	assert_false(d->complete);
	assert_page(d, 29, PAGE_OK, "r:29:4096");
	assert_page(d, 30, PAGE_LOST, "");
	dump_close(d);
	/* pages in no order: any of them may have been to come */
	assert_true(asprintf(&unsorted, text, "page 5 data=b:1:4096\n", "no-end\n") > 0);
	d = open_made(make_lkcd, unsorted, &im);
	assert_page(d, 7, PAGE_LOST, "");
	assert_page(d, 4, PAGE_HOLE, "");
	dump_close(d);
	/* before the first record */
	d = open_made(make_lkcd, "lkcd 8 64 little\ncut 1000\n", &im);
	assert_false(d->complete);
	assert_int_equal(d->max_pfn, 0);
	dump_close(d);
	image_done(&im);
}

/* Other writers' ends: zfcpdump's 0, 4, 0, and vmconvert's last page twice. */
static void test_odd_ends(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 8 64 big\nuts machine t:s390x\npage 1 data=b:1:4096\n"
				   "raw x:00000000000000000000000400000000\nno-end\n",
				   &im);

	assert_true(d->complete);
	assert_ptr_equal(d->arch, &arch_s390x);
	dump_close(d);
	d = open_made(make_lkcd,
		      "lkcd 8 64 big\nuts machine t:s390x\npage 1 data=b:1:4096\n"
		      "page 2 data=b:2:4096\npage 2 data=b:2:4096\nno-end\n",
		      &im);
	assert_true(d->complete);
	assert_page(d, 2, PAGE_OK, "b:2:4096");
	dump_close(d);
	image_done(&im);
}

static void test_bad_pages(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 8 64 little\ncompress gzip\n"
				   "page 1 stored=r:1:4000\n"
				   "page 2 stored=r:1:700 flags=2\n"
				   "page 3 packed data=v:3:4096\n"
				   "page 4 stored=x:789c030000000001 flags=2\n"
				   "page 5 address=0x5001 data=b:5:4096\n"
				   "page 6 address=0xffffffffffff0000 data=b:5:4096\n"
				   "page 7 data=b:7:4096\n",
				   &im);
	struct error *why;
	unsigned char buf[4096];

	assert_false(d->complete); /* two records cannot be true */
	assert_page(d, 1, PAGE_LOST, "");
	assert_page(d, 2, PAGE_LOST, "");
	assert_page(d, 3, PAGE_OK, "v:3:4096");
	assert_page(d, 4, PAGE_LOST, "");
	assert_page(d, 5, PAGE_HOLE, "");
	assert_page(d, 7, PAGE_OK, "b:7:4096");
	assert_int_equal(dump_read_page(d, 1, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "page 0x1: a raw page of 4000 bytes"));
	error_free(why);
	assert_int_equal(dump_read_page(d, 1, buf, NULL), PAGE_LOST);
	dump_close(d);
	/* lengths that lead nowhere end the walk */
	d = open_made(make_lkcd,
		      "lkcd 8 64 little\npage 1 data=b:1:4096\n"
		      "page 2 size=0x7fffffff data=b:2:4096\npage 3 data=b:3:4096\n",
		      &im);
	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "b:1:4096");
	assert_page(d, 2, PAGE_HOLE, "");
	dump_close(d);
	/* packed by nothing */
	d = open_made(make_lkcd,
		      "lkcd 8 64 little\ncompress none\npage 1 stored=r:1:700 flags=2\n", &im);
	assert_page(d, 1, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
}

/* Mission Critical Linux: page numbers for addresses; an index of offsets behind the header. */
static void test_vendor(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 5 32 little\nvendor 0x40000000\narch z:32768\n"
				   "page 100 count=5 packed data=v:9:4096\n",
				   &im);

	assert_string_equal(d->format, "LKCD version 5");
	assert_page(d, 104, PAGE_OK, "v:13:4096");
	assert_int_equal(d->max_pfn, 105);
	dump_close(d);
	image_done(&im);
}

static void test_live_and_virtual(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 1 32 little\nlive\n"
				   "page 0xc0000 count=3 data=r:1:4096\n",
				   &im);

	assert_string_equal(d->format, "LKCD version 1, live");
	assert_page(d, 0, PAGE_OK, "r:1:4096");
	assert_page(d, 2, PAGE_OK, "r:3:4096");
	assert_int_equal(d->max_pfn, 3);
	dump_close(d);
	image_done(&im);
}

static uint64_t reg_of(const struct dump *d, size_t note, const char *name)
{
	const struct arch_reg *r = arch_find_reg(d->arch, name);

	assert_non_null(r);
	return get_uint(d->notes[note].desc + d->arch->prstatus_regs + r->off, r->size, d->big);
}

/* The header of the architecture: 4 possible CPUs, 2 of them there. */
static void test_cpus(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(
		make_lkcd,
		"lkcd 8 64 little\n"
		/* magic, version, length = 192 + 4 * 192, registers, counts */
		"arch x:addeadde0000000002000000c0030000+r:1:168+x:0200000000000000+"
		/* registers of four, tasks of four, stacks, stack pointers */
		"b:1:168+b:2:168+b:3:336+x:0010000000c9ffff0020000000c9ffff+z:80\n"
		"page 1 data=b:1:4096\n",
		&im);

	assert_int_equal(d->nr_notes, 2);
	assert_string_equal(d->notes[1].name, "CORE");
	assert_int_equal(d->notes[1].desc_len, arch_x86_64.prstatus_size);
	assert_int_equal(reg_of(d, 0, "rip"), 0x0101010101010101);
	assert_int_equal(reg_of(d, 1, "rsp"), 0x0202020202020202);
	assert_int_equal(reg_of(d, 1, "fs_base"), 0);
	assert_int_equal(d->nr_cpu_tasks, 2);
	assert_int_equal(d->cpu_tasks[1], 0xffffc90000002000);
	dump_close(d);
	/* i386 of before: one CPU, without fs and gs */
	d = open_made(make_lkcd,
		      "lkcd 7 32 little\n"
		      "arch x:addeadde000000000500000078000000+z:8+b:1:36+b:2:24+z:36\n"
		      "page 1 data=b:1:4096\n",
		      &im);
	assert_int_equal(d->nr_notes, 1);
	assert_int_equal(reg_of(d, 0, "es"), 0x01010101);
	assert_int_equal(reg_of(d, 0, "fs"), 0);
	assert_int_equal(reg_of(d, 0, "orig_eax"), 0x02020202);
	assert_int_equal(reg_of(d, 0, "ss"), 0x02020202);
	assert_int_equal(d->nr_cpu_tasks, 0);
	dump_close(d);
	/* a length that reaches into the records */
	d = open_made(make_lkcd,
		      "lkcd 8 64 little\narch x:addeadde0000000002000000ffff0f00\n"
		      "page 1 data=b:1:4096\n",
		      &im);
	assert_int_equal(d->nr_notes, 0);
	dump_close(d);
	image_done(&im);
}

/* zfcpdump's: registers in the prefix areas that the header names, VMCOREINFO in memory. */
static void test_s390x(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(
		make_lkcd,
		"lkcd 8 64 big\nuts machine t:s390x\ncompress gzip\n"
		/* "s390-dum", version, length, two CPUs, their prefix areas: 0x4000 and nowhere */
		"arch x:733339302d64756d00000001000008140002000200004000+x:00900000+z:2040\n"
		"page 0 packed data=z:0xe0c+x:0000000000002000\n"
		"page 2 packed data=x:0000000b0000000600000000+t:VMCOREINFO+z:2+t:A=12\\n\n"
		"page 5 packed data=z:0x280+b:1:128+b:2:16+z:48+b:3:64\n",
		&im);

	assert_ptr_equal(d->arch, &arch_s390x);
	assert_true(d->complete);
	assert_int_equal(d->nr_notes, 2);
	assert_int_equal(reg_of(d, 0, "r15"), 0x0101010101010101);
	assert_int_equal(reg_of(d, 0, "pswa"), 0x0202020202020202);
	assert_int_equal(reg_of(d, 0, "acr7"), 0x03030303);
	assert_string_equal(d->notes[1].name, "VMCOREINFO");
	assert_string_equal(d->vmcoreinfo, "A=12\n");
	dump_close(d);
	image_done(&im);
}

static void test_large_pages(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_lkcd,
				   "lkcd 9 64 little\nuts machine t:ia64\npagesize 16384\n"
				   "compress gzip\nbuffer 131072\n"
				   "page 7 count=3 packed data=v:7:16384\n"
				   "page 20 data=r:1:16384\n",
				   &im);

	assert_ptr_equal(d->arch, &arch_ia64);
	assert_int_equal(d->page_size, 16384);
	assert_page(d, 8, PAGE_OK, "v:8:16384");
	assert_page(d, 20, PAGE_OK, "r:1:16384");
	dump_close(d);
	image_done(&im);
}

static void test_refused(void **state)
{
	assert_error(try_made(make_lkcd, "lkcd 4 32 little\n"), ERROR_UNSUPPORTED, "version 4");
	assert_error(try_made(make_lkcd, "lkcd 11 64 little\n"), ERROR_UNSUPPORTED, "version 11");
	assert_error(try_made(make_lkcd, "lkcd 8 64 little\nuts machine t:pdp11\n"),
		     ERROR_UNSUPPORTED, "pdp11");
	assert_error(try_made(make_lkcd, "lkcd 8 64 little\npagesize 4095\n"), ERROR_BAD_DATA,
		     "4095");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_layout), cmocka_unit_test(test_unsorted),
		cmocka_unit_test(test_any_order),    cmocka_unit_test(test_levels),
		cmocka_unit_test(test_cut_off),	     cmocka_unit_test(test_odd_ends),
		cmocka_unit_test(test_bad_pages),    cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_live_and_virtual), cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_s390x),	     cmocka_unit_test(test_large_pages),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
