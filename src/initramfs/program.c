/*
 * Programs with what they need to start. A dynamic ELF brings its interpreter and the closure
 * of its libraries, found as ld.so(8) finds them: DT_RPATH (only without DT_RUNPATH),
 * DT_RUNPATH, then the folders of /etc/ld.so.conf and the built-in ones. The image has no
 * ld.so.cache: a library from a folder that only ld.so.conf knows is put beside libc. What a
 * program opens at run time (dlopen, NSS) is not found this way.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "initramfs/elfdeps.h"
#include "initramfs/internal.h"

#define LD_CONF_LIMIT (64u << 10)
#define OBJECTS_MAX   1024 /* programs and libraries in one closure */
#define SCRIPT_DEPTH  4

static const char *const builtin_dirs[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64" };

/* One object whose needs are still to be met. */
struct object {
	struct elf_deps deps;
	char *host_dir, *image_dir; /* what $ORIGIN stands for, on each side */
};

struct closure {
	struct initramfs *im;
	VECTOR(struct object) objects;
	const char *rpath; /* of the program itself: counts for its libraries too */
};

/* --- where the system keeps libraries ----------------------------------------------- */

static struct error *read_conf(struct initramfs *im, const char *path, unsigned depth);

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "include" of ld.so.conf: a pattern in the last part of the path. */
static struct error *read_included(struct initramfs *im, const char *pattern, unsigned depth)
{
	const char *slash = strrchr(pattern, '/');
	_cleanup_free_ char *dir_path = strndup(pattern, slash ? slash - pattern : 0);
	_cleanup_words_ struct words files = { 0 };
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *de;
	int fd;

	if (!dir_path)
		return error_nomem();
	fd = initramfs_open_source(im->root, *dir_path ? dir_path : ".");
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (!dir) {
		close_keep_errno(fd);
		return NULL; /* nothing to include */
	}
	while ((de = readdir(dir)) != NULL)
		if (fnmatch(slash ? slash + 1 : pattern, de->d_name, FNM_PERIOD) == 0)
			TRY(words_addf(&files, "%s/%s", dir_path, de->d_name));
	if (files.n)
		qsort(files.v, files.n, sizeof(*files.v), by_name);
	for (size_t i = 0; i < files.n; i++)
		TRY(read_conf(im, files.v[i], depth + 1));
	return NULL;
}

static struct error *read_conf(struct initramfs *im, const char *path, unsigned depth)
{
	_cleanup_close_ int fd = depth > 4 ? -1 : initramfs_open_source(im->root, path);
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	if (fd < 0)
		return NULL;
	TRY(file_read_fd(fd, path, LD_CONF_LIMIT, &text, NULL));
	rest = text;
	while ((line = text_next_line(&rest)) != NULL) {
		const char *pattern;

		line[strcspn(line, "#")] = '\0';
		line = text_strip(line);
		pattern = text_after(line, "include");
		if (pattern && (*pattern == ' ' || *pattern == '\t')) {
			_cleanup_strbuf_ struct strbuf full = { 0 };

			pattern += strspn(pattern, " \t");
			strbuf_printf(&full, "%s%s", *pattern == '/' ? "" : "etc/",
				      pattern + (*pattern == '/'));
			TRY(strbuf_error(&full));
			TRY(read_included(im, full.s, depth));
		} else if (line[0] == '/' && !words_have(&im->library_dirs, line))
			TRY(words_add(&im->library_dirs, line));
	}
	return NULL;
}

static struct error *find_library_dirs(struct initramfs *im)
{
	if (im->library_dirs.n)
		return NULL;
	TRY(read_conf(im, "etc/ld.so.conf", 0));
	for (size_t i = 0; i < ARRAY_SIZE(builtin_dirs); i++)
		TRY(words_add(&im->library_dirs, builtin_dirs[i]));
	return NULL;
}

/* --- finding one library ------------------------------------------------------------ */

static void object_done(struct object *o)
{
	elf_deps_done(&o->deps);
	free(o->host_dir);
	free(o->image_dir);
}

static char *dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? slash - path : 0);
}

/* Reads an ELF object and puts it, without what is not loaded, into the image. */
static struct error *add_object(struct closure *c, const char *source, const char *path,
				char *bytes, size_t len)
{
	struct object o = { 0 };
	struct error *e = elf_deps_read(source, bytes, len, &o.deps);

	if (!e && c->objects.n == OBJECTS_MAX)
		e = error_new(ERROR_UNSUPPORTED, "%s: more than %d libraries", source, OBJECTS_MAX);
	if (e) {
		object_done(&o);
		free(bytes);
		return e;
	}
	if (c->objects.n) /* the first is the program itself */
		e = words_add(&c->im->needed, source);
	if (e) {
		object_done(&o);
		free(bytes);
		return e;
	}
	len = o.deps.loaded_len;
	elf_drop_sections(bytes, len);
	e = initramfs_put(c->im, path, S_IFREG | 0755, bytes, len, 0, 0);
	o.host_dir = dir_of(source);
	o.image_dir = dir_of(path);
	if (!e && o.host_dir && o.image_dir && vector_push(&c->objects, o))
		return NULL;
	object_done(&o);
	return e ? e : error_nomem();
}

/* Reads SOURCE (relative to the root, or absolute); *ret is null when there is none, or it is
 * no object of the wanted kind. */
static struct error *read_library(struct closure *c, const struct elf_deps *kind,
				  const char *source, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = initramfs_open_source(c->im->root, source);
	_cleanup_elf_deps_ struct elf_deps deps = { 0 };
	_cleanup_free_ char *bytes = NULL;

	*ret = NULL;
	if (fd < 0)
		return NULL;
	TRY(file_read_fd(fd, source, SOURCE_LIMIT, &bytes, ret_len));
	if (!elf_is_elf(bytes, *ret_len))
		return NULL; /* a linker script of that name */
	TRY(elf_deps_read(source, bytes, *ret_len, &deps));
	if (deps.class == kind->class && deps.machine == kind->machine)
		*ret = take_ptr(bytes);
	return NULL;
}

/* Adds SOURCE at PATH when it is there. */
static struct error *try_library(struct closure *c, const struct elf_deps *kind,
				 const char *source, const char *path, bool *ret_found)
{
	char *bytes;
	size_t len;

	TRY(read_library(c, kind, source, &bytes, &len));
	*ret_found = bytes != NULL;
	return bytes ? add_object(c, source, path, bytes, len) : NULL;
}

/* Where the loader surely looks: the folder of its own libc. */
static struct error *find_home(struct closure *c, const struct elf_deps *kind)
{
	struct initramfs *im = c->im;

	for (size_t i = 0; i < im->library_dirs.n && !im->library_home; i++) {
		_cleanup_strbuf_ struct strbuf path = { 0 };
		_cleanup_free_ char *bytes = NULL;
		size_t len;

		strbuf_printf(&path, "%s/libc.so.6", im->library_dirs.v[i] + 1);
		TRY(strbuf_error(&path));
		TRY(read_library(c, kind, path.s, &bytes, &len));
		if (bytes && !(im->library_home = strdup(im->library_dirs.v[i])))
			return error_nomem();
	}
	if (!im->library_home)
		im->library_home = strdup("/lib");
	return im->library_home ? NULL : error_nomem();
}

/* Takes "//", "/." and "NAME/.." out of an absolute path, as text. */
static char *tidy_path(const char *path)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_puts(&out, "");
	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len == 2 && strncmp(path, "..", 2) == 0) {
			while (out.len && out.s[--out.len] != '/')
				;
		} else if (len && !(len == 1 && *path == '.')) {
			strbuf_putc(&out, '/');
			strbuf_add(&out, path, len);
		}
		path += len;
	}
	strbuf_putc(&out, '\0');
	return strbuf_take(&out, NULL);
}

/* One folder of a DT_RPATH or DT_RUNPATH, with $ORIGIN put in for both sides. */
static struct error *try_own_dir(struct closure *c, const struct object *o, const char *dir,
				 size_t dir_len, const char *name, bool *ret_found)
{
	static const char *const origins[] = { "$ORIGIN", "${ORIGIN}" };
	_cleanup_strbuf_ struct strbuf source = { 0 }, path = { 0 };
	_cleanup_free_ char *tidy = NULL;
	const char *host = "", *image = "";

	for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
		size_t len = strlen(origins[i]);

		if (dir_len >= len && strncmp(dir, origins[i], len) == 0) {
			host = o->host_dir;
			image = o->image_dir;
			dir += len;
			dir_len -= len;
		}
	}
	if (dir_len == 0 && !*image)
		return NULL; /* an empty part: the working folder, which means nothing here */
	strbuf_printf(&source, "%s%.*s/%s", host, (int)dir_len, dir, name);
	strbuf_printf(&path, "%s%.*s/%s", image, (int)dir_len, dir, name);
	TRY(strbuf_error(&source));
	TRY(strbuf_error(&path));
	tidy = tidy_path(path.s);
	if (!tidy)
		return error_nomem();
	/* $ORIGIN of a program from outside of the root is an absolute path of this machine */
	return try_library(c, &o->deps, *host == '/' || source.s[0] != '/' ? source.s : source.s + 1,
			   tidy, ret_found);
}

static struct error *try_own_dirs(struct closure *c, const struct object *o, const char *list,
				  const char *name, bool *ret_found)
{
	while (list && *list && !*ret_found) {
		size_t len = strcspn(list, ":");

		TRY(try_own_dir(c, o, list, len, name, ret_found));
		list += len + (list[len] == ':');
	}
	return NULL;
}

static bool is_builtin_dir(const char *dir)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtin_dirs); i++)
		if (strcmp(dir, builtin_dirs[i]) == 0)
			return true;
	return false;
}

static struct error *try_system_dirs(struct closure *c, const struct object *o,
				     const char *name, bool *ret_found)
{
	struct initramfs *im = c->im;

	TRY(find_home(c, &o->deps));
	for (size_t i = 0; i < im->library_dirs.n && !*ret_found; i++) {
		_cleanup_strbuf_ struct strbuf source = { 0 }, path = { 0 };
		const char *dir = im->library_dirs.v[i];

		strbuf_printf(&source, "%s/%s", dir + 1, name);
		strbuf_printf(&path, "%s/%s", is_builtin_dir(dir) ? dir : im->library_home, name);
		TRY(strbuf_error(&source));
		TRY(strbuf_error(&path));
		TRY(try_library(c, &o->deps, source.s, path.s, ret_found));
	}
	return NULL;
}

static struct error *add_needed(struct closure *c, size_t index, const char *name)
{
	/* a copy: the vector moves as objects are added; what it points to stays */
	const struct object o = c->objects.v[index];
	bool found = false;

	if (words_have(&c->im->libraries, name))
		return NULL;
	TRY(words_add(&c->im->libraries, name));
	if (strchr(name, '/'))
		TRY(try_library(c, &o.deps, name + (*name == '/'), name, &found));
	if (!o.deps.runpath) {
		TRY(try_own_dirs(c, &o, o.deps.rpath, name, &found));
		if (!found && index > 0 && c->rpath)
			TRY(try_own_dirs(c, &c->objects.v[0], c->rpath, name, &found));
	}
	if (!found)
		TRY(try_own_dirs(c, &o, o.deps.runpath, name, &found));
	if (!found)
		TRY(try_system_dirs(c, &o, name, &found));
	if (!found)
		return error_new(ERROR_NOT_FOUND, "needs the library %s, which is nowhere to be found",
				 name);
	return NULL;
}

/* --- programs ----------------------------------------------------------------------- */

/* libc needs the loader by name as well: it is loaded by then, and not looked for again. */
static struct error *add_loader(struct initramfs *im, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	if (!initramfs_has(im, path)) {
		TRY(initramfs_add_file(im, path + (*path == '/'), path, 0755));
		TRY(words_add(&im->needed, path + (*path == '/')));
	}
	return words_have(&im->libraries, name) ? NULL : words_add(&im->libraries, name);
}

static struct error *add_elf(struct initramfs *im, const char *source, const char *path,
			     char *bytes, size_t len)
{
	struct closure c = { .im = im };
	struct error *e = add_object(&c, source, path, bytes, len);

	if (!e && c.objects.v[0].deps.needed.n)
		e = find_library_dirs(im);
	if (!e && c.objects.v[0].deps.interpreter)
		e = add_loader(im, c.objects.v[0].deps.interpreter);
	c.rpath = e ? NULL : c.objects.v[0].deps.rpath;
	for (size_t i = 0; !e && i < c.objects.n; i++)
		for (size_t j = 0; !e && j < c.objects.v[i].deps.needed.n; j++)
			e = error_prefix(add_needed(&c, i, c.objects.v[i].deps.needed.v[j]), "%s",
					 source);
	for (size_t i = 0; i < c.objects.n; i++)
		object_done(&c.objects.v[i]);
	vector_done(&c.objects);
	return e;
}

static struct error *add_program(struct initramfs *im, const char *source, const char *path,
				 unsigned depth);

/* "#!/usr/bin/env NAME" looks in PATH, which in the image is these. */
static struct error *add_from_path(struct initramfs *im, const char *name, unsigned depth)
{
	static const char *const dirs[] = { "usr/bin", "bin", "usr/sbin", "sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_strbuf_ struct strbuf source = { 0 };
		_cleanup_close_ int fd = -1;

		strbuf_printf(&source, "%s/%s", dirs[i], name);
		TRY(strbuf_error(&source));
		fd = initramfs_open_source(im->root, source.s);
		if (fd >= 0)
			return add_program(im, source.s, NULL, depth);
	}
	return error_new(ERROR_NOT_FOUND, "its interpreter %s is nowhere to be found", name);
}

static struct error *add_interpreter(struct initramfs *im, const char *bytes, unsigned depth)
{
	_cleanup_words_ struct words line = { 0 };
	_cleanup_free_ char *first = strndup(bytes + 2, strcspn(bytes + 2, "\n"));
	const char *base;

	if (!first)
		return error_nomem();
	TRY(words_split(&line, first));
	if (line.n == 0 || line.v[0][0] != '/')
		return error_new(ERROR_USAGE, "its first line names no interpreter");
	if (!initramfs_has(im, line.v[0]))
		TRY(add_program(im, line.v[0] + 1, NULL, depth));
	base = strrchr(line.v[0], '/') + 1;
	if (strcmp(base, "env") == 0 && line.n > 1 && line.v[1][0] != '-')
		return add_from_path(im, line.v[1], depth);
	return NULL;
}

static struct error *add_program(struct initramfs *im, const char *source, const char *path,
				 unsigned depth)
{
	_cleanup_free_ char *own_path = NULL;
	bool script;
	char *bytes;
	size_t len;

	if (depth > SCRIPT_DEPTH)
		return error_new(ERROR_USAGE, "%s: interpreters that need interpreters", source);
	if (!path) {
		if (asprintf(&own_path, "%s%s", source[0] == '/' ? "" : "/", source) < 0)
			return error_nomem();
		path = own_path;
	}
	if (depth)
		TRY(words_add(&im->needed, source));
	TRY(initramfs_read_source(im->root, source, &bytes, &len));
	if (elf_is_elf(bytes, len))
		return add_elf(im, source, path, bytes, len);
	script = len > 2 && bytes[0] == '#' && bytes[1] == '!';
	if (script) {
		struct error *e = error_prefix(add_interpreter(im, bytes, depth + 1), "%s", source);

		if (e) {
			free(bytes);
			return e;
		}
	}
	return initramfs_put(im, path, S_IFREG | 0755, bytes, len, 0, 0);
}

const struct words *initramfs_needed(const struct initramfs *im)
{
	return &im->needed;
}

struct error *initramfs_add_program(struct initramfs *im, const char *source, const char *path)
{
	return add_program(im, source, path, 0);
}
