/*
 * Walking a struct list_head ring of the dead kernel (include/linux/list.h: next, prev). A
 * ring that does not come back to its head within `limit` steps, or at all, ends the walk and
 * says why; what was seen before stays good.
 */
#pragma once

#include "kernel/kernel.h"

struct list_walk {
	uint64_t head, at;
	uint64_t mark, steps, next_mark; /* Brent's cycle check */
	uint64_t limit;
	struct error *why;
};

struct error *list_begin(struct kernel *k, uint64_t head, uint64_t limit,
			 struct list_walk *ret) MUST_CHECK;
/* False at the end; list_error() then tells whether it was the right one. */
bool list_next(struct kernel *k, struct list_walk *w, uint64_t *ret_node);
/* Hands the error out; null when the ring was whole. Call it once after the walk. */
struct error *list_error(struct list_walk *w) MUST_CHECK;
