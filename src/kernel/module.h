/* Loaded modules of the dead kernel: where they are, their symbols, ORC, taints. */
#pragma once

#include "kernel/kernel.h"
#include "kernel/symbol.h"

struct module {
	uint64_t va; /* struct module */
	char name[64];
	char version[64]; /* "" when none */
	uint64_t taints;  /* bits as in tainted_mask */
	int64_t state;	  /* MODULE_STATE_*: 0 live, 1 coming, 2 going, 3 unformed */
	struct { uint64_t start, end; bool text; } mem[8]; /* address ranges */
	unsigned nr_mem;
	uint64_t total_size;
	/* unwind tables in the module's memory; 0 when it has none */
	uint64_t orc_ip_va, orc_va, nr_orc;
	/* symbol table: Elf64_Sym array and strings */
	uint64_t symtab_va, strtab_va, typetab_va, nr_symbols;
};

struct error *modules_load(struct kernel *k) MUST_CHECK;
size_t modules_count(struct kernel *k); /* 0 when they could not be loaded */
const struct module *module_at(struct kernel *k, size_t i);
/* The module whose memory holds `va`, or null. */
const struct module *module_containing(struct kernel *k, uint64_t va);
/* The symbol of `m` that covers `va`. Its length is that up to the next symbol, which is what
 * the kernel prints. */
struct error *module_symbol_at(struct kernel *k, const struct module *m, uint64_t va,
			       struct symbol *ret) MUST_CHECK;
/* The first symbol of that name that `m` defines. */
struct error *module_symbol_find(struct kernel *k, const struct module *m, const char *name,
				 uint64_t *ret_va) MUST_CHECK;
/* Every symbol that `m` defines, in address order; stops when `each` returns false. */
struct error *module_symbols_walk(struct kernel *k, const struct module *m,
				  bool (*each)(const struct symbol *s, void *arg), void *arg) MUST_CHECK;
void modules_free(struct modules *m);
