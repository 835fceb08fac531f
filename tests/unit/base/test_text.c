#include "../test.h"

static void numbers(void **state)
{
	uint64_t u;
	int64_t i;

	(void)state;
	assert_true(text_u64("18446744073709551615", &u) && u == UINT64_MAX);
	assert_false(text_u64("18446744073709551616", &u));
	assert_true(text_u64("0x1f", &u) && u == 0x1f);
	assert_false(text_u64("", &u));
	assert_false(text_u64("-1", &u));
	assert_false(text_u64(" 1", &u));
	assert_false(text_u64("1 ", &u));
	assert_false(text_u64("1f", &u));
	assert_true(text_hex("ffffffff81000000", &u) && u == 0xffffffff81000000);
	assert_true(text_i64("-9223372036854775808", &i) && i == INT64_MIN);
	assert_false(text_i64("9223372036854775808", &i));
}

static void sizes(void **state)
{
	uint64_t u;

	(void)state;
	assert_true(text_size("64", &u) && u == 64);
	assert_true(text_size("96M", &u) && u == 96 << 20);
	assert_true(text_size("2kB", &u) && u == 2048);
	assert_true(text_size("1T", &u) && u == 1ULL << 40);
	assert_false(text_size("99999999999999T", &u));
	assert_false(text_size("M", &u));
	assert_false(text_size("1M2", &u));
}

static void what_a_terminal_may_be_given(void **state)
{
	static const struct {
		const char *s;
		size_t len;
	} cases[] = {
		{ "a", 1 },		{ "\xc3\xa9", 2 },	   { "\xe2\x82\xac", 3 },
		{ "\xf0\x9f\x92\xa5", 4 }, { "\033[2J", 0 },	   { "\x7f", 0 },
		{ "\xc2\x9b", 0 },	{ "\xc2\xa0", 2 },	   { "\x9b", 0 },
		{ "\xc0\x80", 0 },	{ "\xe0\x80\x80", 0 },	   { "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 }, { "\xe2\x82", 0 },
		{ "\xe2\x82" "a", 0 }, { "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(text_printable_len(cases[i].s, strlen(cases[i].s)),
				 cases[i].len);
	/* no further than it may look */
	assert_int_equal(text_printable_len("\xc3\xa9", 1), 0);
}

static void words_split_as_a_shell(void **state)
{
	_cleanup_words_ struct words w = { 0 };

	(void)state;
	assert_ok(words_split(&w, " makedumpfile  -l --opt=\"a b\" 'c\\d' e\\ f \"\""));
	assert_int_equal(w.n, 6);
	assert_string_equal(w.v[2], "--opt=a b");
	assert_string_equal(w.v[3], "c\\d");
	assert_string_equal(w.v[4], "e f");
	assert_string_equal(w.v[5], "");
	assert_null(w.v[6]);
	assert_error(words_split(&w, "a 'b"), ERROR_USAGE, "not closed");
}

static void lines(void **state)
{
	char text[] = "a\n\nb", *rest = text;

	(void)state;
	assert_string_equal(text_next_line(&rest), "a");
	assert_string_equal(text_next_line(&rest), "");
	assert_string_equal(text_next_line(&rest), "b");
	assert_null(text_next_line(&rest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(what_a_terminal_may_be_given),
		cmocka_unit_test(words_split_as_a_shell),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
