/* The page between purgatory and a kernel that is not entered like a 64-bit Linux; enter.S. */
#pragma once

#include "kexec/segments.h"

/* Registers at the entry; others are 0. */
struct enter_args {
	uint64_t entry; /* 32 bits of it in 32-bit mode */
	uint32_t eax;
	uint32_t ebx;
	uint32_t esi;
	uint32_t spare;
};

_Static_assert(sizeof(struct enter_args) == 24, "known to enter.S");

#define ENTER_ARGS_OFF 16

/* Gives `part` (a page below 4 GiB) its content. */
struct error *enter_setup(const struct enter_args *args, bool is_32bit, struct kexec_part *part) MUST_CHECK;
