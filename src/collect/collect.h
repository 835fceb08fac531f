/*
 * Floor 4: saves the memory of a dead machine. Reads the pages of a dump (/proc/vmcore, or any
 * dump to be filtered again), leaves out what the dump level names and writes the rest in one
 * pass, with memory bounded whatever the size of the machine.
 */
#pragma once

#include "base/strbuf.h"
#include "collect/erase.h"
#include "dump/writer.h"
#include "kernel/pageclass.h"

struct collect_request {
	struct dump *dump;     /* borrowed */
	struct kernel *kernel; /* borrowed, opened on `dump`; null: only zero pages can be told */
	int level;	       /* sum of 1 zero, 2 cache, 4 private cache, 8 user, 16 free */
	/* when the target is getting full, the rest is thinned by these, one after the other; borrowed */
	const int *next_levels;
	size_t nr_next_levels;
	bool drop_unused_map;  /* also the memory of struct pages whose frames are all left out */
	bool elf;	       /* ELF instead of kdump-compressed; `codec` must be null then */
	const struct codec *codec; /* null: pages as they are */
	int codec_level;	   /* 0: the codec's default */
	unsigned threads;	   /* at work, this one included; 0 and 1 make none */
	/* one part of a split dump: the pages of [start_pfn, end_pfn); counts are of these */
	bool split;
	uint64_t start_pfn, end_pfn;
	const struct erase_rules *erase; /* borrowed; null: nothing is erased. Needs the kernel */
	/* of struct erase_request */
	const char *(*type_of)(void *arg, const char *module, const char *name);
	void *type_arg;
	uint64_t timestamp; /* for the header when the dump does not tell; 0: now */
	struct sink *sink;	   /* borrowed; null: count only, nothing is written */
	/* optional: where it is, now and then */
	void (*progress)(void *arg, const char *step, uint64_t done, uint64_t total);
	void *arg;
};

/* Page frames. */
struct collect_counts {
	uint64_t total;	   /* 0 up to the last */
	uint64_t memory;   /* that exist */
	uint64_t dropped[CLASS_MAX]; /* left out, by class */
	uint64_t zero;	   /* full of zeros; left out when level bit 1 says so */
	uint64_t already;  /* left out by who wrote the input */
	uint64_t lost;	   /* could not be read */
	uint64_t stored;   /* with their bytes */
	uint64_t bytes;	   /* that these take */
};

/* Where to cut so that `nr_parts` parts get about the same number of kept pages: bounds[0] is 0,
 * bounds[nr_parts] the end, and part i is [bounds[i], bounds[i + 1]). Cuts are at multiples of
 * `unit_bytes` of memory. */
struct error *collect_plan_split(const struct collect_request *r, size_t nr_parts, uint64_t unit_bytes,
				 uint64_t *bounds) MUST_CHECK;

struct collect_result {
	struct collect_counts counts;
	int level;	   /* in effect: bits that this kernel's data cannot decide are gone */
	bool begun;	   /* there is a dump, whole or not */
	bool complete;	   /* all pages were written, and all of the input was there */
	bool thinned;	   /* the target was getting full: pages are missing that no level allows */
	struct strbuf why; /* a line for each thing that could not be done as asked */
	uint64_t bytes_written; /* without a sink: that would have been, nearly (ELF: at most) */
	uint64_t filter_ms, copy_ms;
};

/*
 * ERROR_NO_SPACE: the target is full; what was written is a readable dump that says of itself
 * that it is incomplete. `ret` is filled in any case and is to be released.
 */
struct error *collect_run(const struct collect_request *r, struct collect_result *ret) MUST_CHECK;
void collect_result_done(struct collect_result *c);

/* The page counts as makedumpfile --show-stats words them, to be printed as they are. */
void collect_report(const struct collect_result *c, struct strbuf *out);

/* Copies the pages of r->dump, an opened set of parts, into one kdump-compressed file as they are
 * stored; of `r` only the dump, the sink and the progress count. What no part has is lost, and
 * the new dump is marked incomplete then. As collect_run() otherwise. */
struct error *collect_reassemble(const struct collect_request *r,
				 struct collect_result *ret) MUST_CHECK;

/* Replays the flattened stream at `in` (read up to its end record, no seeking) into `to`.
 * *ret_complete false: the stream broke off; what came is written. */
struct error *collect_rearrange(int in, const char *in_name, int to, const char *to_name,
				bool *ret_complete) MUST_CHECK;
