/* The parts of a split set as one dump: any order, missing and broken parts, strangers. */
#include "made.h"

#define NR 3

/* Every part has all bitmaps and notes; the builder drops the pages of the others. */
#define BODY                                                                                   \
	"level 31\nuts release t:6.1.0-test\nuts nodename t:host\n"                            \
	"note VMCOREINFO 0 t:OSRELEASE=6.1.0-test\\n\n"                                        \
	"page 10 count=50 data=r:0:4096\npage 90 count=100 codec=zlib data=v:500:4096\n"       \
	"exists 300 5\npage 40000 count=20 data=r:900:4096\n"

static const char *const parts[NR] = {
	"kdump lp64 little\nsplit 0 100\n" BODY,
	"kdump lp64 little\nsplit 100 40010\n" BODY,
	"kdump lp64 little\nsplit 40010 40020\n" BODY,
};

static struct error *try_parts(const char *const *texts, size_t n, struct image *ims,
			       struct dump **ret)
{
	struct source *sources[NR + 1];

	for (size_t i = 0; i < n; i++) {
		char name[] = "part-0";

		name[5] += i;
		assert_ok(make_kdump(texts[i], &ims[i]));
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

static void check_edges(struct dump *d)
{
	assert_page(d, 9, PAGE_HOLE, "");
	assert_page(d, 10, PAGE_OK, "r:0:4096");
	assert_page(d, 59, PAGE_OK, "r:49:4096");
	assert_page(d, 99, PAGE_OK, "v:509:4096");
	assert_page(d, 100, PAGE_OK, "v:510:4096");
	assert_page(d, 189, PAGE_OK, "v:599:4096");
	assert_page(d, 302, PAGE_EXCLUDED, "");
	assert_page(d, 40009, PAGE_OK, "r:909:4096");
	assert_page(d, 40010, PAGE_OK, "r:910:4096");
	assert_page(d, 40019, PAGE_OK, "r:919:4096");
	assert_page(d, 40020, PAGE_HOLE, "");
}

static void test_any_order(void **state)
{
	static const int orders[][NR] = {{0, 1, 2}, {2, 1, 0}, {1, 2, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const char *texts[NR] = {parts[orders[i][0]], parts[orders[i][1]],
					 parts[orders[i][2]]};
		struct image ims[NR] = {0};
		struct dump *d = NULL;

		assert_ok(try_parts(texts, NR, ims, &d));
		assert_true(d->complete);
		assert_string_equal(d->format, "kdump-compressed");
		assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1.0-test\n");
		assert_string_equal(d->utsname.nodename, "host");
		assert_int_equal(d->nr_notes, 1);
		assert_int_equal(d->dump_level, 31);
		assert_int_equal(d->max_pfn, 40020);
		assert_int_equal(ranges_total(&d->memory), 50 + 100 + 5 + 20);
		check_edges(d);
		done(d, ims, NR);
	}
}

/* Parts may be flattened, one by one; a stream that breaks off costs its own pages. */
static void test_flattened_part(void **state)
{
	for (int cut = 0; cut < 2; cut++) {
		struct image ims[NR] = {0};
		_cleanup_free_ char *text = NULL;
		struct source *sources[NR];
		struct dump *d = NULL;

		assert_true(asprintf(&text, "flat\ninclude kdump piece=4096\n%send\n%s",
				     parts[1], cut ? "cut 40000\n" : "") > 0);
		assert_ok(make_kdump(parts[2], &ims[0]));
		assert_ok(make_flat(text, &ims[1]));
		assert_ok(make_kdump(parts[0], &ims[2]));
		for (size_t i = 0; i < NR; i++)
			assert_ok(source_open_memory("part", ims[i].bytes, ims[i].len,
						     &sources[i]));
		assert_ok(dump_open_sources(sources, NR, &d));
		assert_int_equal(d->complete, !cut);
		assert_true(d->flattened);
		if (!cut)
			check_edges(d);
		assert_page(d, 99, PAGE_OK, "v:509:4096");
		assert_page(d, 40009, cut ? PAGE_LOST : PAGE_OK, "r:909:4096");
		assert_page(d, 40019, PAGE_OK, "r:919:4096");
		done(d, ims, NR);
	}
}

static void test_missing_part(void **state)
{
	const char *texts[] = {parts[2], parts[0]};
	struct image ims[NR] = {0};
	struct error *why = NULL;
	struct dump *d = NULL;
	unsigned char buf[4096];

	assert_ok(try_parts(texts, 2, ims, &d));
	assert_false(d->complete);
	assert_page(d, 99, PAGE_OK, "v:509:4096");
	assert_page(d, 100, PAGE_LOST, "");
	assert_page(d, 302, PAGE_EXCLUDED, "");
	assert_page(d, 250, PAGE_HOLE, "");
	assert_page(d, 40009, PAGE_LOST, "");
	assert_page(d, 40010, PAGE_OK, "r:910:4096");
	assert_int_equal(dump_page_state(d, 40000), PAGE_LOST);
	assert_int_equal(dump_read_page(d, 40000, buf, &why), PAGE_LOST);
	assert_non_null(strstr(error_message(why), "not here"));
	error_free(why);
	done(d, ims, 2);
	/* the last one */
	assert_ok(try_parts(parts, 2, ims, &d));
	assert_false(d->complete);
	assert_page(d, 40009, PAGE_OK, "r:909:4096");
	assert_page(d, 40010, PAGE_LOST, "");
	done(d, ims, 2);
}

/* Wherever one part ends, the others lose nothing and its own pages are never holes. */
static void test_cut_part(void **state)
{
	static const struct {
		unsigned cut;
		enum page_answer first, last; /* of page 100 and page 40009 */
	} cuts[] = {
		{0, PAGE_LOST, PAGE_LOST},    /* nothing at all */
		{300, PAGE_LOST, PAGE_LOST},  /* inside the main header */
		{4096, PAGE_LOST, PAGE_LOST}, /* before the sub header */
		{4150, PAGE_LOST, PAGE_LOST},
		{8192, PAGE_LOST, PAGE_LOST}, /* no bitmaps */
		{8192 + 20, PAGE_LOST, PAGE_LOST},
		{8192 + 8192 + 4, PAGE_LOST, PAGE_LOST},
		{8192 + 16384 + 30 * 24, PAGE_LOST, PAGE_LOST}, /* descriptors */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		_cleanup_free_ char *text = NULL;
		struct image ims[NR] = {0};
		struct dump *d = NULL;

		assert_true(asprintf(&text, "%scut %u\n", parts[1], cuts[i].cut) > 0);
		const char *texts[NR] = {text, parts[2], parts[0]};

		assert_ok(try_parts(texts, NR, ims, &d));
		assert_false(d->complete);
		assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1.0-test\n");
		assert_int_equal(ranges_total(&d->memory), 50 + 100 + 5 + 20);
		assert_page(d, 10, PAGE_OK, "r:0:4096");
		assert_page(d, 99, PAGE_OK, "v:509:4096");
		assert_page(d, 100, cuts[i].first, "v:510:4096");
		assert_page(d, 302, PAGE_EXCLUDED, "");
		assert_page(d, 40009, cuts[i].last, "");
		assert_page(d, 40019, PAGE_OK, "r:919:4096");
		done(d, ims, NR);
	}
}

/* Marked incomplete by a full disk: only that part misses pages. */
static void test_marked_part(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct image ims[NR] = {0};
	struct dump *d = NULL;

	assert_true(asprintf(&text, "%sstatus 9\n", parts[1]) > 0);
	const char *texts[NR] = {parts[0], text, parts[2]};

	assert_ok(try_parts(texts, NR, ims, &d));
	assert_false(d->complete);
	check_edges(d);
	done(d, ims, NR);
}

static void test_old_versions(void **state)
{
	for (unsigned version = 2; version <= 5; version++) {
		_cleanup_free_ char *a = NULL, *b = NULL;
		struct image ims[2] = {0};
		struct dump *d = NULL;

		assert_true(
			asprintf(
				&a,
				"kdump i386-time64 big\nversion %u\nsplit 5 8\npage 3 count=5 data=r:3:4096\n",
				version) > 0);
		assert_true(
			asprintf(
				&b,
				"kdump i386-time64 big\nversion %u\nsplit 0 5\npage 3 count=5 data=r:3:4096\n",
				version) > 0);
		const char *texts[] = {a, b};

		assert_ok(try_parts(texts, 2, ims, &d));
		assert_true(d->complete);
		assert_page(d, 4, PAGE_OK, "r:4:4096");
		assert_page(d, 5, PAGE_OK, "r:5:4096");
		assert_page(d, 7, PAGE_OK, "r:7:4096");
		done(d, ims, 2);
	}
}

static void refuse(const char *second, enum error_kind kind, const char *words)
{
	const char *texts[] = {parts[0], second};
	struct image ims[2] = {0};
	struct dump *d = NULL;

	assert_error(try_parts(texts, 2, ims, &d), kind, words);
	assert_null(d);
	done(NULL, ims, 2);
}

static void test_strangers(void **state)
{
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "uts nodename t:other\n",
	       ERROR_BAD_DATA, "part-1 and part-0 are not parts of the same dump");
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "page 40020 data=t:x\n",
	       ERROR_BAD_DATA, "numbers of pages");
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "exists 3000\n", ERROR_BAD_DATA,
	       "memory maps");
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "note CORE 1 z:336\n",
	       ERROR_BAD_DATA, "notes");
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "poke 408 01\n", ERROR_BAD_DATA,
	       "times");
	refuse("kdump lp64 little\nsplit 100 40020\n" BODY "level 1\n", ERROR_BAD_DATA,
	       "levels");
	refuse("kdump lp64 big\nsplit 100 40020\n" BODY, ERROR_BAD_DATA, "different kinds");
	refuse("kdump lp64 little\n" BODY, ERROR_UNSUPPORTED, "part-1 is a whole dump");
	refuse(parts[0], ERROR_BAD_DATA, "twice");
	refuse("kdump lp64 little\nsplit 98 40020\n" BODY, ERROR_BAD_DATA,
	       "part-0 and part-1 both hold pages 0x62 to 0x64");
}

static void test_other_formats(void **state)
{
	static const char elf[] = "elf64 little\nload pa=0x1000 data=r:1:8192\n";
	struct image a = {0}, b = {0};
	struct source *sources[2];
	struct dump *d = NULL;

	assert_ok(make_elf(elf, &a));
	assert_ok(make_kdump(parts[0], &b));
	assert_ok(source_open_memory("one", a.bytes, a.len, &sources[0]));
	assert_ok(source_open_memory("two", b.bytes, b.len, &sources[1]));
	assert_error(dump_open_sources(sources, 2, &d), ERROR_UNSUPPORTED,
		     "one (ELF vmcore) and two (kdump-compressed)");
	assert_ok(source_open_memory("one", a.bytes, a.len, &sources[0]));
	assert_ok(source_open_memory("two", a.bytes, a.len, &sources[1]));
	assert_error(dump_open_sources(sources, 2, &d), ERROR_UNSUPPORTED, "give one");
	assert_ok(source_open_memory("one", a.bytes, a.len, &sources[0]));
	assert_ok(source_open_memory("two", "text", 4, &sources[1]));
	assert_error(dump_open_sources(sources, 2, &d), ERROR_UNSUPPORTED, "two: not a dump");
	assert_ok(source_open_memory("one", "", 0, &sources[0]));
	assert_ok(source_open_memory("two", "", 0, &sources[1]));
	assert_error(dump_open_sources(sources, 2, &d), ERROR_BAD_DATA, "one: empty");
	image_done(&a);
	image_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),    cmocka_unit_test(test_flattened_part),
		cmocka_unit_test(test_missing_part), cmocka_unit_test(test_cut_part),
		cmocka_unit_test(test_marked_part),  cmocka_unit_test(test_old_versions),
		cmocka_unit_test(test_strangers),    cmocka_unit_test(test_other_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
