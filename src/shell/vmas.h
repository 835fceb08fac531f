/* The areas of a process's address space (struct vm_area_struct). */
#pragma once

#include "shell/shell.h"

struct vma {
	uint64_t va, start, end, flags, file; /* file: struct file, 0 none */
	uint64_t pgoff;			      /* pages */
};
/* By rising address; a tree since 6.1, a list before. Stops when `each` returns an error. */
struct error *vmas_walk(struct shell *sh, uint64_t mm, struct error *(*each)(const struct vma *v, void *arg),
			void *arg) MUST_CHECK;
