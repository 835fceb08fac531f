/* The boot information that multiboot kernels find at ebx. */
#pragma once

#include "kexec/e820.h"
#include "kexec/plan.h"

struct multiboot_input {
	unsigned version; /* 1 or 2 */
	const char *cmdline;
	const struct e820 *e820;
	const struct kexec_modules *modules;
	uint32_t modules_pa; /* they follow each other, each at a page */
	bool have_base;	     /* version 2: the kernel was moved, its start is now `base` */
	uint32_t base;
};

/* The block for address `pa`; *ret_len does not depend on it. `ret` null: only the length. */
struct error *multiboot_info_build(const struct multiboot_input *in, uint32_t pa,
				   unsigned char **ret, size_t *ret_len) MUST_CHECK;
