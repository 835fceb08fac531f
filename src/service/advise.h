/*
 * What stands in the way of a dump on this machine, or changes what is seen of one: settings, lines of
 * the kernel's log, and of the log that the last capture left. Nothing is changed.
 */
#pragma once

#include "base/base.h"

enum advice_level {
	ADVICE_GOOD, /* as it should be */
	ADVICE_NOTE, /* to know */
	ADVICE_WARN, /* may cost a dump */
	ADVICE_BAD,  /* there will be none */
};

struct advice {
	const char *id; /* static: "panic-on-oops" */
	enum advice_level level;
	char *seen;   /* one sentence */
	char *source; /* the file with its value, or the log's line; null: none */
	char *todo;   /* what to do about it; null: nothing */
};

struct advice_list {
	VECTOR(struct advice) v;
	bool armed;
};

/* `dumps` is where saved crashes are, below the root. */
struct error *advise(int root, const char *dumps, struct advice_list *ret) MUST_CHECK;
void advice_done(struct advice_list *l);
/* "good", "note", "warn", "bad" */
const char *advice_level_name(enum advice_level level);

static inline void advice_done_cleanup(struct advice_list *l)
{
	advice_done(l);
}
#define _cleanup_advice_ CLEANUP(advice_done)
