/* Bitmaps of page frames; see pfn_bits.h. */
#include "dump/pfn_bits.h"

#include <string.h>

#include "base/bytes.h"

void pfn_bits_set(unsigned char *out, uint64_t from, uint64_t to)
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

	memset(out, 0, len);
	for (size_t i = ranges_search(memory, first); i < memory->n && memory->v[i].start < end; i++)
		pfn_bits_set(out, MAX(memory->v[i].start, first) - first,
			     MIN(memory->v[i].end, end) - first);
}

uint64_t pfn_bits_count(const unsigned char *bits, uint64_t from, uint64_t to)
{
	uint64_t n = 0;

	for (; from < to && from % 64; from++)
		n += bits[from / 8] >> (from % 8) & 1;
	for (; to - from >= 64; from += 64)
		n += __builtin_popcountll(get_u64(bits + from / 8, false));
	for (; from < to; from++)
		n += bits[from / 8] >> (from % 8) & 1;
	return n;
}
