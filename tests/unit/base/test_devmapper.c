/* Rows of device-mapper tables as text. */
#include "../test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"

static void rows_are_read(void **state)
{
	_cleanup_dm_table_ dm_table t = { 0 };

	(void)state;
	assert_ok(dm_table_add(&t, "0 16 linear 8:1 2048"));
	assert_ok(dm_table_add(&t, "  16\t8  zero"));
	assert_int_equal(t.n, 2);
	assert_int_equal(t.v[0].len, 16);
	assert_string_equal(t.v[0].type, "linear");
	assert_string_equal(t.v[0].params, "8:1 2048");
	assert_int_equal(t.v[1].start, 16);
	assert_string_equal(t.v[1].params, "");
}

static void mistakes_in_rows(void **state)
{
	static const char *const bad[] = { "", "0", "0 16", "x 16 linear", "0 -1 linear", "0 0 linear",
					   "0 16 a-name-that-is-too-long" };
	_cleanup_dm_table_ dm_table t = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(dm_table_add(&t, bad[i]), ERROR_USAGE, "is not START LENGTH TYPE PARAMETERS");
	assert_int_equal(t.n, 0);
}

/* A recorded machine has a text in the control node's place; it can be read again and again. */
static void recorded_tables(void **state)
{
	static const char text[] = "253:1 0 8 linear 8:1 0\n253:10 0 9 zero\n253:1 8 8 linear 8:2 0\n";
	_cleanup_close_ int fd = memfd_create("control", MFD_CLOEXEC);

	(void)state;
	assert_ok(file_write_fd(fd, "control", text, strlen(text)));
	for (int i = 0; i < 2; i++) {
		_cleanup_dm_table_ dm_table t = { 0 };

		assert_ok(dm_table_read(fd, 253, 1, &t));
		assert_int_equal(t.n, 2);
		assert_string_equal(t.v[1].params, "8:2 0");
		assert_error(dm_table_read(fd, 253, 2, &t), ERROR_NOT_FOUND, "no device 253:2");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_read),
		cmocka_unit_test(mistakes_in_rows),
		cmocka_unit_test(recorded_tables),
	};

	return cmocka_run_group_tests_name("devmapper", tests, NULL, NULL);
}
