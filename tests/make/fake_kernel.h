/*
 * A dead kernel made by hand: physical memory, VMCOREINFO text and segments become an ELF
 * vmcore in memory, of any width and byte order, which opens like a real one. For unit tests
 * and fuzzers. Failing calls abort: a test that cannot build its input is wrong.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/kernel.h"

#define FAKE_MAX_SEGMENTS 16
#define FAKE_X86_64	  62
#define FAKE_I386	  3
#define FAKE_PPC64	  21
#define FAKE_AARCH64	  183

struct fake {
	uint16_t machine; /* EM_* */
	bool big, is_64bit;
	unsigned long_size;
	uint32_t page_size; /* 4096 unless changed after fake_init() */
	unsigned char *memory; /* from physical address 0 on */
	size_t len;
	uint64_t next; /* fake_alloc() goes on here */
	struct strbuf info, notes;
	struct {
		uint64_t va, pa, len;
	} segments[FAKE_MAX_SEGMENTS];
	size_t nr_segments;

	/* after fake_open() */
	struct strbuf file;
	struct dump *dump;
	struct kernel *k;
};

/* Memory is zeroed; the first page is never allocated. */
void fake_init(struct fake *f, uint16_t machine, bool is_64bit, bool big, size_t len);
void fake_done(struct fake *f);
/* Physical address of fresh zeroed memory. */
uint64_t fake_alloc(struct fake *f, size_t len, size_t align);
void fake_put(struct fake *f, uint64_t pa, unsigned width, uint64_t value);
void fake_put_long(struct fake *f, uint64_t pa, uint64_t value);
void fake_put_bytes(struct fake *f, uint64_t pa, const void *bytes, size_t len);
/* One line of VMCOREINFO, without newline. */
void fake_info(struct fake *f, const char *fmt, ...) PRINTF(2, 3);
/* A note besides VMCOREINFO. */
void fake_note(struct fake *f, const char *name, uint32_t type, const void *desc, size_t len);
/* A program header. Without any, all memory is one segment at `va` 0 (no translation). */
void fake_segment(struct fake *f, uint64_t va, uint64_t pa, uint64_t len);
/* Builds the file and opens dump and kernel; the error is kernel_open()'s. */
struct error *fake_try_open(struct fake *f) MUST_CHECK;
void fake_open(struct fake *f);

/* x86_64 page tables: maps `len` bytes (of pages of `page` bytes: 4 KiB, 2 MiB, 1 GiB) in the
 * tables below `top_pa`, with `flags` in the leaves (bit 0: present). */
void fake_map(struct fake *f, uint64_t top_pa, unsigned levels, uint64_t va, uint64_t pa,
	      uint64_t len, uint64_t page, uint64_t flags);
