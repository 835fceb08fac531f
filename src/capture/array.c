/*
 * Software RAID by the md driver's ioctls (linux/raid/md_u.h; drivers/md/md.c): the version of
 * the superblocks first, then each member, whose superblock the kernel reads itself, then run.
 * Repair is held off: it belongs to the production system, and would take the disks' time here.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/major.h>
#include <linux/raid/md_u.h>

#include "base/file.h"
#include "capture/internal.h"

#define PARAMETERS "sys/module/md_mod/parameters/"

static struct error *open_array(int root, const char *name, int *ret)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "dev/%.50s", name);
	/* makes /dev/NAME (Documentation/admin-guide/md.rst, new_array) */
	if (!file_exists(root, path))
		TRY(error_prefix(file_poke(root, PARAMETERS "new_array", name), "array %s", name));
	fd = openat(root, path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "/%s: cannot open", path);
	*ret = fd;
	return NULL;
}

static struct error *set_version(int fd, const char *name, const char *metadata)
{
	mdu_array_info_t info = { 0 }; /* raid_disks 0: members bring superblocks */
	unsigned major_version, minor_version;
	int n;

	if (sscanf(metadata, "%u.%u%n", &major_version, &minor_version, &n) != 2 || metadata[n])
		return error_new(ERROR_UNSUPPORTED, "array %s: metadata %s is not known", name, metadata);
	info.major_version = major_version;
	info.minor_version = minor_version;
	if (ioctl(fd, SET_ARRAY_INFO, &info) < 0)
		return error_sys(errno, "array %s: cannot set its version %s", name, metadata);
	return NULL;
}

static struct error *add_member(int root, int fd, const char *name, const char *member)
{
	mdu_disk_info_t disk = { 0 };
	struct stat st;

	if (fstatat(root, below_root(member), &st, 0) < 0)
		return error_sys(errno, "%s", member);
	disk.major = major(st.st_rdev);
	disk.minor = minor(st.st_rdev);
	if (ioctl(fd, ADD_NEW_DISK, &disk) < 0)
		return error_sys(errno, "array %s: cannot add %s", name, member);
	return NULL;
}

struct error *array_make(int root, const struct plan_layer *l, const struct words *members)
{
	_cleanup_close_ int fd = -1;
	char attribute[96];
	size_t added = 0;

	error_free(file_poke(root, PARAMETERS "start_ro", "1")); /* a wish */
	TRY(open_array(root, l->name, &fd));
	TRY(set_version(fd, l->name, l->metadata));
	for (size_t i = 0; i < members->n; i++) {
		struct error *e = add_member(root, fd, l->name, members->v[i]);

		added += !e;
		say_error(e, "goes on without this member");
	}
	if (ioctl(fd, RUN_ARRAY, NULL) < 0)
		return error_sys(errno, "array %s: cannot run it with %zu of %u members", l->name, added,
				 l->nr_members);
	snprintf(attribute, sizeof(attribute), "sys/block/%.50s/md/sync_action", l->name);
	error_free(file_poke(root, attribute, "frozen")); /* raid0 has none */
	say("array /dev/%s runs with %zu of %u members", l->name, added, l->nr_members);
	return NULL;
}
