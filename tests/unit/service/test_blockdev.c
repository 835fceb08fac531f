#include "service/blockdev.h"
#include "service/rootpath.h"
#include "fixture.h"

static void is_found(const char *spec, const char *name)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	struct error *e = blockdev_find(t.fd, spec, &d);

	if (e)
		fail_msg("%s: %s", spec, error_message(e));
	assert_string_equal(d.name, name);
}

static void every_way_to_name_a_device(void **state)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };

	(void)state;
	machine_link(&t, "dev/disk/by-id/virtio-x", "../../vdb1");
	machine_link(&t, "dev/root", "/dev/vda1"); /* absolute: stays below the root */
	machine_link(&t, "dev/disk/by-label/my\\x20disk", "../../vdb");
	tree_add(&t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1/uevent",
		 "DEVNAME=vdb1\nPARTUUID=ABCD-01\nPARTNAME=dumps\n");
	is_found("/dev/vda1", "vda1");
	is_found("/dev/disk/by-id/virtio-x", "vdb1");
	is_found("/dev/root", "vda1");
	is_found("UUID=" DATA_UUID, "vdb1");
	is_found("LABEL=crash disk", "vdb1");
	is_found("LABEL=my disk", "vdb"); /* udev's link comes first */
	is_found("PARTUUID=abcd-01", "vdb1");
	is_found("PARTLABEL=dumps", "vdb1");
	assert_error(blockdev_find(t.fd, "LABEL=other", &d), ERROR_NOT_FOUND,
		     "no block device has LABEL=other");
	assert_error(blockdev_find(t.fd, "/dev/vdz", &d), ERROR_NOT_FOUND, "/dev/vdz");
	assert_error(blockdev_find(t.fd, "vda", &d), ERROR_USAGE, "is no device");
}

static void probe_reads_the_superblock(void **state)
{
	_cleanup_blockdev_ struct blockdev d = { 0 }, empty = { 0 };
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 }, none = { 0 };

	(void)state;
	assert_ok(blockdev_find(t.fd, "/dev/vdb1", &d));
	assert_int_equal(d.major, 254);
	assert_int_equal(d.minor, 17);
	assert_ok(blockdev_probe(t.fd, &d, &c));
	assert_string_equal(c.fstype, "ext4");
	assert_string_equal(c.uuid, DATA_UUID);
	assert_string_equal(c.label, "crash disk");
	assert_ok(blockdev_find(t.fd, "/dev/vdb", &empty));
	assert_ok(blockdev_probe(t.fd, &empty, &none));
	assert_null(none.fstype);
}

static void drivers_are(const char *spec, bool foreign, const char *expected)
{
	_cleanup_blockdev_ struct blockdev d = { 0 };
	_cleanup_words_ struct words w = { 0 };
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_ok(blockdev_find(t.fd, spec, &d));
	assert_ok(blockdev_drivers(t.fd, &d, foreign, &w));
	for (size_t i = 0; i < w.n; i++)
		strbuf_printf(&b, "%s%s", i ? " " : "", w.v[i]);
	assert_string_equal(strbuf_str(&b), expected);
}

static void drivers_from_controller_to_disk(void **state)
{
	const char *const scsi = PCI "0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0";
	const char *const disk = PCI "0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/sda1";

	(void)state;
	drivers_are("/dev/vda1", false, "virtio_pci virtio_blk");
	machine_block(&t, disk, "8:1");
	machine_driver(&t, PCI "0000:00:1f.2", "ahci", "ahci", "pci:v8086\n");
	machine_driver(&t, scsi, "sd", "sd_mod", "scsi:t-0x00\n");
	drivers_are("/dev/sda1", false, "ahci sd_mod");
}

/* 6.12's cloud kernel has virtio_pci built in: nothing to insert there, but a capture kernel
 * of another release may have it as a module. */
static void built_in_drivers_go_by_modalias(void **state)
{
	(void)state;
	machine_driver(&t, PCI "0000:00:05.0", "virtio-pci-builtin", NULL, "pci:v1AF4d1001\n");
	drivers_are("/dev/vdb1", false, "virtio_blk");
	drivers_are("/dev/vdb1", true, "pci:v1AF4d1001 virtio_blk");
}

static void nvme_multipath_names_its_controllers(void **state)
{
	(void)state;
	machine_block(&t, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1", "259:0");
	tree_add(&t, PCI "0000:01:00.0/nvme/nvme0/cntlid", "1\n");
	machine_driver(&t, PCI "0000:01:00.0", "nvme", "nvme", "pci:nvme\n");
	machine_link(&t, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
		     "../../../pci0000:00/0000:01:00.0/nvme/nvme0");
	drivers_are("/dev/nvme0n1", false, "nvme");
}

static void stacked_devices_are_refused(void **state)
{
	_cleanup_blockdev_ struct blockdev d = { 0 }, other = { 0 };
	_cleanup_words_ struct words w = { 0 };

	(void)state;
	machine_block(&t, "sys/devices/virtual/block/loop0", "7:0");
	assert_ok(blockdev_find(t.fd, "/dev/loop0", &d));
	assert_error(blockdev_drivers(t.fd, &d, false, &w), ERROR_UNSUPPORTED,
		     "/dev/loop0 is a loop device, which is not supported yet");
	machine_block(&t, "sys/devices/virtual/block/new0", "250:0");
	assert_ok(blockdev_find(t.fd, "/dev/new0", &other));
	assert_error(blockdev_drivers(t.fd, &other, false, &w), ERROR_UNSUPPORTED,
		     "virtual device");
}

static void disks_over_a_network_are_refused(void **state)
{
	_cleanup_blockdev_ struct blockdev iscsi = { 0 }, nvme = { 0 };
	_cleanup_words_ struct words w = { 0 };

	(void)state;
	machine_block(&t, "sys/devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sdx", "65:112");
	assert_ok(blockdev_find(t.fd, "/dev/sdx", &iscsi));
	assert_error(blockdev_drivers(t.fd, &iscsi, false, &w), ERROR_UNSUPPORTED, "/dev/sdx is an iSCSI disk");
	machine_block(&t, "sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme9n1", "259:9");
	tree_add(&t, "sys/devices/virtual/nvme-fabrics/ctl/nvme9/cntlid", "1\n");
	machine_link(&t, "sys/devices/virtual/nvme-subsystem/nvme-subsys9/nvme9", "../../nvme-fabrics/ctl/nvme9");
	assert_ok(blockdev_find(t.fd, "/dev/nvme9n1", &nvme));
	assert_error(blockdev_drivers(t.fd, &nvme, false, &w), ERROR_UNSUPPORTED, "an NVMe disk over a network");
}

static void real_paths_stay_below_the_root(void **state)
{
	_cleanup_free_ char *real = NULL;

	(void)state;
	machine_link(&t, "var/link", "/../../data/dumps");
	assert_ok(rootpath_real(t.fd, "/var/link", &real));
	assert_string_equal(real, "/data/dumps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_way_to_name_a_device, setup, teardown),
		cmocka_unit_test_setup_teardown(probe_reads_the_superblock, setup, teardown),
		cmocka_unit_test_setup_teardown(drivers_from_controller_to_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(built_in_drivers_go_by_modalias, setup, teardown),
		cmocka_unit_test_setup_teardown(nvme_multipath_names_its_controllers, setup, teardown),
		cmocka_unit_test_setup_teardown(stacked_devices_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(disks_over_a_network_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(real_paths_stay_below_the_root, setup, teardown),
	};

	return cmocka_run_group_tests_name("blockdev", tests, NULL, NULL);
}
