/* Range sets; see ranges.h. */
#include "base/ranges.h"

#include <string.h>

size_t ranges_search(const struct ranges *r, uint64_t x)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->v[mid].end > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Replaces ranges [at, at + old) by `n` new ones. */
static struct error *splice(struct ranges *r, size_t at, size_t old, const struct range *with,
			    size_t n)
{
	if (n > old && !vector_reserve(r, r->n + n - old))
		return error_nomem();
	if (r->n)
		memmove(r->v + at + n, r->v + at + old, (r->n - at - old) * sizeof(*r->v));
	memcpy(r->v + at, with, n * sizeof(*with));
	r->n = r->n + n - old;
	return NULL;
}

struct error *ranges_add(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range merged = { start, end };
	size_t at, old = 0;

	if (start >= end)
		return NULL;
	/* one that ends exactly at `start` touches */
	at = start ? ranges_search(r, start - 1) : 0;
	while (at + old < r->n && r->v[at + old].start <= end) {
		merged.start = MIN(merged.start, r->v[at + old].start);
		merged.end = MAX(merged.end, r->v[at + old].end);
		old++;
	}
	if (!vector_reserve(r, r->n + 1))
		return error_nomem();
	return splice(r, at, old, &merged, 1);
}

struct error *ranges_cut(struct ranges *r, uint64_t start, uint64_t end)
{
	struct range rest[2];
	size_t at, old = 0, n = 0;

	if (start >= end || !r->n)
		return NULL;
	at = ranges_search(r, start);
	while (at + old < r->n && r->v[at + old].start < end) {
		const struct range *x = &r->v[at + old++];

		if (x->start < start)
			rest[n++] = (struct range){ x->start, start };
		if (x->end > end)
			rest[n++] = (struct range){ end, x->end };
	}
	return splice(r, at, old, rest, n);
}

const struct range *ranges_find(const struct ranges *r, uint64_t x)
{
	size_t i = ranges_search(r, x);

	return i < r->n && r->v[i].start <= x ? &r->v[i] : NULL;
}

bool ranges_contain(const struct ranges *r, uint64_t start, uint64_t end)
{
	const struct range *x = ranges_find(r, start);

	return start >= end || (x && x->end >= end);
}

bool ranges_meet(const struct ranges *r, uint64_t start, uint64_t end)
{
	size_t i = ranges_search(r, start);

	return start < end && i < r->n && r->v[i].start < end;
}

uint64_t ranges_total(const struct ranges *r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < r->n; i++)
		total += r->v[i].end - r->v[i].start;
	return total;
}

struct error *ranges_copy(const struct ranges *from, struct ranges *to)
{
	ranges_done(to);
	if (!vector_reserve(to, from->n))
		return error_nomem();
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof(*from->v));
	to->n = from->n;
	return NULL;
}

void ranges_done(struct ranges *r)
{
	vector_done(r);
}
