/*
 * /proc/iomem: the tree of physical address ranges, "  start-end : name" with two blanks of
 * indent a level (kernel/resource.c). `end` is half-open here; a range up to the last
 * address ends at UINT64_MAX.
 */
#pragma once

#include "base/ranges.h"
#include "base/vector.h"

struct iomem_entry {
	uint64_t start;
	uint64_t end;
	unsigned depth;	  /* 0 at the top */
	size_t parent;	  /* row of the enclosing entry; SIZE_MAX at the top */
	const char *name; /* lives in struct iomem */
};

/* Rows in the file's order: a parent stands before its children. */
struct iomem {
	VECTOR(struct iomem_entry) rows;
	char *text;
};

/* Reads ROOT/proc/iomem. ERROR_NOT_PERMITTED when the kernel hides the addresses. */
struct error *iomem_read(int root, struct iomem *ret) MUST_CHECK;
/* The same from text, which is copied. `name` is for messages. */
struct error *iomem_parse(const char *name, const char *text, struct iomem *ret) MUST_CHECK;
void iomem_done(struct iomem *m);

/* Adds all rows of exactly this name, at any depth. */
struct error *iomem_named(const struct iomem *m, const char *name, struct ranges *ret) MUST_CHECK;
/* Memory to dump: every row whose name holds "System RAM", nested ones (kmem, virtio_mem)
 * included. Crash kernel regions are still in it. */
struct error *iomem_ram(const struct iomem *m, struct ranges *ret) MUST_CHECK;
/* The reserved regions ("Crash kernel"), ascending; the last is the main one, where kexec
 * segments go. Empty when nothing is reserved. */
struct error *iomem_crash_regions(const struct iomem *m, struct ranges *ret) MUST_CHECK;

static inline void iomem_done_cleanup(struct iomem *m)
{
	iomem_done(m);
}
#define _cleanup_iomem_ CLEANUP(iomem_done)
