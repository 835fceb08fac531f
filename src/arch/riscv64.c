/*
 * 64-bit RISC-V. Register order: user_regs_struct (arch/riscv/include/uapi/asm/ptrace.h), pc
 * and x1 to x31 by their ABI names, 32 words.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "pc", 0, 8 },
	{ "ra", 8, 8 },
	{ "sp", 16, 8 },
	{ "gp", 24, 8 },
	{ "tp", 32, 8 },
	{ "t0", 40, 8 },
	{ "t1", 48, 8 },
	{ "t2", 56, 8 },
	{ "s0", 64, 8 },
	{ "s1", 72, 8 },
	{ "a0", 80, 8 },
	{ "a1", 88, 8 },
	{ "a2", 96, 8 },
	{ "a3", 104, 8 },
	{ "a4", 112, 8 },
	{ "a5", 120, 8 },
	{ "a6", 128, 8 },
	{ "a7", 136, 8 },
	{ "s2", 144, 8 },
	{ "s3", 152, 8 },
	{ "s4", 160, 8 },
	{ "s5", 168, 8 },
	{ "s6", 176, 8 },
	{ "s7", 184, 8 },
	{ "s8", 192, 8 },
	{ "s9", 200, 8 },
	{ "s10", 208, 8 },
	{ "s11", 216, 8 },
	{ "t3", 224, 8 },
	{ "t4", 232, 8 },
	{ "t5", 240, 8 },
	{ "t6", 248, 8 },
	{ 0 },
};

const struct arch arch_riscv64 = {
	.name = "riscv64",
	.elf_machine = EM_RISCV,
	.is_64bit = true,
	.page_sizes = 4096,
	.max_phys_bits = 56,
	.prstatus_size = 376,
	.prstatus_regs = 112,
	.pc = "pc",
	.sp = "sp",
	.fp = "s0",
	.regs = regs,
};
