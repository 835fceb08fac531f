/*
 * Symbols of the dead kernel and its modules, from kallsyms inside the dump (layouts:
 * kernel/kallsyms.c, scripts/kallsyms.c; what changed when: doc/kernel/kallsyms.md). Without
 * CONFIG_KALLSYMS_ALL only functions are there. Addresses are run-time addresses.
 */
#pragma once

#include "kernel/kernel.h"

struct symbol {
	char name[512];
	char type;	    /* nm letter */
	uint64_t va;
	uint64_t len;	    /* bytes up to the next symbol, as the kernel prints it; 0 unknown */
	const char *module; /* borrowed; null: the kernel itself */
};

/* Finds kallsyms now; otherwise the functions below do it. Error: why there are none. */
struct error *symbols_load(struct kernel *k) MUST_CHECK;
/* Whether all kinds (data too) are there. */
bool symbols_have_data(struct kernel *k);
/* The address of a symbol of the kernel: VMCOREINFO's SYMBOL() first, then kallsyms (modules:
 * module_symbol_find()). ERROR_NOT_FOUND when it is not there. */
struct error *symbol_find(struct kernel *k, const char *name, uint64_t *ret_va) MUST_CHECK;
/* The first of several names that exists (null-terminated list). */
struct error *symbol_find_any(struct kernel *k, const char *const *names, uint64_t *ret_va) MUST_CHECK;
/* The symbol that covers `va` (kernel text and data, modules); ERROR_NOT_FOUND otherwise.
 * Of several symbols at one address the first in the table, as the kernel itself does. */
struct error *symbol_at(struct kernel *k, uint64_t va, struct symbol *ret) MUST_CHECK;
/* "name+0xoff/0xlen [module]" as the kernel prints %pS, or "0x..." */
void symbol_format(struct kernel *k, uint64_t va, char *buf, size_t room);
/* Every kernel symbol in address order; stops when `each` returns false. */
struct error *symbols_walk(struct kernel *k, bool (*each)(const struct symbol *s, void *arg),
			   void *arg) MUST_CHECK;
void symbols_free(struct symbols *s);
