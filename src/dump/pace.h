/*
 * Bounding the dirty page cache of an output file. A capture kernel has tens of MiB: what a
 * dump leaves dirty or cached is taken from the drivers that must write it. Every few MiB the
 * kernel is told to start writing, the part before is waited for and dropped from the cache.
 */
#pragma once

#include "base/error.h"

struct pace {
	int fd;
	const char *name;     /* for messages */
	bool off;	      /* the descriptor is a pipe or its file system does not do this */
	uint64_t since;	      /* bytes since the last step */
	uint64_t start, end;  /* extent written since then */
	uint64_t prev_start, prev_end; /* extent whose writing was started, not waited for */
};

void pace_init(struct pace *p, int fd, const char *name);
/* `len` bytes were written at `off`. Fails when the kernel reports that earlier bytes could
 * not be written. */
struct error *pace_wrote(struct pace *p, uint64_t off, uint64_t len) MUST_CHECK;
