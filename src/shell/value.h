/* What words of a command line stand for: addresses, counts, CPUs. */
#pragma once

#include "shell/shell.h"

/* A symbol of the kernel, else of its modules in their order. */
struct error *value_symbol(struct shell *sh, const char *name, uint64_t *ret) MUST_CHECK;
/* An address: "(expression)", "symbol", "symbol+8", or a hex number with or without 0x. */
struct error *value_address(struct shell *sh, const char *word, uint64_t *ret) MUST_CHECK;
/* "struct.member", or a count of bytes. */
struct error *value_offset(struct shell *sh, const char *word, uint64_t *ret) MUST_CHECK;
/* A count: decimal, or hex with 0x or with a letter in it. May be negative. */
struct error *value_count(const char *word, int64_t *ret) MUST_CHECK;

/* CPUs named by "3", "1,3", "1-3", "all", "a", or "" for the current task's. */
struct cpus {
	unsigned nr; /* that can exist */
	bool *in;    /* nr of them; owned */
};
struct error *value_cpus(struct shell *sh, const char *spec, struct cpus *ret) MUST_CHECK;
void cpus_done(struct cpus *c);

/* "symbol+off", or "" when no symbol covers `va`; radix 10 or 16 for the offset. */
void value_symbol_text(struct shell *sh, uint64_t va, unsigned radix, char *buf, size_t room);
