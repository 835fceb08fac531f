/*
 * Targets that are block devices without a file system. Whatever is on the device is lost with the next
 * dump: it is named by what survives that, and what is seen on it is warned of.
 */
#include "service/resolve.h"

#include <errno.h>

#include "service/blockdev.h"
#include "service/mounts.h"
#include "service/rootpath.h"
#include "service/stack.h"

static bool raw_claims(const struct settings *s)
{
	return text_equal(s->target_type, "raw");
}

static struct error *check_readable(int root, const struct blockdev *d, const char *spec)
{
	_cleanup_free_ char *node = NULL;
	_cleanup_close_ int fd = -1;
	char block[512];
	size_t len;
	struct error *e;

	TRY(blockdev_node(d, &node));
	fd = openat(root, rootpath_below(node), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "Bad raw disk %s", spec);
	e = file_pread_fd(fd, spec, block, sizeof(block), 0, &len);
	if (!e && len < sizeof(block))
		e = error_new(ERROR_USAGE, "it is shorter than a block");
	return error_prefix(e, "Bad raw disk %s", spec);
}

static struct error *warn_of_content(int root, const struct blockdev *d, const char *spec,
				     struct words *warnings)
{
	_cleanup_blockdev_content_ struct blockdev_content c = { 0 };
	struct error *e = blockdev_probe(root, d, &c);

	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	if (e) /* signatures that contradict each other are signatures, too */
		c.fstype = strdup("more than one");
	error_free(e);
	if (!c.fstype)
		return NULL;
	return words_addf(warnings, "Detected '%s' signature on %s, data loss is expected.", c.fstype, spec);
}

/* Its data would be overwritten while the file system is in use. */
static struct error *refuse_mounted(int root, const struct blockdev *d, const char *spec)
{
	_cleanup_mounts_ struct mounts mounts = { 0 };
	const struct mount *m;

	TRY(mounts_read(root, &mounts));
	m = mounts_of_device(root, &mounts, d);
	if (!m)
		return NULL;
	return error_new(ERROR_USAGE,
			 "The raw disk %s is mounted on %s, and a dump would overwrite that file system; "
			 "unmount it, or name it by its type (%s %s) to save into it",
			 spec, m->where, m->fstype, spec);
}

static struct error *raw_resolve(const struct resolve_how *how, const struct settings *s,
				 struct target *t)
{
	const char *spec = s->value[SETTING_TARGET];
	_cleanup_blockdev_ struct blockdev d = { 0 };

	TRY(error_prefix(blockdev_find(how->root, spec, &d), "Bad raw disk %s (%s line %u)", spec,
			 s->file, s->line[SETTING_TARGET]));
	TRY(check_readable(how->root, &d, spec));
	TRY(refuse_mounted(how->root, &d, spec));
	TRY(warn_of_content(how->root, &d, spec, &t->warnings));
	t->place.kind = PLAN_TARGET_RAW;
	TRY(stack_name(how, &d, t, true, &t->place.device));
	if (asprintf(&t->shown, "%s (%s) without a file system", spec, d.name) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	return NULL;
}

const struct resolver resolver_raw = {
	.kind = "raw",
	.claims = raw_claims,
	.resolve = raw_resolve,
};
