/*
 * 32-bit Arm. Register order: struct user_regs (arch/arm/include/asm/user.h), 18 words. r11 is
 * the frame pointer of Arm code, Thumb code has none. Physical addresses have 40 bits with
 * LPAE.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REG("r0", 0, 4), REG("r1", 1, 4), REG("r2", 2, 4), REG("r3", 3, 4), REG("r4", 4, 4),
	REG("r5", 5, 4), REG("r6", 6, 4), REG("r7", 7, 4), REG("r8", 8, 4), REG("r9", 9, 4),
	REG("r10", 10, 4), REG("fp", 11, 4), REG("ip", 12, 4), REG("sp", 13, 4),
	REG("lr", 14, 4), REG("pc", 15, 4), REG("cpsr", 16, 4), REG("orig_r0", 17, 4), { 0 },
};

const struct arch arch_arm = {
	.name = "arm",
	.elf_machine = EM_ARM,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 40,
	.prstatus_size = 148,
	.prstatus_regs = 72,
	.regs = regs,
	.pc = "pc",
	.sp = "sp",
	.fp = "fp",
};
