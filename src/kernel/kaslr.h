/*
 * Where KASLR put the kernel, for dumps that do not say it: from the control registers and tables
 * that hypervisors and firmware leave (the QEMU notes; sadump's CPU states come in the same form).
 * x86_64 only. Method: after boot the page tables map of the 1 GiB for the image just the image
 * (cleanup_highmap(), arch/x86/mm/init_64.c), which begins at a multiple of 2 MiB; so the first
 * mapped piece is its start, and its translation gives phys_base. The handler of vector 0 in the
 * interrupt table is a second opinion where the linked address of its symbol is known.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/kernel.h"

struct kaslr {
	uint64_t top_pa;    /* the kernel's own page tables */
	unsigned levels;    /* 4 or 5 */
	uint64_t image_va;  /* first mapped address of the image */
	uint64_t phys_base; /* as VMCOREINFO has it */
	uint64_t vector_0;  /* address of the handler of interrupt 0; 0 unknown */
};

/* ERROR_NOT_FOUND when no CPU of the dump has tables that map a kernel. */
struct error *kaslr_find(struct dump *d, struct kaslr *ret) MUST_CHECK;
/* How far the kernel is from where it was linked, by the linked address of the first symbol of
 * the image (_text or _stext), and of the handler of vector 0 (0: unknown). False: they contradict
 * each other, so that the vmlinux is of another kernel. */
bool kaslr_offset(const struct kaslr *k, uint64_t linked_text, uint64_t linked_vector_0, uint64_t *ret);
/* VMCOREINFO lines for what was found, for infotext_merge(): KERNELOFFSET, phys_base, levels.
 * `linked` is VMCOREINFO text with symbols as linked (makedumpfile -g). */
struct error *kaslr_infotext(struct dump *d, const char *linked, size_t len,
			     struct strbuf *out) MUST_CHECK;
