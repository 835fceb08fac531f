/* Paths below a root; see rootpath.h. */
#include "service/rootpath.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define FOLDER_LIMIT 65536 /* entries of a folder that is listed */

const char *rootpath_below(const char *name)
{
	while (*name == '/')
		name++;
	return *name ? name : ".";
}

struct error *rootpath_open(int root, const char *name, int *ret_fd)
{
	int fd = file_open_in_root(root, name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", name);
	*ret_fd = fd;
	return NULL;
}

static struct error *fd_name(int fd, char buf[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, PATH_MAX - 1);
	if (n < 0)
		return error_sys(errno, "%s: cannot read the link; is /proc mounted?", link);
	buf[n] = '\0';
	return NULL;
}

struct error *rootpath_real(int root, const char *name, char **ret)
{
	char top[PATH_MAX], whole[PATH_MAX];
	_cleanup_close_ int fd = -1;
	const char *rest;
	char *copy;

	TRY(rootpath_open(root, name, &fd));
	TRY(fd_name(root, top));
	TRY(fd_name(fd, whole));
	rest = strcmp(top, "/") == 0 ? whole : text_after(whole, top);
	if (!rest)
		return error_new(ERROR_BAD_DATA, "%s: lies outside of %s", name, top);
	copy = strdup(*rest ? rest : "/");
	if (!copy)
		return error_nomem();
	*ret = copy;
	return NULL;
}

struct error *rootpath_link_name(int root, const char *name, char **ret)
{
	char buf[PATH_MAX], *slash, *copy;
	ssize_t n = readlinkat(root, rootpath_below(name), buf, sizeof(buf) - 1);

	if (n < 0)
		return error_sys(errno, "%s: cannot read the link", name);
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	copy = strdup(slash ? slash + 1 : buf);
	if (!copy)
		return error_nomem();
	*ret = copy;
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct error *rootpath_list(int root, const char *name, struct words *ret)
{
	_cleanup_words_ struct words w = { 0 };
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(root, rootpath_below(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(errno, "%s: cannot open the folder", name);
	dir = fdopendir(fd);
	if (!dir) {
		close_keep_errno(fd);
		return error_sys(errno, "%s: cannot open the folder", name);
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (w.n == FOLDER_LIMIT)
			return error_new(ERROR_BAD_DATA, "%s: more than %d entries", name,
					 FOLDER_LIMIT);
		TRY(words_add(&w, entry->d_name));
	}
	if (w.n)
		qsort(w.v, w.n, sizeof(*w.v), by_name);
	*ret = w;
	w = (struct words){ 0 };
	return NULL;
}
