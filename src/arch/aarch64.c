/*
 * 64-bit Arm. Register order: user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h), 34 words.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "x0", 0, 8 },
	{ "x1", 8, 8 },
	{ "x2", 16, 8 },
	{ "x3", 24, 8 },
	{ "x4", 32, 8 },
	{ "x5", 40, 8 },
	{ "x6", 48, 8 },
	{ "x7", 56, 8 },
	{ "x8", 64, 8 },
	{ "x9", 72, 8 },
	{ "x10", 80, 8 },
	{ "x11", 88, 8 },
	{ "x12", 96, 8 },
	{ "x13", 104, 8 },
	{ "x14", 112, 8 },
	{ "x15", 120, 8 },
	{ "x16", 128, 8 },
	{ "x17", 136, 8 },
	{ "x18", 144, 8 },
	{ "x19", 152, 8 },
	{ "x20", 160, 8 },
	{ "x21", 168, 8 },
	{ "x22", 176, 8 },
	{ "x23", 184, 8 },
	{ "x24", 192, 8 },
	{ "x25", 200, 8 },
	{ "x26", 208, 8 },
	{ "x27", 216, 8 },
	{ "x28", 224, 8 },
	{ "x29", 232, 8 },
	{ "x30", 240, 8 },
	{ "sp", 248, 8 },
	{ "pc", 256, 8 },
	{ "pstate", 264, 8 },
	{ 0 },
};

const struct arch arch_aarch64 = {
	.name = "aarch64",
	.elf_machine = EM_AARCH64,
	.is_64bit = true,
	.maybe_big = true,
	.page_sizes = 4096 | 16384 | 65536,
	.max_phys_bits = 52,
	.prstatus_size = 392,
	.prstatus_regs = 112,
	.regs = regs,
	.pc = "pc",
	.sp = "sp",
	.fp = "x29",
};
