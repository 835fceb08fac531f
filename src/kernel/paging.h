/*
 * Address translation. A layout is data: the bits of each level and where the flags are; only
 * entry formats need code. One file per architecture: paging_x86_64.c, ...
 */
#pragma once

#include "kernel/kernel.h"

struct paging {
	const char *name; /* of the struct arch */
	/* Finds the kernel's bases and top table in VMCOREINFO; sets k->paging_state (malloc'd,
	 * freed with free()). */
	struct error *(*init)(struct kernel *k);
	/* As vmem_translate(); top_pa UINT64_MAX means the kernel's own table and linear maps.
	 */
	struct error *(*translate)(struct kernel *k, uint64_t top_pa, uint64_t va,
				   uint64_t *ret_pa, uint64_t *ret_len);
};

extern const struct paging paging_x86_64, paging_i386, paging_aarch64, paging_arm, paging_ppc64,
	paging_riscv64, paging_s390x;
extern const struct paging *const pagings[]; /* null-terminated */
