/* Reading the dead kernel's virtual memory. All addresses are kernel virtual addresses. */
#pragma once

#include "kernel/kernel.h"

/* Translates one address; *ret_len (may be null) gets how many bytes from there on are
 * physically contiguous (at least 1, at most the rest of the leaf page or linear range). */
struct error *vmem_translate(struct kernel *k, uint64_t va, uint64_t *ret_pa,
			     uint64_t *ret_len) MUST_CHECK;
/* Walks the page tables whose top level is at physical address `top_pa` (user space, other
 * address spaces). */
struct error *vmem_translate_in(struct kernel *k, uint64_t top_pa, uint64_t va,
				uint64_t *ret_pa, uint64_t *ret_len) MUST_CHECK;

struct error *vmem_read(struct kernel *k, uint64_t va, void *buf, size_t len) MUST_CHECK;
/* A borrowed pointer to `len` bytes when they are physically contiguous and mappable (see
 * dump_map_phys: valid until the next map); null otherwise. */
const void *vmem_map(struct kernel *k, uint64_t va, size_t len);
struct error *vmem_read_u8(struct kernel *k, uint64_t va, uint8_t *ret) MUST_CHECK;
struct error *vmem_read_u32(struct kernel *k, uint64_t va, uint32_t *ret) MUST_CHECK;
struct error *vmem_read_u64(struct kernel *k, uint64_t va, uint64_t *ret) MUST_CHECK;
struct error *vmem_read_long(struct kernel *k, uint64_t va, uint64_t *ret) MUST_CHECK; /* pointers too */
/* A NUL-terminated string of at most room - 1 bytes; cut there. Printable or not. */
struct error *vmem_read_string(struct kernel *k, uint64_t va, char *buf, size_t room) MUST_CHECK;

/* A block of kernel memory that is used for long: mapped when it can be for the whole life of
 * the kernel, copied otherwise. `limit` bounds the size; what is copied in all is bounded too,
 * whatever was released since. */
struct vmem_block {
	const unsigned char *bytes;
	size_t len;
	bool owned; /* malloc'd copy */
};
void vmem_done(struct kernel *k); /* for kernel_close() */
struct error *vmem_load(struct kernel *k, uint64_t va, uint64_t len, uint64_t limit,
			struct vmem_block *ret) MUST_CHECK;
void vmem_block_done(struct vmem_block *b);
