/*
 * 31-bit IBM S/390 (kernels before 4.1). Register order as s390x.c, in words of 32 bits; the
 * block is aligned to 8, so the note is 224 bytes. Bit 31 of an address is the addressing
 * mode.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "pswm", 0, 4 },
	{ "pswa", 4, 4 },
	{ "r0", 8, 4 },
	{ "r1", 12, 4 },
	{ "r2", 16, 4 },
	{ "r3", 20, 4 },
	{ "r4", 24, 4 },
	{ "r5", 28, 4 },
	{ "r6", 32, 4 },
	{ "r7", 36, 4 },
	{ "r8", 40, 4 },
	{ "r9", 44, 4 },
	{ "r10", 48, 4 },
	{ "r11", 52, 4 },
	{ "r12", 56, 4 },
	{ "r13", 60, 4 },
	{ "r14", 64, 4 },
	{ "r15", 68, 4 },
	{ "acr0", 72, 4 },
	{ "acr1", 76, 4 },
	{ "acr2", 80, 4 },
	{ "acr3", 84, 4 },
	{ "acr4", 88, 4 },
	{ "acr5", 92, 4 },
	{ "acr6", 96, 4 },
	{ "acr7", 100, 4 },
	{ "acr8", 104, 4 },
	{ "acr9", 108, 4 },
	{ "acr10", 112, 4 },
	{ "acr11", 116, 4 },
	{ "acr12", 120, 4 },
	{ "acr13", 124, 4 },
	{ "acr14", 128, 4 },
	{ "acr15", 132, 4 },
	{ "orig_gpr2", 136, 4 },
	{ 0 },
};

const struct arch arch_s390 = {
	.name = "s390",
	.elf_machine = EM_S390,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 31,
	.prstatus_size = 224,
	.prstatus_regs = 72,
	.pc = "pswa",
	.sp = "r15",
	.fp = "r11",
	.regs = regs,
};
