#include "analyze/operand.h"

#include <string.h>

static const char *const names[16] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
				       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15" };

static bool value_of(const struct report_regs *regs, const char *name, uint64_t *ret)
{
	for (unsigned i = 0; i < regs->n; i++) {
		if (strcmp(regs->v[i].name, name) != 0)
			continue;
		*ret = regs->v[i].value;
		return true;
	}
	return false;
}

static bool is_prefix(unsigned char b)
{
	return b == 0x66 || b == 0x67 || b == 0xf2 || b == 0xf3 || b == 0xf0 || b == 0x2e || b == 0x36 || b == 0x3e ||
	       b == 0x26 || b == 0x64 || b == 0x65;
}

static int64_t displacement(const unsigned char *p, unsigned len)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < len; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return len == 1 ? (int8_t)v : (int32_t)v;
}

/* One-byte opcodes with an immediate operand behind: it counts for addresses relative to rip. */
static unsigned immediate_len(unsigned char op, bool two, bool word, unsigned reg)
{
	if (two)
		return op == 0xba || op == 0xa4 || op == 0xac ? 1 : 0;
	if (op == 0x80 || op == 0x83 || op == 0xc0 || op == 0xc1 || op == 0xc6 || op == 0x6b || (op == 0xf6 && reg < 2))
		return 1;
	if (op == 0x81 || op == 0xc7 || op == 0x69 || (op == 0xf7 && reg < 2))
		return word ? 2 : 4;
	return 0;
}

/* String instructions have no operand bytes: what they read is at rsi, what they write at rdi. */
static bool decode_string(unsigned char op, const struct report_regs *regs, struct operand *ret)
{
	if ((op & 0xfe) == 0xa4 || (op & 0xfe) == 0xac)
		ret->base = "rsi";
	else if ((op & 0xfe) == 0xaa || (op & 0xfe) == 0xae)
		ret->base = "rdi";
	else
		return false;
	return value_of(regs, ret->base, &ret->address);
}

bool operand_decode(const unsigned char *bytes, size_t n, uint64_t pc, const struct report_regs *regs,
		    struct operand *ret)
{
	unsigned char rex = 0, op, modrm, sib;
	unsigned mod, rm, disp_len, reg;
	bool two = false, word = false, has_sib;
	uint64_t v;
	size_t i = 0, tail;

	*ret = (struct operand){ .scale = 1 };
	while (i < n && is_prefix(bytes[i]))
		word |= bytes[i++] == 0x66;
	if (i < n && (bytes[i] & 0xf0) == 0x40)
		rex = bytes[i++];
	if (i < n && bytes[i] == 0x0f) {
		two = true;
		i++;
	}
	if (i >= n)
		return false;
	op = bytes[i++];
	if (!two && decode_string(op, regs, ret))
		return true;
	if (i >= n)
		return false;
	modrm = bytes[i++];
	mod = modrm >> 6;
	reg = modrm >> 3 & 7;
	rm = modrm & 7;
	if (mod == 3)
		return false;
	has_sib = rm == 4;
	sib = 0;
	if (has_sib) {
		if (i >= n)
			return false;
		sib = bytes[i++];
	}
	disp_len = mod == 1 ? 1 : mod == 2 || (mod == 0 && (rm == 5 || (has_sib && (sib & 7) == 5))) ? 4 : 0;
	if (i + disp_len > n)
		return false;
	ret->disp = displacement(bytes + i, disp_len);
	ret->address = (uint64_t)ret->disp;
	tail = i + disp_len + immediate_len(op, two, word, reg);
	if (mod == 0 && rm == 5) {
		ret->base = "rip";
		ret->address += pc + tail;
		return true;
	}
	if (!has_sib || !(mod == 0 && (sib & 7) == 5)) {
		ret->base = names[(has_sib ? sib & 7 : rm) + (rex & 1 ? 8 : 0)];
		if (!value_of(regs, ret->base, &v))
			return false;
		ret->address += v;
	}
	if (has_sib && ((sib >> 3 & 7) != 4 || rex & 2)) {
		ret->index = names[(sib >> 3 & 7) + (rex & 2 ? 8 : 0)];
		ret->scale = 1u << (sib >> 6);
		if (!value_of(regs, ret->index, &v))
			return false;
		ret->address += v * ret->scale;
	}
	return true;
}
