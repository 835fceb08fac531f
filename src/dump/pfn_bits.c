/* Bitmaps of page frames; see pfn_bits.h. */
#include "dump/pfn_bits.h"

#include <string.h>

static void set_bits(unsigned char *out, uint64_t from, uint64_t to)
{
	while (from < to && from % 8) {
		out[from / 8] |= 1 << (from % 8);
		from++;
	}
	if (to - from >= 8)
		memset(out + from / 8, 0xff, (to - from) / 8);
	for (from += ROUND_DOWN(to - from, (uint64_t)8); from < to; from++)
		out[from / 8] |= 1 << (from % 8);
}

void pfn_bits(const struct ranges *memory, uint64_t first, uint64_t max_pfn, unsigned char *out,
	      size_t len)
{
	uint64_t end = MIN(first + 8 * (uint64_t)len, max_pfn);
	size_t lo = 0, hi = memory->n;

	memset(out, 0, len);
	while (lo < hi) { /* the first range that ends behind `first` */
		size_t mid = lo + (hi - lo) / 2;

		if (memory->v[mid].end <= first)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < memory->n && memory->v[lo].start < end; lo++)
		set_bits(out, MAX(memory->v[lo].start, first) - first,
			 MIN(memory->v[lo].end, end) - first);
}
