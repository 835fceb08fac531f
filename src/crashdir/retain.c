/* Thinning out saved dumps; see retain.h. */
#include "crashdir/retain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/text.h"
#include "base/vector.h"

#define FOLDERS_MAX 100000
#define FILES_MAX   1000 /* in one dump folder */
#define BLOCK	    512	 /* of st_blocks */
#define OLDEST_YEAR "2000"

struct saved_folder {
	char *name;
	size_t stamp; /* where in the name it begins */
	uint64_t bytes;
	bool unread; /* an incomplete dump that waits for its reader */
	bool kept;
};

struct retainer {
	int dir;
	const char *path;
	const struct crashdir_retain *how;
	VECTOR(struct saved_folder) all; /* the oldest first */
	uint64_t bytes, freed;
	uint64_t free_before;
	size_t left;
};

/* Beginnings of the names that files of a dump have, those of other tools too. */
static const char *const file_names[] = { "vmcore", "dump.",	  "dump-incomplete", "dmesg.",
					  "report", "kexec-dmesg", "opalcore",	      "README.txt" };

static bool is_of_a_dump(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(file_names); i++)
		if (text_starts(name, file_names[i]))
			return true;
	return false;
}

static bool is_incomplete_dump(const char *name)
{
	return strcmp(name, "vmcore-incomplete") == 0 || text_starts(name, "dump-incomplete");
}

static int by_age(const void *a, const void *b)
{
	const struct saved_folder *x = a, *y = b;
	const char *s = x->name + x->stamp, *t = y->name + y->stamp;
	bool unset = strncmp(s, OLDEST_YEAR, 4) < 0, unset2 = strncmp(t, OLDEST_YEAR, 4) < 0;
	size_t n = strlen(s), m = strlen(t);
	int cmp;

	if (unset != unset2)
		return unset ? 1 : -1;
	/* the same up to the shorter one: -2 is before -10, and none is before both */
	cmp = strncmp(s, t, MIN(n, m));
	if (n != m && (cmp == 0 || strncmp(s, t, MIN(n, m) - 1) == 0))
		return n < m ? -1 : 1;
	return cmp;
}

/* Goes through the entries of a folder that is open; false ends it. */
typedef struct error *(*entry_fn)(void *arg, int fd, const char *name, bool *ret_more);

static struct error *each_entry(int fd, const char *path, size_t limit, entry_fn fn, void *arg)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *d;
	bool more = true;

	if (!dir) {
		close_keep_errno(copy);
		return error_sys(errno, "%s: cannot read the folder", path);
	}
	for (size_t n = 0; more && n < limit && (d = readdir(dir)) != NULL; n++)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			TRY(fn(arg, fd, d->d_name, &more));
	return NULL;
}

struct look {
	struct saved_folder *folder;
	bool any, foreign;
};

static struct error *look_at_file(void *arg, int fd, const char *name, bool *ret_more)
{
	struct look *l = arg;
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return NULL; /* it is gone */
	if (S_ISDIR(st.st_mode)) {
		l->foreign = true;
		*ret_more = false;
		return NULL;
	}
	l->any |= is_of_a_dump(name);
	l->folder->bytes += (uint64_t)st.st_blocks * BLOCK;
	if (is_incomplete_dump(name) && st.st_size > 0 &&
	    (st.st_atim.tv_sec < st.st_mtim.tv_sec ||
	     (st.st_atim.tv_sec == st.st_mtim.tv_sec && st.st_atim.tv_nsec <= st.st_mtim.tv_nsec)))
		l->folder->unread = true;
	return NULL;
}

static struct error *take_folder(void *arg, int dir, const char *name, bool *ret_more)
{
	struct retainer *r = arg;
	struct saved_folder f = { 0 };
	struct look l = { .folder = &f };
	_cleanup_close_ int fd = -1;
	struct stat st, above;
	const char *stamp;

	if (!crashdir_is_own(&r->how->names, name, &stamp))
		return NULL;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	/* another file system that is mounted there is not a dump */
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(dir, &above) < 0 || st.st_dev != above.st_dev)
		return NULL;
	TRY(each_entry(fd, name, FILES_MAX, look_at_file, &l));
	if (!l.any || l.foreign)
		return NULL;
	f.stamp = stamp - name;
	f.kept = r->how->spare && strcmp(name, r->how->spare) == 0;
	f.name = strdup(name);
	if (!f.name || !vector_push(&r->all, f)) {
		free(f.name);
		return error_nomem();
	}
	r->bytes += f.bytes;
	r->left++;
	return NULL;
}

static struct error *remove_file(void *arg, int fd, const char *name, bool *ret_more)
{
	const char *const folder = arg;

	if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		return error_sys(errno, "%s/%s: cannot remove", folder, name);
	return NULL;
}

static struct error *remove_folder(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", name);
	TRY(each_entry(fd, name, FILES_MAX, remove_file, (void *)name));
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0)
		return error_sys(errno, "%s: cannot remove the folder", name);
	return NULL;
}

struct error *crashdir_remove(int dir, const char *path, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct saved_folder f = { 0 };
	struct look l = { .folder = &f };

	if (!*name || *name == '.' || strchr(name, '/'))
		return error_new(ERROR_USAGE, "%s: not the name of a crash in %s", name, path);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_sys(errno, "%s/%s: cannot open", path, name);
	TRY(each_entry(fd, name, FILES_MAX, look_at_file, &l));
	if (!l.any || l.foreign)
		return error_new(ERROR_USAGE, "%s/%s: %s", path, name,
				 l.foreign ? "holds folders, which no crash does" : "holds no file of a dump");
	return error_prefix(remove_folder(dir, name), "%s", path);
}

static uint64_t free_bytes(int dir)
{
	struct statvfs fs;
	uint64_t bytes;

	if (fstatvfs(dir, &fs) < 0 || !fs.f_blocks ||
	    mul_overflows((uint64_t)(geteuid() == 0 ? fs.f_bfree : fs.f_bavail), (uint64_t)fs.f_frsize,
			  &bytes))
		return UINT64_MAX; /* not known: no reason to remove anything */
	return bytes;
}

static bool too_many(const struct retainer *r)
{
	const struct crashdir_rules *rules = &r->how->rules;

	if (rules->count && r->left + r->how->coming > rules->count)
		return true;
	if (rules->bytes && r->bytes > rules->bytes)
		return true;
	/* some file systems give room back later: what was removed is counted in */
	return rules->free && r->free_before < rules->free &&
	       MAX(free_bytes(r->dir), r->free_before + r->freed) < rules->free;
}

/* The next to go; null when all that is left stays. */
static struct saved_folder *choose(const struct retainer *r)
{
	for (int unread = 0; unread < 2; unread++)
		for (size_t i = 0; i < r->all.n; i++)
			if (!r->all.v[i].kept && r->all.v[i].unread == (unread == 1))
				return &r->all.v[i];
	return NULL;
}

static struct error *thin_out(struct retainer *r, unsigned *removed)
{
	struct saved_folder *f;

	TRY(each_entry(r->dir, r->path, FOLDERS_MAX, take_folder, r));
	if (!r->all.n)
		return NULL;
	qsort(r->all.v, r->all.n, sizeof(*r->all.v), by_age);
	r->all.v[r->all.n - 1].kept = true;
	r->free_before = free_bytes(r->dir);
	while (too_many(r) && (f = choose(r)) != NULL) {
		TRY(remove_folder(r->dir, f->name));
		if (r->how->say)
			r->how->say(r->how->arg, f->name);
		f->kept = true; /* it is gone */
		r->bytes -= f->bytes;
		r->freed += f->bytes;
		r->left--;
		++*removed;
	}
	return NULL;
}

struct error *crashdir_retain(int dir, const char *path, const struct crashdir_retain *how,
			      unsigned *ret_removed)
{
	struct retainer r = { .dir = dir, .path = path, .how = how };
	unsigned removed = 0;
	struct error *e = NULL;

	if (how->rules.count || how->rules.bytes || how->rules.free)
		e = error_prefix(thin_out(&r, &removed), "%s", path);
	for (size_t i = 0; i < r.all.n; i++)
		free(r.all.v[i].name);
	vector_done(&r.all);
	if (ret_removed)
		*ret_removed = removed;
	return e;
}
