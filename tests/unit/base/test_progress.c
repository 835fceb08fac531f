#include "../test.h"

#include <stdio.h>

#include "base/progress.h"

/* Elsewhere than on a terminal: a line every tenth, in makedumpfile's form. */
static void lines_every_tenth(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct progress p;
	unsigned lines = 0;

	(void)state;
	assert_non_null(f);
	progress_init(&p, f);
	p.tty = false; /* fileno() of a memory stream is -1 */
	for (unsigned i = 0; i <= 1000; i++)
		progress_update(&p, "Copying data", i, 1000);
	progress_end(&p);
	fclose(f);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 10);
	assert_true(text_starts(text, "Copying data                                      : [ 10.0 %] /  "));
	assert_non_null(strstr(text, ": [100.0 %] |           eta: 0s\n"));
	free(text);
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
		cmocka_unit_test(lines_every_tenth),
		cmocka_unit_test(one_line_on_a_terminal),
		cmocka_unit_test(silent_without_a_stream),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
