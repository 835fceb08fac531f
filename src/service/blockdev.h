/*
 * Block devices by name, label or number, and the drivers that make them work, as sysfs
 * shows them (Documentation/ABI/testing/sysfs-block, sysfs-devices). Names below /dev are
 * looked up under the root like everything else.
 */
#pragma once

#include "base/base.h"

struct blockdev {
	unsigned major, minor;
	char *name;  /* the kernel's: "vda1" */
	char *sysfs; /* below the root, canonical: "/sys/devices/…/block/vda/vda1" */
};

/* What a probe of the device's first blocks says; null where it has none. */
struct blockdev_content {
	char *fstype;
	char *uuid;
	char *label;
};

/* `spec` is a path below /dev (links are followed), or UUID=, LABEL=, PARTUUID=, PARTLABEL=.
 * ERROR_NOT_FOUND when no block device answers to it. */
struct error *blockdev_find(int root, const char *spec, struct blockdev *ret) MUST_CHECK;
struct error *blockdev_by_number(int root, unsigned major, unsigned minor,
				 struct blockdev *ret) MUST_CHECK;
void blockdev_done(struct blockdev *d);

/*
 * Adds the modules of all drivers from the controller down to the device, outermost first,
 * each once. `foreign` asks for a kernel other than the running one: drivers that are built
 * into this one are then added by their device's modalias.
 * ERROR_UNSUPPORTED, with a sentence, for devices that are stacked on others (loop and such;
 * stack.h knows those that can be made again).
 */
struct error *blockdev_drivers(int root, const struct blockdev *d, bool foreign,
			       struct words *ret) MUST_CHECK;
/* The modules of one device's own chain in sysfs, for devices that are no block devices. */
struct error *device_drivers(int root, const char *sysfs, bool foreign,
			     struct words *ret) MUST_CHECK;

/* Its node: /dev/NAME, with the slashes that sysfs writes as "!". */
struct error *blockdev_node(const struct blockdev *d, char **ret) MUST_CHECK;
/* The partition's UUID in the partition table; null where there is none. */
struct error *blockdev_partuuid(int root, const struct blockdev *d, char **ret) MUST_CHECK;

/* Looks at the device's content (libblkid). Nothing recognised is all null, no error. */
struct error *blockdev_probe(int root, const struct blockdev *d,
			     struct blockdev_content *ret) MUST_CHECK;
void blockdev_content_done(struct blockdev_content *c);

static inline void blockdev_done_cleanup(struct blockdev *d)
{
	blockdev_done(d);
}
#define _cleanup_blockdev_ CLEANUP(blockdev_done)

static inline void blockdev_content_done_cleanup(struct blockdev_content *c)
{
	blockdev_content_done(c);
}
#define _cleanup_blockdev_content_ CLEANUP(blockdev_content_done)
