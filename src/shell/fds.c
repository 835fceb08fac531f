/* include/linux/fdtable.h */
#include "shell/fds.h"

#include "base/base.h"
#include "kernel/peek.h"

#define FDS_MAX (1u << 20)

struct error *fds_walk(struct shell *sh, const struct task *t,
		       struct error *(*each)(uint64_t fd, uint64_t file, void *arg), void *arg)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t files = peek_member(&p, t->va, "task_struct", "files"), table, max, array;

	TRY(peek_error(&p));
	if (!files)
		return NULL;
	table = peek_member(&p, files, "files_struct", "fdt");
	max = peek_member(&p, table, "fdtable", "max_fds");
	array = peek_member(&p, table, "fdtable", "fd");
	TRY(peek_error(&p));
	for (uint64_t fd = 0; fd < MIN(max, (uint64_t)FDS_MAX) && !shell_interrupted(); fd++) {
		uint64_t file = peek_long(&p, array + fd * sh->kernel->long_size) & ~3ull; /* flags once were there */

		TRY(peek_error(&p));
		if (file)
			TRY(each(fd, file, arg));
	}
	return NULL;
}
