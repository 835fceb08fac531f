#include "sample.h"

#include "kexec/bzimage.h"

static unsigned char *b;

static int setup(void **state)
{
	(void)state;
	b = sample_kernel();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(b);
	return 0;
}

static void the_header_is_read(void **state)
{
	_cleanup_free_ char *release = NULL;
	struct bzimage z;

	(void)state;
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_int_equal(z.setup_len, 4 * 512);
	assert_int_equal(z.header_len, 0x26c - 0x1f1);
	assert_int_equal(z.protocol, 0x20f);
	assert_int_equal(z.alignment, 0x200000);
	assert_int_equal(z.init_size, SAMPLE_INIT_SIZE);
	assert_int_equal(z.cmdline_max, 2047);
	assert_true(z.relocatable);
	release = bzimage_release(&z);
	assert_string_equal(release, "6.12.0-sample");
}

static void other_files_are_told_apart(void **state)
{
	struct bzimage z;

	(void)state;
	assert_error(bzimage_parse(b, 1000, &z), ERROR_NOT_FOUND, "HdrS");
	b[0x202] = 'h';
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_NOT_FOUND, "HdrS");
}

static void the_entry_is_told(void **state)
{
	struct bzimage z;

	(void)state;
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_true(bzimage_is_64bit(&z));
	put_u16(b + 0x236, 0x7e, false); /* no 64-bit entry */
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_false(bzimage_is_64bit(&z));
	put_u16(b + 0x236, 0x7d, false); /* not above 4 GiB */
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_false(bzimage_is_64bit(&z));
	b[0x211] = 0;
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_UNSUPPORTED, "zImage");
	put_u16(b + 0x206, 0x201, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_UNSUPPORTED, "2.01");
}

/* Fields that a version of the protocol does not have yet are not read. */
static void old_protocols_have_their_defaults(void **state)
{
	struct bzimage z;

	(void)state;
	put_u32(b + 0x22c, 0x7fffffff, false);
	put_u16(b + 0x206, 0x20b, false);
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_int_equal(z.xloadflags, 0);
	assert_int_equal(z.pref_address, 0x1000000);
	assert_int_equal(z.initrd_max, 0x7fffffff);
	put_u16(b + 0x206, 0x209, false);
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_int_equal(z.pref_address, 0x100000);
	assert_int_equal(z.init_size, 5 * 20000);
	assert_true(z.relocatable);
	put_u16(b + 0x206, 0x205, false);
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_int_equal(z.cmdline_max, 255);
	put_u16(b + 0x206, 0x202, false);
	assert_ok(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z));
	assert_false(z.relocatable);
	assert_int_equal(z.initrd_max, 0x37ffffff);
}

static void damage_is_seen(void **state)
{
	struct bzimage z;

	(void)state;
	assert_error(bzimage_parse(b, 1024, &z), ERROR_BAD_DATA, "setup part");
	put_u32(b + 0x230, 0x300000, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_BAD_DATA, "alignment");
	put_u32(b + 0x230, 0x200000, false);
	put_u32(b + 0x260, 19999, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_BAD_DATA, "init_size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(the_header_is_read),
		TEST(other_files_are_told_apart),
		TEST(the_entry_is_told),
		TEST(old_protocols_have_their_defaults),
		TEST(damage_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
