/*
 * Logs of the three generations inside a fake kernel, built by the rules that the kernel's
 * writers follow. Virtual address = physical + `base` everywhere.
 */
#pragma once

#include "make/fake_kernel.h"

/* The lockless ring (kernel/printk/printk_ringbuffer.c). */
struct fake_ring {
	struct fake *f;
	uint64_t base;
	unsigned count_bits, size_bits;
	bool exact_fit; /* 6.19: a block may end at the ring's end */
	uint64_t prb, descs, infos, data; /* physical addresses */
	uint64_t head_id, tail_id, head_lpos, tail_lpos, seq;
};

enum fake_state { FAKE_RESERVED, FAKE_COMMITTED, FAKE_FINALIZED, FAKE_REUSABLE };

/* `first_lpos`: where the first block goes. `ids_32`: ids begin as 32 bits (before 7.x). */
void fake_ring_init(struct fake_ring *r, struct fake *f, uint64_t base, unsigned count_bits,
		    unsigned size_bits, uint64_t first_lpos, bool ids_32);
/* Returns the id. Old records make room as in the kernel. `text` null: lost; "": empty line. */
uint64_t fake_ring_add(struct fake_ring *r, enum fake_state state, uint64_t ts_ns,
		       const char *text);
/* Physical addresses of the pieces of record `id`. */
uint64_t fake_ring_desc(const struct fake_ring *r, uint64_t id);
uint64_t fake_ring_info(const struct fake_ring *r, uint64_t id);
/* Writes positions and ids; VMCOREINFO with `caller` or without OFFSET(printk_info.caller_id). */
void fake_ring_finish(struct fake_ring *r, bool caller);

/* The record log: 3.11 to 5.9, or `old` (3.5 to 3.10, struct log). */
struct fake_records {
	struct fake *f;
	uint64_t base, buf;
	uint32_t len, first, next;
	unsigned header;
	bool old, caller;
};

void fake_records_init(struct fake_records *r, struct fake *f, uint64_t base, uint32_t len,
		       bool old, bool caller);
/* Goes to the buffer's start by a marker when it does not fit. Returns its index. */
uint32_t fake_records_add(struct fake_records *r, uint64_t ts_ns, unsigned level,
			  const char *text, const char *dict);
void fake_records_finish(struct fake_records *r, uint32_t clear_idx);

/* The byte log: everything ever logged goes through a ring of `len` bytes. */
void fake_bytes(struct fake *f, uint64_t base, uint32_t len, const char *logged,
		uint32_t since_clear);
