/* Bitmaps of page frames as the kdump-compressed format has them: frame 0 is bit 0 of byte 0. */
#pragma once

#include "base/ranges.h"

/* Fills `out` (len bytes) with the bits of frames [first, first + 8 * len) that lie in `memory`
 * and below `max_pfn`. `first` is a multiple of 8. */
void pfn_bits(const struct ranges *memory, uint64_t first, uint64_t max_pfn, unsigned char *out,
	      size_t len);
/* Sets the bits [from, to). */
void pfn_bits_set(unsigned char *bits, uint64_t from, uint64_t to);
/* How many bits of [from, to) are set. */
uint64_t pfn_bits_count(const unsigned char *bits, uint64_t from, uint64_t to);
