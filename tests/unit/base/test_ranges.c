#include "../test.h"

static char *show(const struct ranges *r)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < r->n; i++)
		strbuf_printf(&b, "%s%d-%d", i ? " " : "", (int)r->v[i].start, (int)r->v[i].end);
	return strbuf_take(&b, NULL);
}

#define assert_ranges(r, text)                                                                  \
	do {                                                                                    \
		_cleanup_free_ char *shown_ = show(r);                                          \
		assert_string_equal(shown_, text);                                              \
	} while (0)

static void adding_merges(void **state)
{
	_cleanup_ranges_ struct ranges r = { 0 };

	(void)state;
	assert_ok(ranges_add(&r, 10, 20));
	assert_ok(ranges_add(&r, 30, 40));
	assert_ok(ranges_add(&r, 0, 5));
	assert_ok(ranges_add(&r, 7, 7));
	assert_ranges(&r, "0-5 10-20 30-40");
	assert_ok(ranges_add(&r, 20, 30));
	assert_ranges(&r, "0-5 10-40");
	assert_ok(ranges_add(&r, 4, 100));
	assert_ranges(&r, "0-100");
}

static void cutting_splits(void **state)
{
	_cleanup_ranges_ struct ranges r = { 0 };

	(void)state;
	assert_ok(ranges_add(&r, 0, 100));
	assert_ok(ranges_cut(&r, 10, 20));
	assert_ok(ranges_cut(&r, 15, 30));
	assert_ranges(&r, "0-10 30-100");
	assert_ok(ranges_cut(&r, 90, 200));
	assert_ok(ranges_cut(&r, 0, 5));
	assert_ranges(&r, "5-10 30-90");
	assert_int_equal(ranges_total(&r), 65);
	assert_null(ranges_find(&r, 10));
	assert_int_equal(ranges_find(&r, 9)->start, 5);
	assert_true(ranges_contain(&r, 30, 90));
	assert_false(ranges_contain(&r, 30, 91));
	assert_true(ranges_meet(&r, 9, 11));
	assert_true(ranges_meet(&r, 0, 100));
	assert_false(ranges_meet(&r, 10, 30));
	assert_false(ranges_meet(&r, 9, 9));
	assert_false(ranges_meet(&r, 90, UINT64_MAX));
}

/* against a bit per number */
static void agrees_with_bits(void **state)
{
	_cleanup_ranges_ struct ranges r = { 0 };
	unsigned char bits[200] = { 0 };
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		unsigned a, b;
		bool add;

		seed = seed * 1103515245 + 12345;
		a = seed >> 8 & 127;
		b = a + (seed >> 16 & 31);
		add = seed >> 30 & 1;
		assert_ok(add ? ranges_add(&r, a, b) : ranges_cut(&r, a, b));
		for (unsigned i = a; i < b; i++)
			bits[i] = add;
		for (unsigned i = 0; i < sizeof(bits); i++)
			assert_int_equal(ranges_find(&r, i) != NULL, bits[i]);
		for (size_t i = 1; i < r.n; i++)
			assert_true(r.v[i - 1].end < r.v[i].start);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_merges),
		cmocka_unit_test(cutting_splits),
		cmocka_unit_test(agrees_with_bits),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
