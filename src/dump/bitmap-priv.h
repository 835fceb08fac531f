/*
 * Bitmaps of page frames inside a dump file, read by blocks that a small cache keeps, so that
 * memory stays bounded for any machine; and other areas of the file that are read so.
 * Folder-private.
 */
#pragma once

#include "base/ranges.h"
#include "dump/source.h"

#define AREA_NR_BLOCKS 64 /* cached */

/* One area of a file behind a direct-mapped cache of blocks. */
struct area {
	struct source *source; /* borrowed */
	uint64_t off, len;     /* in the file; what lies past its end reads as zeros */
	uint32_t block;	       /* bytes a block */
	uint64_t index[AREA_NR_BLOCKS]; /* + 1; 0: empty */
	unsigned char *bytes;
};

struct error *area_init(struct area *a, struct source *s, uint64_t off, uint64_t len,
			uint32_t block) MUST_CHECK;
/* Block `i` of the area; valid until the next call for the same area. */
struct error *area_block(struct area *a, uint64_t i, const unsigned char **ret) MUST_CHECK;
void area_done(struct area *a);

struct bitmap {
	struct area area;
	bool high_first; /* page frame 0 is the highest bit of byte 0 (sadump), not the lowest */
	/* bits set from `rank_start` (a byte) up to each piece of a fixed length of it */
	uint64_t *rank;
	uint64_t rank_start;
};

/* `len` bytes at `off`. */
struct error *bitmap_init(struct bitmap *b, struct source *s, uint64_t off, uint64_t len,
			  bool high_first) MUST_CHECK;
struct error *bitmap_test(struct bitmap *b, uint64_t pfn, bool *ret) MUST_CHECK;
/* Prepares bitmap_rank() for page frames in [start, end]: reads these bits once. */
struct error *bitmap_index(struct bitmap *b, uint64_t start, uint64_t end) MUST_CHECK;
/* How many bits are set below `pfn`, counted from some frame at or below `start`. */
struct error *bitmap_rank(struct bitmap *b, uint64_t pfn, uint64_t *ret) MUST_CHECK;
/* Adds the frames below `end` whose bits are set. Hostile bitmaps of very many ranges are cut
 * short: the rest becomes one range. */
struct error *bitmap_list(struct bitmap *b, uint64_t end, struct ranges *ret) MUST_CHECK;
void bitmap_done(struct bitmap *b);
