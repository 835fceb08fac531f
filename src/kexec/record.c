/* Keeping the loaded capture kernel's inputs; see record.h. */
#include "kexec/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "kexec/result.h"
#include "purgatory/lanes.h"

#define FOLDER_NEW   RECORD_FOLDER ".new"
#define FOLDER_OLD   RECORD_FOLDER ".old"
#define ROOM_TIMES   4 /* copies take at most a quarter of what is free */
#define BUSY_TRIES   20
#define BUSY_WAIT_MS 250
#define LOCK_TRIES   40
#define REQUEST_LIMIT (1u << 20)
#define COPY_LIMIT   (4ull << 30)

/* Words of the request that are numbers or switches. */
#define SWITCH(name) { #name, offsetof(struct kexec_request, name), sizeof(bool) }
#define NUMBER(name) { #name, offsetof(struct kexec_request, name), \
		       sizeof(((struct kexec_request *)0)->name) }
static const struct word {
	const char *name;
	size_t off, size;
} words[] = {
	NUMBER(call), NUMBER(args), NUMBER(headers), SWITCH(entry_32bit), SWITCH(memmap_cmdline),
	SWITCH(no_cma), SWITCH(force_dtb), SWITCH(debug), SWITCH(no_checks), SWITCH(hotplug),
	SWITCH(no_efi), NUMBER(mem_min), NUMBER(mem_max), NUMBER(serial_baud),
	SWITCH(console_serial), SWITCH(console_vga), SWITCH(reset_vga),
};

static uint64_t get_word(const struct kexec_request *rq, const struct word *w)
{
	const unsigned char *at = (const unsigned char *)rq + w->off;
	uint64_t v = 0;

	memcpy(&v, at, w->size); /* little-endian, as all machines that this loads on */
	return v;
}

/* The last value of an enumeration. */
static uint64_t last_value(const char *name)
{
	return !strcmp(name, "call")	? KEXEC_CALL_SEGMENTS :
	       !strcmp(name, "args")	? KEXEC_ARGS_NONE :
	       !strcmp(name, "headers") ? KEXEC_HEADERS_ELF64 :
					  UINT32_MAX;
}

static bool set_word(struct kexec_request *rq, const char *name, const char *value, bool *ret_known)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		uint64_t v;

		if (strcmp(words[i].name, name))
			continue;
		*ret_known = true;
		if (!text_u64(value, &v) || (words[i].size < 8 && v >> (8 * words[i].size)) ||
		    (words[i].size == sizeof(bool) && v > 1) ||
		    (words[i].size == sizeof(enum kexec_call) && last_value(name) < v))
			return false;
		memcpy((unsigned char *)rq + words[i].off, &v, words[i].size);
		return true;
	}
	return false;
}

/* "copied DIGEST PATH", PATH may be missing. */
static bool set_file(struct recorded_file *f, char *value)
{
	char *digest = strchr(value, ' '), *path;

	if (!digest || f->digest)
		return false;
	*digest++ = '\0';
	path = strchr(digest, ' ');
	if (path)
		*path++ = '\0';
	if (strlen(digest) != 2 * SHA256_DIGEST_LEN || (path && path[0] != '/'))
		return false;
	f->copied = !strcmp(value, "copied");
	f->digest = strdup(digest);
	f->path = path ? strdup(path) : NULL;
	return f->digest && (f->path || !path);
}

static bool set_text(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to;
}

static bool set_line(struct record *rec, const char *name, char *value)
{
	bool known = false;

	if (!strcmp(name, "kernel"))
		return set_file(&rec->kernel, value);
	if (!strcmp(name, "initrd"))
		return set_file(&rec->initrd, value);
	if (!strcmp(name, "dtb"))
		return set_file(&rec->dtb, value);
	if (!strcmp(name, "cmdline"))
		return set_text(&rec->cmdline, value);
	if (!strcmp(name, "serial"))
		return set_text(&rec->serial, value);
	return set_word(&rec->rq, name, value, &known) || !known; /* a newer version's word */
}

struct error *record_parse(char *text, struct record *ret)
{
	_cleanup_record_ struct record rec = { .rq = { .panic = true } };
	char *rest = text, *line;

	while ((line = text_next_line(&rest))) {
		char *value = strchr(line, ' ');

		if (value)
			*value++ = '\0';
		if (*line && (!value || !set_line(&rec, line, value)))
			return error_new(ERROR_BAD_DATA, "/" RECORD_FOLDER "/request: the line \"%s\" makes no sense",
					 line);
	}
	if (!rec.kernel.digest || !rec.cmdline)
		return error_new(ERROR_BAD_DATA, "/" RECORD_FOLDER "/request: it is not complete");
	*ret = rec;
	rec = (struct record){ 0 };
	return NULL;
}

static void write_file(struct strbuf *to, const char *name, const struct recorded_file *f)
{
	if (f->digest)
		strbuf_printf(to, "%s %s %s%s%s\n", name, f->copied ? "copied" : "named", f->digest,
			      f->path ? " " : "", f->path ? f->path : "");
}

struct error *record_write(const struct record *rec, struct strbuf *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		strbuf_printf(to, "%s %llu\n", words[i].name,
			      (unsigned long long)get_word(&rec->rq, &words[i]));
	if (rec->serial)
		strbuf_printf(to, "serial %s\n", rec->serial);
	write_file(to, "kernel", &rec->kernel);
	write_file(to, "initrd", &rec->initrd);
	write_file(to, "dtb", &rec->dtb);
	strbuf_printf(to, "cmdline %s\n", rec->cmdline);
	return strbuf_error(to);
}

static void recorded_file_done(struct recorded_file *f)
{
	free(f->path);
	free(f->digest);
}

void record_done(struct record *rec)
{
	free(rec->cmdline);
	free(rec->serial);
	recorded_file_done(&rec->kernel);
	recorded_file_done(&rec->initrd);
	recorded_file_done(&rec->dtb);
}

static char *digest_of(const void *bytes, size_t len)
{
	unsigned char digest[SHA256_DIGEST_LEN];
	char *hex = malloc(2 * sizeof(digest) + 1);
	struct lanes l;

	lanes_init(&l, lanes_best());
	lanes_add(&l, bytes, len);
	lanes_end(&l, digest);
	for (size_t i = 0; hex && i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

/* Where an open file is found, or null; a file that was deleted meanwhile is found nowhere. */
static char *path_of(int fd)
{
	char link[64], path[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	if (len <= 0 || path[0] != '/' || memchr(path, '\n', (size_t)len))
		return NULL;
	path[len] = '\0';
	if (text_starts(path, "/memfd:")) /* unpacked, or joined */
		return NULL;
	return strdup(path);
}

/* What an integrity policy goes by moves with the copy, where the file system takes it. */
static void copy_ima(int from, int folder, const char *name)
{
	_cleanup_close_ int to = openat(folder, name, O_RDONLY | O_CLOEXEC);
	char value[4096];
	ssize_t len = fgetxattr(from, "security.ima", value, sizeof(value));

	if (to >= 0 && len > 0)
		(void)fsetxattr(to, "security.ima", value, (size_t)len, 0); /* no worse without */
}

static struct error *keep_file(int folder, const char *name, const struct kexec_file *f, bool copy,
			       struct recorded_file *ret)
{
	ret->path = f->fd >= 0 ? path_of(f->fd) : NULL;
	ret->digest = digest_of(f->bytes, f->len);
	if (!ret->digest)
		return error_nomem();
	if (!copy)
		return NULL;
	TRY(file_publish(folder, name, 0600, f->bytes, f->len));
	copy_ima(f->fd, folder, name);
	ret->copied = true;
	return NULL;
}

static bool room_for_copies(int folder, uint64_t bytes)
{
	struct statvfs v;

	return fstatvfs(folder, &v) == 0 &&
	       (uint64_t)v.f_bavail * v.f_frsize / ROOM_TIMES >= bytes;
}

static struct error *save_into(int folder, const struct kexec_plan *p, enum kexec_call used)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_record_ struct record rec = { .rq = p->rq };
	bool copy = room_for_copies(folder, p->kernel.len + p->initrd.len + p->dtb.len);

	rec.rq.call = used;
	rec.cmdline = strdup(p->cmdline);
	rec.serial = p->rq.serial ? strdup(p->rq.serial) : NULL;
	if (!rec.cmdline || (p->rq.serial && !rec.serial))
		return error_nomem();
	if (p->modules.n)
		return error_new(ERROR_UNSUPPORTED, "multiboot modules are not kept");
	if (strchr(rec.cmdline, '\n'))
		return error_new(ERROR_UNSUPPORTED, "a command line of several lines cannot be recorded");
	TRY(keep_file(folder, "kernel", &p->kernel, copy, &rec.kernel));
	if (p->initrd.len)
		TRY(keep_file(folder, "initrd", &p->initrd, copy, &rec.initrd));
	if (p->rq.dtb) /* the image's own is in it, the machine's will be there again */
		TRY(keep_file(folder, "dtb", &p->dtb, copy, &rec.dtb));
	TRY(record_write(&rec, &text));
	return file_publish(folder, "request", 0600, text.s, text.len);
}

static void remove_folder(int root, const char *name)
{
	static const char *const files[] = { "kernel", "initrd", "dtb", "request" };
	_cleanup_close_ int folder = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (size_t i = 0; folder >= 0 && i < ARRAY_SIZE(files); i++) {
		char half[64];

		snprintf(half, sizeof(half), "%s-incomplete", files[i]);
		(void)unlinkat(folder, files[i], 0); /* may not be there */
		(void)unlinkat(folder, half, 0);
	}
	(void)unlinkat(root, name, AT_REMOVEDIR);
}

static struct error *publish_folder(int root)
{
	if (renameat(root, RECORD_FOLDER, root, FOLDER_OLD) < 0 && errno != ENOENT)
		return error_sys(errno, "/" RECORD_FOLDER ": rename");
	if (renameat(root, FOLDER_NEW, root, RECORD_FOLDER) < 0)
		return error_sys(errno, "/" FOLDER_NEW ": rename");
	remove_folder(root, FOLDER_OLD);
	return NULL;
}

struct error *record_save(const struct kexec_plan *p, enum kexec_call used)
{
	_cleanup_close_ int folder = -1;
	int root = p->rq.root;

	remove_folder(root, FOLDER_NEW);
	remove_folder(root, FOLDER_OLD);
	TRY(file_make_folders(root, FOLDER_NEW, 0700));
	folder = openat(root, FOLDER_NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return error_sys(errno, "/" FOLDER_NEW ": open");
	TRY(save_into(folder, p, used));
	return publish_folder(root);
}

/* Whether the file's bytes are those that were loaded. */
static bool same_file(int dirfd, const char *name, const char *digest)
{
	_cleanup_free_ char *bytes = NULL, *now = NULL;
	size_t len;
	struct error *e = file_read(dirfd, name, COPY_LIMIT, &bytes, &len);

	if (e) {
		error_free(e);
		return false;
	}
	now = digest_of(bytes, len);
	return now && !strcmp(now, digest);
}

/* A name that opens the file as it was loaded, malloc'd. */
static struct error *find_file(int folder, const char *name, const struct recorded_file *f, char **ret)
{
	if (f->path && same_file(AT_FDCWD, f->path, f->digest)) {
		*ret = strdup(f->path);
		return *ret ? NULL : error_nomem();
	}
	if (!f->copied)
		return error_new(ERROR_NOT_FOUND, "%s has changed since, and /run had no room for a copy",
				 f->path ? f->path : name);
	if (!same_file(folder, name, f->digest))
		return error_new(ERROR_BAD_DATA, "/" RECORD_FOLDER "/%s is damaged", name);
	if (asprintf(ret, "/proc/self/fd/%d/%s", folder, name) < 0)
		return error_nomem();
	return NULL;
}

static struct error *load_again(const struct kexec_plan *plan, const struct shield *s)
{
	for (int i = 0;; i++) {
		_cleanup_kexec_result_ struct kexec_result r = { 0 };
		struct error *e = plan_call(plan, s, &r);

		if (!e || r.reason != KEXEC_BUSY || i == BUSY_TRIES)
			return e;
		error_free(e);
		clock_sleep_ms(BUSY_WAIT_MS);
	}
}

struct error *record_restore(int root, const struct shield *s)
{
	_cleanup_kexec_result_ struct kexec_result r = { 0 };
	_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
	_cleanup_free_ char *text = NULL, *kernel = NULL, *initrd = NULL, *dtb = NULL;
	_cleanup_record_ struct record rec = { 0 };
	_cleanup_close_ int folder = openat(root, RECORD_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *initrds[1];

	if (folder < 0)
		return error_new(ERROR_NOT_FOUND,
				 "what was loaded before was not loaded by this program, so nothing is known of it");
	TRY(file_read(folder, "request", REQUEST_LIMIT, &text, NULL));
	TRY(record_parse(text, &rec));
	TRY(find_file(folder, "kernel", &rec.kernel, &kernel));
	if (rec.initrd.digest)
		TRY(find_file(folder, "initrd", &rec.initrd, &initrd));
	if (rec.dtb.digest)
		TRY(find_file(folder, "dtb", &rec.dtb, &dtb));
	initrds[0] = initrd;
	rec.rq.root = root;
	rec.rq.kernel = kernel;
	rec.rq.initrds = initrds;
	rec.rq.nr_initrds = !!initrd;
	rec.rq.dtb = dtb;
	rec.rq.cmdline = rec.cmdline;
	rec.rq.serial = rec.serial;
	TRY(kexec_plan(&rec.rq, &plan, &r));
	return load_again(plan, s);
}

int record_lock(int root)
{
	_cleanup_close_ int fd = -1;
	struct error *e = file_make_folders(root, "run/salvage", 0755);

	error_free(e); /* then open fails, and the kernel's own lock has to do */
	fd = openat(root, RECORD_FOLDER ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return take_fd(&fd);
		clock_sleep_ms(BUSY_WAIT_MS);
	}
	return -1;
}

void record_forget(void)
{
	_cleanup_close_ int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root >= 0)
		remove_folder(root, RECORD_FOLDER);
}
