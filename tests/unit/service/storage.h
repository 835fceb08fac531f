/* More devices for the recorded machine: what stands on disks, and what is written on them. */
#pragma once

#include "machine.h"

#define STORAGE_LEN (2 << 20) /* a probe looks for such things on nothing smaller than a floppy disk */
#define PV_UUID	  "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"
#define LUKS_UUID "0123abcd-0000-4000-8000-00000000beef"
#define MD_UUID	  "10111213-1415-1617-1819-1a1b1c1d1e1f"

static inline uint32_t lvm_crc(const unsigned char *p, size_t len)
{
	uint32_t crc = 0xf597a6cf;

	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

/* An LVM physical volume (lvm2, lib/format_text/layout.h): a label in the second sector. */
static inline void storage_pv(struct tree *t, const char *node, const char *uuid)
{
	static unsigned char image[STORAGE_LEN];
	unsigned char *label = image + 512, *to = label + 32;

	memset(image, 0, sizeof(image));
	memcpy(label, "LABELONE", 8);
	put_u64(label + 8, 1, false); /* its sector */
	put_u32(label + 20, 32, false); /* the header behind it */
	memcpy(label + 24, "LVM2 001", 8);
	for (; *uuid; uuid++)
		if (*uuid != '-')
			*to++ = *uuid;
	put_u32(label + 16, lvm_crc(label + 20, 512 - 20), false);
	tree_add_bytes(t, node, image, sizeof(image));
}

/* LUKS2's first header (cryptsetup, docs/on-disk-format-luks2.pdf). */
static inline void storage_luks(struct tree *t, const char *node, const char *uuid)
{
	static unsigned char image[STORAGE_LEN];

	memset(image, 0, sizeof(image));
	memcpy(image, "LUKS\xba\xbe", 6);
	put_u16(image + 6, 2, true);
	put_u64(image + 8, 16384, true); /* its length */
	strcpy((char *)image + 168, uuid);
	tree_add_bytes(t, node, image, sizeof(image));
}

/* A member of an array with metadata 1.2 (linux/raid/md_p.h), of MD_UUID. */
static inline void storage_md_member(struct tree *t, const char *node)
{
	static unsigned char image[STORAGE_LEN];
	unsigned char *sb = image + 4096;

	memset(image, 0, sizeof(image));
	put_u32(sb, 0xa92b4efc, false);
	put_u32(sb + 4, 1, false);
	for (int i = 0; i < 16; i++)
		sb[16 + i] = 0x10 + i;
	put_u32(sb + 92, 2, false);
	put_u64(sb + 144, 8, false); /* where it is, in sectors */
	tree_add_bytes(t, node, image, sizeof(image));
}

/* dm-N of the given name; its rows are added to the record of all tables. */
static inline void storage_map(struct tree *t, const char *kernel_name, const char *number, const char *name,
			       const char *uuid)
{
	char path[128], text[256];

	snprintf(path, sizeof(path), "sys/devices/virtual/block/%s", kernel_name);
	machine_block(t, path, number);
	snprintf(path, sizeof(path), "sys/devices/virtual/block/%s/dm/name", kernel_name);
	snprintf(text, sizeof(text), "%s\n", name);
	tree_add(t, path, text);
	snprintf(path, sizeof(path), "sys/devices/virtual/block/%s/dm/uuid", kernel_name);
	snprintf(text, sizeof(text), "%s\n", uuid);
	tree_add(t, path, text);
	snprintf(path, sizeof(path), "dev/mapper/%s", name);
	snprintf(text, sizeof(text), "../%s", kernel_name);
	machine_link(t, path, text);
}

/* md127, a mirror of vdb and vdc, with a partition. */
static inline void storage_array(struct tree *t, const char *level, const char *metadata)
{
	machine_block(t, PCI "0000:00:06.0/virtio3/block/vdc", "254:32");
	machine_driver(t, PCI "0000:00:06.0", "ahci", "ahci", NULL);
	machine_block(t, "sys/devices/virtual/block/md127", "9:127");
	machine_block(t, "sys/devices/virtual/block/md127/md127p1", "259:0");
	tree_add(t, "sys/devices/virtual/block/md127/md127p1/partition", "1\n");
	tree_add(t, "sys/devices/virtual/block/md127/md/level", level);
	tree_add(t, "sys/devices/virtual/block/md127/md/raid_disks", "2\n");
	tree_add(t, "sys/devices/virtual/block/md127/md/metadata_version", metadata);
	tree_add(t, "sys/devices/virtual/block/md127/slaves/vdb", "");
	tree_add(t, "sys/devices/virtual/block/md127/slaves/vdc", "");
	storage_md_member(t, "dev/vdb");
	storage_md_member(t, "dev/vdc");
}

/* sda and sdb, two ways to one disk behind two controllers. */
static inline void storage_paths(struct tree *t)
{
	static const struct {
		const char *pci, *disk, *number;
	} paths[] = {
		{ "sys/devices/pci0000:00/0000:00:07.0", "sda", "8:0" },
		{ "sys/devices/pci0000:00/0000:00:08.0", "sdb", "8:16" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char device[160], path[220];

		machine_driver(t, paths[i].pci, "qla2xxx", "qla2xxx", NULL);
		snprintf(device, sizeof(device), "%s/host%zu/target%zu:0:0/%zu:0:0:0", paths[i].pci, i, i, i);
		machine_driver(t, device, "sd", "sd_mod", NULL);
		snprintf(path, sizeof(path), "%s/wwid", device);
		tree_add(t, path, "naa.600140 5 x\n");
		snprintf(path, sizeof(path), "%s/block/%s", device, paths[i].disk);
		machine_block(t, path, paths[i].number);
		strcat(path, "/device");
		machine_link(t, path, "../..");
	}
}
