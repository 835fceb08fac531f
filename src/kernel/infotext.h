/*
 * VMCOREINFO text made from other knowledge: what a kernel would have said of itself, from its
 * symbols and types. Values of one boot (phys_base, KASLR's offset) are not in it, so that it serves
 * every dump of that build.
 */
#pragma once

#include "base/strbuf.h"
#include "kernel/kernel.h"

struct infotext_source {
	struct kernel *k; /* its types; borrowed */
	/* Address as the kernel was linked, and length (0: unknown) of a symbol; false: there is none. */
	bool (*symbol)(void *arg, const char *name, uint64_t *ret_va, uint64_t *ret_len);
	void *arg;
};

/* Appends a line for everything that the source knows and `own` (may be null) does not say. */
struct error *infotext_write(const struct infotext_source *s, const struct vmcoreinfo *own,
			     struct strbuf *out) MUST_CHECK;
/*
 * The text of a dump's own VMCOREINFO as it serves other dumps of that build: symbols as linked,
 * values of one boot left out, and what its kallsyms and BTF tell besides.
 */
struct error *infotext_of_kernel(struct kernel *k, struct strbuf *out) MUST_CHECK;
/*
 * `own` (null: the dump has none) with the lines of `extra` that it lacks; the symbols of `extra`
 * are moved to where the kernel of `own` ran. Not merged: what says which kernel it is.
 */
struct error *infotext_merge(const char *own, size_t own_len, const char *extra, size_t extra_len,
			     struct strbuf *out) MUST_CHECK;
