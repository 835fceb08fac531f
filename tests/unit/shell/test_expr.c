#include "talk.h"

#include "shell/expr.h"

static uint64_t value(struct talk *t, const char *text)
{
	struct expr_value v;
	uint64_t n;

	assert_ok(expr_eval(t->sh, text, &v));
	assert_ok(expr_number(t->sh, &v, &n));
	return n;
}

static void refused(struct talk *t, const char *text, enum error_kind kind, const char *words)
{
	struct expr_value v;
	uint64_t n;
	struct error *e = expr_eval(t->sh, text, &v);

	if (!e)
		e = expr_number(t->sh, &v, &n);
	assert_error(e, kind, words);
}

static void numbers_and_operators(void **state)
{
	struct talk *t = *state;

	assert_int_equal(value(t, "1 + 2 * 3"), 7);
	assert_int_equal(value(t, "(1 + 2) * 3 - -1"), 10);
	assert_int_equal(value(t, "0x10 | 1 << 8"), 0x110);
	assert_int_equal(value(t, "017"), 15);
	assert_int_equal(value(t, "ff"), 255);
	assert_int_equal(value(t, "~0"), UINT64_MAX);
	assert_int_equal(value(t, "-7 / 2"), (uint64_t)-3);
	assert_int_equal(value(t, "10 % 4 == 2 && 3 >= 3 || 0"), 1);
	assert_int_equal(value(t, "1 ? 5 : 6"), 5);
	assert_int_equal(value(t, "!5 ? 5 : 6"), 6);
	assert_int_equal(value(t, "1 << 64"), 0);
	assert_int_equal(value(t, "0xffffffffffffffff"), UINT64_MAX);
	assert_int_equal(value(t, "-1 < 1"), 1);
	assert_int_equal(value(t, "0xffffffffffffffff < 1"), 0);
	assert_int_equal(value(t, "sizeof(struct shape)"), 104);
	assert_int_equal(value(t, "sizeof(int) + sizeof(char *)"), 12);
}

static void members_of_what_is_declared(void **state)
{
	struct talk *t = *state;

	assert_int_equal(value(t, "init_task.pid"), 0);
	assert_int_equal(value(t, "init_task.comm[0]"), 's');
	assert_int_equal(value(t, "&init_task"), TASKS);
	assert_int_equal(value(t, "&init_task.tasks.prev"), TASKS + 56);
	assert_int_equal(value(t, "jiffies"), 4294895159);
	assert_int_equal(value(t, "jiffies - 1"), 4294895158);
	assert_int_equal(value(t, "BLUE"), 4);
}

static void casts_and_pointers(void **state)
{
	struct talk *t = *state;

	assert_int_equal(value(t, "((struct shape *)&my_shape)->a"), 5);
	assert_int_equal(value(t, "((struct shape *)my_shape)->b"), 17);
	assert_int_equal(value(t, "((struct shape *)&my_shape)->v[1]"), (uint64_t)-2);
	assert_int_equal(value(t, "(*(struct shape *)&my_shape).c[1]"), 'b');
	assert_int_equal(value(t, "((struct shape *)&my_shape)->next->prev"), DEAD_STACK);
	assert_int_equal(value(t, "*((struct shape *)&my_shape)->name"), 's');
	assert_int_equal(value(t, "(int)0x1ffffffff"), 0xffffffff); /* "int" has no sign here */
	assert_int_equal(value(t, "(unsigned char)0x1ff"), 0xff);
	assert_int_equal(value(t, "(struct shape *)0x1000 + 1"), 0x1000 + 104);
	assert_int_equal(value(t, "&((struct shape *)0)->pair[1].prev"), 96);
	assert_int_equal(value(t, "(long)&((struct shape *)8)[1] - 8"), 104);
}

static void what_is_no_expression(void **state)
{
	struct talk *t = *state;

	refused(t, "1 +", ERROR_USAGE, "the end");
	refused(t, "(1", ERROR_USAGE, "\")\"");
	refused(t, "1 2", ERROR_USAGE, "an operator");
	refused(t, "nothing", ERROR_NOT_FOUND, "No symbol \"nothing\"");
	refused(t, "init_task.nope", ERROR_NOT_FOUND, "no member nope");
	refused(t, "init_task", ERROR_USAGE, "structure");
	refused(t, "my_shape.a", ERROR_USAGE, "nothing tells the type");
	refused(t, "(struct nope *)1", ERROR_NOT_FOUND, "no type struct nope");
	refused(t, "1 / 0", ERROR_USAGE, "division by zero");
	refused(t, "*5", ERROR_USAGE, "not a pointer");
	refused(t, "&5", ERROR_USAGE, "no address");
	refused(t, "99999999999999999999", ERROR_USAGE, "64 bits");
	refused(t, "*(int *)0x10", ERROR_NOT_FOUND, "0x10");
}

static void nesting_has_a_limit(void **state)
{
	struct talk *t = *state;
	char text[4096];

	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	refused(t, text, ERROR_USAGE, "nested too deeply");
	memset(text, '-', sizeof(text) - 2);
	text[sizeof(text) - 2] = '1';
	refused(t, text, ERROR_USAGE, "nested too deeply");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_and_operators, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(members_of_what_is_declared, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(casts_and_pointers, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(what_is_no_expression, talk_begin, talk_end),
		cmocka_unit_test_setup_teardown(nesting_has_a_limit, talk_begin, talk_end),
	};

	return cmocka_run_group_tests_name("expr", tests, NULL, NULL);
}
