/* Memory of processes: sizes that ps and the summaries show. Page counts. */
#pragma once

#include "shell/shell.h"

struct task_memory {
	uint64_t total_vm; /* pages of address space */
	uint64_t rss;	   /* pages in memory: of files, anonymous and shared */
};

/* Counters that threads kept for themselves (SPLIT_RSS_COUNTING, up to 6.1): read once. */
struct rss_deltas;
struct error *rss_deltas_load(struct shell *sh, struct rss_deltas **ret) MUST_CHECK;
void rss_deltas_free(struct rss_deltas *d);
DEFINE_CLEANUP(struct rss_deltas *, rss_deltas_free)
#define _cleanup_rss_deltas_ CLEANUP(rss_deltas_free)

/* Zeros for kernel threads. */
struct error *task_memory_read(struct shell *sh, const struct task *t, const struct rss_deltas *d,
			       struct task_memory *ret) MUST_CHECK;
