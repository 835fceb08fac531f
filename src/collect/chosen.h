/*
 * Private to collect: which frames the new dump holds, known before the first page is read. The
 * answer for a frame comes from its class and from what the input says; it is worked out by
 * blocks of frames, remembered where the machine is small enough, and worked out again otherwise.
 */
#pragma once

#include "collect/collect.h"
#include "collect/keep.h"

#define CHOSEN_BLOCK 32768u /* frames */

struct chosen;

struct chosen_request {
	struct dump *dump; /* borrowed */
	struct keep *keep; /* borrowed */
	uint64_t start_pfn, end_pfn;   /* counts are of frames in there */
	struct collect_counts *counts; /* borrowed: memory, dropped and already are counted up, for
					  each block when it is first asked for */
};

struct error *chosen_new(const struct chosen_request *r, struct chosen **ret) MUST_CHECK;
void chosen_free(struct chosen *c); /* null is fine */
/* The bits of a block; valid until the next call. */
struct error *chosen_block(struct chosen *c, uint64_t block, const unsigned char **ret) MUST_CHECK;
/* dump_facts.kept: `arg` is the struct chosen; `first` and `len` are those of a block. */
struct error *chosen_kept(void *arg, uint64_t first, unsigned char *bits, size_t len) MUST_CHECK;
/* Goes over all blocks, so that everything is counted. */
struct error *chosen_count(struct chosen *c) MUST_CHECK;
/* Runs of consecutive chosen frames, as if `level` were in effect. */
struct error *chosen_runs(struct chosen *c, int level, uint64_t *ret) MUST_CHECK;
/* About how many frames from `pfn` on `level` keeps, without those of chosen_written(); all blocks
 * are counted. */
uint64_t chosen_left(struct chosen *c, uint64_t pfn, int level);
/* Frames [pfn, end), which are chosen, are in the dump already. */
void chosen_written(struct chosen *c, uint64_t pfn, uint64_t end);
/* How many frames of a class there are; before chosen_left() was asked for frames above 0. */
uint64_t chosen_of_class(const struct chosen *c, enum page_class class);
/* From frame `pfn` on `level` is in effect, which keeps less than the one before. */
struct error *chosen_thin(struct chosen *c, uint64_t pfn, int level) MUST_CHECK;

DEFINE_CLEANUP(struct chosen *, chosen_free)
