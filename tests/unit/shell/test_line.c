#include "../test.h"

#include "shell/line.h"

static void words_quotes_and_groups(void **state)
{
	struct line l;

	(void)state;
	assert_ok(line_parse("  bt  -a \"two words\" 'k.*r' (a + (b) | 1) x->y # end", &l));
	assert_int_equal(l.words.n, 6);
	assert_string_equal(l.words.v[0], "bt");
	assert_string_equal(l.words.v[2], "two words");
	assert_string_equal(l.words.v[3], "'k.*r'");
	assert_string_equal(l.words.v[4], "(a + (b) | 1)");
	assert_string_equal(l.words.v[5], "x->y");
	assert_int_equal(l.to, LINE_TERMINAL);
	line_done(&l);
	assert_ok(line_parse("# nothing", &l));
	assert_int_equal(l.words.n, 0);
	line_done(&l);
}

static void where_the_output_goes(void **state)
{
	struct line l;

	(void)state;
	assert_ok(line_parse("log | grep -i 'a > b' | head", &l));
	assert_int_equal(l.to, LINE_PIPE);
	assert_string_equal(l.target, "grep -i 'a > b' | head");
	assert_int_equal(l.words.n, 1);
	line_done(&l);
	assert_ok(line_parse("ps>out.txt", &l));
	assert_int_equal(l.to, LINE_WRITE);
	assert_string_equal(l.target, "out.txt");
	assert_string_equal(l.words.v[0], "ps");
	line_done(&l);
	assert_ok(line_parse("ps -u >>  out.txt  ", &l));
	assert_int_equal(l.to, LINE_APPEND);
	assert_string_equal(l.target, "out.txt");
	line_done(&l);
}

static void what_is_not_closed(void **state)
{
	struct line l;

	(void)state;
	assert_error(line_parse("p \"a", &l), ERROR_USAGE, "\" is not closed");
	assert_error(line_parse("p 'a", &l), ERROR_USAGE, "' is not closed");
	assert_error(line_parse("p (a", &l), ERROR_USAGE, "( is not closed");
	assert_error(line_parse("ps >", &l), ERROR_USAGE, "expected a file");
	assert_error(line_parse("ps |  ", &l), ERROR_USAGE, "expected a command");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_quotes_and_groups),
		cmocka_unit_test(where_the_output_goes),
		cmocka_unit_test(what_is_not_closed),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
