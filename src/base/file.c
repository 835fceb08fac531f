/* Files; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/text.h"

struct error *file_read_fd(int fd, const char *name, size_t limit, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *buf = NULL;
	size_t len = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (room - len < 2) {
			size_t grown = room ? room * 2 : 4096;
			char *p = realloc(buf, grown);

			if (!p)
				return error_nomem();
			buf = p;
			room = grown;
		}
		n = read(fd, buf + len, room - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(errno, "%s: cannot read", name);
		if (n == 0)
			break;
		len += n;
		if (len > limit)
			return error_new(ERROR_BAD_DATA, "%s: larger than the limit of %zu bytes",
					 name, limit);
	}
	buf[len] = '\0';
	*ret = take_ptr(buf);
	if (ret_len)
		*ret_len = len;
	return NULL;
}

struct error *file_read(int dirfd, const char *name, size_t limit, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", name);
	return file_read_fd(fd, name, limit, ret, ret_len);
}

struct error *file_read_u64(int dirfd, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(dirfd, name, 4096, &text, NULL));
	if (!text_u64(text_strip(text), ret))
		return error_new(ERROR_BAD_DATA, "%s: expected a number, found \"%.40s\"", name,
				 text_strip(text));
	return NULL;
}

struct error *file_write_fd(int fd, const char *what, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(n < 0 ? errno : EIO, "%s: cannot write", what);
		p += n;
		len -= n;
	}
	return NULL;
}

struct error *file_pwrite_fd(int fd, const char *what, const void *bytes, size_t len,
			     uint64_t off)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = pwrite(fd, p, len, off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(n < 0 ? errno : EIO, "%s: cannot write at 0x%llx", what,
					 (unsigned long long)off);
		p += n;
		len -= n;
		off += n;
	}
	return NULL;
}

struct error *file_read_part_fd(int fd, const char *what, void *buf, size_t len,
				size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(errno, "%s: cannot read", what);
		if (n == 0)
			break;
		done += n;
	}
	*ret_len = done;
	return NULL;
}

struct error *file_pread_fd(int fd, const char *what, void *buf, size_t len, uint64_t off,
			    size_t *ret_len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)buf + done, len - done, off + done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(errno, "%s: cannot read at 0x%llx", what,
					 (unsigned long long)(off + done));
		if (n == 0)
			break;
		done += n;
	}
	*ret_len = done;
	return NULL;
}

struct error *file_poke(int dirfd, const char *name, const char *text)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open for writing", name);
	if (write(fd, text, strlen(text)) < 0)
		return error_sys(errno, "%s: cannot write \"%s\"", name, text);
	return NULL;
}

static void publish_done(struct publish *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->name);
	free(p->temp);
	*p = (struct publish){ .dirfd = -1, .fd = -1 };
}

struct error *file_begin(int dirfd, const char *name, mode_t mode, struct publish *ret)
{
	struct publish p = { .dirfd = dirfd, .fd = -1, .name = strdup(name) };
	struct error *e = NULL;

	if (!p.name || asprintf(&p.temp, "%s-incomplete", name) < 0) {
		p.temp = NULL;
		e = error_nomem();
	}
	if (!e && unlinkat(dirfd, p.temp, 0) < 0 && errno != ENOENT)
		e = error_sys(errno, "%s: cannot remove the old file", p.temp);
	if (!e) {
		p.fd = openat(dirfd, p.temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			      mode);
		if (p.fd < 0)
			e = error_sys(errno, "%s: cannot create", p.temp);
	}
	if (e) {
		publish_done(&p);
		return e;
	}
	*ret = p;
	return NULL;
}

static struct error *sync_folder_of(int dirfd, const char *name)
{
	const char *slash = strrchr(name, '/');
	_cleanup_free_ char *folder = slash ? strndup(name, slash - name + 1) : strdup(".");
	_cleanup_close_ int fd = -1;

	if (!folder)
		return error_nomem();
	fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open the folder", folder);
	/* some file systems cannot sync a folder and say so */
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return error_sys(errno, "%s: cannot sync the folder", folder);
	return NULL;
}

struct error *file_commit(struct publish *p)
{
	struct error *e = NULL;

	if (fsync(p->fd) < 0)
		e = error_sys(errno, "%s: cannot sync", p->temp);
	else if (renameat(p->dirfd, p->temp, p->dirfd, p->name) < 0)
		e = error_sys(errno, "%s: cannot rename to %s", p->temp, p->name);
	else
		e = sync_folder_of(p->dirfd, p->name);
	publish_done(p);
	return e;
}

void file_abandon(struct publish *p)
{
	if (p->temp)
		unlinkat(p->dirfd, p->temp, 0);
	publish_done(p);
}

void file_keep(struct publish *p)
{
	publish_done(p);
}

struct error *file_publish(int dirfd, const char *name, mode_t mode, const void *bytes,
			   size_t len)
{
	struct publish p;
	struct error *e;

	TRY(file_begin(dirfd, name, mode, &p));
	e = file_write_fd(p.fd, p.temp, bytes, len);
	if (e) {
		file_abandon(&p);
		return e;
	}
	return file_commit(&p);
}

struct error *file_make_folders(int dirfd, const char *path, mode_t mode)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_nomem();
	for (char *p = copy + 1; *copy; p++) {
		char end = *p;

		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
			return error_sys(errno, "%s: cannot create the folder", copy);
		*p = end;
		if (!end)
			break;
	}
	return NULL;
}

struct error *file_private_folder(char **ret_path)
{
	const char *base = getenv("TMPDIR");
	_cleanup_free_ char *path = NULL;

	if (!base || base[0] != '/')
		base = geteuid() == 0 && access("/run", W_OK) == 0 ? "/run" : "/tmp";
	if (asprintf(&path, "%s/salvage-XXXXXX", base) < 0) {
		path = NULL;
		return error_nomem();
	}
	if (!mkdtemp(path))
		return error_sys(errno, "%s: cannot create a private folder", path);
	*ret_path = take_ptr(path);
	return NULL;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	(void)(type == FTW_DP ? rmdir(path) : unlink(path)); /* best effort */
	return 0;
}

void file_remove_tree(const char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* While anything on the machine is renamed or mounted, the kernel cannot be sure of a ".." and
 * says EAGAIN: ask again (openat2(2)). */
#define OPEN_TRIES 1000

int file_open_in_root(int root, const char *name, int flags)
{
	const struct open_how how = { .flags = flags, .resolve = RESOLVE_IN_ROOT };
	long fd;

	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = syscall(SYS_openat2, root, name, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
		sched_yield();
	}
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		name += strspn(name, "/");
		fd = openat(root, *name ? name : ".", flags);
	}
	return fd;
}

bool file_exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, 0) == 0;
}
