/*
 * 32-bit Arm. Register order: struct user_regs (arch/arm/include/asm/user.h), 18 words. r11 is
 * the frame pointer of Arm code, Thumb code has none. Physical addresses have 40 bits with
 * LPAE.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "r0", 0, 4 },
	{ "r1", 4, 4 },
	{ "r2", 8, 4 },
	{ "r3", 12, 4 },
	{ "r4", 16, 4 },
	{ "r5", 20, 4 },
	{ "r6", 24, 4 },
	{ "r7", 28, 4 },
	{ "r8", 32, 4 },
	{ "r9", 36, 4 },
	{ "r10", 40, 4 },
	{ "fp", 44, 4 },
	{ "ip", 48, 4 },
	{ "sp", 52, 4 },
	{ "lr", 56, 4 },
	{ "pc", 60, 4 },
	{ "cpsr", 64, 4 },
	{ "orig_r0", 68, 4 },
	{ 0 },
};

const struct arch arch_arm = {
	.name = "arm",
	.elf_machine = EM_ARM,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 40,
	.prstatus_size = 148,
	.prstatus_regs = 72,
	.pc = "pc",
	.sp = "sp",
	.fp = "fp",
	.regs = regs,
};
