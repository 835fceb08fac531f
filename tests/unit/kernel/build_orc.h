/* Builds ORC tables: rules in one wording, written in the layout of any version. */
#pragma once

#include "base/base.h"
#include "kernel/orc.h"

struct orc_build {
	int version;
	uint64_t ips_va;
	struct strbuf ips, rules;
};

static inline unsigned orc_reg_number(int version, enum orc_reg reg)
{
	static const unsigned char since_4[] = {
		[ORC_REG_UNDEFINED] = 0,   [ORC_REG_PREV_SP] = 8, [ORC_REG_DX] = 2,
		[ORC_REG_DI] = 5,	   [ORC_REG_BP] = 4,	  [ORC_REG_SP] = 3,
		[ORC_REG_R10] = 6,	   [ORC_REG_R13] = 7,	  [ORC_REG_BP_INDIRECT] = 10,
		[ORC_REG_SP_INDIRECT] = 9, [ORC_REG_AX] = 1,
	};
	static const unsigned char before[] = {
		[ORC_REG_UNDEFINED] = 0,   [ORC_REG_PREV_SP] = 1, [ORC_REG_DX] = 2,
		[ORC_REG_DI] = 3,	   [ORC_REG_BP] = 4,	  [ORC_REG_SP] = 5,
		[ORC_REG_R10] = 6,	   [ORC_REG_R13] = 7,	  [ORC_REG_BP_INDIRECT] = 8,
		[ORC_REG_SP_INDIRECT] = 9, [ORC_REG_AX] = 10,
	};

	return version >= 4 ? since_4[reg] : before[reg];
}

static inline uint16_t orc_flags(int version, const struct orc_rule *r)
{
	uint16_t f = orc_reg_number(version, r->sp_reg) | orc_reg_number(version, r->bp_reg) << 4;
	unsigned kind = r->kind == ORC_REGS ? 1 : r->kind == ORC_REGS_PARTIAL ? 2 : 0;
	bool end = r->kind == ORC_END_OF_STACK;

	switch (version) {
	case 1:
		return f | kind << 8 | end << 10;
	case 2:
		return f | kind << 8 | r->signal << 10 | end << 11;
	default:
		return f | (unsigned)r->kind << 8 | r->signal << 11;
	}
}

static inline void orc_add(struct orc_build *b, uint64_t ip, struct orc_rule r)
{
	unsigned char p[6];

	put_u32(p, (uint32_t)(ip - (b->ips_va + b->ips.len)), false);
	strbuf_add(&b->ips, p, 4);
	put_u16(p, r.sp_off, false);
	put_u16(p + 2, r.bp_off, false);
	put_u16(p + 4, orc_flags(b->version, &r), false);
	strbuf_add(&b->rules, p, 6);
}

static inline struct orc_table orc_finish(const struct orc_build *b)
{
	return (struct orc_table){ (const unsigned char *)b->ips.s,
				   (const unsigned char *)b->rules.s, b->ips_va,
				   b->ips.len / 4, false };
}

static inline void orc_build_done(struct orc_build *b)
{
	strbuf_done(&b->ips);
	strbuf_done(&b->rules);
}
