/*
 * The kernel's own symbol table as bytes: names stay compressed where they are, the index made
 * here is a hash of 4 bytes a slot. Knows nothing of dumps. Layout and its changes:
 * kernel/kallsyms.c, scripts/kallsyms.c (Linux 4.6 to 7.2), doc/kernel/kallsyms.md.
 */
#pragma once

#include "base/error.h"

#define KALLSYMS_MAX_SYMBOLS (1u << 24)

/* The tables; bytes are borrowed and must outlive the index. */
struct kallsyms_tables {
	bool big;
	uint32_t num;
	const unsigned char *names; /* names, then what follows them up to the token table */
	size_t names_len;
	const unsigned char *token_table;
	size_t token_table_len;
	const unsigned char *token_index; /* 256 u16 */
	const unsigned char *entries;	  /* kallsyms_offsets or kallsyms_addresses */
	size_t entries_len;
	uint64_t entries_va; /* where that table is in the dead kernel */
	bool absolute;	     /* kallsyms_addresses: 8-byte values */
	bool has_base;
	uint64_t base; /* kallsyms_relative_base */
};

enum kallsyms_encoding {
	KALLSYMS_ABSOLUTE, /* u64 values */
	KALLSYMS_PERCPU, /* >= 0: the value itself; < 0: base - 1 - entry (4.6 to 6.14, SMP) */
	KALLSYMS_BASE,	 /* base + u32 */
	KALLSYMS_PLACE,	 /* address of the entry + s32 (7.0) */
};

struct kallsyms;

/* Indexes the tables. The encoding of addresses is the one under which `_stext` gets the
 * value `stext`; the encoding of name lengths is the one that agrees with the markers. */
struct error *kallsyms_open(const struct kallsyms_tables *t, uint64_t stext,
			    struct kallsyms **ret) MUST_CHECK;
void kallsyms_free(struct kallsyms *ks);

uint32_t kallsyms_count(const struct kallsyms *ks);
enum kallsyms_encoding kallsyms_encoding(const struct kallsyms *ks);
bool kallsyms_long_names(const struct kallsyms *ks);
/* Whether variables are there too (CONFIG_KALLSYMS_ALL). */
bool kallsyms_have_data(const struct kallsyms *ks);

uint64_t kallsyms_address(const struct kallsyms *ks, uint32_t i);
/* Name of symbol `i`, NUL-terminated, cut to `room`; *ret_type gets its nm letter. */
void kallsyms_name(const struct kallsyms *ks, uint32_t i, char *buf, size_t room,
		   char *ret_type);
/* The first symbol of that name in table order. */
bool kallsyms_find(const struct kallsyms *ks, const char *name, uint32_t *ret_i);
/* The symbol with the highest address not above `va`; of several the first, as the kernel
 * does. *ret_end: the next higher symbol's address, 0 when there is none. */
bool kallsyms_at(const struct kallsyms *ks, uint64_t va, uint32_t *ret_i, uint64_t *ret_end);

DEFINE_CLEANUP(struct kallsyms *, kallsyms_free)
