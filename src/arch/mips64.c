/*
 * 64-bit MIPS (n64). Register order: MIPS64_EF_* (arch/mips/include/uapi/asm/reg.h): r0 to
 * r31, lo, hi, epc, badvaddr, status, cause, in a block of 45 words.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "r0", 0, 8 },
	{ "r1", 8, 8 },
	{ "r2", 16, 8 },
	{ "r3", 24, 8 },
	{ "r4", 32, 8 },
	{ "r5", 40, 8 },
	{ "r6", 48, 8 },
	{ "r7", 56, 8 },
	{ "r8", 64, 8 },
	{ "r9", 72, 8 },
	{ "r10", 80, 8 },
	{ "r11", 88, 8 },
	{ "r12", 96, 8 },
	{ "r13", 104, 8 },
	{ "r14", 112, 8 },
	{ "r15", 120, 8 },
	{ "r16", 128, 8 },
	{ "r17", 136, 8 },
	{ "r18", 144, 8 },
	{ "r19", 152, 8 },
	{ "r20", 160, 8 },
	{ "r21", 168, 8 },
	{ "r22", 176, 8 },
	{ "r23", 184, 8 },
	{ "r24", 192, 8 },
	{ "r25", 200, 8 },
	{ "r26", 208, 8 },
	{ "r27", 216, 8 },
	{ "r28", 224, 8 },
	{ "r29", 232, 8 },
	{ "r30", 240, 8 },
	{ "r31", 248, 8 },
	{ "lo", 256, 8 },
	{ "hi", 264, 8 },
	{ "epc", 272, 8 },
	{ "badvaddr", 280, 8 },
	{ "status", 288, 8 },
	{ "cause", 296, 8 },
	{ 0 },
};

const struct arch arch_mips64 = {
	.name = "mips64",
	.elf_machine = EM_MIPS,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 4096 | 8192 | 16384 | 32768 | 65536,
	.max_phys_bits = 48,
	.prstatus_size = 480,
	.prstatus_regs = 112,
	.pc = "epc",
	.sp = "r29",
	.fp = "r30",
	.regs = regs,
};
