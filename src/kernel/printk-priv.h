/* Private to the printk_*.c files: what the three generations of the log share. */
#pragma once

#include "kernel/printk.h"
#include "kernel/vmem.h"

struct printk_walk {
	struct kernel *k;
	bool partial;
	struct error *(*each)(const struct printk_record *r, void *arg);
	void *arg;
	uint64_t damaged; /* what could not be read or contradicts itself */
};

/* A generation of the log: `is_here` asks VMCOREINFO. */
struct printk_generation {
	const char *name;
	bool (*is_here)(struct kernel *k);
	struct error *(*walk)(struct printk_walk *w);
};

extern const struct printk_generation printk_lockless, printk_records, printk_bytes;

/* What had not reached the log yet (printk_safe.c). */
struct error *printk_walk_safe(struct printk_walk *w) MUST_CHECK;

/* Bytes that a log may hold at all: log_buf_len= takes up to 2 GiB. */
#define PRINTK_MAX_LEN (1ull << 31)

/* SYMBOL(name), or an error that names it. */
struct error *printk_symbol(struct kernel *k, const char *name, uint64_t *ret) MUST_CHECK;
/* SIZE(type), at most `limit`. */
struct error *printk_size(struct kernel *k, const char *type, size_t limit,
			  size_t *ret) MUST_CHECK;
/* OFFSET(type.member) of something `width` bytes wide inside `size` bytes. */
struct error *printk_offset(struct kernel *k, const char *type, const char *member,
			    size_t width, size_t size, size_t *ret) MUST_CHECK;
