#include "../test.h"

static const unsigned char bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

static void reads_both_orders(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, "x", bytes, sizeof(bytes), false);
	assert_int_equal(cursor_u16(&c), 0x0201);
	cursor_align(&c, 4);
	assert_int_equal(cursor_u32(&c), 0x08070605);
	assert_ok(cursor_error(&c));
	cursor_init(&c, "x", bytes, sizeof(bytes), true);
	assert_true(cursor_u64(&c) == 0x0102030405060708);
	assert_int_equal(cursor_left(&c), 1);
}

static void stays_failed_and_names_the_place(void **state)
{
	struct cursor c;

	(void)state;
	cursor_init(&c, "head", bytes, sizeof(bytes), false);
	cursor_skip(&c, 7);
	assert_int_equal(cursor_u32(&c), 0);
	assert_int_equal(cursor_u8(&c), 0);
	assert_error(cursor_error(&c), ERROR_BAD_DATA, "head: offset 0x7: 4 bytes wanted, 2 there");
	cursor_init(&c, "head", bytes, sizeof(bytes), false);
	cursor_seek(&c, SIZE_MAX);
	assert_null(cursor_bytes(&c, 1));
	assert_error(cursor_error(&c), ERROR_BAD_DATA, "0 there");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_orders),
		cmocka_unit_test(stays_failed_and_names_the_place),
	};

	return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
