/* Mounts; see mounts.h. */
#include "service/mounts.h"

#include <errno.h>
#include <libmount/libmount.h>
#include <string.h>
#include <sys/sysmacros.h>

#define MOUNTS_LIMIT 100000

static void mount_done(struct mount *m)
{
	free(m->source);
	free(m->where);
	free(m->root);
	free(m->fstype);
	free(m->options);
}

void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->v.n; i++)
		mount_done(&m->v.v[i]);
	vector_done(&m->v);
}

static void table_unref(struct libmnt_table *t)
{
	mnt_unref_table(t);
}

static void iter_free(struct libmnt_iter *i)
{
	mnt_free_iter(i);
}
DEFINE_CLEANUP(struct libmnt_table *, table_unref)
DEFINE_CLEANUP(struct libmnt_iter *, iter_free)

static struct error *table_read(int root, const char *name, struct libmnt_table **ret)
{
	struct libmnt_table *t;
	FILE *f;
	int fd = openat(root, name, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return error_sys(errno, "/%s: cannot open", name);
	f = fdopen(fd, "r");
	t = mnt_new_table();
	if (!f || !t) {
		if (f)
			fclose(f);
		else
			close(fd);
		mnt_unref_table(t);
		return error_nomem();
	}
	r = mnt_table_parse_stream(t, f, name);
	fclose(f);
	if (r) {
		mnt_unref_table(t);
		return error_sys(-r, "/%s: cannot read", name);
	}
	*ret = t;
	return NULL;
}

static char *copy(const char *s)
{
	return strdup(s ? s : "");
}

static struct error *take(struct libmnt_fs *fs, struct mounts *to)
{
	dev_t number = mnt_fs_get_devno(fs);
	struct mount m = {
		.major = major(number),
		.minor = minor(number),
		.source = copy(mnt_fs_get_source(fs)),
		.where = copy(mnt_fs_get_target(fs)),
		.root = copy(mnt_fs_get_root(fs)),
		.fstype = copy(mnt_fs_get_fstype(fs)),
		.options = copy(mnt_fs_get_fs_options(fs)),
	};
	char *value;
	size_t len;

	m.read_only = (mnt_fs_get_vfs_options(fs) &&
		       mnt_optstr_get_option(mnt_fs_get_vfs_options(fs), "ro", &value, &len) == 0) ||
		      (m.options && mnt_optstr_get_option(m.options, "ro", &value, &len) == 0);
	if (!m.source || !m.where || !m.root || !m.fstype || !m.options ||
	    !vector_push(&to->v, m)) {
		mount_done(&m);
		return error_nomem();
	}
	return NULL;
}

struct error *mounts_read(int root, struct mounts *ret)
{
	CLEANUP(table_unref) struct libmnt_table *t = NULL;
	CLEANUP(iter_free) struct libmnt_iter *iter = NULL;
	_cleanup_mounts_ struct mounts m = { 0 };
	struct libmnt_fs *fs;

	TRY(table_read(root, "proc/self/mountinfo", &t));
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	if (!iter)
		return error_nomem();
	while (mnt_table_next_fs(t, iter, &fs) == 0) {
		if (m.v.n == MOUNTS_LIMIT)
			return error_new(ERROR_BAD_DATA, "more than %d mounts", MOUNTS_LIMIT);
		TRY(take(fs, &m));
	}
	*ret = m;
	m = (struct mounts){ 0 };
	return NULL;
}

static bool lies_below(const char *path, const char *where)
{
	size_t n = strlen(where);

	if (strcmp(where, "/") == 0)
		return true;
	return strncmp(path, where, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

const struct mount *mounts_of_path(const struct mounts *m, const char *path)
{
	const struct mount *best = NULL;

	for (size_t i = 0; i < m->v.n; i++) {
		const struct mount *one = &m->v.v[i];

		if (lies_below(path, one->where) &&
		    (!best || strlen(one->where) >= strlen(best->where)))
			best = one;
	}
	return best;
}

const struct mount *mounts_of_device(int root, const struct mounts *m, const struct blockdev *d)
{
	for (size_t i = 0; i < m->v.n; i++) {
		const struct mount *one = &m->v.v[i];
		_cleanup_blockdev_ struct blockdev source = { 0 };
		struct error *e;

		if (one->major == d->major && one->minor == d->minor) {
			if (strcmp(one->root, "/") == 0)
				return one;
			continue;
		}
		/* btrfs shows a number of its own; the source tells */
		if (one->major != 0 || strcmp(one->fstype, "btrfs") ||
		    !text_starts(one->source, "/dev/"))
			continue;
		e = blockdev_find(root, one->source, &source);
		if (!e && source.major == d->major && source.minor == d->minor)
			return one;
		error_free(e); /* a source that is gone is no match */
	}
	return NULL;
}

struct error *fstab_noauto(int root, const struct blockdev *d, bool *ret, char **ret_fstype)
{
	CLEANUP(table_unref) struct libmnt_table *t = NULL;
	CLEANUP(iter_free) struct libmnt_iter *iter = NULL;
	struct libmnt_fs *fs;
	struct error *e;

	*ret = false;
	*ret_fstype = NULL;
	e = table_read(root, "etc/fstab", &t);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	iter = mnt_new_iter(MNT_ITER_FORWARD);
	if (!iter)
		return error_nomem();
	while (mnt_table_next_fs(t, iter, &fs) == 0) {
		_cleanup_blockdev_ struct blockdev other = { 0 };
		const char *source = mnt_fs_get_srcpath(fs), *options = mnt_fs_get_options(fs);
		char *value;
		size_t len;

		source = source ? source : mnt_fs_get_source(fs);
		if (!source || !options ||
		    mnt_optstr_get_option(options, "noauto", &value, &len) != 0)
			continue;
		e = blockdev_find(root, source, &other);
		if (e || other.major != d->major || other.minor != d->minor) {
			error_free(e); /* a line for a device that is not here */
			continue;
		}
		*ret_fstype = copy(mnt_fs_get_fstype(fs));
		if (!*ret_fstype)
			return error_nomem();
		*ret = true;
		return NULL;
	}
	return NULL;
}
