/*
 * Where the parts of a loaded kernel go: pieces of memory are taken out of a set of free
 * ranges, from the top or from the bottom. At most KEXEC_SEGMENTS of them (linux/kexec.h).
 */
#pragma once

#include "base/ranges.h"

#define KEXEC_SEGMENTS 16
#define KEXEC_PAGE     4096u

struct kexec_part {
	const char *name;
	const void *bytes; /* borrowed, or `owned` */
	void *owned;
	size_t len;	   /* bytes to copy; the rest up to mem_len is zeroed by the kernel */
	uint64_t pa;
	uint64_t mem_len;  /* whole pages */
	bool in_digest;	   /* purgatory checks its `len` bytes */
};

struct kexec_parts {
	struct kexec_part v[KEXEC_SEGMENTS];
	size_t n;
};

struct place {
	uint64_t min, max; /* half-open limits of the whole piece */
	uint64_t align;	   /* power of two, at least a page */
	bool from_top;
};

/* Takes `len` bytes (whole pages) out of `free`; ERROR_NO_SPACE when there is no such hole. */
struct error *space_take(struct ranges *free, const char *what, uint64_t len,
			 const struct place *where, uint64_t *ret_pa) MUST_CHECK;
/* Adds a part of mem_len bytes (rounded up to pages) at the place found; *ret may be null. */
struct error *parts_add(struct kexec_parts *parts, struct ranges *free, const char *name,
			uint64_t mem_len, const struct place *where, struct kexec_part **ret) MUST_CHECK;
struct kexec_part *parts_find(struct kexec_parts *parts, const char *name);
void parts_done(struct kexec_parts *parts);
