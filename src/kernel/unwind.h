/*
 * Stacks. ORC tables inside the dump (x86_64, kernel and modules; all layouts since 4.14), a
 * text scan where nothing else is there. The exact frames only: what a scan finds is marked
 * unreliable, as the kernel's own `?`.
 */
#pragma once

#include "kernel/kernel.h"
#include "kernel/symbol.h"

#define UNWIND_MAX_FRAMES 256

/* Register values by index of arch->regs (x86_64: the user_regs order); a value that is not
 * known is absent from the mask. */
struct regs {
	uint64_t v[64];
	uint64_t known; /* bit i: v[i] is valid */
};

struct frame {
	uint64_t pc;
	uint64_t sp;
	bool exact;	  /* false: found by scanning */
	bool is_interrupted; /* pc is an interrupted instruction, not a return address: the
				frame came with a full register set (exception, IRQ, first frame) */
	bool has_regs;	  /* `regs` is a saved exception frame */
	struct regs regs;
};

struct stack {
	struct frame *frames; /* innermost first, owned */
	size_t n;
	bool complete;	/* reached the end of the stack (user mode entry or kthread start) */
	char *why;	/* why it is not complete; owned, may be null */
	bool from_user; /* it began with an entry from user mode, whose registers these are */
	struct regs user;
};

bool regs_get(const struct regs *r, const struct arch *a, const char *name, uint64_t *ret);
void regs_set(struct regs *r, const struct arch *a, const char *name, uint64_t value);

/* Loads the tables now; error says why there are none. */
struct error *unwind_load(struct kernel *k) MUST_CHECK;
/* Unwinds from `start`. Never fails but for memory: a stack that cannot be followed is short
 * and says why. [stack_lo, stack_hi) bounds the scan fallback; 0,0 unknown. */
struct error *unwind(struct kernel *k, const struct regs *start, uint64_t stack_lo,
		     uint64_t stack_hi, struct stack *ret) MUST_CHECK;
void stack_done(struct stack *s);
/* The function of a frame and the offset of its pc, as the kernel's own Call Trace has them:
 * a return address is looked up by the call before it. ERROR_NOT_FOUND as symbol_at(). */
struct error *frame_symbol(struct kernel *k, const struct frame *f, struct symbol *ret,
			   uint64_t *ret_off) MUST_CHECK;
/* "name+0xoff/0xlen [module]", or "0x..." */
void frame_format(struct kernel *k, const struct frame *f, char *buf, size_t room);
void orc_free(struct orc *o);
