/* Private to collect: which page frames the level keeps, as far as this kernel's data tells. */
#pragma once

#include "base/strbuf.h"
#include "kernel/pageclass.h"

enum { DROP_ZERO = 1, DROP_CACHE_PRIVATE = 4, DROP_FREE = 16 };

struct keep {
	struct pageclass *classes; /* null: unknown */
	int level; /* in effect */
	int can;   /* the bits of a level that can be decided */
	struct class_run one; /* keep_runs(): where runs are not at hand */
	struct ranges unused_map; /* frames that hold nothing but struct pages of frames left out */
};

/* `k` null: nothing is known of the kernel. What cannot be decided is kept, and `why` gets a
 * sentence for it. */
struct error *keep_open(struct kernel *k, int level, struct strbuf *why, struct keep *ret) MUST_CHECK;
/* Leaves out the memory of struct pages whose frames are all left out. */
struct error *keep_drop_unused_map(struct keep *keep, struct kernel *k, struct dump *d,
				   struct strbuf *why) MUST_CHECK;
void keep_done(struct keep *k);
/* The class of [pfn, pfn + *ret_n), *ret_n >= 1; CLASS_UNKNOWN where nothing tells. */
enum page_class keep_class(struct keep *k, uint64_t pfn, uint64_t end, uint64_t *ret_n);
/* As pageclass_runs(). */
unsigned keep_runs(struct keep *k, uint64_t pfn, uint64_t end, const struct class_run **ret);
/* Whether `level` keeps frames of a class. */
bool keep_wants(enum page_class class, int level);
/* The same for all classes: bits 1 << class. */
unsigned keep_classes(int level);
/* Whether [pfn, pfn + *ret_n) is kept; *ret_n >= 1. The level's zero pages count as kept: only
 * their bytes tell. */
bool keep_at(struct keep *k, uint64_t pfn, uint64_t end, uint64_t *ret_n);
