/*
 * Itanium. Register order: the list above ELF_NGREG in the kernel's
 * arch/ia64/include/asm/elf.h (gone since 6.7), 128 words. It has no frame pointer; the
 * register stack is at ar.bsp.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REGS_R0_R31(0, 8), REG("nat", 32, 8), REG("pr", 33, 8), REG("b0", 34, 8),
	REG("b1", 35, 8), REG("b2", 36, 8), REG("b3", 37, 8), REG("b4", 38, 8),
	REG("b5", 39, 8), REG("b6", 40, 8), REG("b7", 41, 8), REG("ip", 42, 8),
	REG("cfm", 43, 8), REG("psr", 44, 8), REG("ar.rsc", 45, 8), REG("ar.bsp", 46, 8),
	REG("ar.bspstore", 47, 8), REG("ar.rnat", 48, 8), REG("ar.ccv", 49, 8),
	REG("ar.unat", 50, 8), REG("ar.fpsr", 51, 8), REG("ar.pfs", 52, 8),
	REG("ar.lc", 53, 8), REG("ar.ec", 54, 8), REG("ar.csd", 55, 8), REG("ar.ssd", 56, 8),
	{ 0 },
};

const struct arch arch_ia64 = {
	.name = "ia64",
	.elf_machine = EM_IA_64,
	.is_64bit = true,
	.page_sizes = 4096 | 8192 | 16384 | 65536,
	.max_phys_bits = 50,
	.prstatus_size = 1144,
	.prstatus_regs = 112,
	.regs = regs,
	.pc = "ip",
	.sp = "r12",
};
