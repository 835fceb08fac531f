/* Thinning out saved dumps; see keep.h. */
#include "service/keep.h"

#include <errno.h>

#include "crashdir/retain.h"
#include "service/rootpath.h"

static void note(void *arg, const char *name)
{
	struct error *e = words_add(arg, name);

	error_free(e); /* a word less */
}

struct error *keep_apply(int root, const struct target *t, const struct plan *p, struct words *removed)
{
	int naming = p->directory ? crashdir_naming_find(p->directory) : CRASHDIR_IP_TIME;
	struct crashdir_retain how = {
		.names = { naming < 0 ? CRASHDIR_IP_TIME : (enum crashdir_naming)naming, p->address, p->host },
		.rules = { p->keep_count, p->keep_bytes, p->keep_free },
		.say = note,
		.arg = removed,
	};
	_cleanup_close_ int fd = -1;

	if (!t->folder || (!p->keep_count && !p->keep_bytes && !p->keep_free))
		return NULL;
	fd = file_open_in_root(root, rootpath_below(t->folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open", t->folder);
	return crashdir_retain(fd, t->folder, &how, NULL);
}
