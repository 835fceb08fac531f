/*
 * What IBM Z dumps without notes hold all the same: each CPU's registers, stored by the
 * machine into the CPU's prefix area ("store status"), and VMCOREINFO by a pointer in absolute
 * low memory (arch/s390/include/asm/lowcore.h, os_info.h; zgetdump's dfi.c, dfi_vmcoreinfo.c).
 * Folder-private.
 */
#pragma once

#include "base/strbuf.h"
#include "dump/dump.h"

/* LKCD's header of the architecture: magic, version, length, two counts of CPUs (u16). */
#define S390_ASM_HEAD 20

/* Appends a note for each of `cpus` CPUs, whose prefix areas' addresses are `n` big-endian
 * u32s. CPUs whose area is not in the dump are left out. */
void s390_take_lowcores(struct dump *d, const unsigned char *prefixes, size_t n, unsigned cpus,
			struct strbuf *to);
/* Appends the VMCOREINFO note where the kernel has left one. */
struct error *s390_take_vmcoreinfo(struct dump *d, struct strbuf *to) MUST_CHECK;
