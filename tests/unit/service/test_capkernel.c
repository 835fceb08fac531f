#include "service/capkernel.h"
#include "fixture.h"

static struct error *find(const char *conf, struct capture_kernel *ret)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };

	TRY(sysconfig_parse(&s, "sysconfig", conf, strlen(conf)));
	return capture_kernel_find(t.fd, &s, ret);
}

static void kernel_is(const char *conf, const char *release, const char *path)
{
	_cleanup_capture_kernel_ struct capture_kernel k = { 0 };
	struct error *e = find(conf, &k);

	if (e)
		fail_msg("%s", error_message(e));
	assert_string_equal(k.release, release);
	assert_string_equal(k.kernel, path);
}

static void running_kernel(void **state)
{
	_cleanup_capture_kernel_ struct capture_kernel k = { 0 };

	(void)state;
	assert_ok(find("", &k));
	assert_string_equal(k.release, MACHINE_RELEASE);
	assert_string_equal(k.kernel, "/boot/vmlinuz-" MACHINE_RELEASE);
	assert_string_equal(k.image, "/boot/initramfs-" MACHINE_RELEASE "kdump.img");
	assert_string_equal(k.record, "/var/lib/kdump/initramfs-" MACHINE_RELEASE "kdump.inputs");
	assert_false(k.foreign);
}

static void another_kernel(void **state)
{
	_cleanup_capture_kernel_ struct capture_kernel k = { 0 };

	(void)state;
	tree_add(&t, "boot/vmlinuz-5.0-x", "");
	assert_ok(find("KDUMP_KERNELVER=5.0-x", &k));
	assert_string_equal(k.kernel, "/boot/vmlinuz-5.0-x");
	assert_true(k.foreign);
	capture_kernel_done(&k);
	assert_error(find("KDUMP_KERNELVER=5.0-y", &k), ERROR_NOT_FOUND,
		     "Failed to detect kdump kernel location");
	assert_error(find("KDUMP_KERNELVER=../x", &k), ERROR_USAGE, "no kernel release");
}

/* The boot loader's own name for the kernel comes first, when it is of the wanted release. */
static void boot_image_of_the_loader(void **state)
{
	(void)state;
	tree_add(&t, "boot/grub-dir/linux-" MACHINE_RELEASE, "");
	tree_add(&t, "proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)/grub-dir/linux-" MACHINE_RELEASE " ro\n");
	kernel_is("", MACHINE_RELEASE, "/boot/grub-dir/linux-" MACHINE_RELEASE);
	tree_add(&t, "proc/cmdline", "BOOT_IMAGE=/boot/grub-dir/linux-other ro\n");
	kernel_is("", MACHINE_RELEASE, "/boot/vmlinuz-" MACHINE_RELEASE);
}

static void places_and_names(void **state)
{
	(void)state;
	tree_add(&t, "proc/cmdline", "ro\n");
	tree_add(&t, "elsewhere/vmlinuz-" MACHINE_RELEASE, "");
	tree_add(&t, "boot/Image-" MACHINE_RELEASE ".gz", "");
	kernel_is("KDUMP_BOOTDIR=/elsewhere", MACHINE_RELEASE, "/elsewhere/vmlinuz-" MACHINE_RELEASE);
	kernel_is("KDUMP_IMG=Image\nKDUMP_IMG_EXT=.gz", MACHINE_RELEASE,
		  "/boot/Image-" MACHINE_RELEASE ".gz");
	assert_int_equal(unlinkat(t.fd, "boot/vmlinuz-" MACHINE_RELEASE, 0), 0);
	tree_add(&t, "vmlinuz-" MACHINE_RELEASE, "");
	kernel_is("", MACHINE_RELEASE, "/vmlinuz-" MACHINE_RELEASE);
	assert_int_equal(unlinkat(t.fd, "vmlinuz-" MACHINE_RELEASE, 0), 0);
	tree_add(&t, "etc/machine-id", "0123\n");
	tree_add(&t, "boot/efi/0123/" MACHINE_RELEASE "/linux", "");
	kernel_is("", MACHINE_RELEASE, "/boot/efi/0123/" MACHINE_RELEASE "/linux");
}

static void debug_kernels_have_a_plain_sister(void **state)
{
	(void)state;
	tree_add(&t, "proc/sys/kernel/osrelease", "6.9+debug\n");
	tree_add(&t, "boot/vmlinuz-6.9+debug", "");
	kernel_is("", "6.9+debug", "/boot/vmlinuz-6.9+debug");
	tree_add(&t, "boot/vmlinuz-6.9", "");
	kernel_is("", "6.9", "/boot/vmlinuz-6.9");
	kernel_is("KDUMP_KERNELVER=6.9+debug", "6.9+debug", "/boot/vmlinuz-6.9+debug");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(running_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(another_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(boot_image_of_the_loader, setup, teardown),
		cmocka_unit_test_setup_teardown(places_and_names, setup, teardown),
		cmocka_unit_test_setup_teardown(debug_kernels_have_a_plain_sister, setup, teardown),
	};

	return cmocka_run_group_tests_name("capkernel", tests, NULL, NULL);
}
