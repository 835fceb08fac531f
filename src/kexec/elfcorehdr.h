/*
 * The core headers that the capture kernel turns into /proc/vmcore: an ELF core file's
 * headers whose p_offset values are physical addresses (fs/proc/vmcore.c).
 */
#pragma once

#include "base/ranges.h"
#include "host/crash_notes.h"
#include "host/kcore.h"

struct elfcorehdr_input {
	const struct crash_notes *notes;
	const struct kcore_facts *kcore;
	const struct ranges *ram;    /* what to dump */
	uint64_t backup_from, backup_len, backup_to; /* this RAM is found at backup_to; len 0: none */
	uint16_t machine;	     /* EM_* */
	bool elf32;
};

/* ERROR_UNSUPPORTED for over 65,000 headers, or for ELF32 with memory above 4 GiB. */
struct error *elfcorehdr_build(const struct elfcorehdr_input *in, unsigned char **ret,
			       size_t *ret_len) MUST_CHECK;
/* RAM to dump out of the iomem ranges: without crash regions, CMA ranges and, unless it is
 * backed up, the first 1 MiB, which kernels since 5.5 keep out of use when a crash kernel is
 * reserved (arch/x86/realmode/init.c, reserve_real_mode). Part pages are dropped. */
struct error *elfcorehdr_ram(const struct ranges *all, const struct ranges *regions,
			     const struct ranges *cma, bool keep_low, struct ranges *ret) MUST_CHECK;
