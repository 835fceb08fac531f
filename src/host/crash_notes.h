/*
 * Where a dying kernel leaves its notes: per CPU /sys/devices/system/cpu/cpuN/crash_notes
 * with crash_notes_size, and vmcoreinfo in /sys/kernel/vmcoreinfo. Physical addresses.
 */
#pragma once

#include "base/error.h"
#include "base/vector.h"

struct crash_note {
	uint64_t cpu;
	uint64_t pa;
	uint64_t len;
};

struct crash_notes {
	VECTOR(struct crash_note) cpus; /* ascending by CPU */
	uint64_t vmcoreinfo_pa;
	uint64_t vmcoreinfo_len; /* 0: the kernel has none */
};

/* All CPUs that have a notes file. ERROR_NOT_PERMITTED when addresses are hidden. */
struct error *host_crash_notes(int root, struct crash_notes *ret) MUST_CHECK;
void crash_notes_done(struct crash_notes *n);

static inline void crash_notes_done_cleanup(struct crash_notes *n)
{
	crash_notes_done(n);
}
#define _cleanup_crash_notes_ CLEANUP(crash_notes_done)
