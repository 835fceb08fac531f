/*
 * Private to codec: repeats inside one page. A page is short: its table of earlier positions stays
 * in the first-level cache and is cleared for each.
 */
#pragma once

#include "base/error.h"

#define MATCH_INPUT_MAX ((size_t)1 << 16) /* longest input: positions have 16 bits */
#define MATCH_LEN_MIN	3
#define MATCH_TABLE	4096u
#define MATCH_SLACK	16

/* `literals` bytes as they are, then `len` bytes that stood `distance` bytes before. */
struct match {
	uint32_t literals, len, distance;
};

/*
 * Covers in[0, len) with matches, first to last, and literals; what lies behind the last match is
 * literal. No distance is above `max_distance`.
 */
struct matches {
	struct match v[MATCH_INPUT_MAX / MATCH_LEN_MIN + 1];
	size_t n;
	/* all literals in their order; what is read behind them is rubbish */
	unsigned char literals[MATCH_INPUT_MAX + MATCH_SLACK];
	size_t nr_literals;
	uint16_t table[MATCH_TABLE]; /* scratch */
};

void match_find(struct matches *m, const unsigned char *in, size_t len, uint32_t max_distance);
