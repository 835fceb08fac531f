/*
 * CPU facts: what is true of an architecture wherever it is met. One file per architecture,
 * one row in arch.c. A dump of any of them is read by every build.
 */
#pragma once

#include "base/error.h"

/* A register in NT_PRSTATUS, by its usual name. */
struct arch_reg {
	const char *name;
	uint16_t off; /* bytes from the start of the register block */
	uint8_t size;
};

struct arch {
	const char *name;	  /* utsname.machine's usual word: "x86_64", "aarch64", ... */
	uint16_t elf_machine;	  /* EM_* */
	bool is_64bit;
	bool maybe_big;		  /* big-endian variants exist */
	uint32_t page_sizes;	  /* OR of possible page sizes (4096 | 16384 | 65536) */
	uint8_t max_phys_bits;    /* widest physical address, for limits */
	uint16_t prstatus_size;   /* whole NT_PRSTATUS descriptor */
	uint16_t prstatus_regs;	  /* offset of the registers in it: 112 (64 bit), 72 (32 bit) */
	const struct arch_reg *regs; /* ends with a null name */
	const char *pc, *sp, *fp; /* names of these three in `regs`; fp null: there is none */
};

extern const struct arch arch_x86_64, arch_i386, arch_aarch64, arch_arm, arch_ppc64, arch_ppc,
	arch_s390x, arch_s390, arch_riscv64, arch_riscv32, arch_loongarch64, arch_mips64,
	arch_mips, arch_ia64, arch_alpha, arch_sparc64;
extern const struct arch *const arches[]; /* null-terminated */
/* `wide`: ELFCLASS64. It decides only where one EM_* stands for both widths. */
const struct arch *arch_by_elf(uint16_t machine, bool wide);
/* By utsname.machine, aliases understood (i586, ppc64le, arm64, armv7l, ...). Null: unknown. */
const struct arch *arch_by_machine_name(const char *machine);
const struct arch_reg *arch_find_reg(const struct arch *a, const char *name);
