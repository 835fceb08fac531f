/* Private to paging_aarch64.c and paging_arm.c: the long descriptor format. */
#pragma once

#include "kernel/pagetable.h"

/* Where the address bits above 47 are (Arm ARM D8.3). */
enum arm_high_bits {
	ARM_HIGH_NONE,
	ARM_HIGH_LPA,  /* 64 KiB pages: bits 15:12 are the address's 51:48 */
	ARM_HIGH_LPA2, /* 4 and 16 KiB pages: bits 9:8 are the address's 51:50 */
};

struct arm_paging {
	struct pagetable t;
	unsigned page_shift;
	unsigned block_levels; /* the levels up to this one may have leaves */
	enum arm_high_bits high;
	/* With the valid bit clear: mapped, but not accessible. [0] pages, [1] blocks. */
	uint64_t prot_none[2];
};

enum entry_kind arm_long_entry(const struct pagetable *t, unsigned level, uint64_t entry,
			       uint64_t *ret_pa, unsigned *ret_shift);
