/*
 * The dump folder, PATH/127.0.0.1-YYYY-MM-DD-HH:MM:SS (doc/dump-directory.md), and the files in
 * it: made under a name that says "incomplete", synced, then renamed. And the older ones beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "capture/internal.h"
#include "crashdir/retain.h"

#define NAMES_MAX 100 /* folders of one second */

static struct crashdir_names names(const struct capture *c)
{
	int naming = c->plan.directory ? crashdir_naming_find(c->plan.directory) : CRASHDIR_IP_TIME;

	return (struct crashdir_names){
		.naming = naming < 0 ? CRASHDIR_IP_TIME : (enum crashdir_naming)naming,
		.address = c->plan.address,
		.host = c->plan.host,
	};
}

/* Where the dump folders are, below the target's root; "." for the root itself. */
static const char *parent_path(const struct capture *c)
{
	const char *path = c->path ? c->path : c->plan.path;

	if (!path) /* the target is raw and this the root file system */
		path = PLAN_EVIDENCE_PATH;
	path += strspn(path, "/");
	return *path ? path : ".";
}

/* An existing folder is another dump's: never written into. */
static struct error *make_new(int parent, const char *name, char *ret, size_t room)
{
	for (int i = 0; i < NAMES_MAX; i++) {
		if (i == 0)
			snprintf(ret, room, "%s", name);
		else
			snprintf(ret, room, "%.200s-%d", name, i);
		if (mkdirat(parent, ret, 0700) == 0)
			return NULL;
		if (errno != EEXIST)
			break;
	}
	return error_sys(errno, "cannot make the folder %s on the target", ret);
}

static struct error *open_parent(struct capture *c, int *ret)
{
	*ret = openat(c->target, parent_path(c), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret < 0)
		return error_sys(errno, "/%s: cannot open on the target", parent_path(c));
	return NULL;
}

struct error *store_make_folder(struct capture *c)
{
	const struct crashdir_names n = names(c);
	_cleanup_strbuf_ struct strbuf name = { 0 };
	const char *path = parent_path(c);
	_cleanup_close_ int parent = -1;
	char made[300], trial[TRIAL_ID_ROOM];

	if (trial_id(c, trial))
		strbuf_printf(&name, "kdump-test-%s", trial);
	else
		TRY(crashdir_name(&n, capture_time(c) + c->plan.timezone_offset, &name));
	TRY(strbuf_error(&name));
	if (strcmp(path, ".") != 0)
		TRY(file_make_folders(c->target, path, 0700));
	TRY(open_parent(c, &parent));
	TRY(make_new(parent, name.s, made, sizeof(made)));
	c->folder = openat(parent, made, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->folder < 0)
		return error_sys(errno, "%s: cannot open on the target", made);
	if (fsync(parent) < 0)
		return error_sys(errno, "/%s: cannot sync", path);
	free(c->folder_path);
	if (asprintf(&c->folder_path, "/%s/%s%s%s", TARGET_FOLDER, strcmp(path, ".") ? path : "",
		     strcmp(path, ".") && !text_ends(path, "/") ? "/" : "", made) < 0) {
		c->folder_path = NULL;
		return error_nomem();
	}
	say("saving into %s", c->folder_path + strlen("/" TARGET_FOLDER));
	return NULL;
}

static void say_removed(void *arg, const char *name)
{
	say("removed the older dump %s", name);
}

/* Before the dump there is to be room for it; after it, it is the newest and stays. */
void store_retain(struct capture *c, bool after)
{
	struct crashdir_retain how = {
		.names = names(c),
		.rules = { c->plan.keep_count, c->plan.keep_bytes, c->plan.keep_free },
		.coming = after ? 0 : 1,
		.spare = after && c->folder_path ? strrchr(c->folder_path, '/') + 1 : NULL,
		.say = say_removed,
	};
	_cleanup_close_ int parent = -1;
	struct error *e;

	if (!after && !file_exists(c->target, parent_path(c)))
		return; /* the first dump */
	e = open_parent(c, &parent);
	if (!e)
		e = crashdir_retain(parent, parent_path(c), &how, NULL);
	say_error(e, "older dumps are not thinned out");
}

struct error *store_create(struct capture *c, const char *name, struct target_file *ret)
{
	int fd = openat(c->folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

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
