/*
 * Floor 3: the dead kernel inside a dump. kernel_open() goes as far as VMCOREINFO and address
 * translation; symbols, types, unwind tables and modules are found when first asked for, and
 * each says why when it is not there. Everything here must work on dump level 31, inside the
 * capture kernel (few MiB of memory; /proc/vmcore mapped, not copied) and on hostile input:
 * walks have limits and cycle checks, sizes are checked.
 *
 * Virtual addresses are `va`, physical `pa`. Memory left out of the dump is ERROR_EXCLUDED,
 * memory that should be there ERROR_LOST: callers drop a line of output, never the report.
 */
#pragma once

#include "dump/dump.h"
#include "kernel/vmcoreinfo.h"

struct paging;
struct symbols;
struct btf;
struct orc;
struct modules;

struct kernel {
	struct dump *dump; /* borrowed */
	const struct arch *arch;
	bool big, is_64bit;
	unsigned long_size; /* 4 or 8 */
	uint32_t page_size;
	struct vmcoreinfo *info; /* never null; may be empty */
	const char *release;	 /* OSRELEASE or utsname; "" when unknown */

	/* private: found when first asked for */
	const struct paging *paging; /* null: only ELF segments translate */
	void *paging_state;
	void *vmem_state; /* translations met lately (vmem.c) */
	size_t copied;	  /* bytes that vmem_load() copied so far */
	char *own_release; /* where `release` had to be read out of memory */
	struct symbols *symbols;
	struct btf *btf;
	struct orc *orc;
	struct modules *modules;
	bool no_symbols, no_btf, no_orc, no_modules; /* looked for in vain: do not try again */
};

/* Gives a dump without VMCOREINFO the kernel's own copy, out of its memory: looks through all of
 * it, for half a minute at most. No error where there is one already. */
struct error *kernel_find_info(struct dump *d) MUST_CHECK;
/* `d` is borrowed and must outlive the kernel; it is given VMCOREINFO as above. Fails only when
 * nothing can be known (no VMCOREINFO and no segments). */
struct error *kernel_open(struct dump *d, struct kernel **ret) MUST_CHECK;
void kernel_close(struct kernel *k); /* null is fine */

DEFINE_CLEANUP(struct kernel *, kernel_close)
#define _cleanup_kernel_ CLEANUP(kernel_close)
