/*
 * Devices that stand on other devices: device-mapper's (LVM, LUKS, multipath) and software
 * RAID. They are followed down to disks and partitions (sysfs: slaves, dm, md; the tables by
 * DM_TABLE_STATUS), and come out as the plan's layers, which PID 1 makes again.
 */
#pragma once

#include "service/blockdev.h"
#include "service/resolve.h"

/* Whether the capture kernel has to make this device. */
bool stack_is_made(int root, const struct blockdev *d);

/*
 * The device's name for the plan. What has to be made for it goes into the target's layers, the
 * drivers and modules into its modules, keys that are needed into its luks, what a user should
 * know into its warnings. A device that is there by itself is named by what is on it (never by
 * its file system: the caller knows better; by nothing when it will be `overwritten`), else by its partition table's entry, by what the
 * disk says of itself, or, last, by its present name.
 * ERROR_UNSUPPORTED, with a sentence, for what cannot be made again.
 */
struct error *stack_name(const struct resolve_how *how, const struct blockdev *d, struct target *t,
			 bool overwritten, char **ret) MUST_CHECK;
