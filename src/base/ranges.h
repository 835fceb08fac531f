/* Sets of disjoint half-open ranges [start, end) of u64, kept sorted and merged. */
#pragma once

#include "base/error.h"
#include "base/vector.h"

struct range {
	uint64_t start;
	uint64_t end;
};

struct ranges {
	struct range *v;
	size_t n;
	size_t room;
};

/* Adds [start, end); touching and overlapping ranges become one. Empty is fine. */
struct error *ranges_add(struct ranges *r, uint64_t start, uint64_t end) MUST_CHECK;
/* Takes [start, end) out, splitting where needed. */
struct error *ranges_cut(struct ranges *r, uint64_t start, uint64_t end) MUST_CHECK;
/* The row of the first range that ends above `x`; r->n: none does. */
size_t ranges_search(const struct ranges *r, uint64_t x);
/* The range that holds `x`, or null. */
const struct range *ranges_find(const struct ranges *r, uint64_t x);
bool ranges_contain(const struct ranges *r, uint64_t start, uint64_t end);
/* Whether any of [start, end) is in the set. */
bool ranges_meet(const struct ranges *r, uint64_t start, uint64_t end);
uint64_t ranges_total(const struct ranges *r);
struct error *ranges_copy(const struct ranges *from, struct ranges *to) MUST_CHECK;
void ranges_done(struct ranges *r);

static inline void ranges_done_cleanup(struct ranges *r)
{
	ranges_done(r);
}
#define _cleanup_ranges_ CLEANUP(ranges_done)
