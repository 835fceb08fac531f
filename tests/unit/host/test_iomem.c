#include "tree.h"

#include "host/iomem.h"

static const char sample[] =
	"00000000-00000fff : Reserved\n"
	"00001000-0009fbff : System RAM\n"
	"0009fc00-0009ffff : Reserved\n"
	"000f0000-000fffff : System ROM\n"
	"00100000-1ffdffff : System RAM\n"
	"  0e000000-0f0021a7 : Kernel code\n"
	"  13000000-1effffff : Crash kernel\n"
	"    13000000-130fffff : nested deeper\n"
	"1ffe0000-1fffffff : Reserved\n"
	"100000000-13fffffff : System RAM (kmem)\n"
	"fffffffffffff000-ffffffffffffffff : top\n";

static void rows_form_a_tree(void **state)
{
	_cleanup_iomem_ struct iomem m = { 0 };

	(void)state;
	assert_ok(iomem_parse("t", sample, &m));
	assert_int_equal(m.rows.n, 11);
	assert_string_equal(m.rows.v[6].name, "Crash kernel");
	assert_int_equal(m.rows.v[6].depth, 1);
	assert_int_equal(m.rows.v[6].parent, 4);
	assert_int_equal(m.rows.v[7].parent, 6);
	assert_true(m.rows.v[8].parent == SIZE_MAX);
	assert_int_equal(m.rows.v[6].start, 0x13000000);
	assert_int_equal(m.rows.v[6].end, 0x1f000000);
	assert_true(m.rows.v[10].end == UINT64_MAX);
}

static void ram_and_crash_regions_are_found(void **state)
{
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 }, crash = { 0 };

	(void)state;
	assert_ok(iomem_parse("t", sample, &m));
	assert_ok(iomem_ram(&m, &ram));
	assert_int_equal(ram.n, 3);
	assert_int_equal(ram.v[2].start, 0x100000000);
	assert_ok(iomem_crash_regions(&m, &crash));
	assert_int_equal(crash.n, 1);
	assert_int_equal(crash.v[0].end, 0x1f000000);
}

static void bad_lines_are_named(void **state)
{
	struct iomem m;

	(void)state;
	assert_error(iomem_parse("t", "0-1 : a\nnonsense\n", &m), ERROR_BAD_DATA, "line 2");
	assert_error(iomem_parse("t", "5-1 : a\n", &m), ERROR_BAD_DATA, "line 1");
	assert_error(iomem_parse("t", "5-g : a\n", &m), ERROR_BAD_DATA, "line 1");
}

static void hidden_addresses_are_refused(void **state)
{
	struct tree t;
	struct iomem m;

	(void)state;
	tree_init(&t);
	tree_add(&t, "proc/iomem", "00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n");
	assert_error(iomem_read(t.fd, &m), ERROR_NOT_PERMITTED, "hides");
	tree_add(&t, "proc/iomem", sample);
	assert_ok(iomem_read(t.fd, &m));
	iomem_done(&m);
	tree_done(&t);
}

static void tens_of_thousands_of_rows_fit(void **state)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges ram = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 32768; i++)
		strbuf_printf(&text, "%08llx-%08llx : System RAM\n",
			      (unsigned long long)(i << 28),
			      (unsigned long long)((i << 28) + 0x7ffffff));
	assert_ok(iomem_parse("t", strbuf_str(&text), &m));
	assert_ok(iomem_ram(&m, &ram));
	assert_int_equal(ram.n, 32768);
	assert_true(ranges_total(&ram) == 32768ull << 27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_form_a_tree),
		cmocka_unit_test(ram_and_crash_regions_are_found),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(hidden_addresses_are_refused),
		cmocka_unit_test(tens_of_thousands_of_rows_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
