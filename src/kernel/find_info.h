/*
 * VMCOREINFO of dumps that do not carry it: those of hypervisors without a vmcoreinfo device,
 * of firmware, raw memory. The kernel keeps it in its own memory, as an ELF note ready for the
 * crash (kernel/vmcore_info.c, vmcoreinfo_note).
 */
#pragma once

#include "kernel/kernel.h"

/* Whether the text describes the memory of the dump; asked for every one that is found. */
typedef bool info_holds_fn(struct dump *d, const char *text, size_t len);

/* Looks through all memory, for a bounded time, and gives the dump the first VMCOREINFO that
 * holds (dump_add_vmcoreinfo). ERROR_NOT_FOUND when there is none. */
struct error *find_info(struct dump *d, info_holds_fn *holds) MUST_CHECK;
