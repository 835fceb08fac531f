#include "service/crashkernel.h"
#include "fixture.h"

#define M (1ull << 20)
#define G (1ull << 30)

static uint64_t reserved(const char *value, uint64_t ram)
{
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	struct error *e = crashkernel_parse(value, &c);

	if (e)
		fail_msg("%s", error_message(e));
	return crashkernel_size(&c, ram);
}

static void refused(const char *value, const char *why)
{
	struct crashkernel c = { 0 };

	assert_error(crashkernel_parse(value, &c), ERROR_USAGE, why);
}

static void one_size(void **state)
{
	_cleanup_crashkernel_ struct crashkernel c = { 0 };

	(void)state;
	assert_int_equal(reserved("256M", G), 256 * M);
	assert_int_equal(reserved("1g", G), G);
	assert_int_equal(reserved("0x100000", G), M);
	assert_int_equal(reserved("67108864", G), 64 * M);
	assert_ok(crashkernel_parse("128M@16M", &c));
	assert_true(c.has_offset);
	assert_int_equal(c.offset, 16 * M);
	crashkernel_done(&c);
	assert_ok(crashkernel_parse("256M,high", &c));
	assert_int_equal(c.where, CRASHKERNEL_HIGH);
	crashkernel_done(&c);
	assert_ok(crashkernel_parse("72M,low", &c));
	assert_int_equal(c.where, CRASHKERNEL_LOW);
	crashkernel_done(&c);
	assert_ok(crashkernel_parse("1G,cma", &c));
	assert_int_equal(c.where, CRASHKERNEL_CMA);
	crashkernel_done(&c);
	assert_ok(crashkernel_parse("auto", &c));
	assert_true(c.automatic);
}

static void ranges(void **state)
{
	static const char value[] = "2G-64G:256M,64G-:512M@16M";

	(void)state;
	assert_int_equal(reserved(value, G), 0);
	assert_int_equal(reserved(value, 2 * G), 256 * M);
	assert_int_equal(reserved(value, 64 * G - 1), 256 * M);
	assert_int_equal(reserved(value, 64 * G), 512 * M);
	assert_int_equal(reserved("512M-:192M", 511 * M), 0);
	assert_int_equal(reserved("512M-:192M", 512 * M), 192 * M);
}

static void what_the_kernel_does_not_read(void **state)
{
	(void)state;
	refused("", "expected a size");
	refused("lots", "expected a size");
	refused("256MB", "more behind it");
	refused("256M,highest", "more behind it");
	refused("1G-2G", "expected ':'");
	refused("2G-1G:64M", "above its start");
	refused("1G-:", "expected a size");
	refused("1G-2G:64M,", "expected a range");
	refused("128M@", "expected an address");
	refused("99999999999E", "expected a size");
	refused("128M,high@16M", "more behind it");
}

static void ram_is_rounded(void **state)
{
	uint64_t ram;

	(void)state;
	tree_add(&t, "proc/iomem", "00001000-0009ffff : System RAM\n00100000-3fffffff : System RAM\n"
				   "  01000000-01ffffff : Kernel code\nfee00000-fee00fff : Local APIC\n");
	assert_ok(crashkernel_ram(t.fd, &ram));
	assert_int_equal(ram, G);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_size),
		cmocka_unit_test(ranges),
		cmocka_unit_test(what_the_kernel_does_not_read),
		cmocka_unit_test_setup_teardown(ram_is_rounded, setup, teardown),
	};

	return cmocka_run_group_tests_name("crashkernel", tests, NULL, NULL);
}
