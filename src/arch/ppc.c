/*
 * 32-bit PowerPC. Register order: the PT_* indexes of arch/powerpc/include/uapi/asm/ptrace.h
 * in a block of 48 words (ELF_NGREG). 4xx cores may have pages of 16, 64 and 256 KiB; physical
 * addresses have 36 bits at most.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "r0", 0, 4 },
	{ "r1", 4, 4 },
	{ "r2", 8, 4 },
	{ "r3", 12, 4 },
	{ "r4", 16, 4 },
	{ "r5", 20, 4 },
	{ "r6", 24, 4 },
	{ "r7", 28, 4 },
	{ "r8", 32, 4 },
	{ "r9", 36, 4 },
	{ "r10", 40, 4 },
	{ "r11", 44, 4 },
	{ "r12", 48, 4 },
	{ "r13", 52, 4 },
	{ "r14", 56, 4 },
	{ "r15", 60, 4 },
	{ "r16", 64, 4 },
	{ "r17", 68, 4 },
	{ "r18", 72, 4 },
	{ "r19", 76, 4 },
	{ "r20", 80, 4 },
	{ "r21", 84, 4 },
	{ "r22", 88, 4 },
	{ "r23", 92, 4 },
	{ "r24", 96, 4 },
	{ "r25", 100, 4 },
	{ "r26", 104, 4 },
	{ "r27", 108, 4 },
	{ "r28", 112, 4 },
	{ "r29", 116, 4 },
	{ "r30", 120, 4 },
	{ "r31", 124, 4 },
	{ "nip", 128, 4 },
	{ "msr", 132, 4 },
	{ "orig_gpr3", 136, 4 },
	{ "ctr", 140, 4 },
	{ "link", 144, 4 },
	{ "xer", 148, 4 },
	{ "ccr", 152, 4 },
	{ "mq", 156, 4 },
	{ "trap", 160, 4 },
	{ "dar", 164, 4 },
	{ "dsisr", 168, 4 },
	{ "result", 172, 4 },
	{ 0 },
};

const struct arch arch_ppc = {
	.name = "ppc",
	.elf_machine = EM_PPC,
	.maybe_big = true,
	.page_sizes = 4096 | 16384 | 65536 | 262144,
	.max_phys_bits = 36,
	.prstatus_size = 268,
	.prstatus_regs = 72,
	.pc = "nip",
	.sp = "r1",
	.fp = "r31",
	.regs = regs,
};
