/* Private to collect: which page frames the level keeps, as far as this kernel's data tells. */
#pragma once

#include "base/strbuf.h"
#include "kernel/pageclass.h"

enum { DROP_ZERO = 1, DROP_CACHE_PRIVATE = 4 };

struct keep {
	struct pageclass *classes; /* null: unknown */
	int level; /* in effect */
};

/* `k` null: nothing is known of the kernel. What cannot be decided is kept, and `why` gets a
 * sentence for it. */
struct error *keep_open(struct kernel *k, int level, struct strbuf *why, struct keep *ret) MUST_CHECK;
void keep_done(struct keep *k);
/* Whether [pfn, pfn + *ret_n) is kept; *ret_n >= 1, *ret_class (may be null): what it is. The
 * level's zero pages count as kept: only their bytes tell. */
bool keep_at(struct keep *k, uint64_t pfn, uint64_t end, uint64_t *ret_n, enum page_class *ret_class);
