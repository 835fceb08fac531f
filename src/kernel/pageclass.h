/*
 * What each page frame is, for dump levels. Members and values are asked for by name
 * (VMCOREINFO first, then BTF enums); what is unknown is kept. The decision order and each
 * class's history: collector.md 3.1-3.4, doc/kernel/page-classes.md.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/memmap.h"

enum page_class {
	CLASS_KERNEL,	      /* everything else: always kept */
	CLASS_FREE,	      /* level 16 */
	CLASS_CACHE,	      /* level 2: page cache without private data */
	CLASS_CACHE_PRIVATE,  /* level 4 */
	CLASS_USER,	      /* level 8: anonymous, hugetlb */
	CLASS_HWPOISON,	      /* never read: touching it may stop the machine */
	CLASS_OFFLINE,	      /* never read: ballooned, unplugged */
	CLASS_UNKNOWN,	      /* no readable struct page: kept */
	CLASS_UNUSED_MAP,     /* never answered here: what the collector finds among the kernel's */
	CLASS_MAX,
};

struct pageclass;

struct error *pageclass_open(struct kernel *k, struct pageclass **ret) MUST_CHECK;
void pageclass_close(struct pageclass *c);
/*
 * The class of `pfn` and of the frames that follow it with the same answer: *ret_n >= 1,
 * [pfn, pfn + *ret_n) all have that class (free blocks and large folios are one answer).
 * `end` bounds the answer.
 */
enum page_class pageclass_at(struct pageclass *c, uint64_t pfn, uint64_t end, uint64_t *ret_n);
/* Some frames, and what they are. */
struct class_run {
	enum page_class class;
	uint64_t n;
};
/* The same for many runs at once: those of the frames from `pfn` on, at least one, borrowed until the next
 * call of either. The last may reach beyond `end`, which is for the caller to cut off. */
unsigned pageclass_runs(struct pageclass *c, uint64_t pfn, uint64_t end, const struct class_run **ret);
/* Which of the level bits this kernel's data can decide (a subset of 2|4|8|16), and one
 * sentence per missing bit into `why` (may be null). */
int pageclass_can(struct pageclass *c, struct strbuf *why);
/* Whether `level` drops `class`. */
bool pageclass_dropped(enum page_class class, int level);
const char *pageclass_name(enum page_class class);

DEFINE_CLEANUP(struct pageclass *, pageclass_close)
