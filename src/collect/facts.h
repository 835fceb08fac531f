/* Private to collect: what the headers of the new dump say. */
#pragma once

#include "dump/writer.h"
#include "kernel/kernel.h"

/* Fills `f` from the dump and, where there is one, its kernel. `now`: the time for
 * the header when the dump does not tell it; 0: this moment. `segments` (malloc'd, may be
 * null) is what f->segments points at; the caller frees it after the writer is closed. */
struct error *facts_gather(struct dump *d, struct kernel *k, int level, uint64_t now,
			   struct dump_facts *f, struct dump_segment **ret_segments) MUST_CHECK;
