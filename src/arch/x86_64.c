/*
 * x86_64. Register order: struct pt_regs as the kernel's user_regs_struct has it
 * (arch/x86/include/asm/user_64.h), 27 words.
 */
#include "arch/arch.h"

#include <elf.h>

static const struct arch_reg regs[] = {
	{ "r15", 0, 8 },   { "r14", 8, 8 },	  { "r13", 16, 8 },	 { "r12", 24, 8 },
	{ "rbp", 32, 8 },  { "rbx", 40, 8 },	  { "r11", 48, 8 },	 { "r10", 56, 8 },
	{ "r9", 64, 8 },   { "r8", 72, 8 },	  { "rax", 80, 8 },	 { "rcx", 88, 8 },
	{ "rdx", 96, 8 },  { "rsi", 104, 8 },	  { "rdi", 112, 8 },	 { "orig_rax", 120, 8 },
	{ "rip", 128, 8 }, { "cs", 136, 8 },	  { "eflags", 144, 8 },	 { "rsp", 152, 8 },
	{ "ss", 160, 8 },  { "fs_base", 168, 8 }, { "gs_base", 176, 8 }, { "ds", 184, 8 },
	{ "es", 192, 8 },  { "fs", 200, 8 },	  { "gs", 208, 8 },	 { 0 },
};

const struct arch arch_x86_64 = {
	.name = "x86_64",
	.elf_machine = EM_X86_64,
	.is_64bit = true,
	.page_sizes = 4096,
	.max_phys_bits = 52,
	.prstatus_size = 336,
	.prstatus_regs = 112,
	.regs = regs,
	.pc = "rip",
	.sp = "rsp",
	.fp = "rbp",
};
