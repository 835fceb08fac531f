/*
 * RISC-V of both widths. Register order: user_regs_struct
 * (arch/riscv/include/uapi/asm/ptrace.h): pc and x1 to x31 by their ABI names. Sv32 reaches 34
 * bits of physical address.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

#define REGS(w)											\
	{											\
		REG("pc", 0, w), REG("ra", 1, w), REG("sp", 2, w), REG("gp", 3, w),		\
		REG("tp", 4, w), REG("t0", 5, w), REG("t1", 6, w), REG("t2", 7, w),		\
		REG("s0", 8, w), REG("s1", 9, w), REG("a0", 10, w), REG("a1", 11, w),		\
		REG("a2", 12, w), REG("a3", 13, w), REG("a4", 14, w), REG("a5", 15, w),		\
		REG("a6", 16, w), REG("a7", 17, w), REG("s2", 18, w), REG("s3", 19, w),		\
		REG("s4", 20, w), REG("s5", 21, w), REG("s6", 22, w), REG("s7", 23, w),		\
		REG("s8", 24, w), REG("s9", 25, w), REG("s10", 26, w), REG("s11", 27, w),	\
		REG("t3", 28, w), REG("t4", 29, w), REG("t5", 30, w), REG("t6", 31, w), { 0 },	\
	}

static const struct arch_reg regs_64[] = REGS(8), regs_32[] = REGS(4);

const struct arch arch_riscv64 = {
	.name = "riscv64",
	.elf_machine = EM_RISCV,
	.is_64bit = true,
	.page_sizes = 4096,
	.max_phys_bits = 56,
	.prstatus_size = 376,
	.prstatus_regs = 112,
	.regs = regs_64,
	.pc = "pc",
	.sp = "sp",
	.fp = "s0",
};

const struct arch arch_riscv32 = {
	.name = "riscv32",
	.elf_machine = EM_RISCV,
	.page_sizes = 4096,
	.max_phys_bits = 34,
	.prstatus_size = 204,
	.prstatus_regs = 72,
	.regs = regs_32,
	.pc = "pc",
	.sp = "sp",
	.fp = "s0",
};
