/*
 * 32-bit RISC-V: as riscv64.c in words of 32 bits. Sv32 reaches 34 bits of physical address.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "pc", 0, 4 },
	{ "ra", 4, 4 },
	{ "sp", 8, 4 },
	{ "gp", 12, 4 },
	{ "tp", 16, 4 },
	{ "t0", 20, 4 },
	{ "t1", 24, 4 },
	{ "t2", 28, 4 },
	{ "s0", 32, 4 },
	{ "s1", 36, 4 },
	{ "a0", 40, 4 },
	{ "a1", 44, 4 },
	{ "a2", 48, 4 },
	{ "a3", 52, 4 },
	{ "a4", 56, 4 },
	{ "a5", 60, 4 },
	{ "a6", 64, 4 },
	{ "a7", 68, 4 },
	{ "s2", 72, 4 },
	{ "s3", 76, 4 },
	{ "s4", 80, 4 },
	{ "s5", 84, 4 },
	{ "s6", 88, 4 },
	{ "s7", 92, 4 },
	{ "s8", 96, 4 },
	{ "s9", 100, 4 },
	{ "s10", 104, 4 },
	{ "s11", 108, 4 },
	{ "t3", 112, 4 },
	{ "t4", 116, 4 },
	{ "t5", 120, 4 },
	{ "t6", 124, 4 },
	{ 0 },
};

const struct arch arch_riscv32 = {
	.name = "riscv32",
	.elf_machine = EM_RISCV,
	.page_sizes = 4096,
	.max_phys_bits = 34,
	.prstatus_size = 204,
	.prstatus_regs = 72,
	.pc = "pc",
	.sp = "sp",
	.fp = "s0",
	.regs = regs,
};
