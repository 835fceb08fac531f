/*
 * Private to collect: what gives way when the target is getting full. As long as there is room for
 * what the next level would still write, all goes on as it is; then the rest of the dump is thinned
 * to that level, and so on. After the levels that the caller allows come free pages, user pages,
 * cache, private cache; a dump that needed these is incomplete.
 */
#pragma once

#include "collect/chosen.h"

#define THIN_STEPS_MAX 40
#define THIN_PIECE     256u /* frames: thin_needed() is asked before every so many, or more often */

struct thin_step {
	int level;
	bool allowed; /* by the caller */
};

struct thin {
	struct thin_step steps[THIN_STEPS_MAX];
	size_t nr_steps, next;
	uint64_t look_at;  /* when as many bytes are packed the room is looked at */
	uint64_t began_at; /* sink->bytes_written when the first page came */
};

/* The steps that are left when `keep->level` is in effect. */
void thin_init(struct thin *t, const struct collect_request *r, const struct keep *keep);
/* Whether frames from `pfn` on have to be thinned, now that the pipeline was given as many pages and
 * `n` tells of those that came out: null, or the step to take. */
const struct thin_step *thin_needed(struct thin *t, struct chosen *c, const struct collect_request *r,
				    const struct collect_counts *n, uint64_t given, uint64_t pfn,
				    int level);
