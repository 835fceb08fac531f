/* The kdump-compressed reader: every layout, version, codec, and what is damaged. */
#include "made.h"

static const char *const layouts[] = { "lp64", "ilp32", "ilp32-time64", "i386-time64" };
static const char *const orders[] = { "little", "big" };

static const char body[] = "level 31\nphysbase 0x1000000\ncpus 2\n"
			   "uts release t:6.1.0-test\nuts sysname t:Linux\n"
			   "note CORE 1 z:300\n"
			   "note VMCOREINFO 0 t:OSRELEASE=6.1.0-test\\nPAGESIZE=4096\\n\n"
			   "page 1 codec=zlib data=v:1:4096\n"
			   "page 2 codec=lzo data=b:7:1000+r:2:500+b:9:2000\n"
			   "page 3 codec=snappy data=r:3:900+z:99+r:3:900\n"
			   "page 4 codec=zstd data=v:4:4096\n"
			   "page 5 data=r:5:4096\n"
			   "page 6 zero\n"
			   "page 9 zero\n"
			   "exists 10 100\n"
			   "page 40000 codec=lzo data=t:far\n";

static void check_body(struct dump *d)
{
	for (int round = 0; round < 2; round++) {
		assert_page(d, 0, PAGE_HOLE, "");
		assert_page(d, 1, PAGE_OK, "v:1:4096");
		assert_page(d, 2, PAGE_OK, "b:7:1000+r:2:500+b:9:2000");
		assert_page(d, 3, PAGE_OK, "r:3:900+z:99+r:3:900");
		assert_page(d, 4, PAGE_OK, "v:4:4096");
		assert_page(d, 5, PAGE_OK, "r:5:4096");
		assert_page(d, 6, PAGE_ZERO, "");
		assert_page(d, 9, PAGE_ZERO, "");
		assert_page(d, 10, PAGE_EXCLUDED, "");
		assert_page(d, 109, PAGE_EXCLUDED, "");
		assert_page(d, 110, PAGE_HOLE, "");
		assert_page(d, 40000, PAGE_OK, "t:far");
		assert_page(d, 40001, PAGE_HOLE, "");
	}
	/* now that it was met, no page data need be read for it */
	assert_int_equal(dump_page_state(d, 6), PAGE_ZERO);
}

static void test_every_layout(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts) * 2 * 7; i++) {
		const char *layout = layouts[i / 14], *order = orders[i / 7 % 2];
		unsigned version = i % 7;
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&text, "kdump %s %s\nversion %u\n%s", layout, order,
				     version, body) > 0);
		d = open_made(make_kdump, text, &im);
		assert_string_equal(d->format, "kdump-compressed");
		assert_ptr_equal(d->arch, i / 14 ? &arch_i386 : &arch_x86_64);
		assert_int_equal(d->big, i / 7 % 2);
		assert_int_equal(d->max_pfn, 40001);
		assert_int_equal(d->page_size, 4096);
		assert_int_equal(d->phys_base, 0x1000000);
		assert_int_equal(d->dump_level, version >= 1 ? 31 : -1);
		assert_true(d->complete);
		assert_string_equal(d->utsname.release, "6.1.0-test");
		assert_string_equal(d->utsname.sysname, "Linux");
		assert_int_equal(d->nr_notes, version >= 4 ? 2 : 0);
		if (version >= 3)
			assert_string_equal(d->vmcoreinfo,
					    "OSRELEASE=6.1.0-test\nPAGESIZE=4096\n");
		else
			assert_null(d->vmcoreinfo);
		assert_int_equal(d->memory.n, 3);
		assert_int_equal(ranges_total(&d->memory), 108);
		check_body(d);
		dump_close(d);
		image_done(&im);
	}
}

/* QEMU writes packed sub headers for all 32-bit guests, whatever the compiler would do. */
static void test_packed_sub_header(void **state)
{
	struct image im = { 0 };
	struct dump *d;

	d = open_made(make_kdump,
		      "kdump ilp32-time64 big\nsub packed\nlevel 1\n"
		      "note CORE 1 z:144\nnote VMCOREINFO 0 t:a=b\npage 7 data=r:1:4096\n",
		      &im);
	assert_int_equal(d->max_pfn, 8);
	assert_int_equal(d->nr_notes, 2);
	assert_string_equal(d->vmcoreinfo, "a=b");
	assert_page(d, 7, PAGE_OK, "r:1:4096");
	dump_close(d);
	image_done(&im);
}

static void test_snappy_page(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\nuts machine t:aarch64\nblock 65536\n"
				   "page 3 codec=snappy data=r:1:500+z:9000+r:1:500+b:7:50000\n"
				   "page 4 packed=x:00 flags=4\n"
				   "page 5 packed=x:8080040061feffff flags=4\n",
				   &im);

	assert_int_equal(d->page_size, 65536);
	assert_ptr_equal(d->arch, &arch_aarch64);
	assert_page(d, 3, PAGE_OK, "r:1:500+z:9000+r:1:500+b:7:50000");
	assert_page(d, 4, PAGE_LOST, "");
	assert_page(d, 5, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
}

/* Pages are found by rank across many bitmap blocks, in any order of asking. */
static void test_rank(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\n"
				   "page 0 count=3 data=r:0:4096\n"
				   "page 32767 count=2 data=r:100:4096\n"
				   "page 65535 data=r:200:4096\n"
				   "exists 65536 10\n"
				   "page 300000 count=20 data=r:300:4096\n",
				   &im);

	assert_page(d, 300019, PAGE_OK, "r:319:4096");
	assert_page(d, 0, PAGE_OK, "r:0:4096");
	assert_page(d, 32768, PAGE_OK, "r:101:4096");
	assert_page(d, 32767, PAGE_OK, "r:100:4096");
	assert_page(d, 65535, PAGE_OK, "r:200:4096");
	assert_page(d, 65536, PAGE_EXCLUDED, "");
	assert_page(d, 300007, PAGE_OK, "r:307:4096");
	assert_page(d, 2, PAGE_OK, "r:2:4096");
	assert_int_equal(d->memory.n, 4);
	assert_int_equal(d->memory.v[2].start, 65535);
	assert_int_equal(d->memory.v[2].end, 65546);
	dump_close(d);
	image_done(&im);
}

static void test_one_bitmap(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\nversion 1\none-bitmap\n"
				   "page 2 data=r:1:4096\npage 5 data=r:2:4096\n",
				   &im);

	assert_page(d, 2, PAGE_OK, "r:1:4096");
	assert_page(d, 3, PAGE_HOLE, "");
	assert_page(d, 5, PAGE_OK, "r:2:4096");
	dump_close(d);
	image_done(&im);
}

/* Every descriptor that cannot be true costs its own page and no other. */
static void test_bad_descriptors(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\n"
				   "page 0 lost\n"
				   "page 1 data=r:1:4096 off=0xfffffffffffff000\n"
				   "page 2 data=r:1:4096 size=4095\n"
				   "page 3 data=r:1:4096 size=0xffffffff\n"
				   "page 4 data=r:1:4096 off=4096\n"
				   "page 5 data=r:1:4096 flags=0x40\n"
				   "page 6 data=r:1:4096 flags=1\n"
				   "page 7 packed=r:9:700 flags=0x20\n"
				   "page 8 packed=r:9:700 flags=2\n"
				   "page 9 codec=zlib data=v:9:4096\n",
				   &im);
	struct error *why = NULL;
	unsigned char buf[4096];

	for (uint64_t pfn = 0; pfn < 9; pfn++)
		assert_page(d, pfn, PAGE_LOST, "");
	assert_page(d, 9, PAGE_OK, "v:9:4096");
	assert_int_equal(dump_read_page(d, 2, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "page 0x2"));
	error_free(why);
	assert_int_equal(dump_read_page(d, 7, buf, NULL), PAGE_LOST);
	dump_close(d);
	image_done(&im);
}

static void test_cut_off(void **state)
{
	static const char text[] = "kdump lp64 little\nlevel 31\nnote VMCOREINFO 0 t:a=b\n"
				   "page 0 count=1000 data=r:0:4096\ncut %u\n";
	const unsigned descs = 4 * 4096, data = descs + 1000 * 24;
	struct image im = { 0 };
	struct dump *d;
	char cut[200];

	/* nothing missing; then in the data, the descriptors, the bitmaps, the headers */
	snprintf(cut, sizeof(cut), text, data + 1000 * 4096);
	d = open_made(make_kdump, cut, &im);
	assert_true(d->complete);
	assert_page(d, 999, PAGE_OK, "r:999:4096");
	dump_close(d);
	snprintf(cut, sizeof(cut), text, data + 500 * 4096 + 1);
	d = open_made(make_kdump, cut, &im);
	assert_false(d->complete);
	assert_page(d, 499, PAGE_OK, "r:499:4096");
	assert_page(d, 500, PAGE_LOST, "");
	dump_close(d);
	snprintf(cut, sizeof(cut), text, descs + 240);
	d = open_made(make_kdump, cut, &im);
	assert_false(d->complete);
	assert_page(d, 3, PAGE_LOST, "");
	assert_page(d, 700, PAGE_LOST, "");
	dump_close(d);
	snprintf(cut, sizeof(cut), text, 3 * 4096 + 10);
	d = open_made(make_kdump, cut, &im);
	assert_false(d->complete);
	assert_string_equal(d->vmcoreinfo, "a=b");
	assert_page(d, 700, PAGE_EXCLUDED, "");
	dump_close(d);
	/* the very last pages are the shared one, which is still there */
	d = open_made(make_kdump,
		      "kdump lp64 little\npage 0 count=10 data=r:0:4096\n"
		      "page 10 count=500 zero\ncut 60000\n",
		      &im);
	assert_false(d->complete);
	assert_page(d, 400, PAGE_ZERO, "");
	assert_page(d, 9, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
	snprintf(cut, sizeof(cut), text, 300);
	assert_error(try_made(make_kdump, cut), ERROR_BAD_DATA, "ends at 0x12c");
}

static void test_marks(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\nstatus 0x29\n"
				   "page 1 data=r:1:4096\n",
				   &im);

	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	dump_close(d);
	d = open_made(make_kdump,
		      "kdump lp64 little\nuts nodename x:1b5b324a41ff42\n"
		      "page 1 data=r:1:4096\n",
		      &im);
	assert_string_equal(d->utsname.nodename, "?[2JA?B");
	dump_close(d);
	image_done(&im);
}

static void test_split_part(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump lp64 little\nsplit 100 200\nexists 500\n"
				   "page 50 count=100 data=r:0:4096\n"
				   "page 180 count=100 data=r:500:4096\n",
				   &im);

	assert_false(d->complete); /* a part of a whole */
	assert_int_equal(d->max_pfn, 501);
	assert_page(d, 99, PAGE_LOST, "");
	assert_page(d, 100, PAGE_OK, "r:50:4096");
	assert_page(d, 149, PAGE_OK, "r:99:4096");
	assert_page(d, 150, PAGE_HOLE, "");
	assert_page(d, 199, PAGE_OK, "r:519:4096");
	assert_page(d, 200, PAGE_LOST, "");
	assert_page(d, 500, PAGE_EXCLUDED, "");
	dump_close(d);
	image_done(&im);
}

/* Dumps of every machine, with the largest pages that it has. */
static void test_every_machine(void **state)
{
	for (const struct arch *const *p = arches; *p; p++) {
		const struct arch *a = *p;
		uint32_t block = MIN(1u << (31 - __builtin_clz(a->page_sizes)), 65536u);
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&text,
				     "kdump %s %s\nuts machine t:%s\nblock %u\nnote CORE 1 z:%u\n"
				     "note VMCOREINFO 0 t:A=1\n"
				     "page 1 codec=zlib data=v:1:%u\n",
				     a->is_64bit ? "lp64" : "ilp32", a->maybe_big ? "big" : "little",
				     a->name, block, a->prstatus_size, block) > 0);
		d = open_made(make_kdump, text, &im);
		assert_ptr_equal(d->arch, a);
		assert_int_equal(d->is_64bit, a->is_64bit);
		assert_int_equal(d->page_size, block);
		assert_int_equal(d->nr_notes, 2);
		assert_string_equal(d->vmcoreinfo, "A=1");
		free(text);
		text = NULL;
		assert_true(asprintf(&text, "v:1:%u", block) > 0);
		assert_page(d, 1, PAGE_OK, text);
		dump_close(d);
		image_done(&im);
	}
}

/* 32-bit Arm: makedumpfile counts page frames from the start of RAM, QEMU from 0. */
static void test_arm_counts_from_ram(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "kdump ilp32-time64 little\nuts machine t:armv7l\n"
				   "physbase 0x60000000\npage 0 data=r:1:4096\nexists 1\n"
				   "page 5 codec=zlib data=v:2:4096\npage 9 lost\npage 99 data=r:3:4096\n",
				   &im);
	struct error *why;
	unsigned char buf[4096];

	assert_int_equal(d->max_pfn, 0x60064);
	assert_int_equal(d->memory.v[0].start, 0x60000);
	assert_int_equal(d->memory.v[0].end, 0x60002);
	assert_page(d, 0, PAGE_HOLE, "");
	assert_page(d, 0x60000, PAGE_OK, "r:1:4096");
	assert_page(d, 0x60001, PAGE_EXCLUDED, "");
	assert_page(d, 0x60002, PAGE_HOLE, "");
	assert_page(d, 0x60005, PAGE_OK, "v:2:4096");
	assert_page(d, 0x60063, PAGE_OK, "r:3:4096");
	assert_page(d, 0x60064, PAGE_HOLE, "");
	assert_int_equal(dump_read_page(d, 0x60009, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "page 0x60009"));
	error_free(why);
	dump_close(d);
	d = open_made(make_kdump,
		      "kdump ilp32 little\nuts machine t:armv7l\nphysbase 0x60000000\n"
		      "page 0x60000 data=r:1:4096\npage 0x60005 data=r:2:4096\n",
		      &im);
	assert_page(d, 0x60005, PAGE_OK, "r:2:4096");
	assert_page(d, 0xc0005, PAGE_HOLE, "");
	dump_close(d);
	/* other machines' phys_base is another thing */
	d = open_made(make_kdump,
		      "kdump lp64 little\nphysbase 0x1000000\npage 1 data=r:1:4096\n", &im);
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	dump_close(d);
	image_done(&im);
}

static uint64_t reg_of(const struct dump *d, const char *name)
{
	const struct arch_reg *r = arch_find_reg(d->arch, name);

	return get_uint(d->notes[0].desc + d->arch->prstatus_regs + r->off, r->size, d->big);
}

/* The original diskdump, in both widths and byte orders. */
static void test_diskdump(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(asprintf(&text,
				     "diskdump %s %s\nversion %zu\nstatus 8\ncpu 1\n"
				     "task 0xc1000000\ntask 0xc2000000\ntask 0xc3000000\n"
				     "regs b:1:68+b:2:148\nuts release t:2.4.21-27.EL\n"
				     "page 1 lost\npage 2 codec=zlib data=v:1:4096\npage 3 data=r:3:4096\n"
				     "exists 4\n",
				     layouts[i / 2], orders[i % 2], i / 2) > 0);
		d = open_made(make_kdump, text, &im);
		assert_string_equal(d->format, "diskdump");
		assert_ptr_equal(d->arch, i / 2 ? &arch_i386 : &arch_x86_64);
		assert_int_equal(d->big, i % 2);
		assert_true(d->complete); /* 8 is what marks its successor's incomplete dumps */
		assert_int_equal(d->dump_level, -1);
		assert_int_equal(d->phys_base, 0);
		assert_string_equal(d->utsname.release, "2.4.21-27.EL");
		assert_int_equal(d->nr_cpu_tasks, 3);
		assert_int_equal(d->cpu_tasks[2], 0xc3000000);
		assert_int_equal(d->panic_task, 0xc2000000);
		assert_int_equal(d->nr_notes, 1);
		assert_int_equal(get_u32(d->notes[0].desc + (i / 2 ? 24 : 32), d->big), 2);
		if (i / 2)
			assert_int_equal(reg_of(d, "ss"), 0x01010101);
		else
			assert_int_equal(reg_of(d, "gs"), 0x0202020202020202);
		assert_null(d->vmcoreinfo);
		assert_page(d, 0, PAGE_HOLE, "");
		assert_page(d, 2, PAGE_OK, "v:1:4096");
		assert_page(d, 3, PAGE_OK, "r:3:4096");
		assert_page(d, 4, PAGE_EXCLUDED, "");
		assert_page(d, 1, PAGE_LOST, "");
		dump_close(d);
		image_done(&im);
	}
}

static void test_diskdump_odd(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_kdump,
				   "diskdump lp64 little\nversion 0\nstatus 1\ncpus 100000\ncpu 9\n"
				   "page 1 data=r:1:4096\n",
				   &im);

	assert_false(d->complete);
	assert_int_equal(d->nr_cpu_tasks, (4096 - 464) / 8); /* no more than the block has */
	assert_int_equal(d->panic_task, 0);
	assert_int_equal(d->nr_notes, 0); /* no registers: all zero */
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	dump_close(d);
	image_done(&im);
	assert_error(try_made(make_kdump, "diskdump lp64 little\npage 1\npoke 0 6469736b64756d70\n"),
		     ERROR_UNSUPPORTED, "partition");
}

static void test_refused(void **state)
{
	assert_error(try_made(make_kdump, "kdump lp64 little\nuts machine t:pdp11\npage 1\n"),
		     ERROR_UNSUPPORTED, "pdp11");
	assert_error(try_made(make_kdump, "kdump lp64 little\nblock 4096\npage 1\n"
					  "poke 428 01000000\n"),
		     ERROR_BAD_DATA, "no sense");
	/* more pages than the bitmaps hold */
	assert_error(try_made(make_kdump, "kdump lp64 little\npage 1\npoke 4192 0000000001\n"),
		     ERROR_BAD_DATA, "bitmaps");
	assert_error(try_made(make_kdump, "kdump lp64 little\npage 1\n"
					  "poke 4192 00000000ffffff00\n"),
		     ERROR_BAD_DATA, "page frames");
	assert_error(try_made(make_kdump, "kdump lp64 little\nsplit 9 3\npage 20\n"),
		     ERROR_BAD_DATA, "split part");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_layout), cmocka_unit_test(test_packed_sub_header),
		cmocka_unit_test(test_snappy_page),  cmocka_unit_test(test_rank),
		cmocka_unit_test(test_one_bitmap),   cmocka_unit_test(test_bad_descriptors),
		cmocka_unit_test(test_cut_off),	     cmocka_unit_test(test_marks),
		cmocka_unit_test(test_every_machine), cmocka_unit_test(test_arm_counts_from_ram),
		cmocka_unit_test(test_split_part),   cmocka_unit_test(test_diskdump),
		cmocka_unit_test(test_diskdump_odd), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
