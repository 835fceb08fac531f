/*
 * Walking page tables of any shape. Where the bits of each level are is data; what an entry
 * means is one small function per entry format. The paging_*.c files fill this in.
 */
#pragma once

#include "kernel/kernel.h"

#define PAGETABLE_MAX_LEVELS  6
#define PAGETABLE_MAX_WINDOWS 4
#define PAGETABLE_BLOCK	      4096 /* bytes of a table that are remembered together */
#define PAGETABLE_WAYS	      4	   /* blocks remembered per level */

enum entry_kind {
	ENTRY_NONE,  /* maps nothing */
	ENTRY_TABLE, /* the next lower table is at *ret_pa */
	ENTRY_LEAF,  /* 2^*ret_shift bytes of memory are at *ret_pa */
	ENTRY_BAD,   /* neither: no kernel writes such an entry */
};

struct pagetable_level {
	uint8_t shift, bits; /* of the address */
};

struct pagetable;

struct pagetable_layout {
	uint8_t entry_len; /* 4 or 8 bytes */
	bool big;	   /* byte order of entries */
	/* Addresses have so many bits; those above are equal to the highest, or zero where
	 * addresses are unsigned. 0: not checked. */
	uint8_t va_bits;
	bool is_unsigned;
	uint8_t nr_levels;
	struct pagetable_level levels[PAGETABLE_MAX_LEVELS]; /* [0] has the entries of pages */
	/* *ret_shift is set to the level's own shift; low bits of a leaf's address are cut off
	 * by the caller. */
	enum entry_kind (*entry)(const struct pagetable *t, unsigned level, uint64_t entry,
				 uint64_t *ret_pa, unsigned *ret_shift);
};

/* When a linear map answers. */
enum window_use {
	WINDOW_FIRST,	 /* always: the tables are not asked */
	WINDOW_UNMAPPED, /* where the tables have no answer */
	WINDOW_LOST,	 /* only where tables are missing in the dump */
};

/* [va, va + len) is at `pa` */
struct window {
	uint64_t va, len, pa;
	enum window_use use;
};

struct pagetable_block {
	uint64_t pa;
	bool valid;
	unsigned char bytes[PAGETABLE_BLOCK];
};

/* What k->paging_state points to, as the first member of an architecture's own state. */
struct pagetable {
	struct kernel *k;
	struct pagetable_layout layout;
	uint64_t top_pa; /* of the kernel's own tables; UINT64_MAX: none were found */
	struct window windows[PAGETABLE_MAX_WINDOWS];
	size_t nr_windows;
	struct pagetable_block blocks[PAGETABLE_MAX_LEVELS][PAGETABLE_WAYS];
};

/* Memory for a state of `len` bytes that begins with a struct pagetable, zeroed and owned by
 * `k`, without tables and windows. Null: no memory. */
void *pagetable_new(struct kernel *k, size_t len);
/* Equal levels from `page_shift` up: `bits` each, the top one has what remains of `va_bits`. */
void pagetable_set_levels(struct pagetable_layout *l, unsigned page_shift, unsigned bits,
			  unsigned va_bits);
void pagetable_add_window(struct pagetable *t, struct window w);

/* Through the tables at `top_pa` alone. */
struct error *pagetable_walk(struct pagetable *t, uint64_t top_pa, uint64_t va,
			     uint64_t *ret_pa, uint64_t *ret_len) MUST_CHECK;
/* struct paging's translate: tables and windows. */
struct error *pagetable_translate(struct kernel *k, uint64_t top_pa, uint64_t va,
				  uint64_t *ret_pa, uint64_t *ret_len) MUST_CHECK;

/* Whether the tables at `top_pa` map `va` to `pa`: true kernel tables map themselves. */
bool pagetable_maps(struct pagetable *t, uint64_t top_pa, uint64_t va, uint64_t pa);
/* Takes `top_pa`, at virtual address `va`, for the kernel's top table. Fails if the tables
 * contradict; those that are not in the dump cannot. */
struct error *pagetable_use(struct pagetable *t, uint64_t va, uint64_t top_pa) MUST_CHECK;
