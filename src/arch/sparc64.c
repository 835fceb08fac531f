/*
 * 64-bit SPARC. Register order: the indexes of elf_gregset_t
 * (arch/sparc/include/asm/elf_64.h): globals, outs, locals, ins, tstate, tpc, tnpc, y; 36
 * words. o6 is the stack pointer, i6 the frame pointer, both biased by 2047.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "g0", 0, 8 },
	{ "g1", 8, 8 },
	{ "g2", 16, 8 },
	{ "g3", 24, 8 },
	{ "g4", 32, 8 },
	{ "g5", 40, 8 },
	{ "g6", 48, 8 },
	{ "g7", 56, 8 },
	{ "o0", 64, 8 },
	{ "o1", 72, 8 },
	{ "o2", 80, 8 },
	{ "o3", 88, 8 },
	{ "o4", 96, 8 },
	{ "o5", 104, 8 },
	{ "o6", 112, 8 },
	{ "o7", 120, 8 },
	{ "l0", 128, 8 },
	{ "l1", 136, 8 },
	{ "l2", 144, 8 },
	{ "l3", 152, 8 },
	{ "l4", 160, 8 },
	{ "l5", 168, 8 },
	{ "l6", 176, 8 },
	{ "l7", 184, 8 },
	{ "i0", 192, 8 },
	{ "i1", 200, 8 },
	{ "i2", 208, 8 },
	{ "i3", 216, 8 },
	{ "i4", 224, 8 },
	{ "i5", 232, 8 },
	{ "i6", 240, 8 },
	{ "i7", 248, 8 },
	{ "tstate", 256, 8 },
	{ "tpc", 264, 8 },
	{ "tnpc", 272, 8 },
	{ "y", 280, 8 },
	{ 0 },
};

const struct arch arch_sparc64 = {
	.name = "sparc64",
	.elf_machine = EM_SPARCV9,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 8192,
	.max_phys_bits = 47,
	.prstatus_size = 408,
	.prstatus_regs = 112,
	.pc = "tpc",
	.sp = "o6",
	.fp = "i6",
	.regs = regs,
};
