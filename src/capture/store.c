/*
 * The dump folder, PATH/127.0.0.1-YYYY-MM-DD-HH:MM:SS (doc/dump-directory.md), and the files in
 * it: made under a name that says "incomplete", synced, then renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "capture/internal.h"

#define NAMES_MAX 100 /* folders of one second */

static struct error *folder_name(struct capture *c, char *to, size_t room)
{
	time_t now = c->ops->now(c) + c->plan.timezone_offset;
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(to, room, "127.0.0.1-%Y-%m-%d-%H:%M:%S", &tm))
		return error_new(ERROR_OTHER, "the clock says %jd, which is no time", (intmax_t)now);
	return NULL;
}

/* An existing folder is another dump's: never written into. */
static struct error *make_new(int parent, const char *name, char *ret, size_t room)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		if (i == 0)
			snprintf(ret, room, "%s", name);
		else
			snprintf(ret, room, "%s-%d", name, i);
		if (mkdirat(parent, ret, 0700) == 0)
			return NULL;
		if (errno != EEXIST)
			break;
	}
	return error_sys(errno, "cannot make the folder %s on the target", ret);
}

struct error *store_make_folder(struct capture *c)
{
	const char *path = c->plan.path + strspn(c->plan.path, "/");
	_cleanup_close_ int parent = -1;
	char name[64], made[80];

	TRY(folder_name(c, name, sizeof(name)));
	if (*path)
		TRY(file_make_folders(c->target, path, 0700));
	parent = openat(c->target, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_sys(errno, "%s: cannot open on the target", c->plan.path);
	TRY(make_new(parent, name, made, sizeof(made)));
	c->folder = openat(parent, made, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->folder < 0)
		return error_sys(errno, "%s: cannot open on the target", made);
	if (fsync(parent) < 0)
		return error_sys(errno, "%s: cannot sync", c->plan.path);
	free(c->folder_path);
	if (asprintf(&c->folder_path, "/%s/%s%s%s", TARGET_FOLDER, path,
		     *path && !text_ends(path, "/") ? "/" : "", made) < 0) {
		c->folder_path = NULL;
		return error_nomem();
	}
	say("saving into %s", c->folder_path + strlen("/" TARGET_FOLDER));
	return NULL;
}

struct error *store_create(struct capture *c, const char *name, struct target_file *ret)
{
	int fd = openat(c->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_sys(errno, "%s: cannot create", name);
	*ret = (struct target_file){ .fd = fd };
	return NULL;
}

struct error *store_commit(struct capture *c, struct target_file *f, const char *incomplete,
			   const char *name)
{
	int synced = fsync(f->fd), err = errno;

	if (close(take_fd(&f->fd)) < 0 && synced == 0) {
		synced = -1;
		err = errno;
	}
	if (synced < 0)
		return error_sys(err, "%s: cannot sync", incomplete);
	if (renameat(c->folder, incomplete, c->folder, name) < 0)
		return error_sys(errno, "%s: cannot rename to %s", incomplete, name);
	if (fsync(c->folder) < 0)
		return error_sys(errno, "cannot sync the dump folder");
	return NULL;
}

void store_abandon(struct capture *c, struct target_file *f, const char *incomplete)
{
	struct stat st;

	if (fstat(f->fd, &st) == 0 && st.st_size == 0)
		unlinkat(c->folder, incomplete, 0);
	else
		(void)fsync(f->fd); /* a part is better than nothing; what fails here fails */
	close(take_fd(&f->fd));
}
