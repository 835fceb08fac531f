/* Plain files and folders of an image, and what dracut_args of kdump.conf ask for. */
#include "service/image-priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "service/rootpath.h"

#define TREE_DEPTH 16
#define TREE_FILES 4096

struct error *image_add_file(struct image *im, const char *source, const char *path,
			     unsigned mode)
{
	struct image_file f = {.source = strdup(source), .path = strdup(path), .mode = mode};
	struct stat st;

	if (!f.source || !f.path || !vector_push(&im->files, f)) {
		free(f.source);
		free(f.path);
		return error_nomem();
	}
	if (fstatat(im->how->root, source, &st, 0) < 0)
		return error_sys(errno, "%s: cannot look at it", path);
	if (!S_ISREG(st.st_mode))
		return error_new(ERROR_USAGE, "%s is no plain file", path);
	if (!mode)
		im->files.v[im->files.n - 1].mode = st.st_mode & 0777;
	return NULL;
}

static struct error *add_tree(struct image *im, const char *source, const char *path,
			      unsigned depth)
{
	_cleanup_words_ struct words names = {0};

	if (depth > TREE_DEPTH || im->files.n > TREE_FILES)
		return error_new(
			ERROR_USAGE,
			"%s: more than %d folders deep, or more than %d files: too much "
			"for a capture image",
			source, TREE_DEPTH, TREE_FILES);
	TRY(rootpath_list(im->how->root, source, &names));
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *from = NULL, *to = NULL;
		struct stat st;

		if (asprintf(&from, "%s/%s", source, names.v[i]) < 0) {
			from = NULL;
			return error_nomem();
		}
		if (asprintf(&to, "%s/%s", strcmp(path, "/") ? path : "", names.v[i]) < 0) {
			to = NULL;
			return error_nomem();
		}
		if (fstatat(im->how->root, rootpath_below(from), &st, 0) < 0)
			return error_sys(errno, "%s: cannot look at it", from);
		if (S_ISDIR(st.st_mode))
			TRY(add_tree(im, from, to, depth + 1));
		else if (S_ISREG(st.st_mode)) /* sockets and the like stay where they are */
			TRY(image_add_file(im, rootpath_below(from), to, 0));
	}
	return NULL;
}

struct error *image_add_tree(struct image *im, const char *source, const char *path)
{
	return add_tree(im, source, path, 0);
}

/* Whatever is wrong with it: other builders say so and go on, and a dump without it is better
 * than none. */
static struct error *unless_wrong(struct image *im, struct error *e, const char *option)
{
	struct error *w;

	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	w = image_warn(im, "dracut_args: %s is left out: %s", option, error_message(e));
	error_free(e);
	return w;
}

/* Programs with their libraries, anything else as it stands. */
static struct error *install(struct image *im, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	TRY(image_find_in_path(im->how->root, name, &path));
	if (fstatat(im->how->root, rootpath_below(path), &st, 0) < 0)
		return error_new(ERROR_USAGE, "Error: %s not found.", path);
	if (S_ISDIR(st.st_mode))
		return image_add_tree(im, path, path);
	if (st.st_mode & 0111)
		return image_add_machines(im, path);
	return image_add_file(im, rootpath_below(path), path, 0);
}

static struct error *include(struct image *im, const struct dracut_include *one)
{
	struct stat st;

	if (fstatat(im->how->root, rootpath_below(one->source), &st, 0) < 0)
		return error_sys(errno, "%s", one->source);
	if (S_ISDIR(st.st_mode))
		return image_add_tree(im, one->source, one->path);
	return image_add_file(im, rootpath_below(one->source), one->path, 0);
}

struct error *image_apply_dracut(struct image *im)
{
	const struct dracut_args *d = &im->how->settings->dracut;

	for (size_t i = 0; i < d->warnings.n; i++)
		TRY(words_add(&im->warnings, d->warnings.v[i]));
	for (size_t i = 0; i < d->install.n; i++)
		TRY(unless_wrong(im, install(im, d->install.v[i]), "--install"));
	for (size_t i = 0; i < d->optional.n; i++) {
		struct error *e = install(im, d->optional.v[i]);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e); /* that is what optional means */
	}
	for (size_t i = 0; i < d->include.n; i++)
		TRY(unless_wrong(im, include(im, &d->include.v[i]), "--include"));
	return NULL;
}
