/*
 * Page tables of every architecture and shape, made by hand from the manuals: it shares
 * nothing with the walker. A row says what a kernel of that kind puts into VMCOREINFO; tables
 * are laid into a fake kernel's memory.
 */
#pragma once

#include "make/fake_kernel.h"

#define FAKE_MMU_LEVELS 6
#define FAKE_IMAGE_PA	0x40000ull /* of the kernel image; the top table is at its start */

enum fake_entry {
	FAKE_ENTRY_X86_SHORT,
	FAKE_ENTRY_X86_LONG,
	FAKE_ENTRY_ARM_SHORT,
	FAKE_ENTRY_ARM_LONG,
	FAKE_ENTRY_ARM_LPA,
	FAKE_ENTRY_ARM_LPA2,
	FAKE_ENTRY_RISCV,
	FAKE_ENTRY_POWER,
	FAKE_ENTRY_POWER_OLD, /* pointers into the linear map */
	FAKE_ENTRY_S390,
};

enum fake_mapping {
	FAKE_MAPPED,
	FAKE_PROT_NONE,
	FAKE_ABSENT, /* not mapped, but the entry is not empty */
};

struct fake_mmu {
	const char *name;
	uint16_t machine;
	bool is_64bit, big;
	enum fake_entry entry;
	uint32_t page_size;
	uint8_t bits[FAKE_MMU_LEVELS]; /* of each level, lowest first */
	unsigned leaf_levels;	       /* bit per level: it may have leaves */
	bool big_entries;
	uint64_t image_va; /* of FAKE_IMAGE_PA */
	bool unmapped;	   /* the image is not in the tables */
	uint64_t va;	   /* of tests; aligned to 2^40 or so where there is room */
	uint64_t pa;	   /* with the highest bits that the format has */
	const char *info;  /* lines of VMCOREINFO besides OSRELEASE, PAGESIZE, swapper_pg_dir */
	const char *release;
};

extern const struct fake_mmu fake_mmus[];
extern const size_t fake_nr_mmus;

unsigned fake_mmu_shift(const struct fake_mmu *m, unsigned level);
/* A kernel with this row's VMCOREINFO and tables that hold the image, the first 64 pages after
 * FAKE_IMAGE_PA. Memory is `len` bytes; at least 1 MiB. */
void fake_mmu_init(const struct fake_mmu *m, struct fake *f, size_t len);
/* One leaf of `level` at `va`, in the tables below `top_pa`. */
void fake_mmu_map(const struct fake_mmu *m, struct fake *f, uint64_t top_pa, uint64_t va,
		  uint64_t pa, unsigned level, enum fake_mapping how);
/* Where the entry of `level` for `va` is; tables above it are made. */
uint64_t fake_mmu_entry(const struct fake_mmu *m, struct fake *f, uint64_t top_pa, uint64_t va,
			unsigned level);
void fake_mmu_put(const struct fake_mmu *m, struct fake *f, uint64_t at, uint64_t entry);
