/*
 * A recorded machine for the tests: a root folder with /proc, /sys, /dev, /boot of a guest
 * with two virtio disks. vda1 is ext4 and mounted on /, vdb1 is ext4 and mounted on /data,
 * vdc is an xfs that nobody has mounted, dm-0 stands on vda.
 */
#pragma once

#include "../host/tree.h"

#include <sys/stat.h>

#define MACHINE_RELEASE "6.1.0-test"
#define PCI		"sys/devices/pci0000:00/"
#define ROOT_UUID	"11111111-2222-4333-8444-555555555555"
#define DATA_UUID	"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

static inline void machine_link(struct tree *t, const char *name, const char *to)
{
	char folder[1024];

	snprintf(folder, sizeof(folder), "%s", name);
	*strrchr(folder, '/') = '\0';
	assert_ok(file_make_folders(t->fd, folder, 0700));
	unlinkat(t->fd, name, 0);
	assert_int_equal(symlinkat(to, t->fd, name), 0);
}

/* A device folder bound to a driver; module null: built in. */
static inline void machine_driver(struct tree *t, const char *folder, const char *driver,
				  const char *module, const char *modalias)
{
	char name[512], to[512], up[1024] = "";

	snprintf(name, sizeof(name), "%s/driver", folder);
	snprintf(to, sizeof(to), "/sys/bus/test/drivers/%s", driver);
	assert_ok(file_make_folders(t->fd, to + 1, 0700));
	for (const char *p = name; *p; p++) /* relative, as sysfs has it */
		if (*p == '/')
			strcat(up, "../");
	strcat(up, to + 1);
	machine_link(t, name, up);
	if (module) {
		char link[600];

		snprintf(link, sizeof(link), "%s/module", to + 1);
		snprintf(name, sizeof(name), "../../../../module/%s", module);
		machine_link(t, link, name);
	}
	if (modalias) {
		snprintf(name, sizeof(name), "%s/modalias", folder);
		tree_add(t, name, modalias);
	}
}

/* `folder` is the device's place in sysfs; the last component is its name. */
static inline void machine_block(struct tree *t, const char *folder, const char *number)
{
	const char *kernel_name = strrchr(folder, '/') + 1;
	char name[512], to[512];

	snprintf(name, sizeof(name), "%s/dev", folder);
	snprintf(to, sizeof(to), "%s\n", number);
	tree_add(t, name, to);
	snprintf(to, sizeof(to), "../../%s", folder + strlen("sys/"));
	snprintf(name, sizeof(name), "sys/dev/block/%s", number);
	machine_link(t, name, to);
	snprintf(name, sizeof(name), "sys/class/block/%s", kernel_name);
	machine_link(t, name, to);
	snprintf(name, sizeof(name), "dev/%s", kernel_name);
	tree_add(t, name, "");
}

/* The superblock of an ext3 or ext4 (fs/ext4/ext4.h) as far as a probe looks at it. */
static inline void machine_ext(struct tree *t, const char *node, int version, const char *uuid,
			       const char *label)
{
	static unsigned char image[64 << 10];
	unsigned char *sb = image + 1024;

	memset(image, 0, sizeof(image));
	put_u32(sb + 0x04, 64, false);	   /* blocks */
	put_u16(sb + 0x38, 0xef53, false); /* magic */
	put_u32(sb + 0x4c, 1, false);	   /* revision */
	put_u32(sb + 0x5c, 0x4, false);	   /* has_journal */
	put_u32(sb + 0x60, version == 4 ? 0x40 : 0, false); /* extents */
	for (int i = 0, n = 0; uuid[i]; i++) {
		unsigned v;

		if (uuid[i] == '-')
			continue;
		sscanf(uuid + i, "%2x", &v);
		sb[0x68 + n++] = v;
		i++;
	}
	strncpy((char *)sb + 0x78, label, 16);
	tree_add_bytes(t, node, image, sizeof(image));
}

static inline uint32_t machine_crc32c(const unsigned char *p, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

/* The superblock of a btrfs (fs/btrfs/disk-io.c): magic, sizes, and UUID at 64 KiB. */
static inline void machine_btrfs(struct tree *t, const char *node)
{
	static unsigned char image[1 << 20]; /* the least that a probe takes for one */
	unsigned char *sb = image + (64 << 10);

	memset(image, 0, sizeof(image));
	memset(sb + 0x20, 0x77, 16); /* fsid */
	put_u32(sb + 0x30, 0x10000, false); /* where this superblock is */
	memcpy(sb + 0x40, "_BHRfS_M", 8);
	put_u32(sb + 0x90, 4096, false); /* sector size */
	put_u32(sb, ~machine_crc32c(sb + 0x20, 4096 - 0x20), false);
	tree_add_bytes(t, node, image, sizeof(image));
}
#define BTRFS_UUID "77777777-7777-7777-7777-777777777777"

static inline void machine_mounts(struct tree *t, const char *more)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "1 0 0:2 / / rw - rootfs none rw\n"
		 "21 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
		 "22 21 0:20 / /tmp rw,nosuid - tmpfs tmpfs rw\n"
		 "23 21 254:17 / /data rw,relatime - ext4 /dev/vdb1 rw\n%s",
		 more);
	tree_add(t, "proc/self/mountinfo", text);
}

static inline void machine_init(struct tree *t)
{
	tree_init(t);
	tree_add(t, "proc/sys/kernel/osrelease", MACHINE_RELEASE "\n");
	tree_add(t, "proc/sys/kernel/hostname", "guest\n");
	tree_add(t, "proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-" MACHINE_RELEASE " root=/dev/vda1 ro quiet\n");
	tree_add(t, "proc/cpuinfo", "processor\t: 0\napicid\t\t: 4\ninitial apicid\t: 4\n\n"
				    "processor\t: 1\ninitial apicid\t: 5\n");
	tree_add(t, "proc/meminfo", "MemTotal:        1024 kB\n");
	tree_add(t, "boot/vmlinuz-" MACHINE_RELEASE, "kernel");
	machine_mounts(t, "");
	machine_block(t, PCI "0000:00:04.0/virtio1/block/vda", "254:0");
	machine_block(t, PCI "0000:00:04.0/virtio1/block/vda/vda1", "254:1");
	machine_block(t, PCI "0000:00:05.0/virtio2/block/vdb", "254:16");
	machine_block(t, PCI "0000:00:05.0/virtio2/block/vdb/vdb1", "254:17");
	machine_block(t, "sys/devices/virtual/block/dm-0", "253:0");
	machine_driver(t, PCI "0000:00:04.0", "virtio-pci", "virtio_pci", "pci:v1AF4d1001\n");
	machine_driver(t, PCI "0000:00:04.0/virtio1", "virtio_blk", "virtio_blk", "virtio:d2v1AF4\n");
	machine_driver(t, PCI "0000:00:05.0", "virtio-pci", "virtio_pci", "pci:v1AF4d1001\n");
	machine_driver(t, PCI "0000:00:05.0/virtio2", "virtio_blk", "virtio_blk", "virtio:d2v1AF4\n");
	machine_ext(t, "dev/vda1", 4, ROOT_UUID, "rootfs");
	machine_ext(t, "dev/vdb1", 4, DATA_UUID, "crash disk");
	assert_ok(file_make_folders(t->fd, "var/crash", 0700));
	assert_ok(file_make_folders(t->fd, "data/dumps", 0700));
	assert_ok(file_make_folders(t->fd, "tmp", 0700));
	assert_ok(file_make_folders(t->fd, "var/lib/kdump", 0700));
}
