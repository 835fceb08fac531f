/* Placing segments; see segments.h. */
#include "kexec/segments.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

/* The place inside one free range; false when it does not fit. */
static bool fit(const struct range *hole, uint64_t len, const struct place *w, uint64_t *ret)
{
	uint64_t start = MAX(hole->start, w->min), end = MIN(hole->end, w->max), pa;

	if (start >= end || end - start < len)
		return false;
	if (w->from_top)
		pa = ROUND_DOWN(end - len, w->align);
	else if (round_up_overflows(start, w->align, &pa))
		return false;
	if (pa < start || pa >= end || end - pa < len)
		return false;
	*ret = pa;
	return true;
}

struct error *space_take(struct ranges *free, const char *what, uint64_t len,
			 const struct place *where, uint64_t *ret_pa)
{
	for (size_t i = 0; i < free->n; i++) {
		const struct range *hole = &free->v[where->from_top ? free->n - 1 - i : i];
		uint64_t pa;

		if (!fit(hole, len, where, &pa))
			continue;
		TRY(ranges_cut(free, pa, pa + len));
		*ret_pa = pa;
		return NULL;
	}
	return error_new(ERROR_NO_SPACE,
			 "no room for the %s: %llu KiB between 0x%llx and 0x%llx, aligned to 0x%llx",
			 what, (unsigned long long)len >> 10, (unsigned long long)where->min,
			 (unsigned long long)where->max, (unsigned long long)where->align);
}

struct error *parts_add(struct kexec_parts *parts, struct ranges *free, const char *name,
			uint64_t mem_len, const struct place *where, struct kexec_part **ret)
{
	struct kexec_part part = { .name = name };

	if (parts->n == KEXEC_SEGMENTS)
		return error_new(ERROR_UNSUPPORTED, "more than %d segments", KEXEC_SEGMENTS);
	if (!mem_len || round_up_overflows(mem_len, KEXEC_PAGE, &part.mem_len))
		return error_new(ERROR_BAD_DATA, "the %s has no usable length", name);
	TRY(space_take(free, name, part.mem_len, where, &part.pa));
	parts->v[parts->n++] = part;
	if (ret)
		*ret = &parts->v[parts->n - 1];
	return NULL;
}

struct kexec_part *parts_find(struct kexec_parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->n; i++)
		if (!strcmp(parts->v[i].name, name))
			return &parts->v[i];
	return NULL;
}

void parts_done(struct kexec_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		free(parts->v[i].owned);
	parts->n = 0;
}
