/* Raw memory: names, layout texts, pages across pieces, files that end too early. */
#include <unistd.h>

#include "made.h"

#include "base/file.h"
#include "dump/raw.h"

static char *folder;

static void put(const char *name, const char *data)
{
	_cleanup_free_ char *path = NULL;
	struct strbuf s = {0};

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	assert_ok(make_data(data, 0, &s));
	assert_ok(file_publish(AT_FDCWD, path, 0600, strbuf_str(&s), s.len));
	strbuf_done(&s);
}

static int setup(void **state)
{
	struct error *e = file_private_folder(&folder);

	if (!e && chdir(folder) < 0)
		return -1;
	if (e)
		return -1;
	put("a", "r:1:4096+r:2:4096");
	put("b@home", "r:3:4096");
	put("short", "r:4:4096+r:5:100");
	put("info", "t:OSRELEASE=6.1.0\\nPAGESIZE=4096\\n");
	put("layout", "t:#\\sa\\sphone\\narch\\saarch64\\npage-size\\s4K\\nvmcoreinfo\\sinfo\\n"
		      "memory\\s0x40000000\\sa\\nmemory\\s0x80000000\\sa\\s4096\\s4K\\n"
		      "memory\\s0x90000000\\s\"b@home\"\\n");
	put("c@0x1000", "t:notadump");
	return 0;
}

static int teardown(void **state)
{
	if (chdir("/") < 0)
		return -1;
	file_remove_tree(folder);
	free(folder);
	return 0;
}

static void test_names(void **state)
{
	assert_true(raw_is_name("a@0"));
	assert_true(raw_is_name("a@0x1000,b@0x2000"));
	assert_true(raw_is_name("raw:layout"));
	assert_true(raw_is_name("b@home@0x1000,arch=aarch64"));
	assert_false(raw_is_name("a"));
	assert_false(raw_is_name("c@0x1000")); /* a file of that name */
	assert_false(raw_is_name("user@host"));
	assert_false(raw_is_name("@0x1000"));
	assert_false(raw_is_name("arch=x86_64,a@0"));
	assert_false(raw_is_name(""));
}

static void test_pages(void **state)
{
	char *names[] = {"a@0x3000,arch=x86_64", "b@home@0x5000,short@0x10000"};
	struct dump *d = NULL;

	assert_ok(dump_open_set(names, 2, &d));
	assert_string_equal(d->format, "raw memory");
	assert_ptr_equal(d->arch, &arch_x86_64);
	assert_int_equal(d->page_size, 4096);
	assert_false(d->complete); /* `short` ends in the middle of a page */
	assert_page(d, 2, PAGE_HOLE, "");
	assert_page(d, 3, PAGE_OK, "r:1:4096");
	assert_page(d, 4, PAGE_OK, "r:2:4096");
	assert_page(d, 5, PAGE_OK, "r:3:4096");
	assert_page(d, 6, PAGE_HOLE, "");
	assert_page(d, 16, PAGE_OK, "r:4:4096");
	assert_page(d, 17, PAGE_LOST, "");
	assert_page(d, 18, PAGE_HOLE, "");
	assert_int_equal(d->memory.n, 2);
	assert_null(d->vmcoreinfo);
	assert_non_null(dump_map_phys(d, 0x3000, 8192));
	assert_null(dump_map_phys(d, 0x4000, 8192)); /* in two files */
	dump_close(d);
}

static void test_layout(void **state)
{
	_cleanup_words_ struct words files = {0};
	struct dump *d = NULL;

	assert_ok(dump_open("raw:layout", &d));
	assert_ptr_equal(d->arch, &arch_aarch64);
	assert_true(d->complete);
	assert_string_equal(d->vmcoreinfo, "OSRELEASE=6.1.0\nPAGESIZE=4096\n");
	assert_non_null(dump_find_note(d, "VMCOREINFO", 0));
	assert_page(d, 0x40001, PAGE_OK, "r:2:4096");
	assert_page(d, 0x80000, PAGE_OK, "r:2:4096");
	assert_page(d, 0x80001, PAGE_HOLE, "");
	assert_page(d, 0x90000, PAGE_OK, "r:3:4096");
	dump_close(d);
	assert_ok(dump_list_files("raw:layout", &files));
	assert_int_equal(files.n, 3);
	assert_string_equal(files.v[2], "./b@home");
}

static void refuse(const char *name, enum error_kind kind, const char *words)
{
	struct dump *d = NULL;

	assert_error(dump_open(name, &d), kind, words);
	assert_null(d);
}

static void refuse_layout(const char *text, const char *words)
{
	_cleanup_raw_layout_ struct raw_layout l = {0};

	assert_error(raw_parse_layout(text, ".", &l), ERROR_USAGE, words);
}

static void test_refused(void **state)
{
	char *mixed[] = {"a@0", "layout"};
	struct dump *d = NULL;

	refuse("a@0x1001,arch=x86_64", ERROR_USAGE, "not that of a page");
	refuse("a@0x1000,short@0x2000,arch=x86_64", ERROR_USAGE,
	       "a at 0x1000 and short at 0x2000 overlap");
	refuse("a@0x1000,arch=pdp11", ERROR_USAGE, "\"pdp11\" is not known");
	refuse("a@0x1000,arch=x86_64,page-size=8192", ERROR_USAGE, "no pages of 8192");
	refuse("a@0x1000,colour=blue", ERROR_USAGE, "\"colour\" \"blue\"");
	refuse("a@0x1000,b", ERROR_USAGE, "neither FILE@ADDRESS nor KEY=VALUE");
	refuse("a@0xfffffffffffff000,arch=x86_64", ERROR_USAGE, "no physical addresses above");
	refuse("nothing@0x1000", ERROR_NOT_FOUND, "nothing: cannot open");
	refuse("a@0,vmcoreinfo=nothing", ERROR_NOT_FOUND, "nothing");
	refuse("raw:nothing", ERROR_NOT_FOUND, "nothing");
	assert_error(dump_open_set(mixed, 2, &d), ERROR_USAGE, "layout: no raw memory");
	refuse_layout("memory 0x1000\n", "line 1: expected memory");
	refuse_layout("\nmemory x a\n", "line 2");
	refuse_layout("byte-order middle\n", "\"byte-order\" \"middle\"");
	refuse_layout("page-size 5 6\n", "page-size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
