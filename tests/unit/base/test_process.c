#include "../test.h"

static void captures_and_tells_the_status(void **state)
{
	char *argv[] = { "sh", "-c", "echo hi; exit 3", NULL };
	struct process_result r;

	(void)state;
	assert_ok(process_run(argv, &(struct process_how){ .limit_ms = 10000, .capture_limit = 100 }, &r));
	assert_int_equal(r.status, 3);
	assert_string_equal(r.output, "hi\n");
	assert_false(r.timed_out);
	process_result_done(&r);
}

static void nothing_waits_without_a_limit(void **state)
{
	char *argv[] = { "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", NULL };
	struct process_result r;

	(void)state;
	assert_ok(process_run(argv, &(struct process_how){ .limit_ms = 100 }, &r));
	assert_true(r.timed_out);
	assert_int_equal(r.status, 128 + 9);
	process_result_done(&r);
}

/* Output that never ends, of the program and of what it left behind. */
static void talking_does_not_stop_the_clock(void **state)
{
	char *argv[] = { "yes", NULL };
	char *behind[] = { "sh", "-c", "timeout 20 yes & echo $!; exec sleep 0.1", NULL };
	struct process_result r;
	uint64_t began = clock_now_ms();

	(void)state;
	assert_ok(process_run(argv, &(struct process_how){ .limit_ms = 100, .capture_limit = 5001 }, &r));
	assert_true(r.timed_out);
	assert_int_equal(r.output_len, 5001);
	process_result_done(&r);
	assert_ok(process_run(behind, &(struct process_how){ .limit_ms = 5000, .capture_limit = 100 }, &r));
	assert_false(r.timed_out);
	process_result_done(&r);
	assert_true(clock_now_ms() - began < 4000);
}

/* The limit cuts the end off, never the middle out. */
static void captures_the_beginning(void **state)
{
	char *argv[] = { "sh", "-c", "head -c 4000 /dev/zero; sleep 0.1; head -c 4000 /dev/zero; "
				     "sleep 0.1; echo end", NULL };
	struct process_result r;

	(void)state;
	assert_ok(process_run(argv, &(struct process_how){ .limit_ms = 10000, .capture_limit = 5000 }, &r));
	assert_int_equal(r.output_len, 5000);
	assert_true(bytes_are_zero(r.output, r.output_len));
	process_result_done(&r);
}

static void a_missing_program_is_an_error(void **state)
{
	char *argv[] = { "/no/such/program", NULL };
	struct process_how how = { .limit_ms = 1000 };

	(void)state;
	assert_error(process_run_ok(argv, &how), ERROR_NOT_FOUND, "/no/such/program: cannot run");
	argv[0] = "false";
	assert_error(process_run_ok(argv, &how), ERROR_OTHER, "failed with status 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_and_tells_the_status),
		cmocka_unit_test(nothing_waits_without_a_limit),
		cmocka_unit_test(talking_does_not_stop_the_clock),
		cmocka_unit_test(captures_the_beginning),
		cmocka_unit_test(a_missing_program_is_an_error),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
