#include "../test.h"

#include <stdio.h>

#include "base/progress.h"

/* Elsewhere than on a terminal: a line every five seconds and at the end, in makedumpfile's form. */
static void lines_every_five_seconds(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct progress p;

	(void)state;
	assert_non_null(f);
	progress_init(&p, f);
	p.tty = false; /* fileno() of a memory stream is -1 */
	for (unsigned i = 0; i <= 1000; i++) /* twelve seconds */
		progress_update_at(&p, "Copying data", i, 1000, 5000000 + i * 12);
	progress_update_at(&p, "Copying data", 1000, 1000, 9000000); /* not twice */
	progress_end(&p);
	fclose(f);
	assert_string_equal(text,
		"Copying data                                      : [ 41.7 %] /           eta: 6s\n"
		"Copying data                                      : [ 83.4 %] |           eta: 1s\n"
		"Copying data                                      : [100.0 %] \\           eta: 0s\n");
	free(text);
}

static void time_left(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *want;
	} rows[] = { { 0, "0s" }, { 99, "99s" }, { 100, "1m40s" }, { 5999, "99m59s" },
		     { 6000, "1h40m" }, { 172799, "47h59m" }, { 172800, "2d0h" },
		     { 8639999, "99d23h" }, { 8640000, ">100day" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[32];

		progress_format_eta(buf, sizeof(buf), rows[i].seconds);
		assert_string_equal(buf, rows[i].want);
	}
}

static void one_line_on_a_terminal(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct progress p;

	(void)state;
	assert_non_null(f);
	progress_init(&p, f);
	p.tty = true;
	for (unsigned i = 0; i <= 1000; i++)
		progress_update(&p, "Copying data", i, 1000);
	progress_end(&p);
	progress_end(&p);
	fclose(f);
	assert_true(text[0] == '\r');
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	assert_true(len < 1000); /* not redrawn for each step */
	free(text);
}

static void silent_without_a_stream(void **state)
{
	struct progress p;

	(void)state;
	progress_init(&p, NULL);
	progress_update(&p, "Copying data", 1, 0);
	progress_end(&p);
	assert_null(p.to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_every_five_seconds),
		cmocka_unit_test(time_left),
		cmocka_unit_test(one_line_on_a_terminal),
		cmocka_unit_test(silent_without_a_stream),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
