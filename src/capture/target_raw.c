/*
 * The target as a block device without a file system: the dump as a flattened stream from its
 * first byte on. Nothing else finds room there. The service gets it out at its next start.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "capture/internal.h"

static struct error *raw_open(struct capture *c, const struct plan_place *place)
{
	_cleanup_free_ char *device = NULL;

	TRY(target_find(c, place, &device));
	/* O_EXCL: not a device that is in use as part of another */
	c->target = openat(c->root, below_root(device), O_WRONLY | O_EXCL | O_CLOEXEC);
	if (c->target < 0)
		return error_sys(errno, "%s: cannot open for writing", device);
	free(c->folder_path);
	c->folder_path = take_ptr(device);
	say("target %s is written to as it is, without a file system: no log, no report", c->folder_path);
	return NULL;
}

static struct error *raw_create(struct capture *c, const char *name, struct target_file *ret)
{
	if (lseek(c->target, 0, SEEK_SET) < 0)
		return error_sys(errno, "%s: cannot seek", c->folder_path);
	return stream_to_device(c->target, ret);
}

static struct error *raw_commit(struct capture *c, struct target_file *f, const char *incomplete,
				const char *name)
{
	return stream_end(f, c->folder_path);
}

/* What has come is written; that it is not whole shows in its missing end. */
static void raw_abandon(struct capture *c, struct target_file *f, const char *incomplete)
{
	say_error(stream_end(f, c->folder_path), "the part of the dump");
}

static struct error *raw_close(struct capture *c)
{
	if (c->target >= 0 && close(take_fd(&c->target)) < 0)
		return error_sys(errno, "%s: cannot close", c->folder_path);
	return NULL;
}

const struct target_ops target_raw = {
	.kind = PLAN_TARGET_RAW,
	.one_file = true,
	.open = raw_open,
	.create = raw_create,
	.commit = raw_commit,
	.abandon = raw_abandon,
	.close = raw_close,
};
