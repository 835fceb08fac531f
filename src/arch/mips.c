/*
 * 32-bit MIPS (o32). Register order: MIPS32_EF_* (arch/mips/include/uapi/asm/reg.h): as
 * mips64.c behind six words of padding, in a block of 45 words.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "r0", 24, 4 },
	{ "r1", 28, 4 },
	{ "r2", 32, 4 },
	{ "r3", 36, 4 },
	{ "r4", 40, 4 },
	{ "r5", 44, 4 },
	{ "r6", 48, 4 },
	{ "r7", 52, 4 },
	{ "r8", 56, 4 },
	{ "r9", 60, 4 },
	{ "r10", 64, 4 },
	{ "r11", 68, 4 },
	{ "r12", 72, 4 },
	{ "r13", 76, 4 },
	{ "r14", 80, 4 },
	{ "r15", 84, 4 },
	{ "r16", 88, 4 },
	{ "r17", 92, 4 },
	{ "r18", 96, 4 },
	{ "r19", 100, 4 },
	{ "r20", 104, 4 },
	{ "r21", 108, 4 },
	{ "r22", 112, 4 },
	{ "r23", 116, 4 },
	{ "r24", 120, 4 },
	{ "r25", 124, 4 },
	{ "r26", 128, 4 },
	{ "r27", 132, 4 },
	{ "r28", 136, 4 },
	{ "r29", 140, 4 },
	{ "r30", 144, 4 },
	{ "r31", 148, 4 },
	{ "lo", 152, 4 },
	{ "hi", 156, 4 },
	{ "epc", 160, 4 },
	{ "badvaddr", 164, 4 },
	{ "status", 168, 4 },
	{ "cause", 172, 4 },
	{ 0 },
};

const struct arch arch_mips = {
	.name = "mips",
	.elf_machine = EM_MIPS,
	.maybe_big = true,
	.page_sizes = 4096 | 16384 | 65536,
	.max_phys_bits = 40,
	.prstatus_size = 256,
	.prstatus_regs = 72,
	.pc = "epc",
	.sp = "r29",
	.fp = "r30",
	.regs = regs,
};
