#include "kernel/orc.h"

#include "base/base.h"

#define SAMPLE 65536 /* rules looked at to tell the version */

/* Numbers of registers: versions 1 to 3, and 4 (7.1). */
static const enum orc_reg old_regs[16] = {
	ORC_REG_UNDEFINED,   ORC_REG_PREV_SP,	  ORC_REG_DX,  ORC_REG_DI,
	ORC_REG_BP,	     ORC_REG_SP,	  ORC_REG_R10, ORC_REG_R13,
	ORC_REG_BP_INDIRECT, ORC_REG_SP_INDIRECT, ORC_REG_AX,  ORC_REG_BAD,
	ORC_REG_BAD,	     ORC_REG_BAD,	  ORC_REG_BAD, ORC_REG_BAD,
};
static const enum orc_reg new_regs[16] = {
	ORC_REG_UNDEFINED, ORC_REG_AX,		ORC_REG_DX,	     ORC_REG_SP,
	ORC_REG_BP,	   ORC_REG_DI,		ORC_REG_R10,	     ORC_REG_R13,
	ORC_REG_PREV_SP,   ORC_REG_SP_INDIRECT, ORC_REG_BP_INDIRECT, ORC_REG_BAD,
	ORC_REG_BAD,	   ORC_REG_BAD,		ORC_REG_BAD,	     ORC_REG_BAD,
};

/*
 * flags, low bits first: sp register 4, bp register 4, then
 *   1 (4.14): kind 2, end 1
 *   2 (6.3):  kind 2, signal 1, end 1
 *   3 (6.4):  kind 3, signal 1
 *   4 (7.1):  as 3, registers renumbered
 * Kinds of 1 and 2: call, regs, partial regs; a rule without sp register is the end of the
 * stack with `end`, unknown without. Before 6.3 a rule for regs implied the signal bit.
 */
struct orc_rule orc_decode(const unsigned char *rule, int version, bool big)
{
	static const enum orc_kind old_kinds[4] = {ORC_CALL, ORC_REGS, ORC_REGS_PARTIAL,
						   ORC_BAD};
	static const enum orc_kind new_kinds[8] = {
		ORC_UNDEFINED,	  ORC_END_OF_STACK, ORC_CALL, ORC_REGS,
		ORC_REGS_PARTIAL, ORC_BAD,	    ORC_BAD,  ORC_BAD,
	};
	const enum orc_reg *regs = version >= 4 ? new_regs : old_regs;
	uint16_t flags = get_u16(rule + 4, big);
	struct orc_rule r = {
		.sp_off = (int16_t)get_u16(rule, big),
		.bp_off = (int16_t)get_u16(rule + 2, big),
		.sp_reg = regs[flags & 15],
		.bp_reg = regs[flags >> 4 & 15],
	};
	unsigned left; /* bits that mean nothing */
	bool end = false;

	switch (version) {
	case 1:
		r.kind = old_kinds[flags >> 8 & 3];
		r.signal = r.kind == ORC_REGS || r.kind == ORC_REGS_PARTIAL;
		end = flags >> 10 & 1;
		left = flags >> 11;
		break;
	case 2:
		r.kind = old_kinds[flags >> 8 & 3];
		r.signal = flags >> 10 & 1;
		end = flags >> 11 & 1;
		left = flags >> 12;
		break;
	default:
		r.kind = new_kinds[flags >> 8 & 7];
		r.signal = flags >> 11 & 1;
		left = flags >> 12;
		break;
	}
	if (version <= 2 && r.sp_reg == ORC_REG_UNDEFINED && r.kind != ORC_BAD)
		r.kind = end ? ORC_END_OF_STACK : ORC_UNDEFINED;
	if (left)
		r.kind = ORC_BAD;
	return r;
}

/* Whether a compiler or an annotation could have meant this. */
static bool is_sensible(const struct orc_rule *r)
{
	if (r->kind == ORC_BAD || r->sp_reg == ORC_REG_BAD || r->sp_reg == ORC_REG_PREV_SP)
		return false;
	if (r->kind == ORC_UNDEFINED || r->kind == ORC_END_OF_STACK)
		return true;
	if (r->sp_reg == ORC_REG_UNDEFINED)
		return false;
	if (r->bp_reg != ORC_REG_UNDEFINED && r->bp_reg != ORC_REG_PREV_SP &&
	    r->bp_reg != ORC_REG_BP)
		return false;
	/* a return address lies below where the caller's frame begins */
	if (r->kind == ORC_CALL && r->sp_reg == ORC_REG_SP)
		return r->sp_off >= 8 && r->sp_off % 8 == 0;
	if (r->kind == ORC_CALL && r->bp_reg == ORC_REG_PREV_SP)
		return r->bp_off < 0 && r->bp_off % 8 == 0;
	return true;
}

/* At a function's first instruction: nothing but the return address is on the stack. */
static bool is_function_start(const struct orc_rule *r)
{
	return r->kind == ORC_CALL && r->sp_reg == ORC_REG_SP && r->sp_off == 8 &&
	       r->bp_reg == ORC_REG_UNDEFINED;
}

struct score {
	uint32_t sensible, starts;
};

static struct score score_version(const struct orc_table *t, int version)
{
	uint32_t step = t->n / SAMPLE + 1;
	struct score s = {0};

	for (uint32_t i = 0; i < t->n; i += step) {
		struct orc_rule r = orc_decode(t->rules + 6ull * i, version, t->big);

		s.sensible += is_sensible(&r);
		s.starts += is_function_start(&r);
	}
	return s;
}

/* 1 and 2 differ in bits 10 and 11 alone: 2 has a signal bit at 10 on rules for regs, and
 * `end` at 11, where 1 has nothing. */
static bool has_version_2_bits(const struct orc_table *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		uint16_t flags = get_u16(t->rules + 6ull * i + 4, t->big);

		if (flags >> 11 || ((flags >> 10 & 1) && (flags & 15)))
			return true;
	}
	return false;
}

int orc_find_version(const struct orc_table *t, const char **ret_why)
{
	uint32_t looked = t->n ? (t->n - 1) / (t->n / SAMPLE + 1) + 1 : 0;
	struct score best = {0};
	int version = 0;

	for (int v = 1; v <= ORC_VERSIONS; v++) {
		struct score s = score_version(t, v);

		/* starts decide: the same bits make sense as other rules in other versions, but
		 * no program is full of those */
		if (s.sensible >= looked - looked / 100 && s.starts > best.starts) {
			best = s;
			version = v;
		}
	}
	if (!version || best.starts < looked / 100) {
		*ret_why =
			t->n ? "its rules make no sense in any known version" : "it is empty";
		return 0;
	}
	if (version <= 2)
		version = has_version_2_bits(t) ? 2 : 1;
	return version;
}

uint64_t orc_ip(const struct orc_table *t, uint32_t i)
{
	int32_t rel = (int32_t)get_u32(t->ips + 4ull * i, t->big);

	return t->ips_va + 4ull * i + (uint64_t)(int64_t)rel;
}

bool orc_lookup(const struct orc_table *t, uint64_t ip, uint32_t *ret_i)
{
	uint32_t lo = 0, hi = t->n; /* the first above `ip` lies in [lo, hi] */

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (orc_ip(t, mid) <= ip)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	*ret_i = lo - 1;
	return true;
}
