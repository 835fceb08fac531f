#include "../test.h"

static void grows(void **state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	(void)state;
	assert_string_equal(strbuf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&b, "%d,", i);
	strbuf_fill(&b, 'x', 3);
	assert_ok(strbuf_error(&b));
	assert_int_equal(b.len, 3890 + 3);
	assert_true(text_ends(strbuf_str(&b), "999,xxx"));
}

static void take_of_an_empty_one_is_an_empty_string(void **state)
{
	struct strbuf b = { 0 };
	size_t len = 1;
	char *s = strbuf_take(&b, &len);

	(void)state;
	assert_string_equal(s, "");
	assert_int_equal(len, 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(take_of_an_empty_one_is_an_empty_string),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
