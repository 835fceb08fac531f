/*
 * C types of the kernel's variables. BTF knows only per-CPU ones; of the others this table
 * declares those that people ask for. A declaration counts only where the symbol exists, the
 * type exists in this kernel's BTF and fits into the space up to the next symbol.
 */
#pragma once

#include "kernel/c_type.h"

struct declared {
	const char *name;
	const char *type; /* as ctype_parse() reads it */
};
extern const struct declared declared[]; /* ends with a null name */

/* The type of variable `name`, from BTF's per-CPU section or the table; *ret_percpu tells
 * which copy business it is. ERROR_NOT_FOUND: nobody says. */
struct error *declared_type(struct kernel *k, const char *name, struct ctype *ret,
			    bool *ret_percpu) MUST_CHECK;
