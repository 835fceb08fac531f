/*
 * IBM Z: s390x, and the 31-bit s390 of kernels before 4.1. Register order: s390_regs
 * (arch/s390/include/uapi/asm/ptrace.h): PSW mask and address, 16 general registers, 16 access
 * registers of 32 bits, the first argument. The 31-bit block is aligned to 8, so its note has
 * 224 bytes; bit 31 of an address is the addressing mode. r11 is the frame pointer where a
 * compiler makes one.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

#define REGS(w)											\
	{											\
		REG("pswm", 0, w), REG("pswa", 1, w), REGS_R0_R15(2, w),			\
		{ "acr0", 18 * (w) + 0, 4 }, { "acr1", 18 * (w) + 4, 4 },			\
		{ "acr2", 18 * (w) + 8, 4 }, { "acr3", 18 * (w) + 12, 4 },			\
		{ "acr4", 18 * (w) + 16, 4 }, { "acr5", 18 * (w) + 20, 4 },			\
		{ "acr6", 18 * (w) + 24, 4 }, { "acr7", 18 * (w) + 28, 4 },			\
		{ "acr8", 18 * (w) + 32, 4 }, { "acr9", 18 * (w) + 36, 4 },			\
		{ "acr10", 18 * (w) + 40, 4 }, { "acr11", 18 * (w) + 44, 4 },			\
		{ "acr12", 18 * (w) + 48, 4 }, { "acr13", 18 * (w) + 52, 4 },			\
		{ "acr14", 18 * (w) + 56, 4 }, { "acr15", 18 * (w) + 60, 4 },			\
		{ "orig_gpr2", 18 * (w) + 64, w }, { 0 },					\
	}

static const struct arch_reg regs_64[] = REGS(8), regs_31[] = REGS(4);

const struct arch arch_s390x = {
	.name = "s390x",
	.elf_machine = EM_S390,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 60,
	.prstatus_size = 336,
	.prstatus_regs = 112,
	.regs = regs_64,
	.pc = "pswa",
	.sp = "r15",
	.fp = "r11",
};

const struct arch arch_s390 = {
	.name = "s390",
	.elf_machine = EM_S390,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 31,
	.prstatus_size = 224,
	.prstatus_regs = 72,
	.regs = regs_31,
	.pc = "pswa",
	.sp = "r15",
	.fp = "r11",
};
