/* Saved registers (struct pt_regs) found by looking through stacks. x86_64. */
#pragma once

#include "shell/shell.h"

/* Those in [from, to): "KERNEL-MODE EXCEPTION FRAME AT: ..." and the registers of each. */
struct error *print_exceptions_in(struct shell *sh, uint64_t from, uint64_t to) MUST_CHECK;
/* On the interrupt and exception stacks of every CPU. */
struct error *print_all_exceptions(struct shell *sh) MUST_CHECK;
