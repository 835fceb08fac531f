/*
 * Alpha. Register order: dump_elf_thread() (arch/alpha/kernel/process.c): r0 to r29, stack
 * pointer, pc, unique value, 33 words.
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
	{ "pc", 248, 8 },
	{ "unique", 256, 8 },
	{ 0 },
};

const struct arch arch_alpha = {
	.name = "alpha",
	.elf_machine = EM_ALPHA,
	.is_64bit = true,
	.page_sizes = 8192,
	.max_phys_bits = 48,
	.prstatus_size = 384,
	.prstatus_regs = 112,
	.pc = "pc",
	.sp = "r30",
	.fp = "r15",
	.regs = regs,
};
