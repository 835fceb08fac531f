/* The sadump reader: single partition, disk set, media backup, CPU states, damage. */
#include "made.h"

#define BODY                                                                                   \
	"time 2024 3 1 12 30 5 -540\n"                                                         \
	"page 1 count=2 data=r:1:4096\n"                                                       \
	"ram 5\nram 7 20\n"                                                                    \
	"page 8 data=r:8:4096\n"                                                               \
	"page 70 count=3 data=r:70:4096\n"                                                     \
	"page 40000 data=r:99:4096\n"

static void check_body(struct dump *d)
{
	assert_page(d, 0, PAGE_HOLE, "");
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	assert_page(d, 2, PAGE_OK, "r:2:4096");
	assert_page(d, 3, PAGE_HOLE, "");
	assert_page(d, 5, PAGE_ZERO, "");
	assert_page(d, 6, PAGE_HOLE, "");
	assert_page(d, 7, PAGE_ZERO, "");
	assert_page(d, 8, PAGE_OK, "r:8:4096");
	assert_page(d, 26, PAGE_ZERO, "");
	assert_page(d, 27, PAGE_HOLE, "");
	assert_page(d, 70, PAGE_OK, "r:70:4096");
	assert_page(d, 72, PAGE_OK, "r:72:4096");
	assert_page(d, 40000, PAGE_OK, "r:99:4096");
	assert_page(d, 40001, PAGE_HOLE, "");
	assert_int_equal(d->max_pfn, 40001);
	assert_int_equal(ranges_total(&d->memory), 2 + 1 + 20 + 3 + 1);
	assert_int_equal(d->memory.n, 5);
}

static void test_single_and_media(void **state)
{
	static const char *const heads[] = {
		"sadump single\n", "sadump media\n", "sadump single\nversion 0\n",
		"sadump media\nversion 9\n", "sadump single\nno-cpus\n"};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		_cleanup_free_ char *text = NULL;
		struct image im = {0};
		struct dump *d;

		assert_true(asprintf(&text, "%s%s", heads[i], BODY) > 0);
		d = open_made(make_sadump, text, &im);
		assert_string_equal(d->format, "sadump");
		assert_true(d->complete);
		assert_ptr_equal(d->arch, &arch_x86_64);
		assert_true(d->is_64bit);
		assert_false(d->big);
		assert_int_equal(d->page_size, 4096);
		/* 12:30:05 nine hours east of Greenwich */
		assert_int_equal(d->timestamp, 1709263805);
		assert_null(d->vmcoreinfo);
		check_body(d);
		dump_close(d);
		image_done(&im);
	}
}

static void test_larger_blocks(void **state)
{
	struct image im = {0};
	struct dump *d = open_made(make_sadump,
				   "sadump single\nblock 16384\nram 1\npage 3 data=r:3:16384\n"
				   "page 5 data=r:5:16384\n",
				   &im);

	assert_int_equal(d->page_size, 16384);
	assert_page(d, 1, PAGE_ZERO, "");
	assert_page(d, 3, PAGE_OK, "r:3:16384");
	assert_page(d, 5, PAGE_OK, "r:5:16384");
	dump_close(d);
	image_done(&im);
}

static uint64_t reg_of(const struct dump *d, const struct dump_note *n, const char *name)
{
	const struct arch_reg *r = arch_find_reg(d->arch, name);

	assert_non_null(r);
	assert_int_equal(n->desc_len, d->arch->prstatus_size);
	return r->size == 8 ? get_u64(n->desc + d->arch->prstatus_regs + r->off, false)
			    : get_u32(n->desc + d->arch->prstatus_regs + r->off, false);
}

static void test_cpus(void **state)
{
	struct image im = {0};
	struct dump *d = open_made(
		make_sadump,
		"sadump single\n"
		"cpu rip=0xffffffff81234567 rsp=0xffffc90000123456 r15=0x1122334455667788 cr3=0x7654000 "
		"cr4=0x16f0 idt=0xfffffe0000000000 gdt=0xfffffe0000001000\n"
		"cpu rip=0x10 efer=0\n"
		"page 1\n",
		&im);
	const struct dump_note *n;

	assert_ptr_equal(d->arch, &arch_x86_64);
	assert_int_equal(d->nr_notes, 4);
	n = &d->notes[0];
	assert_string_equal(n->name, "CORE");
	assert_int_equal(n->type, 1);
	assert_int_equal(reg_of(d, n, "rip"), 0xffffffff81234567);
	assert_int_equal(reg_of(d, n, "rsp"), 0xffffc90000123456);
	assert_int_equal(reg_of(d, n, "r15"), 0x1122334455667788);
	assert_int_equal(reg_of(d, n, "cs"), 0x10);
	assert_int_equal(get_u32(n->desc + 32, false), 1);
	assert_int_equal(reg_of(d, &d->notes[1], "rip"), 0x10);
	n = &d->notes[2];
	assert_string_equal(n->name, "QEMU");
	assert_int_equal(n->desc_len, 432);
	assert_int_equal(get_u64(n->desc + 8 + 16 * 8, false), 0xffffffff81234567); /* rip */
	assert_int_equal(get_u64(n->desc + 8 + 15 * 8, false), 0x1122334455667788); /* r15 */
	assert_int_equal(get_u64(n->desc + 152 + 8 * 24 + 16, false), 0xfffffe0000001000);
	assert_int_equal(get_u64(n->desc + 152 + 9 * 24 + 16, false), 0xfffffe0000000000);
	assert_int_equal(get_u64(n->desc + 416, false), 0x7654000);
	assert_int_equal(get_u64(n->desc + 424, false), 0x16f0);
	dump_close(d);
	d = open_made(make_sadump,
		      "sadump single\ncpu rip=0xc0123456 rsp=0xcafe0000 efer=0\npage 1\n", &im);
	assert_ptr_equal(d->arch, &arch_i386);
	assert_false(d->is_64bit);
	assert_int_equal(reg_of(d, &d->notes[0], "eip"), 0xc0123456);
	assert_int_equal(reg_of(d, &d->notes[0], "esp"), 0xcafe0000);
	dump_close(d);
	image_done(&im);
}

#define NR  3
#define SET "disks 3\nshare 10000\n" BODY

static struct error *try_set(const char *const *texts, size_t n, struct image *ims,
			     struct dump **ret)
{
	struct source *sources[NR + 1];

	for (size_t i = 0; i < n; i++) {
		char name[] = "file-0";

		name[5] += i;
		assert_ok(make_sadump(texts[i], &ims[i]));
		assert_ok(source_open_memory(name, ims[i].bytes, ims[i].len, &sources[i]));
	}
	return dump_open_sources(sources, n, ret);
}

static void done(struct dump *d, struct image *ims, size_t n)
{
	dump_close(d);
	for (size_t i = 0; i < n; i++)
		image_done(&ims[i]);
}

static const char one[] = "sadump disk 1\n" SET, two[] = "sadump disk 2\n" SET,
		  three[] = "sadump disk 3\n" SET;

static void test_disk_set(void **state)
{
	const char *const orders[][NR] = {{one, two, three}, {three, one, two}};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		struct image ims[NR] = {0};
		struct dump *d = NULL;

		assert_ok(try_set(orders[i], NR, ims, &d));
		assert_true(d->complete);
		/* shares of 10,000 bytes: pages lie across the ends of disks */
		check_body(d);
		done(d, ims, NR);
	}
}

static void test_missing_disk(void **state)
{
	const char *const texts[] = {three, one}, *const first[] = {one};
	struct image ims[NR] = {0};
	struct error *why = NULL;
	unsigned char buf[4096];
	struct dump *d = NULL;

	/* pages 1 2 8 70 71 72 40000 are at 0, 4096, ...; disk 2 has bytes 10,000 to 20,000 */
	assert_ok(try_set(texts, 2, ims, &d));
	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	assert_page(d, 2, PAGE_OK, "r:2:4096");
	assert_page(d, 8, PAGE_LOST, "");
	assert_page(d, 70, PAGE_LOST, "");
	assert_page(d, 71, PAGE_LOST, "");
	assert_page(d, 72, PAGE_OK, "r:72:4096");
	assert_page(d, 40000, PAGE_OK, "r:99:4096");
	assert_page(d, 7, PAGE_ZERO, "");
	assert_int_equal(dump_read_page(d, 70, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "disk 2 of the sadump set is not here"));
	error_free(why);
	done(d, ims, 2);
	assert_ok(try_set(first, 1, ims, &d));
	assert_false(d->complete);
	assert_page(d, 2, PAGE_OK, "r:2:4096");
	assert_page(d, 72, PAGE_LOST, "");
	done(d, ims, 1);
}

static void refuse_set(const char *second, const char *words)
{
	const char *const texts[] = {one, second};
	struct image ims[2] = {0};
	struct dump *d = NULL;

	assert_error(try_set(texts, 2, ims, &d), ERROR_BAD_DATA, words);
	done(NULL, ims, 2);
}

static void test_strange_disks(void **state)
{
	const char *const whole[] = {one, "sadump single\n" BODY}, *const none[] = {two, three};
	struct image ims[2] = {0};
	struct dump *d = NULL;

	refuse_set("sadump disk 2\nsystem x:99\n" SET, "file-1, disk 2, does not belong");
	refuse_set("sadump disk 2\nset x:99\n" SET, "another disk set");
	refuse_set("sadump disk 2\nvolume x:99\n" SET, "another volume");
	refuse_set("sadump disk 2\n" SET "time 2024 3 1 12 30 6\n", "another time");
	refuse_set("sadump disk 4\n" SET, "fewer disks");
	refuse_set("sadump disk 2\n" SET "block 8192\n", "another size");
	refuse_set(one, "both the first disk");
	assert_error(try_set(whole, 2, ims, &d), ERROR_UNSUPPORTED,
		     "file-1 is a whole sadump file");
	done(NULL, ims, 2);
	assert_error(try_set(none, 2, ims, &d), ERROR_NOT_FOUND, "first disk");
	done(NULL, ims, 2);
	assert_error(try_made(make_sadump, two), ERROR_UNSUPPORTED,
		     "disk 2 of a sadump disk set");
}

static void test_refused(void **state)
{
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 200 00000000\n"),
		     ERROR_BAD_DATA, "magic numbers");
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 4096 00\n"),
		     ERROR_BAD_DATA, "no dump header");
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 4136 00200000\n"),
		     ERROR_BAD_DATA, "blocks of 8192 bytes");
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 4184 ffffffffffff\n"),
		     ERROR_BAD_DATA, "page frames");
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 4184 ffffff\n"),
		     ERROR_BAD_DATA, "too small");
	assert_error(try_made(make_sadump, "sadump single\npage 1\npoke 152 11\n"),
		     ERROR_BAD_DATA, "disk 17");
	assert_error(try_made(make_sadump, "sadump media\nmedium 2\npage 1\n"),
		     ERROR_UNSUPPORTED, "medium number 2");
	assert_error(try_made(make_sadump, "sadump media\npage 1\npoke 3 77\n"), ERROR_BAD_DATA,
		     "media header");
	assert_error(try_made(make_sadump, "sadump disk 1\npage 1\npoke 4096 00000000\n"),
		     ERROR_BAD_DATA, "disk set header");
}

/* Cut off anywhere behind the dump header, and used less than the bitmaps tell. */
static void test_cut_off(void **state)
{
	/* part, dump and sub header, two bitmaps of two blocks each, seven pages */
	static const unsigned data = 7 * 4096;

	for (unsigned cut = 8192 + 120; cut <= data + 7 * 4096; cut += 2048) {
		_cleanup_free_ char *text = NULL;
		struct image im = {0};
		struct dump *d;

		assert_true(asprintf(&text, "sadump single\n%scut %u\n", BODY, cut) > 0);
		d = open_made(make_sadump, text, &im);
		assert_int_equal(d->complete, cut >= data + 7 * 4096);
		assert_page(d, 1,
			    cut >= data + 4096 ? PAGE_OK
			    : cut > 3 * 4096   ? PAGE_LOST
					       : PAGE_HOLE,
			    "r:1:4096");
		if (cut > 3 * 4096)
			assert_page(d, 7, cut > 5 * 4096 ? PAGE_ZERO : PAGE_LOST, "");
		assert_page(d, 40000,
			    cut >= data + 7 * 4096 ? PAGE_OK
			    : cut > 4 * 4096 + 904 ? PAGE_LOST
						   : PAGE_HOLE,
			    "r:99:4096");
		dump_close(d);
		image_done(&im);
	}
	struct image im = {0};
	struct dump *d = open_made(make_sadump, "sadump single\nused 32768\n" BODY, &im);

	assert_false(d->complete);
	assert_page(d, 1, PAGE_OK, "r:1:4096");
	assert_page(d, 2, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_and_media),
		cmocka_unit_test(test_larger_blocks),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_disk_set),
		cmocka_unit_test(test_missing_disk),
		cmocka_unit_test(test_strange_disks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
