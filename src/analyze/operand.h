/*
 * The memory operand of one x86_64 instruction: enough of the encoding (Intel SDM volume 2, chapter 2) to say
 * which register held the pointer that a fault followed. Whoever asks compares the address with the one that
 * faulted: a wrong guess at the form of an instruction is then no answer.
 */
#pragma once

#include "analyze/report.h"

struct operand {
	const char *base, *index; /* register names; null: none */
	unsigned scale;
	int64_t disp;
	uint64_t address;
};

/* `bytes` begins with the instruction at `pc`. False: it has no memory operand, or registers are missing. */
bool operand_decode(const unsigned char *bytes, size_t n, uint64_t pc, const struct report_regs *regs,
		    struct operand *ret);
