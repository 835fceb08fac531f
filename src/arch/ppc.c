/*
 * 32-bit PowerPC. Register order: the PT_* indexes of arch/powerpc/include/uapi/asm/ptrace.h
 * in a block of 48 words (ELF_NGREG). 44x cores may have pages of 16, 64 and 256 KiB; physical
 * addresses have 36 bits at most.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REGS_R0_R31(0, 4), REG("nip", 32, 4), REG("msr", 33, 4), REG("orig_gpr3", 34, 4),
	REG("ctr", 35, 4), REG("link", 36, 4), REG("xer", 37, 4), REG("ccr", 38, 4),
	REG("mq", 39, 4), REG("trap", 40, 4), REG("dar", 41, 4), REG("dsisr", 42, 4),
	REG("result", 43, 4), { 0 },
};

const struct arch arch_ppc = {
	.name = "ppc",
	.elf_machine = EM_PPC,
	.maybe_big = true,
	.page_sizes = 4096 | 16384 | 65536 | 262144,
	.max_phys_bits = 36,
	.prstatus_size = 268,
	.prstatus_regs = 72,
	.regs = regs,
	.pc = "nip",
	.sp = "r1",
	.fp = "r31",
};
