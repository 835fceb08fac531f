#include "../test.h"

#include "host/cmdline.h"

static char *line;

static void expect(const char *text)
{
	assert_string_equal(line, text);
	free(line);
	line = NULL;
}

static void start(const char *text)
{
	line = strdup(text);
	assert_non_null(line);
}

static void removing_takes_exact_names_only(void **state)
{
	(void)state;
	start("BOOT_IMAGE=/vmlinuz crashkernel=1G,high root=/dev/vda1 crashkernel=72M,low xcrashkernel=2");
	assert_ok(cmdline_remove(&line, "crashkernel"));
	expect("BOOT_IMAGE=/vmlinuz root=/dev/vda1 xcrashkernel=2");
	start("crashkernel_x=1 quiet");
	assert_ok(cmdline_remove(&line, "crashkernel"));
	expect("crashkernel_x=1 quiet");
	start("quiet");
	assert_ok(cmdline_remove(&line, "quiet"));
	expect("");
	start("  a   b\tc ");
	assert_ok(cmdline_remove(&line, "b"));
	expect("a c");
}

static void dashes_and_underscores_are_one(void **state)
{
	(void)state;
	start("log-buf-len=1M log_buf_len=2M x");
	assert_ok(cmdline_remove(&line, "log_buf-len"));
	expect("x");
}

static void quotes_keep_blanks_in_a_word(void **state)
{
	_cleanup_free_ char *value = NULL;
	bool found;

	(void)state;
	start("a dyndbg=\"file x.c +p; file y.c +p\" root=/dev/vda");
	assert_ok(cmdline_find(line, "dyndbg", &found, &value));
	assert_true(found);
	assert_string_equal(value, "file x.c +p; file y.c +p");
	assert_ok(cmdline_find(line, "file", &found, NULL));
	assert_false(found);
	assert_ok(cmdline_remove(&line, "dyndbg"));
	expect("a root=/dev/vda");
	start("\"foo=1 root=2\" b");
	assert_ok(cmdline_remove(&line, "root"));
	assert_ok(cmdline_remove(&line, "foo"));
	expect("b");
	assert_true(cmdline_open_quote("a=\"b c"));
	assert_false(cmdline_open_quote("a=\"b c\""));
}

static void the_last_value_counts(void **state)
{
	_cleanup_free_ char *value = NULL;
	bool found;

	(void)state;
	assert_ok(cmdline_find("console=tty0 console=ttyS0,115200 quiet", "console", &found, &value));
	assert_true(found);
	assert_string_equal(value, "ttyS0,115200");
	free(value);
	assert_ok(cmdline_find("console=tty0 quiet", "quiet", &found, &value));
	assert_true(found);
	assert_string_equal(value, "");
}

static void walking_sees_every_value(void **state)
{
	const char text[] = "console=tty0 x console=ttyS1 -- console=no", *v;
	size_t pos = 0, len;

	(void)state;
	assert_true(cmdline_next(text, "console", &pos, &v, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(v, "tty0", 4);
	assert_true(cmdline_next(text, "console", &pos, &v, &len));
	assert_memory_equal(v, "ttyS1", 5);
	assert_false(cmdline_next(text, "console", &pos, &v, &len));
}

static void words_of_init_stay_behind(void **state)
{
	(void)state;
	start("quiet -- single quiet");
	assert_ok(cmdline_append(&line, "irqpoll nr_cpus=1"));
	assert_ok(cmdline_remove(&line, "quiet"));
	expect("irqpoll nr_cpus=1 -- single quiet");
	start("");
	assert_ok(cmdline_append(&line, " a"));
	expect("a");
}

static void an_equals_sign_in_front_belongs_to_the_name(void **state)
{
	bool found;

	(void)state;
	start("\n=");
	assert_ok(cmdline_find(line, "=", &found, NULL));
	assert_true(found);
	assert_ok(cmdline_remove(&line, "="));
	expect("");
	start("=a=b c");
	assert_ok(cmdline_remove(&line, "=a"));
	expect("c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removing_takes_exact_names_only),
		cmocka_unit_test(dashes_and_underscores_are_one),
		cmocka_unit_test(quotes_keep_blanks_in_a_word),
		cmocka_unit_test(the_last_value_counts),
		cmocka_unit_test(walking_sees_every_value),
		cmocka_unit_test(words_of_init_stay_behind),
		cmocka_unit_test(an_equals_sign_in_front_belongs_to_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
