/* Stacks as the classic shell prints them. */
#pragma once

#include "shell/shell.h"

struct stack_how {
	bool offsets;	/* function+offset */
	bool words;	/* the words of each frame */
	bool symbols;	/* of them, those that are addresses of symbols by name, objects of slabs by cache */
	bool objects;	/* those with their address too */
	unsigned radix; /* of offsets */
};

/* The frames of `s`, numbered, with exception frames and the entry from user mode. */
struct error *print_stack(struct shell *sh, const struct stack *s, const struct stack_how *how) MUST_CHECK;
/* Four lines or more of registers. */
void print_regs(struct shell *sh, const struct regs *r);
/* "[exception RIP: func+off]" and the registers. */
void print_exception(struct shell *sh, const struct regs *r, uint64_t pc);
