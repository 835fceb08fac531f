/* Swap areas (struct swap_info_struct). */
#pragma once

#include "shell/shell.h"

struct swap_row {
	uint64_t va;
	uint64_t flags, pages, used;
	int64_t priority;
	char *name; /* owned */
};
/* Every area in use. */
struct error *swap_walk(struct shell *sh, struct error *(*each)(const struct swap_row *r, void *arg),
			void *arg) MUST_CHECK;
/* Sums over all of them, in pages. */
struct error *swap_totals(struct shell *sh, uint64_t *ret_total, uint64_t *ret_used) MUST_CHECK;
