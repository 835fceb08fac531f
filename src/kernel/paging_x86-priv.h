/* Private to paging_x86_64.c and paging_i386.c: the 8-byte entry format, and control registers
 * out of QEMU's note. */
#pragma once

#include "kernel/pagetable.h"

#define X86_ENTRY_PRESENT  (1ull << 0)
#define X86_ENTRY_LARGE	   (1ull << 7) /* PSE: a leaf above the lowest level */
#define X86_ENTRY_PROTNONE (1ull << 8) /* with PRESENT clear: mapped, but not accessible */
#define X86_ENTRY_ADDRESS  0x000ffffffffff000ull

#define X86_CR4_PAE  (1ull << 5)
#define X86_CR4_LA57 (1ull << 12)

struct x86_paging {
	struct pagetable t;
	uint64_t sme_mask;     /* bits of entries that are no address */
	unsigned large_levels; /* the levels up to this one may have leaves */
};

/* Entries of 8 bytes: x86_64, and i386 with PAE (a struct x86_paging). */
enum entry_kind x86_entry(const struct pagetable *t, unsigned level, uint64_t entry,
			  uint64_t *ret_pa, unsigned *ret_shift);
/* Dumps of hypervisors without VMCOREINFO carry the control registers of every CPU. */
bool x86_control_registers(struct kernel *k, uint64_t *ret_cr3, uint64_t *ret_cr4);
