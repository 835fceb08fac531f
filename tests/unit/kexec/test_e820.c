#include "sample.h"

#include "kexec/e820.h"

static const struct e820_entry *row_at(const struct e820 *e, uint64_t start)
{
	for (size_t i = 0; i < e->rows.n; i++)
		if (e->rows.v[i].start == start)
			return &e->rows.v[i];
	return NULL;
}

static void a_capture_kernel_sees_only_its_own_memory(void **state)
{
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges regions = { 0 }, hidden = { 0 }, cma = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };
	uint64_t ram = 0;

	(void)state;
	assert_ok(iomem_parse("t", sample_bios_iomem, &m));
	assert_ok(ranges_add(&regions, 0x2000000, 0x3000000)); /* the low region */
	assert_ok(ranges_add(&regions, 0x13000000, 0x1f000000));
	assert_ok(ranges_add(&hidden, 0x1effc000, 0x1f000000));
	assert_ok(ranges_add(&cma, 0x120000000, 0x130000000));
	assert_ok(e820_for_panic(&m, &regions, &hidden, &cma, &e));
	assert_int_equal(row_at(&e, 0x1000)->type, E820_RAM);
	assert_int_equal(row_at(&e, 0x2000000)->type, E820_RAM);
	assert_int_equal(row_at(&e, 0x13000000)->len, 0xbffc000);
	assert_int_equal(row_at(&e, 0xb0000000)->type, E820_RESERVED);
	assert_int_equal(row_at(&e, 0x120000000)->type, E820_RAM);
	for (size_t i = 0; i < e.rows.n; i++)
		if (e.rows.v[i].type == E820_RAM)
			ram += e.rows.v[i].len;
	assert_int_equal(ram, 0x9ec00 + 0x1000000 + 0xbffc000 + 0x10000000);
}

static void acpi_keeps_its_types(void **state)
{
	_cleanup_iomem_ struct iomem m = { 0 };
	_cleanup_ranges_ struct ranges none = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };

	(void)state;
	assert_ok(iomem_parse("t", sample_uefi_iomem, &m));
	assert_ok(e820_for_panic(&m, &none, &none, &none, &e));
	assert_int_equal(row_at(&e, 0x806000)->type, E820_NVS);
	assert_int_equal(row_at(&e, 0x1f76c000)->type, E820_ACPI);
	assert_int_equal(row_at(&e, 0x1e000000)->type, E820_RESERVED); /* inside RAM */
	assert_null(row_at(&e, 0x900000));
}

static void a_reboot_gets_the_firmware_map(void **state)
{
	_cleanup_memmap_ struct memmap m = { 0 };
	_cleanup_e820_ struct e820 e = { 0 };
	unsigned char bytes[2 * E820_ENTRY_LEN];
	struct tree t;

	(void)state;
	tree_init(&t);
	sample_bios(&t);
	assert_ok(host_memmap(t.fd, &m));
	assert_ok(e820_for_reboot(&m, &e));
	assert_int_equal(e.rows.n, 5);
	assert_int_equal(e.rows.v[4].len, 0x80000000);
	e820_write(&e, 1, 3, bytes);
	assert_int_equal(get_u64(bytes, false), 0x9fc00);
	assert_int_equal(get_u64(bytes + 8, false), 0x400);
	assert_int_equal(get_u32(bytes + 16, false), E820_RESERVED);
	assert_int_equal(get_u64(bytes + 20, false), 0x100000);
	tree_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_kernel_sees_only_its_own_memory),
		cmocka_unit_test(acpi_keeps_its_types),
		cmocka_unit_test(a_reboot_gets_the_firmware_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
