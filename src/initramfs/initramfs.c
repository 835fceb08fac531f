/* The contents of the capture initramfs: entries are collected, then written in order. */
#include "initramfs/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "initramfs/internal.h"
#include "initramfs/newc.h"
#include "unpack/unpack.h"

#define MODULE_LIMIT (128u << 20) /* unpacked; no module is longer */

struct error *initramfs_new(int root, struct initramfs **ret)
{
	struct initramfs *im = calloc(1, sizeof(*im));

	if (!im)
		return error_nomem();
	im->root = root;
	*ret = im;
	return NULL;
}

void initramfs_free(struct initramfs *im)
{
	if (!im)
		return;
	for (size_t i = 0; i < im->entries.n; i++) {
		free(im->entries.v[i].path);
		free(im->entries.v[i].bytes);
	}
	vector_done(&im->entries);
	words_done(&im->libraries);
	words_done(&im->library_dirs);
	words_done(&im->needed);
	free(im->library_home);
	free(im);
}

int initramfs_open_source(int root, const char *source)
{
	if (source[0] == '/')
		return open(source, O_RDONLY | O_CLOEXEC);
	return file_open_in_root(root, source, O_RDONLY | O_CLOEXEC);
}

struct error *initramfs_read_source(int root, const char *source, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = initramfs_open_source(root, source);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", source);
	return file_read_fd(fd, source, SOURCE_LIMIT, ret, ret_len);
}

/* --- entries ------------------------------------------------------------------------ */

static struct entry *find(const struct initramfs *im, const char *path, size_t len)
{
	for (size_t i = 0; i < im->entries.n; i++) {
		struct entry *e = &im->entries.v[i];

		if (strncmp(e->path, path, len) == 0 && e->path[len] == '\0')
			return e;
	}
	return NULL;
}

bool initramfs_has(const struct initramfs *im, const char *path)
{
	return path[0] == '/' && find(im, path + 1, strlen(path + 1));
}

/* The name as the archive has it; null when it is no clean absolute path. */
static const char *clean_name(const char *path)
{
	if (path[0] != '/' || path[1] == '\0' || path[1] == '/' || strstr(path, "//") ||
	    strstr(path, "/../") || strstr(path, "/./") || text_ends(path, "/") ||
	    text_ends(path, "/..") || text_ends(path, "/."))
		return NULL;
	return path + 1;
}

static bool same(const struct entry *a, const struct entry *b)
{
	return a->mode == b->mode && a->len == b->len && a->major == b->major &&
	       a->minor == b->minor && (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static struct error *push(struct initramfs *im, const char *name, size_t name_len,
			  struct entry e)
{
	e.path = strndup(name, name_len);
	if (e.path && vector_push(&im->entries, e))
		return NULL;
	free(e.path);
	free(e.bytes);
	return error_nomem();
}

static struct error *put_parents(struct initramfs *im, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		struct entry *e = find(im, name, slash - name);

		if (e && !S_ISDIR(e->mode))
			return error_new(ERROR_USAGE, "/%s: /%s is in the initramfs and no folder",
					 name, e->path);
		if (!e)
			TRY(push(im, name, slash - name,
				 (struct entry){ .mode = S_IFDIR | 0755 }));
	}
	return NULL;
}

struct error *initramfs_put(struct initramfs *im, const char *path, mode_t mode, char *bytes,
			    size_t len, unsigned major, unsigned minor)
{
	struct entry new = { NULL, mode, bytes, len, major, minor };
	const char *name = clean_name(path);
	struct entry *old = name ? find(im, name, strlen(name)) : NULL;
	struct error *e = NULL;

	if (!name)
		e = error_new(ERROR_USAGE, "%s: is no clean absolute path", path);
	else if (old && S_ISDIR(old->mode) && S_ISDIR(mode))
		old->mode = mode; /* it was there as somebody's parent */
	else if (old && !same(old, &new))
		e = error_new(ERROR_USAGE, "%s: is in the initramfs already, with other content",
			      path);
	else if (!old) {
		e = put_parents(im, name);
		if (!e)
			return push(im, name, strlen(name), new);
	}
	free(bytes);
	return e;
}

struct error *initramfs_add_file(struct initramfs *im, const char *source, const char *path,
				 mode_t mode)
{
	char *bytes;
	size_t len;

	TRY(initramfs_read_source(im->root, source, &bytes, &len));
	return initramfs_put(im, path, S_IFREG | mode, bytes, len, 0, 0);
}

struct error *initramfs_add_module(struct initramfs *im, const struct module_file *module)
{
	char *bytes, *unpacked;
	size_t len, unpacked_len;
	struct error *e;

	TRY(initramfs_read_source(im->root, module->source, &bytes, &len));
	e = unpack_bytes(module->source, bytes, len, MODULE_LIMIT, &unpacked, &unpacked_len);
	if (e || unpacked) {
		free(bytes);
		bytes = unpacked;
		len = unpacked_len;
	}
	TRY(e);
	return initramfs_put(im, module->path, S_IFREG | 0644, bytes, len, 0, 0);
}

static char *copy_bytes(const void *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	return copy && len ? memcpy(copy, bytes, len) : copy;
}

struct error *initramfs_add_text(struct initramfs *im, const char *path, const void *bytes,
				 size_t len, mode_t mode)
{
	char *copy = copy_bytes(bytes, len);

	return copy ? initramfs_put(im, path, S_IFREG | mode, copy, len, 0, 0) : error_nomem();
}

struct error *initramfs_add_folder(struct initramfs *im, const char *path, mode_t mode)
{
	return initramfs_put(im, path, S_IFDIR | mode, NULL, 0, 0, 0);
}

struct error *initramfs_add_link(struct initramfs *im, const char *path, const char *target)
{
	char *copy = strdup(target);

	return copy ? initramfs_put(im, path, S_IFLNK | 0777, copy, strlen(copy), 0, 0)
		    : error_nomem();
}

struct error *initramfs_add_node(struct initramfs *im, const char *path, mode_t type_and_mode,
				 unsigned major, unsigned minor)
{
	if (!S_ISCHR(type_and_mode) && !S_ISBLK(type_and_mode))
		return error_new(ERROR_USAGE, "%s: mode %o is no device's", path, type_and_mode);
	return initramfs_put(im, path, type_and_mode, NULL, 0, major, minor);
}

/* --- the archive -------------------------------------------------------------------- */

/* A folder's path is a prefix of what is in it, so it comes first, as the kernel needs it. */
static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static struct error *make_archive(struct initramfs *im, struct strbuf *to)
{
	if (im->entries.n)
		qsort(im->entries.v, im->entries.n, sizeof(*im->entries.v), by_path);
	for (size_t i = 0; i < im->entries.n; i++) {
		const struct entry *e = &im->entries.v[i];

		TRY(newc_add(to, i + 1,
			     &(struct newc_entry){ e->path, e->mode, e->bytes, e->len, e->major,
						   e->minor }));
	}
	return newc_end(to);
}

struct error *initramfs_write(struct initramfs *im, enum initramfs_packing packing, int fd,
			      struct initramfs_size *ret)
{
	_cleanup_strbuf_ struct strbuf archive = { 0 };
	_cleanup_free_ char *packed = NULL;
	size_t packed_len;

	TRY(make_archive(im, &archive));
	TRY(initramfs_pack(packing, archive.s, archive.len, &packed, &packed_len));
	TRY(file_write_fd(fd, "the capture initramfs", packed, packed_len));
	if (ret)
		*ret = (struct initramfs_size){ im->entries.n, archive.len, packed_len };
	return NULL;
}
