/* Devices upon devices: what the plan gets to make them again. */
#include "storage.h"
#include "service/luks.h"
#include "service/stack.h"
#include "fixture.h"

/* The plan's text of what a target has, for comparing. */
static char *layers_text(const struct target *target)
{
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < target->layers.n; i++) {
		const struct plan_layer *l = &target->layers.v[i];

		n += snprintf(text + n, sizeof(text) - n, "%s %s", l->name,
			      l->is_array ? l->metadata : (l->uuid ? l->uuid : "-"));
		for (size_t j = 0; j < l->members.n; j++)
			n += snprintf(text + n, sizeof(text) - n, " %s", l->members.v[j]);
		n += snprintf(text + n, sizeof(text) - n, "\n");
		for (size_t j = 0; j < l->rows.n; j++)
			n += snprintf(text + n, sizeof(text) - n, "  %ju %ju %s %s\n", (uintmax_t)l->rows.v[j].start,
				      (uintmax_t)l->rows.v[j].len, l->rows.v[j].type, l->rows.v[j].params);
	}
	return text;
}

static struct error *name(const char *device, struct target *target, char **ret)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	const struct resolve_how how = { .root = t.fd };

	TRY(blockdev_find(t.fd, device, &d));
	return stack_name(&how, &d, target, false, ret);
}

static void is_named(const char *device, struct target *target, const char *expected)
{
	_cleanup_free_ char *found = NULL;

	assert_ok(name(device, target, &found));
	assert_string_equal(found, expected);
}

static void refused(const char *device, const char *message)
{
	_cleanup_target_ struct target target = { 0 };
	_cleanup_free_ char *found = NULL;

	assert_error(name(device, &target, &found), ERROR_UNSUPPORTED, message);
}

static void volume_on_a_partition_of_an_array(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	storage_array(&t, "raid1\n", "1.2\n");
	storage_pv(&t, "dev/md127p1", PV_UUID);
	storage_map(&t, "dm-1", "253:1", "vg-crash", "LVM-xyz");
	tree_add(&t, DM_CONTROL, "253:10 0 1 linear 9:9 0\n253:1 0 8192 linear 259:0 2048\n"
				 "253:1 8192 4096 striped 2 128 259:0 20480 254:17 2048\n");
	storage_pv(&t, "dev/vdb1", "zzzzzz-ghij-klmn-opqr-stuv-wxyz-012345");
	is_named("/dev/mapper/vg-crash", &target, "/dev/mapper/vg-crash");
	assert_string_equal(layers_text(&target),
			    "md127 1.2 MD=" MD_UUID "\n"
			    "vg-crash LVM-xyz\n"
			    "  0 8192 linear </dev/md127p1> 2048\n"
			    "  8192 4096 striped 2 128 </dev/md127p1> 20480 "
			    "<PV=zzzzzz-ghij-klmn-opqr-stuv-wxyz-012345> 2048\n");
	for (size_t i = 0; i < 6; i++)
		assert_true(words_have(&target.modules, ((const char *[]){ "dm_mod", "md_mod", "raid1", "virtio_blk",
									   "virtio_pci", "ahci" })[i]));
	assert_int_equal(target.warnings.n, 0);
}

static void encrypted_on_a_volume(void **state)
{
	static const char key[] = "253:3 0 4096 crypt aes-xts-plain64 "
				  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 0 253:2 16 1 "
				  "allow_discards\n253:2 0 8192 linear 254:17 2048\n";
	_cleanup_target_ struct target target = { 0 };
	const struct resolve_how how = { .root = t.fd };
	_cleanup_settings_ struct settings s = { 0 };

	(void)state;
	storage_map(&t, "dm-2", "253:2", "vg-lv", "LVM-1");
	storage_map(&t, "dm-3", "253:3", "luks-x", "CRYPT-LUKS2-2");
	storage_pv(&t, "dev/vdb1", PV_UUID);
	storage_luks(&t, "dev/dm-2", LUKS_UUID);
	tree_add(&t, DM_CONTROL, key);
	is_named("/dev/dm-3", &target, "/dev/mapper/luks-x");
	assert_string_equal(layers_text(&target),
			    "vg-lv LVM-1\n  0 8192 linear <PV=" PV_UUID "> 2048\n"
			    "luks-x CRYPT-LUKS2-2\n  0 4096 crypt aes-xts-plain64 "
			    ":32:user:kdump-cryptsetup:vk-" LUKS_UUID " 0 </dev/mapper/vg-lv> 16 1 allow_discards\n");
	assert_true(words_have(&target.modules, "dm_crypt"));
	assert_true(words_have(&target.wanted, "crypto-xts"));
	assert_int_equal(target.luks.n, 1);
	assert_int_equal(target.luks.v[0].bytes, 32);
	assert_string_equal(target.luks.v[0].device, "/dev/dm-2");

	/* a kernel that cannot hand keys over: the reason and the way out */
	assert_ok(settings_parse(&s, "kdump.conf", "", 0));
	assert_error(luks_decide(&how, &s, &target), ERROR_UNSUPPORTED, "luks_key_file in kdump.conf names a file");
	assert_false(target.kernel_keys);
	settings_done(&s);
	s = (struct settings){ 0 };
	assert_ok(settings_parse(&s, "kdump.conf", "luks_key_file /etc/k\n", strlen("luks_key_file /etc/k\n")));
	assert_error(luks_decide(&how, &s, &target), ERROR_NOT_FOUND, "luks_key_file: /etc/k");
	tree_add(&t, "etc/k", "secret");
	assert_ok(luks_decide(&how, &s, &target));
	assert_string_equal(target.luks.v[0].key_file, "/etc/k");
}

/* The keyring's key has another name there than for the capture kernel; its size is the same. */
static void key_of_the_keyring(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	storage_map(&t, "dm-3", "253:3", "luks-x", "CRYPT-LUKS2-2");
	storage_luks(&t, "dev/vdb1", LUKS_UUID);
	tree_add(&t, DM_CONTROL, "253:3 0 9 crypt aes-cbc-essiv:sha256 :64:logon:cryptsetup:u-d0 0 254:17 32768\n");
	is_named("/dev/dm-3", &target, "/dev/mapper/luks-x");
	assert_string_equal(layers_text(&target),
			    "luks-x CRYPT-LUKS2-2\n  0 9 crypt aes-cbc-essiv:sha256 "
			    ":64:user:kdump-cryptsetup:vk-" LUKS_UUID " 0 <LUKS=" LUKS_UUID "> 32768\n");
	assert_true(words_have(&target.wanted, "crypto-sha256"));
	storage_pv(&t, "dev/vdb1", PV_UUID);
	refused("/dev/dm-3", "/dev/vdb1 is encrypted without a LUKS header");
}

static void paths_of_one_disk(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	storage_paths(&t);
	storage_map(&t, "dm-4", "253:4", "mpatha", "mpath-3600");
	storage_map(&t, "dm-5", "253:5", "mpatha-part1", "part1-mpath-3600");
	tree_add(&t, DM_CONTROL, "253:4 0 100 multipath 1 queue_if_no_path 1 alua 2 1 service-time 0 1 2 8:0 1 1 "
				 "service-time 0 1 2 8:16 1 1\n253:5 0 50 linear 253:4 2048\n");
	is_named("/dev/mapper/mpatha-part1", &target, "/dev/mapper/mpatha-part1");
	assert_string_equal(layers_text(&target),
			    "mpatha mpath-3600\n  0 100 multipath 0 1 alua 2 <WWID=naa.600140 5 x>\n"
			    "mpatha-part1 part1-mpath-3600\n  0 50 linear </dev/mapper/mpatha> 2048\n");
	assert_true(words_have(&target.modules, "qla2xxx"));
	assert_true(words_have(&target.modules, "scsi_dh_alua"));
	assert_true(words_have(&target.modules, "dm_round_robin"));
}

static void disks_by_what_they_say(void **state)
{
	static const char controller[] = "sys/devices/pci0000:00/0000:00:09.0";
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	machine_driver(&t, controller, "nvme", "nvme", NULL);
	machine_block(&t, "sys/devices/pci0000:00/0000:00:09.0/nvme/nvme0/nvme0n1", "259:5");
	tree_add(&t, "sys/devices/pci0000:00/0000:00:09.0/nvme/nvme0/nvme0n1/wwid", "eui.0025385\n");
	is_named("/dev/nvme0n1", &target, "WWID=eui.0025385");
	assert_true(words_have(&target.modules, "nvme"));
	assert_int_equal(target.warnings.n, 0);

	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/serial", "disk7\n");
	is_named("/dev/vdb", &target, "SERIAL=disk7");
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1/partition", "1\n");
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1/uevent", "DEVNAME=vdb1\nPARTUUID=aa-01\n");
	is_named("/dev/vdb1", &target, "PARTUUID=aa-01");
	assert_int_equal(target.warnings.n, 0);
	is_named("/dev/vda", &target, "/dev/vda");
	assert_int_equal(target.warnings.n, 1);
	assert_non_null(strstr(target.warnings.v[0], "/dev/vda says nothing of itself"));
}

/* Its parts are made before the pool, and the pool before the volume. */
static void thin_volume_brings_its_pool(void **state)
{
	_cleanup_target_ struct target target = { 0 };

	(void)state;
	storage_pv(&t, "dev/vdb1", PV_UUID);
	storage_map(&t, "dm-1", "253:1", "vg-pool_tmeta", "LVM-m");
	storage_map(&t, "dm-2", "253:2", "vg-pool_tdata", "LVM-d");
	storage_map(&t, "dm-3", "253:3", "vg-pool-tpool", "LVM-p");
	storage_map(&t, "dm-4", "253:4", "vg-thin", "LVM-t");
	tree_add(&t, DM_CONTROL,
		 "253:1 0 8 linear 254:17 0\n253:2 0 80 linear 254:17 8\n"
		 "253:3 0 80 thin-pool 253:1 253:2 128 0 1 error_if_no_space\n253:4 0 800 thin 253:3 1\n");
	is_named("/dev/mapper/vg-thin", &target, "/dev/mapper/vg-thin");
	assert_string_equal(layers_text(&target),
			    "vg-pool_tmeta LVM-m\n  0 8 linear <PV=" PV_UUID "> 0\n"
			    "vg-pool_tdata LVM-d\n  0 80 linear <PV=" PV_UUID "> 8\n"
			    "vg-pool-tpool LVM-p\n  0 80 thin-pool </dev/mapper/vg-pool_tmeta> "
			    "</dev/mapper/vg-pool_tdata> 128 0 1 error_if_no_space\n"
			    "vg-thin LVM-t\n  0 800 thin </dev/mapper/vg-pool-tpool> 1\n");
	assert_int_equal(target.warnings.n, 1);
	assert_non_null(strstr(target.warnings.v[0], "is not extended during a capture"));
}

static void what_cannot_be_made_again(void **state)
{
	(void)state;
	storage_map(&t, "dm-1", "253:1", "snap", "LVM-s");
	tree_add(&t, DM_CONTROL, "253:1 0 8 snapshot-origin 254:17\n");
	refused("/dev/dm-1", "device-mapper type snapshot-origin, which is not supported");
	storage_array(&t, "raid5\n", "external:imsm\n");
	refused("/dev/md127", "managed from outside the kernel (external:imsm)");
	tree_add(&t, "sys/devices/virtual/block/md127/md/metadata_version", "1.2\n");
	tree_add(&t, "sys/devices/virtual/block/md127/md/level", "faulty\n");
	refused("/dev/md127", "RAID of level faulty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(volume_on_a_partition_of_an_array, setup, teardown),
		cmocka_unit_test_setup_teardown(encrypted_on_a_volume, setup, teardown),
		cmocka_unit_test_setup_teardown(key_of_the_keyring, setup, teardown),
		cmocka_unit_test_setup_teardown(paths_of_one_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(disks_by_what_they_say, setup, teardown),
		cmocka_unit_test_setup_teardown(thin_volume_brings_its_pool, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_made_again, setup, teardown),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
