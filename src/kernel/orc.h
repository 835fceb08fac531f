/*
 * ORC unwind tables of x86_64 as bytes: a sorted array of code addresses (s32, each relative
 * to its own place) and an array of 6-byte rules. Four layouts of the rule's flags exist and
 * nothing in older kernels names them, so the data itself is asked: doc/kernel/orc.md. Kernel:
 * arch/x86/include/asm/orc_types.h, Linux 4.14 to 7.2.
 */
#pragma once

#include "base/error.h"

/* What a rule says, in one numbering for all versions. */
enum orc_reg {
	ORC_REG_UNDEFINED,
	ORC_REG_PREV_SP,
	ORC_REG_DX,
	ORC_REG_DI,
	ORC_REG_BP,
	ORC_REG_SP,
	ORC_REG_R10,
	ORC_REG_R13,
	ORC_REG_BP_INDIRECT,
	ORC_REG_SP_INDIRECT,
	ORC_REG_AX,
	ORC_REG_BAD,
};

enum orc_kind {
	ORC_UNDEFINED,	  /* nothing is known at this place */
	ORC_END_OF_STACK, /* no caller above */
	ORC_CALL,
	ORC_REGS,	  /* a whole pt_regs lies at the new sp */
	ORC_REGS_PARTIAL, /* only its last five words are good */
	ORC_BAD,
};

struct orc_rule {
	int16_t sp_off, bp_off;
	enum orc_reg sp_reg, bp_reg;
	enum orc_kind kind;
	bool signal; /* callers above were interrupted: look up their very address */
};

#define ORC_VERSIONS 4

/* One pair of tables; bytes are borrowed. */
struct orc_table {
	const unsigned char *ips;   /* 4 bytes each */
	const unsigned char *rules; /* 6 bytes each */
	uint64_t ips_va;
	uint32_t n;
	bool big;
};

struct orc_rule orc_decode(const unsigned char *rule, int version, bool big);
/* 1 to 4, or 0 and why not into *ret_why (static) when no version fits. */
int orc_find_version(const struct orc_table *t, const char **ret_why);
uint64_t orc_ip(const struct orc_table *t, uint32_t i);
/* The rule with the highest address not above `ip`. */
bool orc_lookup(const struct orc_table *t, uint64_t ip, uint32_t *ret_i);
