/* The flattened layer: order, overlaps, gaps, damage; and dumps inside it. */
#include "made.h"

static struct source *open_flat(const char *text, struct image *im, bool *complete)
{
	struct source *under, *s = NULL;

	assert_ok(make_flat(text, im));
	assert_ok(source_open_memory("made", im->bytes, im->len, &under));
	assert_true(source_is_flattened(under));
	assert_ok(source_open_flattened(under, &s, complete));
	return s;
}

static void assert_bytes(struct source *s, const char *data)
{
	struct strbuf want = { 0 };
	char *got;

	assert_ok(make_data(data, 0, &want));
	assert_int_equal(s->size, want.len);
	got = malloc(want.len + 1);
	assert_ok(source_read(s, 0, got, want.len));
	assert_memory_equal(got, strbuf_str(&want), want.len);
	for (size_t i = 0; i < want.len; i++) {
		size_t n = MIN(want.len - i, (size_t)3);

		assert_ok(source_read(s, i, got, n));
		assert_memory_equal(got, want.s + i, n);
	}
	free(got);
	strbuf_done(&want);
}

static void test_records(void **state)
{
	const struct {
		const char *text, *bytes;
		bool complete;
	} cases[] = {
		{ "flat\nrecord 0 t:abc\nrecord 3 t:def\n", "t:abcdef", true },
		/* backwards, with a gap */
		{ "flat\nrecord 8 t:xyz\nrecord 1 t:ab\n", "z:1+t:ab+z:5+t:xyz", true },
		/* the later one wins: at the edges, inside, around, the same again */
		{ "flat\nrecord 0 t:aaaa\nrecord 2 t:bbbb\n", "t:aabbbb", true },
		{ "flat\nrecord 2 t:bbbb\nrecord 0 t:aaaa\n", "t:aaaabb", true },
		{ "flat\nrecord 0 t:aaaaaa\nrecord 2 t:b\n", "t:aabaaa", true },
		{ "flat\nrecord 2 t:b\nrecord 0 t:aaaaaa\n", "t:aaaaaa", true },
		{ "flat\nrecord 0 t:aa\nrecord 0 t:bb\nrecord 0 t:c\n", "t:cb", true },
		{ "flat\nrecord 0 t:aaaaaaaa\nrecord 1 t:bbb\nrecord 2 t:cccc\nrecord 3 t:d\n",
		  "t:abcdccaa", true },
		{ "flat\nrecord 0 t:abc\nno-end\n", "t:abc", false },
		{ "flat\nrecord 0 t:abc\nrecord 3 t:defgh\nno-end\ncut 4134\n", "t:abcdef",
		  false },
		{ "flat\nrecord 0 t:abc\nno-end\ncut 4110\n", "", false },
		{ "flat\n", "", true },
		/* nonsense ends it */
		{ "flat\nrecord 0 t:abc\nrecord 0x8000000000000000 t:def\n", "t:abc", false },
		{ "flat\nrecord 0 t:abc\nrecord 3 x:\n", "t:abc", false },
		{ "flat\nrecord 0 t:abc\nrecord 0x7fffffffffffffff t:de\n", "t:abc", false },
		{ "flat\nrecord 0 t:abc\nrecord 3 t:d len=0xffffffffffffffff\n", "t:abc",
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct image im = { 0 };
		bool complete;
		struct source *s = open_flat(cases[i].text, &im, &complete);

		assert_bytes(s, cases[i].bytes);
		assert_int_equal(complete, cases[i].complete);
		source_close(s);
		image_done(&im);
	}
}

/* Random records against a plain replay. */
static void test_random(void **state)
{
	uint32_t x = 1;

	for (unsigned round = 0; round < 200; round++) {
		static unsigned char want[5000], got[5000];
		struct strbuf text = { 0 };
		struct image im = { 0 };
		size_t size = 0;
		bool complete;
		struct source *s;

		memset(want, 0, sizeof(want));
		strbuf_puts(&text, "flat\n");
		for (unsigned n = 0; n < 1 + round; n++) {
			x = x * 1664525 + 1013904223;
			size_t at = (x >> 8) % 4000,
			       len = 1 + (x >> 20) % (round % 7 ? 60 : 900);

			strbuf_printf(&text, "record %zu b:%u:%zu\n", at, n & 255, len);
			memset(want + at, n & 255, len);
			size = MAX(size, at + len);
		}
		s = open_flat(strbuf_str(&text), &im, &complete);
		assert_int_equal(s->size, size);
		assert_ok(source_read(s, 0, got, size));
		assert_memory_equal(got, want, size);
		for (size_t at = 0; at < size; at += 97) {
			const void *p = source_map(s, at, 1);

			assert_true(!p || *(const unsigned char *)p == want[at]);
			assert_true(p || want[at] == 0);
			if (!p)
				assert_true(source_next_data(s, at) > at);
			else
				assert_int_equal(source_next_data(s, at), at);
		}
		source_close(s);
		image_done(&im);
		strbuf_done(&text);
	}
}

static void test_dumps_inside(void **state)
{
	static const char *const ways[] = { "piece=4096", "piece=100 backwards",
					    "piece=1000000" };

	for (size_t i = 0; i < ARRAY_SIZE(ways) * 2; i++) {
		_cleanup_free_ char *text = NULL;
		struct image im = { 0 };
		struct dump *d;

		assert_true(
			asprintf(&text,
				 i % 2 ? "flat\ninclude elf %s\nelf32 big\nmachine 21\n"
					 "load pa=0x1000 data=r:1:4096+z:4096+r:3:4096\nend\n"
				       : "flat\ninclude kdump %s\nkdump lp64 big\n"
					 "uts machine t:ppc64\npage 1 data=r:1:4096\n"
					 "page 2 zero\npage 3 data=r:3:4096\nend\n",
				 ways[i / 2]) > 0);
		d = open_made(make_flat, text, &im);
		assert_true(d->flattened);
		assert_true(d->complete);
		assert_true(d->big);
		assert_page(d, 1, PAGE_OK, "r:1:4096");
		assert_page(d, 2, i % 2 ? PAGE_OK : PAGE_ZERO, "");
		assert_page(d, 3, PAGE_OK, "r:3:4096");
		dump_close(d);
		image_done(&im);
	}
}

/* The writer died: what there is opens, the rest is lost. */
static void test_cut_off_dump(void **state)
{
	struct image im = { 0 };
	struct dump *d = open_made(make_flat,
				   "flat\ninclude kdump piece=4096\nkdump lp64 little\n"
				   "page 0 count=100 data=r:0:4096\nend\ncut 204800\n",
				   &im);

	assert_false(d->complete);
	assert_page(d, 10, PAGE_OK, "r:10:4096");
	assert_page(d, 90, PAGE_LOST, "");
	dump_close(d);
	image_done(&im);
}

static void test_refused(void **state)
{
	assert_error(try_made(make_flat, "flat\ntype 2\n"), ERROR_UNSUPPORTED, "type 2");
	assert_error(try_made(make_flat, "flat\nversion 9\n"), ERROR_UNSUPPORTED, "version 9");
	assert_error(try_made(make_flat, "flat\nrecord 0 t:nothing\n"), ERROR_UNSUPPORTED,
		     "not a dump");
	assert_error(try_made(make_flat, "flat\ncut 20\n"), ERROR_BAD_DATA, "ends at 0x14");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),	     cmocka_unit_test(test_random),
		cmocka_unit_test(test_dumps_inside), cmocka_unit_test(test_cut_off_dump),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
