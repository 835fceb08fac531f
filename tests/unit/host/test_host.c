#include "tree.h"

#include "host/host.h"

static struct tree t;

static int setup(void **state)
{
	(void)state;
	tree_init(&t);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_done(&t);
	return 0;
}

static void both_generations_of_kexec_files(void **state)
{
	struct kexec_state s;

	(void)state;
	assert_ok(host_kexec_state(t.fd, &s));
	assert_false(s.supported);
	tree_add(&t, "sys/kernel/kexec_loaded", "0\n");
	tree_add(&t, "sys/kernel/kexec_crash_loaded", "1\n");
	tree_add(&t, "sys/kernel/kexec_crash_size", "201326592\n");
	tree_add(&t, "sys/kernel/crash_elfcorehdr_size", "475136\n");
	tree_add(&t, "sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_ok(host_kexec_state(t.fd, &s));
	assert_true(s.supported && s.crash_supported && s.crash_loaded && !s.loaded);
	assert_int_equal(s.crash_size, 201326592);
	assert_int_equal(s.elfcorehdr_size, 475136);
	assert_string_equal(s.lockdown, "integrity");
	tree_add(&t, "sys/kernel/kexec/loaded", "1\n");
	tree_add(&t, "sys/kernel/kexec/crash_loaded", "0\n");
	tree_add(&t, "sys/kernel/kexec/crash_size", "4096\n");
	assert_ok(host_kexec_state(t.fd, &s));
	assert_true(s.loaded && !s.crash_loaded);
	assert_int_equal(s.crash_size, 4096);
}

static void cma_ranges_are_read(void **state)
{
	_cleanup_ranges_ struct ranges r = { 0 };

	(void)state;
	assert_ok(host_crash_cma(t.fd, &r));
	assert_int_equal(r.n, 0);
	tree_add(&t, "sys/kernel/kexec/crash_cma_ranges",
		 "0000000100000000-000000010fffffff\n0000000200000000-0000000200ffffff\n");
	assert_ok(host_crash_cma(t.fd, &r));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].end, 0x110000000);
}

static void crash_notes_in_cpu_order(void **state)
{
	_cleanup_crash_notes_ struct crash_notes n = { 0 };

	(void)state;
	tree_add(&t, "sys/devices/system/cpu/cpu10/crash_notes", "1f00f000\n");
	tree_add(&t, "sys/devices/system/cpu/cpu10/crash_notes_size", "368\n");
	tree_add(&t, "sys/devices/system/cpu/cpu2/crash_notes", "1f00e000\n");
	tree_add(&t, "sys/devices/system/cpu/cpu2/crash_notes_size", "368\n");
	tree_add(&t, "sys/devices/system/cpu/cpu3/online", "0\n");
	tree_add(&t, "sys/devices/system/cpu/cpufreq/x", "0\n");
	tree_add(&t, "sys/kernel/vmcoreinfo", "0x0000000001400000 1000\n");
	assert_ok(host_crash_notes(t.fd, &n));
	assert_int_equal(n.cpus.n, 2);
	assert_int_equal(n.cpus.v[0].cpu, 2);
	assert_int_equal(n.cpus.v[0].pa, 0x1f00e000);
	assert_int_equal(n.cpus.v[0].len, 368);
	assert_int_equal(n.cpus.v[1].len, 368);
	assert_int_equal(n.vmcoreinfo_pa, 0x1400000);
	assert_int_equal(n.vmcoreinfo_len, 0x1000);
}

static void old_kernels_do_not_tell_the_notes_size(void **state)
{
	_cleanup_crash_notes_ struct crash_notes n = { 0 };

	(void)state;
	tree_add(&t, "sys/devices/system/cpu/cpu0/crash_notes", "1f00f000\n");
	tree_add(&t, "sys/devices/system/cpu/cpu1/crash_notes", "1f00e000\n");
	assert_ok(host_crash_notes(t.fd, &n));
	assert_int_equal(n.cpus.n, 2);
	assert_int_equal(n.cpus.v[0].len, 1024);
	assert_int_equal(n.cpus.v[1].len, 1024);
}

static void hidden_notes_are_refused(void **state)
{
	struct crash_notes n;

	(void)state;
	tree_add(&t, "sys/devices/system/cpu/cpu0/crash_notes", "0\n");
	assert_error(host_crash_notes(t.fd, &n), ERROR_NOT_PERMITTED, "cpu0");
}

static void firmware_map_is_sorted(void **state)
{
	_cleanup_memmap_ struct memmap m = { 0 };

	(void)state;
	assert_error(host_memmap(t.fd, &m), ERROR_NOT_FOUND, "memmap");
	tree_add(&t, "sys/firmware/memmap/0/start", "0x100000\n");
	tree_add(&t, "sys/firmware/memmap/0/end", "0x1ffdffff\n");
	tree_add(&t, "sys/firmware/memmap/0/type", "System RAM\n");
	tree_add(&t, "sys/firmware/memmap/1/start", "0x0\n");
	tree_add(&t, "sys/firmware/memmap/1/end", "0x9fbff\n");
	tree_add(&t, "sys/firmware/memmap/1/type", "System RAM\n");
	assert_ok(host_memmap(t.fd, &m));
	assert_int_equal(m.rows.n, 2);
	assert_int_equal(m.rows.v[0].end, 0x9fc00);
	assert_int_equal(e820_type_by_name(m.rows.v[1].type), E820_RAM);
	assert_int_equal(e820_type_by_name("Something new"), E820_RESERVED);
}

static void efi_facts_and_runtime_map(void **state)
{
	_cleanup_host_efi_ struct host_efi bios = { 0 }, efi = { 0 };

	(void)state;
	assert_ok(host_efi(t.fd, &bios));
	assert_false(bios.booted);
	tree_add(&t, "sys/firmware/efi/fw_platform_size", "64\n");
	tree_add(&t, "sys/firmware/efi/fw_vendor", "0x1f5ea018\n");
	tree_add(&t, "sys/firmware/efi/config_table", "0x1f9edf18\n");
	tree_add(&t, "sys/firmware/efi/systab",
		 "ACPI20=0x1fb7e014\nACPI=0x1fb7e000\nSMBIOS=0x1f9cd000\n");
	tree_add(&t, "sys/firmware/efi/runtime-map/0/type", "0x5\n");
	tree_add(&t, "sys/firmware/efi/runtime-map/0/phys_addr", "0x1f8ed000\n");
	tree_add(&t, "sys/firmware/efi/runtime-map/0/virt_addr", "0xfffffffeffe00000\n");
	tree_add(&t, "sys/firmware/efi/runtime-map/0/num_pages", "0x100\n");
	tree_add(&t, "sys/firmware/efi/runtime-map/0/attribute", "0x800000000000000f\n");
	assert_ok(host_efi(t.fd, &efi));
	assert_true(efi.booted && efi.is_64bit);
	assert_int_equal(efi.acpi20, 0x1fb7e014);
	assert_int_equal(efi.smbios3, 0);
	assert_int_equal(efi.runtime_map.n, 1);
	assert_true(efi.runtime_map.v[0].va == 0xfffffffeffe00000);
}

static void boot_params_is_one_whole_block(void **state)
{
	unsigned char block[BOOT_PARAMS_LEN] = { [0x1ec] = 2 }, got[BOOT_PARAMS_LEN];

	(void)state;
	assert_error(host_boot_params(t.fd, got), ERROR_NOT_FOUND, "boot_params");
	tree_add_bytes(&t, "sys/kernel/boot_params/data", block, sizeof(block));
	assert_ok(host_boot_params(t.fd, got));
	assert_int_equal(got[0x1ec], 2);
	tree_add_bytes(&t, "sys/kernel/boot_params/data", block, 100);
	assert_error(host_boot_params(t.fd, got), ERROR_BAD_DATA, "100 bytes");
}

static void release_and_flags(void **state)
{
	_cleanup_free_ char *release = NULL;
	unsigned major, minor;
	bool la57;

	(void)state;
	tree_add(&t, "proc/sys/kernel/osrelease", "6.12.117+deb13-cloud-amd64\n");
	assert_ok(host_kernel_release(t.fd, &release));
	assert_true(kernel_release_numbers(release, &major, &minor));
	assert_int_equal(major, 6);
	assert_int_equal(minor, 12);
	assert_false(kernel_release_numbers("next", &major, &minor));
	tree_add(&t, "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu la57 sse\n");
	assert_ok(host_cpu_flag(t.fd, "la57", &la57));
	assert_true(la57);
	assert_ok(host_cpu_flag(t.fd, "la5", &la57));
	assert_false(la57);
}

static void put_load(unsigned char *at, uint64_t va, uint64_t pa, uint64_t len)
{
	put_u32(at, 1, false);
	put_u64(at + 16, va, false);
	put_u64(at + 24, pa, false);
	put_u64(at + 40, len, false);
}

static void kcore_tells_the_direct_map_and_the_image(void **state)
{
	unsigned char bytes[64 + 4 * 56] = "\177ELF\2\1\1";
	struct kcore_facts f;

	(void)state;
	put_u64(bytes + 32, 64, false);
	put_u16(bytes + 56, 4, false);
	put_load(bytes + 64, 0xffffb87cc0000000, UINT64_MAX, 1ull << 44); /* vmalloc */
	put_load(bytes + 64 + 56, 0xffffffff8e000000, 0xe000000, 0x3a00000);
	put_load(bytes + 64 + 112, 0xffff9a3780001000, 0x1000, 0x9e000);
	put_load(bytes + 64 + 168, 0xffff9a3780100000, 0x100000, 0x1fee0000);
	assert_ok(kcore_parse(bytes, sizeof(bytes), &f));
	assert_true(f.have_direct_map && f.have_text);
	assert_true(f.direct_map_va == 0xffff9a3780000000);
	assert_true(f.text_va == 0xffffffff8e000000 && f.text_pa == 0xe000000);
	assert_error(kcore_parse(bytes, 64 + 60, &f), ERROR_BAD_DATA, "kcore");
	bytes[4] = 1;
	assert_error(kcore_parse(bytes, sizeof(bytes), &f), ERROR_UNSUPPORTED, "ELF64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(both_generations_of_kexec_files),
		TEST(cma_ranges_are_read),
		TEST(crash_notes_in_cpu_order),
		TEST(old_kernels_do_not_tell_the_notes_size),
		TEST(hidden_notes_are_refused),
		TEST(firmware_map_is_sorted),
		TEST(efi_facts_and_runtime_map),
		TEST(boot_params_is_one_whole_block),
		TEST(release_and_flags),
		TEST(kcore_tells_the_direct_map_and_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
