/* Labels; see selinux.h. */
#include "service/selinux.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "service/bootedit.h"
#include "service/rootpath.h"

#define DEPTH_LIMIT 4
#define LABEL	    "security.selinux"

static bool has_label(int fd)
{
	char label[1024];
	ssize_t n = fgetxattr(fd, LABEL, label, sizeof(label) - 1);

	if (n <= 0)
		return false;
	label[n] = '\0';
	/* what the kernel shows for a file that has none */
	return !strstr(label, "unlabeled_t");
}

/* The first file without a label ends the walk. */
static bool any_unlabeled(int root, const char *path, unsigned depth)
{
	_cleanup_close_ int fd = openat(root, rootpath_below(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_words_ struct words names = { 0 };
	struct stat st;
	struct error *e;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	if (!has_label(fd))
		return true;
	if (!S_ISDIR(st.st_mode) || depth == DEPTH_LIMIT)
		return false;
	e = rootpath_list(root, path, &names);
	error_free(e); /* as far as it can be looked at */
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_free_ char *below = NULL;

		if (asprintf(&below, "%s/%s", path, names.v[i]) < 0)
			return false;
		if (any_unlabeled(root, below, depth + 1))
			return true;
	}
	return false;
}

struct error *selinux_restore(int root, const char *path, bool *ret_done)
{
	const char *args[] = { "-R", path, NULL };

	*ret_done = false;
	if (!file_exists(root, "sys/fs/selinux/enforce") || !any_unlabeled(root, path, 0))
		return NULL;
	return boot_run(root, "restorecon", args, ret_done, NULL);
}
