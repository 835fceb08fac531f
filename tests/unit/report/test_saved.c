/* Listing dump folders, and the string read out of report.json. */
#include "../test.h"

#include <sys/stat.h>

#include "report/saved.h"

static void put(const char *root, const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", root, name) > 0);
	*strrchr(path, '/') = '\0';
	assert_ok(file_make_folders(AT_FDCWD, path, 0700));
	path[strlen(path)] = '/';
	assert_ok(file_publish(AT_FDCWD, path, 0600, text, strlen(text)));
}

static void test_folders(void **state UNUSED)
{
	_cleanup_free_ char *root = NULL, *dump = NULL;
	_cleanup_strbuf_ struct strbuf text = { 0 }, json = { 0 };
	struct saved_list l;
	char path[4096];

	assert_ok(file_private_folder(&root));
	put(root, "127.0.0.1-2026-02/vmcore", "12345");
	put(root, "127.0.0.1-2026-02/report.json", "{\"a\": {\"headline\": \"no\"}, "
						   "\"headline\": \"it \\\"died\\\" \\u001b]0;é\\u009b\"}");
	put(root, "127.0.0.1-2026-01/vmcore-incomplete", "123");
	put(root, "127.0.0.1-2026-01/report.json", "not json");
	put(root, "127.0.0.1-2026-03/vmcore-dmesg.txt", "log");
	put(root, "202611212152/dump.202611212152", "1");
	put(root, "lost+found/x", "");
	put(root, "kexec_cmd/file", "");

	assert_ok(saved_scan(root, &l));
	assert_int_equal(l.rows.n, 4);
	assert_string_equal(l.rows.v[0].name, "127.0.0.1-2026-01");
	assert_int_equal(l.rows.v[0].state, SAVED_INCOMPLETE);
	assert_null(l.rows.v[0].headline);
	assert_int_equal(l.rows.v[1].state, SAVED_WHOLE);
	assert_int_equal(l.rows.v[1].bytes, 5);
	assert_string_equal(l.rows.v[1].headline, "it \"died\" \033]0;é\xc2\x9b");
	assert_int_equal(l.rows.v[2].state, SAVED_NO_MEMORY);
	assert_null(l.rows.v[2].dump);
	assert_int_equal(l.rows.v[3].state, SAVED_WHOLE);
	assert_ok(saved_render_text(&l, root, &text));
	/* a task may be called anything: what moves the terminal does not reach it */
	assert_non_null(strstr(text.s, "it \"died\" ?]0;é??\n"));
	assert_ok(saved_render_json(&l, root, &json));
	assert_non_null(strstr(json.s, "\"state\": \"no-memory\""));
	saved_done(&l);

	snprintf(path, sizeof(path), "%s/127.0.0.1-2026-02", root);
	assert_ok(saved_dump_path(path, &dump));
	assert_true(text_ends(dump, "/vmcore"));
	snprintf(path, sizeof(path), "%s/127.0.0.1-2026-03", root);
	assert_error(saved_dump_path(path, &dump), ERROR_NOT_FOUND, "no dump in this folder");
	snprintf(path, sizeof(path), "%s/nothing", root);
	assert_error(saved_scan(path, &l), ERROR_NOT_FOUND, "cannot read");
	file_remove_tree(root);
}

static void top(const char *text, const char *want)
{
	_cleanup_free_ char *got = NULL;

	assert_ok(json_top_string(text, "k", &got));
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void test_json_top(void **state UNUSED)
{
	top("{\"k\":\"v\"}", "v");
	top("{\"x\":[{\"k\":\"1\"}], \"k\" : \"a\\u00e9\\n\\ud800\"}", "aé\n\xef\xbf\xbd");
	top("{\"v\":\"k\", \"k\":\"\"}", "");
	top("{\"k\":1, \"k2\":\"v\"}", NULL);
	top("{\"k\":null}", NULL);
	top("{\"k\":{\"a\":\"v\"}}", NULL);
	top("[\"k\",\"v\"]", NULL);
	top("{\"k\":\"open", NULL);
	top("{\"k\":\"\\u12", NULL);
	top("{\"k\":\"\\", NULL);
	top("}}}", NULL);
	top("", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_json_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
