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

static void what_the_entry_needs_is_insisted_upon(void **state)
{
	struct bzimage z;

	(void)state;
	put_u16(b + 0x236, 0x7e, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_UNSUPPORTED, "32-bit kernel");
	put_u16(b + 0x236, 0x7d, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_UNSUPPORTED, "4 GiB");
	put_u16(b + 0x206, 0x20a, false);
	assert_error(bzimage_parse(b, SAMPLE_KERNEL_LEN, &z), ERROR_UNSUPPORTED, "2.10");
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
		TEST(what_the_entry_needs_is_insisted_upon),
		TEST(damage_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
