/*
 * The kernel log, three generations (collector.md section 4): lockless ring (5.10+), records
 * (3.5 to 5.9), bytes (before). Works with VMCOREINFO alone.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/kernel.h"

struct printk_record {
	uint64_t seq;
	uint64_t ts_ns;
	uint8_t level, facility;
	bool has_time;	 /* false: byte ring, the text holds its own prefix; a CPU's own buffer */
	bool lost;	 /* text was overwritten */
	bool in_flight;	 /* reserved, not committed: shown when its text is plausible */
	uint32_t caller; /* task id, or CPU number with the top bit; 0 none */
	bool has_caller;
	const char *text; /* borrowed during the call; len bytes, may hold newlines */
	size_t len;
};

/* Every record in order; stops when `each` returns an error, which is handed on. `partial`:
 * only since the last clear. Bounded time and memory on damaged rings: what could not be
 * read is skipped, and *ret_damaged (may be null) counts it. */
struct error *printk_walk(struct kernel *k, bool partial,
			  struct error *(*each)(const struct printk_record *r, void *arg),
			  void *arg, uint64_t *ret_damaged) MUST_CHECK;
/* The line prefix and text as vmcore-dmesg prints: "[sssss.uuuuuu] text", continuation lines
 * indented, other bytes escaped as \xNN unless valid UTF-8. Appends with a newline. */
void printk_format(const struct printk_record *r, struct strbuf *out);
/* The text alone, escaped in the same way. */
void printk_format_text(const struct printk_record *r, struct strbuf *out);
/* The whole log as text. */
struct error *printk_text(struct kernel *k, bool partial, struct strbuf *out,
			  uint64_t *ret_damaged) MUST_CHECK;
