#include "service/resolve.h"
#include "fixture.h"

static struct error *resolve(const char *conf, struct target *ret)
{
	_cleanup_settings_ struct settings s = { 0 };
	const struct resolve_how how = { .root = t.fd };

	TRY(settings_parse(&s, "/etc/kdump.conf", conf, strlen(conf)));
	return target_resolve(&how, &s, ret);
}

static void refused(const char *conf, enum error_kind kind, const char *message)
{
	_cleanup_target_ struct target target = { 0 };
	_cleanup_error_ struct error *e = resolve(conf, &target);

	if (!e)
		fail_msg("\"%s\" was accepted", conf);
	assert_int_equal(error_kind(e), kind);
	if (!strstr(error_message(e), message))
		fail_msg("\"%s\"", error_message(e));
}

static void is_target(const struct target *target, const char *device, const char *fstype,
		      const char *path)
{
	assert_string_equal(target->kind, "fs");
	assert_string_equal(target->place.device, device);
	assert_string_equal(target->place.fstype, fstype);
	assert_string_equal(target->path, path);
}

static void deduced_from_the_path(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	assert_ok(resolve("", &target));
	is_target(&target, "UUID=" ROOT_UUID, "ext4", "/var/crash");
	assert_int_equal(target.modules.n, 3);
	assert_string_equal(target.modules.v[0], "virtio_pci");
	assert_string_equal(target.modules.v[1], "virtio_blk");
	assert_string_equal(target.modules.v[2], "fs-ext4");
	assert_null(target.rootfs.device);
}

static void deduced_through_a_link_and_a_mount(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	machine_link(&t, "srv/dumps", "/data/dumps");
	assert_ok(resolve("path /srv//dumps/\n", &target));
	is_target(&target, "UUID=" DATA_UUID, "ext4", "/dumps");
}

static void deduced_through_a_bind_mount(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	machine_mounts(&t, "30 21 254:17 /store/crash /var/crash rw - ext4 /dev/vdb1 rw\n");
	assert_ok(file_make_folders(t.fd, "var/crash/sub", 0700));
	assert_ok(resolve("path /var/crash/sub\n", &target));
	is_target(&target, "UUID=" DATA_UUID, "ext4", "/store/crash/sub");
}

static void named_by_device_and_tags(void **state)
{
	static const char by_uuid[] = "ext4 UUID=" DATA_UUID "\npath /dumps\n";
	static const char *const confs[] = { "ext4 /dev/vdb1\npath /dumps\n", by_uuid,
					     "ext4 LABEL=crash disk\npath dumps\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(confs); i++) {
		_cleanup_target_ struct target target = { 0 };

		assert_ok(resolve(confs[i], &target));
		is_target(&target, "UUID=" DATA_UUID, "ext4", "/dumps");
	}
}

static void mistakes_in_the_target(void **state)
{
	(void)state;
	refused("ext4 /dev/vdb1\npath /nowhere\n", ERROR_USAGE,
		"Dump path \"/nowhere\" does not exist in dump target \"/dev/vdb1\"");
	refused("path /nowhere\n", ERROR_USAGE, "Dump path /nowhere does not exist.");
	refused("xfs /dev/vdb1\npath /dumps\n", ERROR_USAGE,
		"\"/dev/vdb1\" have a wrong type config \"xfs\", expected \"ext4\"");
	refused("ext4 /dev/vda\npath /dumps\n", ERROR_USAGE,
		"Dump target \"/dev/vda\" is neither mounted nor configured as \"noauto\"");
	refused("ext4 LABEL=gone\n", ERROR_NOT_FOUND,
		"Dump target \"LABEL=gone\" (/etc/kdump.conf line 1): no block device has "
		"LABEL=gone");
	refused("path /tmp\n", ERROR_USAGE, "does not survive a restart");
	tree_add(&t, "data/file", "");
	refused("ext4 /dev/vdb1\npath /file\n", ERROR_USAGE, "is not a folder");
	machine_mounts(&t, "40 21 0:50 / /data/net rw - nfs4 host:/x rw\n");
	assert_ok(file_make_folders(t.fd, "data/net", 0700));
	refused("path /data/net\n", ERROR_UNSUPPORTED, "of type nfs4, which is not supported yet");
}

/* noauto in fstab is as good as mounted, but the type must fit. */
static void fstab_is_asked(void **state)
{
	(void)state;
	tree_add(&t, "etc/fstab", "LABEL=other /x ext4 noauto 0 0\n/dev/vda1 / ext4 defaults 0 1\n"
				  "/dev/vda /y xfs defaults 0 0\n");
	refused("ext4 /dev/vda\n", ERROR_USAGE, "neither mounted nor configured as \"noauto\"");
	tree_add(&t, "etc/fstab", "/dev/vda /y xfs rw,noauto 0 0\n");
	refused("ext4 /dev/vda\n", ERROR_USAGE,
		"\"/dev/vda\" have a wrong type config \"ext4\", expected \"xfs\"");
}

/* Only a part of the file system is mounted: where `path` is on it cannot be checked. */
static void a_bind_mount_is_not_the_target(void **state)
{
	(void)state;
	tree_add(&t, "proc/self/mountinfo",
		 "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
		 "22 21 254:17 /part /data rw - ext4 /dev/vdb1 rw\n");
	refused("ext4 /dev/vdb1\npath /dumps\n", ERROR_USAGE, "neither mounted nor configured");
}

static void external_journals_are_refused(void **state)
{
	(void)state;
	tree_add(&t, "proc/self/mountinfo",
		 "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
		 "22 21 254:17 / /data rw - xfs /dev/vdb1 rw,logdev=/dev/vdc,noquota\n");
	refused("xfs /dev/vdb1\npath /dumps\n", ERROR_UNSUPPORTED, "second device (logdev=/dev/vdc)");
}

/* PID 1 looks for a UUID on a file system of the plan's type, as a probe tells it. */
static void ext3_mounted_as_ext4_is_an_ext3(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	machine_ext(&t, "dev/vdb1", 3, DATA_UUID, "");
	assert_ok(resolve("ext4 /dev/vdb1\npath /dumps\n", &target));
	is_target(&target, "UUID=" DATA_UUID, "ext3", "/dumps");
	assert_true(words_have(&target.modules, "fs-ext3"));
}

/* Distributions differ in the character sets that vfat is mounted with. */
static void vfat_brings_its_character_sets(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	tree_add(&t, "proc/self/mountinfo",
		 "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
		 "22 21 254:17 / /data rw - vfat /dev/vdb1 rw,fmask=0077,codepage=850,iocharset=iso8859-1\n");
	assert_ok(resolve("path /data/dumps\n", &target));
	assert_string_equal(target.place.options, "codepage=850,iocharset=iso8859-1");
	assert_true(words_have(&target.modules, "fs-vfat"));
	assert_true(words_have(&target.modules, "nls_cp850"));
	assert_true(words_have(&target.modules, "nls_iso8859-1"));
	assert_false(words_have(&target.modules, "nls_ascii"));
}

static void btrfs_subvolumes_are_kept(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	tree_add(&t, "proc/self/mountinfo",
		 "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
		 "22 21 0:40 /@data /data rw - btrfs /dev/vdb1 rw,space_cache=v2,subvolid=256,subvol=/@data\n");
	assert_ok(resolve("path /data/dumps\n", &target));
	is_target(&target, "UUID=" DATA_UUID, "btrfs", "/dumps");
	assert_string_equal(target.place.options, "subvol=/@data");
}

static void btrfs_on_several_devices_is_refused(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	tree_add(&t, "proc/self/mountinfo",
		 "21 1 254:1 / / rw - ext4 /dev/vda1 rw\n"
		 "22 21 0:40 / /data rw - btrfs /dev/vdb1 rw,subvol=/\n");
	machine_btrfs(&t, "dev/vdb1");
	tree_add(&t, "sys/fs/btrfs/" BTRFS_UUID "/devices/vdb1", "");
	assert_ok(resolve("path /data/dumps\n", &target));
	is_target(&target, "UUID=" BTRFS_UUID, "btrfs", "/dumps");
	tree_add(&t, "sys/fs/btrfs/" BTRFS_UUID "/devices/vdc", "");
	refused("path /data/dumps\n", ERROR_UNSUPPORTED, "is on 2 devices");
}

static void shared_folder_by_its_tag(void **state)
{
	_cleanup_target_ struct target named = { 0 }, deduced = { 0 };

	(void)state;
	machine_mounts(&t, "30 21 0:44 / /host rw - virtiofs my\\040tag rw\n");
	assert_ok(file_make_folders(t.fd, "host/dumps", 0700));
	machine_driver(&t, PCI "0000:00:0a.0", "virtio-pci", "virtio_pci", NULL);
	machine_driver(&t, PCI "0000:00:0a.0/virtio9", "virtiofs", "virtiofs", NULL);
	machine_link(&t, "sys/bus/virtio/drivers/virtiofs/virtio9", "../../../../devices/pci0000:00/0000:00:0a.0/virtio9");
	assert_ok(resolve("virtiofs my tag\npath /dumps\n", &named));
	is_target(&named, "my tag", "virtiofs", "/dumps");
	assert_true(words_have(&named.modules, "virtio_pci"));
	assert_true(words_have(&named.modules, "fs-virtiofs"));
	assert_ok(resolve("path /host/dumps\n", &deduced));
	is_target(&deduced, "my tag", "virtiofs", "/dumps");
	refused("virtiofs other\n", ERROR_USAGE, "Dump target \"other\" is neither mounted nor configured as");
}

static void raw_disk_is_named_by_what_a_dump_leaves(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	refused("raw /dev/vdx\n", ERROR_NOT_FOUND, "Bad raw disk /dev/vdx (/etc/kdump.conf line 1)");
	refused("raw /dev/vdb\n", ERROR_USAGE, "Bad raw disk /dev/vdb: it is shorter than a block");
	refused("raw /dev/vdb1\n", ERROR_USAGE, "The raw disk /dev/vdb1 is mounted on /data");
	machine_ext(&t, "dev/vdb", 4, "99999999-2222-4333-8444-555555555555", "old");
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/serial", "disk7\n");
	assert_ok(resolve("raw /dev/vdb\nfailure_action dump_to_rootfs\n", &target));
	assert_string_equal(target.kind, "raw");
	assert_int_equal(target.place.kind, PLAN_TARGET_RAW);
	assert_string_equal(target.place.device, "SERIAL=disk7");
	assert_null(target.path);
	assert_string_equal(target.rootfs.device, "UUID=" ROOT_UUID);
	assert_int_equal(target.warnings.n, 1);
	assert_string_equal(target.warnings.v[0],
			    "Detected 'ext4' signature on /dev/vdb, data loss is expected.");
}

static void little_space_is_a_warning(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	tree_add(&t, "proc/meminfo", "MemTotal:  99999999999999 kB\nMemFree: 1 kB\n");
	assert_ok(resolve("", &target));
	assert_int_equal(target.warnings.n, 1);
	assert_non_null(strstr(target.warnings.v[0],
			       "There might not be enough space to save a vmcore."));
}

static void fallback_to_the_root(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	assert_ok(resolve("ext4 /dev/vdb1\npath /dumps\nfailure_action dump_to_rootfs\n", &target));
	assert_string_equal(target.rootfs.device, "UUID=" ROOT_UUID);
	assert_string_equal(target.rootfs.fstype, "ext4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(deduced_from_the_path, setup, teardown),
		cmocka_unit_test_setup_teardown(deduced_through_a_link_and_a_mount, setup, teardown),
		cmocka_unit_test_setup_teardown(deduced_through_a_bind_mount, setup, teardown),
		cmocka_unit_test_setup_teardown(named_by_device_and_tags, setup, teardown),
		cmocka_unit_test_setup_teardown(mistakes_in_the_target, setup, teardown),
		cmocka_unit_test_setup_teardown(fstab_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bind_mount_is_not_the_target, setup, teardown),
		cmocka_unit_test_setup_teardown(external_journals_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(ext3_mounted_as_ext4_is_an_ext3, setup, teardown),
		cmocka_unit_test_setup_teardown(vfat_brings_its_character_sets, setup, teardown),
		cmocka_unit_test_setup_teardown(btrfs_subvolumes_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(btrfs_on_several_devices_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(shared_folder_by_its_tag, setup, teardown),
		cmocka_unit_test_setup_teardown(raw_disk_is_named_by_what_a_dump_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(little_space_is_a_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(fallback_to_the_root, setup, teardown),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
