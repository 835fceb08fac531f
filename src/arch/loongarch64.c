/*
 * 64-bit LoongArch. Register order: user_pt_regs (arch/loongarch/include/uapi/asm/ptrace.h):
 * r0 to r31, orig_a0, era, badvaddr, in a block of 45 words.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REGS_R0_R31(0, 8), REG("orig_a0", 32, 8), REG("era", 33, 8), REG("badv", 34, 8),
	{ 0 },
};

const struct arch arch_loongarch64 = {
	.name = "loongarch64",
	.elf_machine = EM_LOONGARCH,
	.is_64bit = true,
	.page_sizes = 4096 | 16384 | 65536,
	.max_phys_bits = 48,
	.prstatus_size = 480,
	.prstatus_regs = 112,
	.regs = regs,
	.pc = "era",
	.sp = "r3",
	.fp = "r22",
};
