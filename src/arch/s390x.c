/*
 * 64-bit IBM Z. Register order: s390_regs (arch/s390/include/uapi/asm/ptrace.h): PSW mask and
 * address, 16 general registers, 16 access registers of 32 bits, the first argument. r11 is
 * the frame pointer where a compiler makes one.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "pswm", 0, 8 },
	{ "pswa", 8, 8 },
	{ "r0", 16, 8 },
	{ "r1", 24, 8 },
	{ "r2", 32, 8 },
	{ "r3", 40, 8 },
	{ "r4", 48, 8 },
	{ "r5", 56, 8 },
	{ "r6", 64, 8 },
	{ "r7", 72, 8 },
	{ "r8", 80, 8 },
	{ "r9", 88, 8 },
	{ "r10", 96, 8 },
	{ "r11", 104, 8 },
	{ "r12", 112, 8 },
	{ "r13", 120, 8 },
	{ "r14", 128, 8 },
	{ "r15", 136, 8 },
	{ "acr0", 144, 4 },
	{ "acr1", 148, 4 },
	{ "acr2", 152, 4 },
	{ "acr3", 156, 4 },
	{ "acr4", 160, 4 },
	{ "acr5", 164, 4 },
	{ "acr6", 168, 4 },
	{ "acr7", 172, 4 },
	{ "acr8", 176, 4 },
	{ "acr9", 180, 4 },
	{ "acr10", 184, 4 },
	{ "acr11", 188, 4 },
	{ "acr12", 192, 4 },
	{ "acr13", 196, 4 },
	{ "acr14", 200, 4 },
	{ "acr15", 204, 4 },
	{ "orig_gpr2", 208, 8 },
	{ 0 },
};

const struct arch arch_s390x = {
	.name = "s390x",
	.elf_machine = EM_S390,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 4096,
	.max_phys_bits = 60,
	.prstatus_size = 336,
	.prstatus_regs = 112,
	.pc = "pswa",
	.sp = "r15",
	.fp = "r11",
	.regs = regs,
};
