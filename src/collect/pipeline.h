/*
 * From the page frames that are kept to the writer: reading, zero test, compression, writing.
 * Frames are gathered into batches; a batch is read and packed by whoever is free, and written in
 * its turn, so that the file is the same for every number of threads.
 */
#pragma once

#include "collect/collect.h"

struct pipeline;

struct pipeline_request {
	struct dump *dump;	   /* borrowed */
	const struct codec *codec; /* null: pages as they are */
	int codec_level;	   /* 0: the codec's default */
	unsigned threads;	   /* at work, the caller's included; 0 is 1 */
	const struct erase *erase; /* borrowed; null: nothing */
	struct collect_counts *counts; /* borrowed: zero, already, lost, stored are counted up */
};

struct error *pipeline_new(const struct pipeline_request *r, struct pipeline **ret) MUST_CHECK;
/* Where pages go from now on (borrowed); without one they are only counted. */
void pipeline_write_to(struct pipeline *p, struct dump_writer *w);
/* Frames [pfn, end) are kept; ascending. A page that cannot be read is written as lost. Errors
 * are the writer's, and may come later than the page they are of. */
struct error *pipeline_keep(struct pipeline *p, uint64_t pfn, uint64_t end) MUST_CHECK;
/* Everything kept so far is handed to the writer. */
struct error *pipeline_drain(struct pipeline *p) MUST_CHECK;
/* What was not handed over is dropped. Null is fine. */
void pipeline_free(struct pipeline *p);

DEFINE_CLEANUP(struct pipeline *, pipeline_free)
#define _cleanup_pipeline_ CLEANUP(pipeline_free)
