/* One way to go from a frame to its caller. The list of them is in unwind.c. */
#pragma once

#include "kernel/unwind.h"

/* Where a walk stands: the registers as far as the frame's function sees them. */
struct walk {
	struct regs regs; /* pc, sp and fp by arch->regs */
	uint64_t pc, sp;
	bool interrupted; /* pc is an instruction that did not run to its end, no return address
			   */
	bool has_regs;	  /* this frame came out of a saved register set */
	bool exact;
	char why[160]; /* for STEP_LOST */
};

enum step {
	STEP_FRAME, /* `w` is the caller now */
	STEP_END,   /* there is no caller: user mode or the first function of a task */
	STEP_LOST,  /* w->why */
};

struct unwinder {
	const char *name;
	uint16_t elf_machine;
	struct error *(*load)(struct kernel *k);
	enum step (*step)(struct kernel *k, struct walk *w);
};

extern const struct unwinder unwinder_orc;

/* Looks for what may be return addresses in [lo, hi); calls `each` with address and place
 * until it returns false. */
void guess_walk(struct kernel *k, uint64_t lo, uint64_t hi,
		bool (*each)(uint64_t pc, uint64_t sp, void *arg), void *arg);
