/*
 * 32-bit x86. Register order: user_regs_struct (arch/x86/include/asm/user_32.h), 17 words.
 * Physical addresses have 36 bits with PAE, up to 52 bits where the CPU is a 64-bit one.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "ebx", 0, 4 },  { "ecx", 4, 4 },  { "edx", 8, 4 },
	{ "esi", 12, 4 }, { "edi", 16, 4 }, { "ebp", 20, 4 },
	{ "eax", 24, 4 }, { "ds", 28, 4 },  { "es", 32, 4 },
	{ "fs", 36, 4 },  { "gs", 40, 4 },  { "orig_eax", 44, 4 },
	{ "eip", 48, 4 }, { "cs", 52, 4 },  { "eflags", 56, 4 },
	{ "esp", 60, 4 }, { "ss", 64, 4 },  { 0 },
};

const struct arch arch_i386 = {
	.name = "i386",
	.elf_machine = EM_386,
	.page_sizes = 4096,
	.max_phys_bits = 52,
	.prstatus_size = 144,
	.prstatus_regs = 72,
	.regs = regs,
	.pc = "eip",
	.sp = "esp",
	.fp = "ebp",
};
