/* VMCOREINFO: what is found, what is refused. */
#include "../test.h"

#include "kernel/vmcoreinfo.h"

static struct vmcoreinfo *parse(const char *text, size_t len)
{
	struct vmcoreinfo *v;

	assert_ok(vmcoreinfo_parse(text, len, &v));
	return v;
}

static void typed_values(void **state)
{
	static const char text[] = "OSRELEASE=6.1.0-56-amd64\n"
				   "SYMBOL(mem_section)=ffff8c445ffd5000\n"
				   "OFFSET(page._mapcount)=48\n"
				   "SIZE(page)=64\n"
				   "LENGTH(mem_section)=4096\n"
				   "NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129\n"
				   "NUMBER(VMALLOC_START)=0xffffd25900000000\n"
				   "KERNELOFFSET=a600000\n"
				   "CRASHTIME=1795297969";
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *v = parse(text, sizeof(text) - 1);
	uint64_t u = 0;
	int64_t i = 0;

	assert_string_equal(vmcoreinfo_get(v, "OSRELEASE"), "6.1.0-56-amd64");
	assert_string_equal(vmcoreinfo_get(v, "CRASHTIME"), "1795297969");
	assert_true(vmcoreinfo_symbol(v, "mem_section", &u));
	assert_int_equal(u, 0xffff8c445ffd5000);
	assert_true(vmcoreinfo_offset(v, "page", "_mapcount", &u));
	assert_int_equal(u, 48);
	assert_true(vmcoreinfo_size(v, "page", &u));
	assert_int_equal(u, 64);
	assert_true(vmcoreinfo_length(v, "mem_section", &u));
	assert_int_equal(u, 4096);
	assert_true(vmcoreinfo_number(v, "PAGE_BUDDY_MAPCOUNT_VALUE", &i));
	assert_int_equal(i, -129);
	assert_true(vmcoreinfo_number_hex(v, "VMALLOC_START", &u));
	assert_int_equal(u, 0xffffd25900000000);
	assert_true(vmcoreinfo_hex(v, "KERNELOFFSET", &u));
	assert_int_equal(u, 0xa600000);
}

static void missing_and_bad_values_leave_the_result_alone(void **state)
{
	static const char text[] =
		"SIZE(page)=sixty\nSIZE(zone)=\nOFFSET(a.b)=-1\nSYMBOL(x)=zz\n";
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *v = parse(text, sizeof(text) - 1);
	uint64_t u = 7;
	char longest[400];

	assert_false(vmcoreinfo_size(v, "page", &u));
	assert_false(vmcoreinfo_size(v, "zone", &u));
	assert_false(vmcoreinfo_size(v, "nothing", &u));
	assert_false(vmcoreinfo_offset(v, "a", "b", &u));
	assert_false(vmcoreinfo_symbol(v, "x", &u));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(vmcoreinfo_symbol(v, longest, &u));
	assert_int_equal(u, 7);
	assert_null(vmcoreinfo_get(v, ""));
}

static void malformed_lines_are_skipped(void **state)
{
	static const char text[] =
		"no equals sign\n=no key\n\nA=1\n\n\nB=2=3\nA=later\nC=cut off\0D=4\n";
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *v = parse(text, sizeof(text) - 1);

	assert_string_equal(vmcoreinfo_get(v, "A"), "1");
	assert_string_equal(vmcoreinfo_get(v, "B"), "2=3");
	assert_string_equal(vmcoreinfo_get(v, "C"), "cut off");
	assert_null(vmcoreinfo_get(v, "D"));
	assert_null(vmcoreinfo_get(v, "no equals sign"));
}

static void text_need_not_end(void **state)
{
	const char text[6] = {'K', 'E', 'Y', '=', '1', '2'};
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *v = parse(text, 5);
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *empty = parse("", 0);

	assert_string_equal(vmcoreinfo_get(v, "KEY"), "1");
	assert_null(vmcoreinfo_get(empty, "KEY"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_values),
		cmocka_unit_test(missing_and_bad_values_leave_the_result_alone),
		cmocka_unit_test(malformed_lines_are_skipped),
		cmocka_unit_test(text_need_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
