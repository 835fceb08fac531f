/*
 * Private to collect: the frames that a report needs, to be written before all others. A dump that
 * breaks off then still says why the machine died.
 */
#pragma once

#include "base/ranges.h"
#include "kernel/kernel.h"

#define FIRST_MAX 32768u /* frames */

/* `k` is as fresh as can be: what it met before leaves few traces. Adds at most FIRST_MAX frames: the log; the kernel's image, with its symbols, types and unwind
 * tables; each CPU's area; the tasks and their stacks; modules; and the page tables that lead there.
 * What cannot be found is left out, and after `limit_ms` no more is looked for. Errors: memory. */
struct error *first_find(struct kernel *k, uint64_t limit_ms, struct ranges *ret) MUST_CHECK;
