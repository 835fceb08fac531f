/* Boot loaders' files, read and replaced; see bootedit.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "service/bootedit.h"
#include "service/rootpath.h"

#define FILE_LIMIT   (4u << 20)
#define BACKUP	     ".kdump-backup"
#define RUN_LIMIT_MS 300000 /* update-grub asks every disk for other systems */
#define LABEL_LIMIT  1024

void boot_changes_done(struct boot_changes *c)
{
	words_done(&c->files);
	words_done(&c->created);
	words_done(&c->notes);
}

void boot_file_done(struct boot_file *f)
{
	free(f->path);
	free(f->text);
	*f = (struct boot_file){ 0 };
}

struct error *boot_file_read(int root, const char *path, struct boot_file *ret)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };

	TRY(rootpath_real(root, path, &f.path));
	TRY(file_read(root, rootpath_below(f.path), FILE_LIMIT, &f.text, &f.len));
	if (memchr(f.text, '\0', f.len))
		return error_new(ERROR_BAD_DATA, "%s: holds NUL bytes; it must be plain text", f.path);
	*ret = f;
	f = (struct boot_file){ 0 };
	return NULL;
}

/* Owner, mode and SELinux label of the old file. A file system without them (FAT) has them anyway. */
static struct error *dress(int fd, int old, const char *path)
{
	char label[LABEL_LIMIT];
	struct stat st, now;
	ssize_t n;

	if (fstat(old, &st) < 0 || fstat(fd, &now) < 0)
		return error_sys(errno, "%s: cannot look at it", path);
	if ((st.st_uid != now.st_uid || st.st_gid != now.st_gid) && fchown(fd, st.st_uid, st.st_gid) < 0)
		return error_sys(errno, "%s: cannot keep the owner", path);
	if ((st.st_mode & 07777) != (now.st_mode & 07777) && fchmod(fd, st.st_mode & 07777) < 0)
		return error_sys(errno, "%s: cannot keep the mode", path);
	n = fgetxattr(old, "security.selinux", label, sizeof(label));
	if (n > 0 && fsetxattr(fd, "security.selinux", label, n, 0) < 0)
		return error_sys(errno, "%s: cannot keep the SELinux label", path);
	return NULL;
}

static struct error *write_as(int root, const char *name, int like, const char *text, size_t len)
{
	struct publish p;
	struct error *e;

	TRY(file_begin(root, name, 0600, &p));
	e = dress(p.fd, like, name);
	if (!e)
		e = file_write_fd(p.fd, p.temp, text, len);
	if (e) {
		file_abandon(&p);
		return e;
	}
	return file_commit(&p);
}

struct error *boot_file_write(struct boot_changes *c, const struct boot_file *old, const char *text, size_t len)
{
	const char *name = rootpath_below(old->path);
	_cleanup_close_ int like = openat(c->root, name, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *backup = NULL;

	if (like < 0)
		return error_sys(errno, "%s: cannot open", old->path);
	if (!words_have(&c->files, old->path) && !words_have(&c->created, old->path)) {
		if (asprintf(&backup, "%s" BACKUP, name) < 0) {
			backup = NULL;
			return error_nomem();
		}
		TRY(write_as(c->root, backup, like, old->text, old->len));
		TRY(words_add(&c->files, old->path));
	}
	return write_as(c->root, name, like, text, len);
}

struct error *boot_file_create(struct boot_changes *c, const char *path, const char *text)
{
	TRY(words_add(&c->created, path));
	return file_publish(c->root, rootpath_below(path), 0644, text, strlen(text));
}

static struct error *put_back(int root, const char *path)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *backup = NULL;
	_cleanup_close_ int like = -1;

	if (asprintf(&backup, "%s" BACKUP, path) < 0) {
		backup = NULL;
		return error_nomem();
	}
	TRY(boot_file_read(root, backup, &f));
	like = openat(root, rootpath_below(backup), O_RDONLY | O_CLOEXEC);
	if (like < 0)
		return error_sys(errno, "%s: cannot open", backup);
	return write_as(root, rootpath_below(path), like, f.text, f.len);
}

struct error *boot_changes_undo(struct boot_changes *c)
{
	struct error *first = NULL;

	for (size_t i = 0; i < c->files.n; i++) {
		struct error *e = put_back(c->root, c->files.v[i]);

		if (first)
			error_free(e);
		else
			first = e;
	}
	for (size_t i = 0; i < c->created.n; i++)
		if (unlinkat(c->root, rootpath_below(c->created.v[i]), 0) < 0 && !first)
			first = error_sys(errno, "%s: cannot remove", c->created.v[i]);
	return first;
}

const char *boot_program(int root, const char *name, char buf[64])
{
	static const char *const folders[] = { "usr/sbin", "usr/bin", "sbin", "bin" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(buf, 64, "%s/%s", folders[i], name);
		if (faccessat(root, buf, X_OK, 0) == 0)
			return buf;
	}
	return NULL;
}

/* By its name below the root's own, since descriptors are closed in the program. */
static struct error *program_path(int root, const char *below, char **ret)
{
	char link[64], top[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", root);
	n = readlink(link, top, sizeof(top) - 1);
	if (n < 0)
		return error_sys(errno, "%s: cannot read the link; is /proc mounted?", link);
	top[n] = '\0';
	if (asprintf(ret, "%s/%s", strcmp(top, "/") ? top : "", below) < 0) {
		*ret = NULL;
		return error_nomem();
	}
	return NULL;
}

struct error *boot_run(int root, const char *name, const char *const *args, bool *ret_found, char **ret_output)
{
	struct process_how how = { .limit_ms = RUN_LIMIT_MS, .capture_limit = FILE_LIMIT };
	_cleanup_words_ struct words argv = { 0 };
	_cleanup_free_ char *path = NULL;
	struct process_result r = { 0 };
	struct error *e = NULL;
	char buf[64];

	*ret_found = boot_program(root, name, buf) != NULL;
	if (!*ret_found)
		return NULL;
	TRY(program_path(root, buf, &path));
	TRY(words_add(&argv, path));
	for (size_t i = 0; args && args[i]; i++)
		TRY(words_add(&argv, args[i]));
	TRY(process_run(argv.v, &how, &r));
	if (r.timed_out)
		e = error_new(ERROR_TIMEOUT, "%s did not end in %d s", name, RUN_LIMIT_MS / 1000);
	else if (r.status)
		e = error_new(ERROR_OTHER, "%s failed with status %d", name, r.status);
	else if (ret_output)
		*ret_output = take_ptr(r.output);
	process_result_done(&r);
	return e;
}
