/*
 * Alpha. Register order: dump_elf_thread() (arch/alpha/kernel/process.c): r0 to r29, stack
 * pointer, pc, unique value, 33 words.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REGS_R0_R15(0, 8), REG("r16", 16, 8), REG("r17", 17, 8), REG("r18", 18, 8),
	REG("r19", 19, 8), REG("r20", 20, 8), REG("r21", 21, 8), REG("r22", 22, 8),
	REG("r23", 23, 8), REG("r24", 24, 8), REG("r25", 25, 8), REG("r26", 26, 8),
	REG("r27", 27, 8), REG("r28", 28, 8), REG("r29", 29, 8), REG("r30", 30, 8),
	REG("pc", 31, 8), REG("unique", 32, 8), { 0 },
};

const struct arch arch_alpha = {
	.name = "alpha",
	.elf_machine = EM_ALPHA,
	.is_64bit = true,
	.page_sizes = 8192,
	.max_phys_bits = 48,
	.prstatus_size = 384,
	.prstatus_regs = 112,
	.regs = regs,
	.pc = "pc",
	.sp = "r30",
	.fp = "r15",
};
