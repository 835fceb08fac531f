/* The areas of the kernel's own virtual memory (mm/vmalloc.c). */
#pragma once

#include "shell/shell.h"

struct vmap_row {
	uint64_t area; /* struct vmap_area */
	uint64_t vm;   /* struct vm_struct; 0: none (per-CPU blocks) */
	uint64_t start, end;
};
/* By rising address. */
struct error *vmap_walk(struct shell *sh, struct error *(*each)(const struct vmap_row *r, void *arg),
			void *arg) MUST_CHECK;
/* The line of `kmem -v`. */
void vmap_put(struct shell *sh, const struct vmap_row *r);
