/*
 * MIPS: n64 and o32. Register order: MIPS64_EF_* and MIPS32_EF_*
 * (arch/mips/include/uapi/asm/reg.h): r0 to r31, lo, hi, epc, badvaddr, status, cause, in o32
 * behind six words of padding; the block has 45 words.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs_64[] = {
	REGS_R0_R31(0, 8), REG("lo", 32, 8), REG("hi", 33, 8), REG("epc", 34, 8),
	REG("badvaddr", 35, 8), REG("status", 36, 8), REG("cause", 37, 8), { 0 },
};

static const struct arch_reg regs_32[] = {
	REGS_R0_R31(6, 4), REG("lo", 38, 4), REG("hi", 39, 4), REG("epc", 40, 4),
	REG("badvaddr", 41, 4), REG("status", 42, 4), REG("cause", 43, 4), { 0 },
};

const struct arch arch_mips64 = {
	.name = "mips64",
	.elf_machine = EM_MIPS,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 4096 | 8192 | 16384 | 32768 | 65536,
	.max_phys_bits = 48,
	.prstatus_size = 480,
	.prstatus_regs = 112,
	.regs = regs_64,
	.pc = "epc",
	.sp = "r29",
	.fp = "r30",
};

const struct arch arch_mips = {
	.name = "mips",
	.elf_machine = EM_MIPS,
	.maybe_big = true,
	.page_sizes = 4096 | 16384 | 65536,
	.max_phys_bits = 40,
	.prstatus_size = 256,
	.prstatus_regs = 72,
	.regs = regs_32,
	.pc = "epc",
	.sp = "r29",
	.fp = "r30",
};
