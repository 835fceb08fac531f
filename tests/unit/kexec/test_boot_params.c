#include "sample.h"

#include "kexec/boot_params.h"

static struct tree t;
static unsigned char *kernel;
static struct bzimage image;
static struct e820 map;

static int setup(void **state)
{
	(void)state;
	tree_init(&t);
	sample_uefi(&t);
	kernel = sample_kernel();
	assert_ok(bzimage_parse(kernel, SAMPLE_KERNEL_LEN, &image));
	assert_true(vector_push(&map.rows, (struct e820_entry){ 0, 0x9fc00, E820_RAM }));
	assert_true(vector_push(&map.rows, (struct e820_entry){ 0x100000, 0x1fe00000, E820_RAM }));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&t);
	free(kernel);
	e820_done(&map);
	return 0;
}

/* The setup_data element of that type, checking that the list stays inside the piece. */
static const unsigned char *find_item(const unsigned char *bytes, size_t len, uint64_t pa,
				      uint32_t type, uint32_t *ret_len)
{
	uint64_t at = get_u64(bytes + 0x250, false);

	for (int i = 0; at && i < 10; i++) {
		const unsigned char *item = bytes + (at - pa);

		assert_true(at >= pa + 4096 && at - pa + 16 <= len);
		*ret_len = get_u32(item + 12, false);
		assert_true(at - pa + 16 + *ret_len <= len);
		if (get_u32(item + 8, false) == type)
			return item + 16;
		at = get_u64(item, false);
	}
	return NULL;
}

static void a_plain_block(void **state)
{
	struct boot_params_input in = { .image = &image, .cmdline = "console=ttyS0 quiet",
					.e820 = &map, .acpi_rsdp = 0xf59e0 };
	size_t len = boot_params_len(&in);
	_cleanup_free_ unsigned char *b = calloc(1, len);

	(void)state;
	boot_params_build(&in, 0x123456000, 0x1b6ee000, 0x100001234, b);
	assert_memory_equal(b + 0x202, "HdrS", 4);
	assert_int_equal(b[0x210], 0xd0);
	assert_int_equal(b[0x211], 0);
	assert_int_equal(b[0x1ef], 0);
	assert_int_equal(get_u32(b + 0x218, false), 0x1b6ee000);
	assert_int_equal(get_u32(b + 0x21c, false), 0x1234);
	assert_int_equal(get_u32(b + 0x0c4, false), 1);
	assert_int_equal(get_u32(b + 0x228, false), 0x23457000);
	assert_int_equal(get_u32(b + 0x0c8, false), 1);
	assert_string_equal((char *)b + 4096, "console=ttyS0 quiet");
	assert_int_equal(get_u64(b + 0x070, false), 0xf59e0);
	assert_int_equal(b[0x1e8], 2);
	assert_int_equal(get_u64(b + 0x2d0 + 20, false), 0x100000);
	assert_int_equal(get_u32(b + 0x1e0, false), 0x1fe00000 >> 10);
	assert_int_equal(get_u16(b + 0x002, false), 0xfc00);
	assert_int_equal(b[0x07], 80);
	assert_int_equal(get_u64(b + 0x250, false), 0);
}

static void efi_tables_and_secure_boot_go_along(void **state)
{
	_cleanup_host_efi_ struct host_efi efi = { 0 };
	unsigned char running[BOOT_PARAMS_LEN];
	struct boot_params_input in = { .image = &image, .cmdline = "", .e820 = &map,
					.running = running, .efi = &efi };
	_cleanup_free_ unsigned char *b = NULL;
	const unsigned char *item;
	uint32_t item_len;
	uint64_t map_at;
	size_t len;

	(void)state;
	assert_ok(host_efi(t.fd, &efi));
	assert_ok(host_boot_params(t.fd, running));
	assert_true(boot_params_can_efi(&image, running, &efi));
	len = boot_params_len(&in);
	b = calloc(1, len);
	boot_params_build(&in, 0x1000000, 0, 0, b);
	assert_memory_equal(b + 0x1c0, "EL64", 4);
	assert_int_equal(get_u32(b + 0x1c4, false), 0x1f9ee018);
	assert_int_equal(get_u32(b + 0x1c8, false), 40);
	assert_int_equal(get_u32(b + 0x1d4, false), 40);
	assert_int_equal(b[0x1ec], 3);
	assert_int_equal(b[0x0f], 0x70);
	assert_int_equal(get_u32(b + 0x13c, false), 0xabc000);
	map_at = get_u32(b + 0x1d0, false) - 0x1000000;
	assert_true(map_at + 40 <= len);
	assert_int_equal(get_u32(b + map_at, false), 5);
	assert_int_equal(get_u64(b + map_at + 8, false), 0x1ea8a000);
	assert_true(get_u64(b + map_at + 16, false) == 0xfffffffeffe00000);
	item = find_item(b, len, 0x1000000, 4, &item_len);
	assert_non_null(item);
	assert_int_equal(item_len, 96);
	assert_int_equal(get_u64(item, false), 0x1f5ea018);
	assert_int_equal(get_u64(item + 16, false), 0x1f9edf18);
	assert_int_equal(get_u64(item + 24, false), 0x1f520000);
}

static void efi_needs_a_kernel_that_can(void **state)
{
	_cleanup_host_efi_ struct host_efi efi = { 0 };
	unsigned char running[BOOT_PARAMS_LEN];
	struct bzimage old = image;

	(void)state;
	assert_ok(host_efi(t.fd, &efi));
	assert_ok(host_boot_params(t.fd, running));
	old.xloadflags &= ~XLF_EFI_KEXEC;
	assert_false(boot_params_can_efi(&old, running, &efi));
	assert_false(boot_params_can_efi(&image, NULL, &efi));
	put_u32(running + 0x1cc, 2, false);
	assert_false(boot_params_can_efi(&image, running, &efi));
}

static void five_hundred_entries_reach_the_kernel(void **state)
{
	unsigned char seed[RNG_SEED_LEN] = "seed of thirty-two bytes, or so";
	struct boot_params_input in = { .image = &image, .cmdline = "a", .e820 = &map, .seed = seed };
	_cleanup_free_ unsigned char *b = NULL;
	const unsigned char *item;
	uint32_t item_len;
	size_t len;

	(void)state;
	for (uint64_t i = 2; i < 500; i++)
		assert_true(vector_push(&map.rows, (struct e820_entry){ i << 32, 4096, E820_RESERVED }));
	len = boot_params_len(&in);
	b = calloc(1, len);
	boot_params_build(&in, 0x200000000, 0, 0, b);
	assert_int_equal(b[0x1e8], 128);
	item = find_item(b, len, 0x200000000, 1, &item_len);
	assert_non_null(item);
	assert_int_equal(item_len, 372 * 20);
	assert_true(get_u64(item, false) == 128ull << 32);
	assert_true(get_u64(item + 371 * 20, false) == 499ull << 32);
	item = find_item(b, len, 0x200000000, 9, &item_len);
	assert_non_null(item);
	assert_memory_equal(item, seed, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(a_plain_block),
		TEST(efi_tables_and_secure_boot_go_along),
		TEST(efi_needs_a_kernel_that_can),
		TEST(five_hundred_entries_reach_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
