/*
 * Private to codec: repeats inside one page. A page is short: its table of earlier positions stays
 * in the first-level cache and is cleared for each.
 */
#pragma once

#include "base/error.h"

#define MATCH_INPUT_MAX ((size_t)1 << 16) /* longest input: positions have 16 bits */
#define MATCH_LEN_MIN	4
#define MATCH_TABLE	4096u

/* `literals` bytes as they are, then `len` bytes that stood `distance` bytes before. */
struct match {
	uint32_t literals, len, distance;
};

/*
 * Covers in[0, len) with matches, first to last, and literals; what lies behind the last match is
 * literal. `out` has room for len / MATCH_LEN_MIN + 1, `table` is scratch. No distance is above
 * `max_distance`. Returns how many.
 */
size_t match_find(uint16_t table[MATCH_TABLE], const unsigned char *in, size_t len,
		  uint32_t max_distance, struct match *out);
