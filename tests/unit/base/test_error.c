#include "../test.h"

#include <errno.h>

static void prefixes_stack_up(void **state)
{
	struct error *e = error_new(ERROR_BAD_DATA, "length %d", 7);

	(void)state;
	e = error_prefix(error_prefix(e, "page 0x%x", 0x1a), "file");
	assert_string_equal(error_message(e), "file: page 0x1a: length 7");
	assert_int_equal(error_kind(e), ERROR_BAD_DATA);
	error_free(e);
	assert_null(error_prefix(NULL, "x"));
}

static void errno_decides_the_kind(void **state)
{
	struct error *e = error_sys(ENOSPC, "vmcore");

	(void)state;
	assert_int_equal(error_kind(e), ERROR_NO_SPACE);
	assert_int_equal(error_errno(e), ENOSPC);
	assert_string_equal(error_message(e), "vmcore: No space left on device");
	assert_false(error_drop_if(&e, ERROR_NOMEM));
	assert_true(error_drop_if(&e, ERROR_NO_SPACE));
	assert_null(e);
}

static void out_of_memory_needs_no_memory(void **state)
{
	struct error *e = error_prefix(error_nomem(), "words");

	(void)state;
	assert_ptr_equal(e, error_nomem());
	assert_string_equal(error_message(e), "out of memory");
	error_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_stack_up),
		cmocka_unit_test(errno_decides_the_kind),
		cmocka_unit_test(out_of_memory_needs_no_memory),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
