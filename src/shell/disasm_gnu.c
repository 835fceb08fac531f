/* x86 instructions in the spelling of GNU as. */
#include <ctype.h>
#include <string.h>

#include "base/base.h"
#include "shell/disasm.h"

/* Those whose last letter is a size: written only where no register operand has one. */
static const char *const sized[] = {
	"mov", "add", "sub", "adc", "sbb", "and", "or", "xor", "cmp", "test", "lea", "inc", "dec", "neg", "not", "shl",
	"shr", "sar", "sal", "rol", "ror", "rcl", "rcr", "push", "pop", "xchg", "cmpxchg", "xadd", "bt", "bts", "btr",
	"btc", "bsf", "bsr", "imul", "mul", "div", "idiv", "call", "jmp", "ret", "leave", "shld", "shrd", "popcnt",
	"tzcnt", "lzcnt", "bswap", "in", "out", "str", "sldt", "smsw", "lret", "iret", "sysret", "sysexit",
	"crc32", "movnti", "ptwrite", "rdfsbase", "rdgsbase", "stos", "lods", "scas", "wrfsbase", "wrgsbase", "lar", "lsl", "cvtsi2sd",
	"cvtsi2ss", "ltr", "verr", "verw", "invpcid", "fxsave", "fxrstor", NULL,
};
/* Of these a suffix is never written: what they take has one size only. */
static const char *const plain[] = {"call", "jmp", "ret", "leave", "push", "pop", "lret", NULL};

static bool is_in(const char *const *list, const char *word, size_t len)
{
	for (size_t i = 0; list[i]; i++)
		if (strlen(list[i]) == len && strncmp(list[i], word, len) == 0)
			return true;
	return false;
}

/* A register that is an operand of its own, not part of an address; segments have no size. */
static bool has_register(const char *operands)
{
	int depth = 0;

	for (const char *at = operands; *at; at++) {
		depth += *at == '(';
		depth -= *at == ')';
		if (*at != '%' || depth)
			continue;
		if (at[1] && strchr("cdefgs", at[1]) && at[2] == 's' && (at[3] == ':' || !isalnum((unsigned char)at[3])))
			continue;
		if (strncmp(at, "%st", 3) != 0 && strncmp(at, "%cr", 3) != 0 && strncmp(at, "%db", 3) != 0)
			return true;
	}
	return false;
}

static void fix_suffix(struct insn *i)
{
	char *name = i->mnemonic, *space = strrchr(name, ' '); /* "lock incl", "rep movsb" */
	size_t len;

	if (space)
		name = space + 1;
	len = strlen(name);
	if (strncmp(name, "cmov", 4) == 0 && len > 5) { /* it always has one, and a register */
		name[len - 1] = '\0';
		return;
	}
	if (strcmp(name, "movabsq") == 0) {
		strcpy(name, "movabs");
		return;
	}
	if (len < 3 || !strchr("bwlq", name[len - 1]) || !is_in(sized, name, len - 1))
		return;
	if (is_in(plain, name, len - 1)) {
		name[len - 1] = '\0';
		return;
	}
	/* "%cl" counts, it does not tell the size of what is shifted */
	if (has_register(strncmp(i->operands, "%cl,", 4) == 0 && strchr("sr", name[0]) ? i->operands + 4 : i->operands))
		name[len - 1] = '\0';
}

/* What string instructions address has its segment written. */
static bool is_string(const char *mnemonic)
{
	static const char *const names[] = {"movs", "stos", "lods", "scas", "cmps", NULL};
	const char *space = strrchr(mnemonic, ' '), *name = space ? space + 1 : mnemonic;

	return strlen(name) >= 4 && strlen(name) <= 5 && is_in(names, name, 4);
}

/* `width`: the letter of an immediate's size; 0: not an immediate. */
static void put_number(struct strbuf *out, const char *digits, size_t n, char width)
{
	char text[32];
	bool minus = n && digits[0] == '-';
	uint64_t v;

	snprintf(text, sizeof(text), "%.*s", (int)MIN(n - minus, sizeof(text) - 1), digits + minus);
	if (!text_u64(text, &v)) {
		strbuf_add(out, digits, n);
		return;
	}
	if (minus && width) { /* an immediate is as wide as the operand */
		v = -v;
		if (width != 'q')
			v &= width == 'b' ? 0xff : width == 'w' ? 0xffff : 0xffffffff;
		minus = false;
	}
	strbuf_printf(out, "%s0x%llx", minus ? "-" : "", (unsigned long long)v);
}

static bool is_number_start(const char *s)
{
	return isdigit((unsigned char)*s) || (*s == '-' && isdigit((unsigned char)s[1]));
}

/* "(%rax, %rcx)": no blanks, the scale always, 0x0 where the encoding has a displacement. */
static const char *put_address(struct strbuf *out, const char *at, bool has_number, bool is_nop)
{
	const char *end = strchr(at, ')');
	unsigned commas = 0;
	bool wants_number = strncmp(at, "(%rbp", 5) == 0 || strncmp(at, "(%r13", 5) == 0 || strncmp(at, "(,", 2) == 0;

	if (!end)
		end = at + strlen(at);
	for (const char *c = at; c < end; c++)
		commas += *c == ',';
	if (!has_number && (wants_number || (is_nop && commas)))
		strbuf_puts(out, "0x0");
	for (const char *c = at; c < end; c++)
		if (*c != ' ')
			strbuf_putc(out, *c);
	if (commas == 1)
		strbuf_puts(out, ",1");
	if (*end)
		strbuf_putc(out, *end++);
	return end;
}

void disasm_gnu_text(struct insn *i)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	bool has_number = false, is_nop = strncmp(i->mnemonic, "nop", 3) == 0;
	const char *at = i->operands;
	char width = i->mnemonic[0] ? i->mnemonic[strlen(i->mnemonic) - 1] : 0; /* before it is cut off */
	bool string = is_string(i->mnemonic) && i->operands[0] && !strchr(i->operands, ':');

	fix_suffix(i);
	while (*at) {
		if (string && (strncmp(at, "(%rdi)", 6) == 0 || strncmp(at, "(%edi)", 6) == 0))
			strbuf_puts(&out, "%es:");
		else if (string && (strncmp(at, "(%rsi)", 6) == 0 || strncmp(at, "(%esi)", 6) == 0))
			strbuf_puts(&out, "%ds:");
		bool immediate = *at == '$';

		if (immediate)
			strbuf_putc(&out, *at++);
		if (is_number_start(at) && (at == i->operands || strchr("$ ,:*", at[-1]))) {
			size_t n = 1;

			while (isalnum((unsigned char)at[n]))
				n++;
			put_number(&out, at, n, immediate ? width : 0);
			at += n;
			has_number = true;
			continue;
		}
		if (*at == '(') {
			at = put_address(&out, at, has_number, is_nop);
			has_number = false;
			continue;
		}
		if (*at == ',' && at[1] == ' ') {
			strbuf_putc(&out, ',');
			at += 2;
			has_number = false;
			continue;
		}
		if (*at)
			strbuf_putc(&out, *at++);
	}
	if (!out.failed)
		snprintf(i->operands, sizeof(i->operands), "%s", strbuf_str(&out));
}
