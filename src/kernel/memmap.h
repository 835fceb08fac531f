/*
 * The array of struct page, by page frame number, whatever the memory model (FLATMEM,
 * SPARSEMEM classic and extreme, VMEMMAP). See collector.md 3.5; kernel: include/linux/mmzone.h.
 */
#pragma once

#include "kernel/kernel.h"

struct memmap;

struct error *memmap_open(struct kernel *k, struct memmap **ret) MUST_CHECK;
void memmap_close(struct memmap *m);
uint32_t memmap_page_struct_size(const struct memmap *m); /* sizeof(struct page) */
/* The virtual address of a frame's struct page; the errors of memmap_get(). */
struct error *memmap_address(struct memmap *m, uint64_t pfn, uint64_t *ret_va) MUST_CHECK;
/*
 * The struct pages of [pfn, pfn + n): borrowed (mapped or in a window buffer of bounded size),
 * valid until the next call. *ret_n gets how many are there, at least 1 on success and at most
 * `n`. ERROR_NOT_FOUND: no struct page exists for `pfn` (hole); *ret_n then says how many
 * frames from `pfn` on have none, so that callers can skip. ERROR_LOST/EXCLUDED: unreadable;
 * *ret_n then says how many frames from `pfn` on share that fate.
 */
struct error *memmap_get(struct memmap *m, uint64_t pfn, uint64_t n, const void **ret,
			 uint64_t *ret_n) MUST_CHECK;

DEFINE_CLEANUP(struct memmap *, memmap_close)
