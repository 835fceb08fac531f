/*
 * C expressions over the dead kernel: numbers, symbols, casts, members, elements, operators.
 *
 *	init_task.comm    ((struct page *)0xffffea0000000000)->flags & 1    sizeof(struct page)
 */
#pragma once

#include "kernel/c_type.h"
#include "shell/shell.h"

/* A value with its type: in the kernel's memory (an lvalue), or at hand. */
struct expr_value {
	struct ctype type;
	bool typed;	 /* false: a bare symbol whose type nobody tells */
	bool in_memory;	 /* at `va`; otherwise `number` */
	uint64_t va;
	struct member bits; /* in_memory: where a bit field is; bit_size 0: none */
	uint64_t number;
	bool is_signed;	 /* of `number` */
};

/* ERROR_USAGE: not an expression; ERROR_NOT_FOUND: a name that this kernel does not have. */
struct error *expr_eval(struct shell *sh, const char *text, struct expr_value *ret) MUST_CHECK;
/* The number that a value is: integers, enums, pointers; arrays and functions are their
 * address. Structures have none. */
struct error *expr_number(struct shell *sh, const struct expr_value *v, uint64_t *ret) MUST_CHECK;
