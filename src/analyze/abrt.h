/*
 * The hash by which ABRT knows an oops (src/lib/kernel.c: abrt_koops_hash_str(), over satyr's
 * sr_thread_get_duphash()): SHA-1 of the names of the first six reliable functions of the printed Call
 * Trace, each with a newline, suffixes and all. A frame without name gives its address as "0x...".
 */
#pragma once

#include "base/strbuf.h"

#define ABRT_FRAMES 6

struct abrt_trace {
	struct strbuf names; /* what is hashed */
	unsigned n, limit;   /* frames taken, and at most; limit 0: ABRT_FRAMES */
	bool normalize;	     /* as satyr does on request: cut suffixes, leave plumbing out */
	bool unreliable;     /* take those with a question mark too */
};

/* One line of a log without its prefix. False: it is no frame. */
bool abrt_add_line(struct abrt_trace *t, const char *line);
/* Hex into `ret`; "" when there was no frame to hash. */
void abrt_hash(const struct abrt_trace *t, char ret[41]);
void abrt_done(struct abrt_trace *t);
