/* What is mounted (/proc/self/mountinfo) and what fstab says, through libmount. */
#pragma once

#include "base/base.h"
#include "service/blockdev.h"

struct mount {
	unsigned major, minor;
	char *source;
	char *where;   /* mount point */
	char *root;    /* the part of the file system that is mounted there; "/" is all of it */
	char *fstype;
	char *options; /* of the file system, not of the mount point */
	bool read_only;
};

struct mounts {
	VECTOR(struct mount) v; /* in mount order: a later one hides an earlier one */
};

struct error *mounts_read(int root, struct mounts *ret) MUST_CHECK;
void mounts_done(struct mounts *m);

/* The mount that the absolute, canonical `path` lies on; null for none. */
const struct mount *mounts_of_path(const struct mounts *m, const char *path);
/* A mount of the whole of this device's file system; null for none. */
const struct mount *mounts_of_device(int root, const struct mounts *m, const struct blockdev *d);

/* Whether fstab has a line with `noauto` for this device; *ret_fstype (malloc'd, may be null
 * afterwards) is its file system type. */
struct error *fstab_noauto(int root, const struct blockdev *d, bool *ret,
			   char **ret_fstype) MUST_CHECK;

static inline void mounts_done_cleanup(struct mounts *m)
{
	mounts_done(m);
}
#define _cleanup_mounts_ CLEANUP(mounts_done)
