/*
 * 64-bit SPARC. Register order: the indexes of elf_gregset_t
 * (arch/sparc/include/asm/elf_64.h): globals, outs, locals, ins, tstate, tpc, tnpc, y; 36
 * words. o6 is the stack pointer, i6 the frame pointer, both biased by 2047.
 */
#include "arch/reg_lists-priv.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	REG("g0", 0, 8), REG("g1", 1, 8), REG("g2", 2, 8), REG("g3", 3, 8), REG("g4", 4, 8),
	REG("g5", 5, 8), REG("g6", 6, 8), REG("g7", 7, 8), REG("o0", 8, 8), REG("o1", 9, 8),
	REG("o2", 10, 8), REG("o3", 11, 8), REG("o4", 12, 8), REG("o5", 13, 8),
	REG("o6", 14, 8), REG("o7", 15, 8), REG("l0", 16, 8), REG("l1", 17, 8),
	REG("l2", 18, 8), REG("l3", 19, 8), REG("l4", 20, 8), REG("l5", 21, 8),
	REG("l6", 22, 8), REG("l7", 23, 8), REG("i0", 24, 8), REG("i1", 25, 8),
	REG("i2", 26, 8), REG("i3", 27, 8), REG("i4", 28, 8), REG("i5", 29, 8),
	REG("i6", 30, 8), REG("i7", 31, 8), REG("tstate", 32, 8), REG("tpc", 33, 8),
	REG("tnpc", 34, 8), REG("y", 35, 8), { 0 },
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
	.regs = regs,
	.pc = "tpc",
	.sp = "o6",
	.fp = "i6",
};
