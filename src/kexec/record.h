/*
 * What the loaded capture kernel was made of, in /run/salvage/capture (root's alone), so that it
 * can be loaded again when a later load fails after the kernel has let go of it.
 *
 * Kernel and initrd are kept as copies where /run has room for four times as much; their own
 * files are used as long as they are unchanged (an integrity policy may accept only those).
 */
#pragma once

#include "base/strbuf.h"
#include "kexec/plan.h"
#include "kexec/shield.h"

#define RECORD_FOLDER "run/salvage/capture"

struct recorded_file {
	char *path;   /* as it was then, absolute; null: none that can be named */
	char *digest; /* purgatory's digest (lanes.h) in hex */
	bool copied;  /* beside the request */
};

/* The file "request": one `word value` a line, in any order, values to the end of the line. */
struct record {
	struct kexec_request rq; /* without files; the strings are below */
	char *cmdline, *serial;
	struct recorded_file kernel, initrd, dtb; /* digest null: there was none */
};

struct error *record_parse(char *text, struct record *ret) MUST_CHECK;
struct error *record_write(const struct record *rec, struct strbuf *to) MUST_CHECK;
void record_done(struct record *rec);

/* After a good load of `p` by `used`. */
struct error *record_save(const struct kexec_plan *p, enum kexec_call used) MUST_CHECK;
/* Loads again what is recorded below `root`, trying for some seconds while the kernel is busy. */
struct error *record_restore(int root, const struct shield *s) MUST_CHECK;
/* One load and its record at a time; waits ten seconds at most. Close it when done; -1: not to be had. */
int record_lock(int root);
/* After an unload: nothing is to be put back. */
void record_forget(void);

static inline void record_done_cleanup(struct record *rec)
{
	record_done(rec);
}
#define _cleanup_record_ CLEANUP(record_done)
