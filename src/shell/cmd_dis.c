/* dis: machine code as instructions. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/disasm.h"
#include "shell/row.h"
#include "shell/userspace.h"
#include "shell/value.h"

enum {
	OPT_REVERSE = 1, OPT_FORWARD, OPT_USER, OPT_LINES, OPT_SOURCE, OPT_BUGS, OPT_NONE, OPT_HEX, OPT_DEC,
};

static const struct option_def options[] = {
	{'r', NULL, NULL, "from the start of the function to the address", OPT_REVERSE},
	{'f', NULL, NULL, "from the address to the end of the function", OPT_FORWARD},
	{'u', NULL, NULL, "the address is one of the current task's user space", OPT_USER},
	{'x', NULL, NULL, "offsets in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "offsets in decimal", OPT_DEC},
	{'l', NULL, NULL, "with source lines: needs debugging information, which is not read", OPT_LINES},
	{'s', NULL, NULL, "the source: needs debugging information, which is not read", OPT_SOURCE},
	{'b', NULL, "COUNT", "bytes after a trap instruction to skip (nothing to skip: taken and ignored)", OPT_BUGS},
	{'n', NULL, NULL, "taken and ignored", OPT_NONE},
	{0},
};

#define FUNCTION_MAX (1u << 20) /* bytes */
#define COUNT_MAX    (1u << 20)

struct request {
	struct shell *sh;
	struct disasm *d;
	bool reverse, forward, user;
	unsigned radix;
	uint64_t va, count; /* count 0: to the end of the function */
};

static struct error *read_code(struct request *r, uint64_t va, unsigned char *buf, size_t *ret_len)
{
	struct shell *sh = r->sh;
	struct error *e = r->user ? user_read(sh, &sh->task, va, buf, INSN_MAX) : vmem_read(sh->kernel, va, buf, INSN_MAX);
	size_t left = sh->kernel->page_size - va % sh->kernel->page_size;

	*ret_len = INSN_MAX;
	if (!e || left >= INSN_MAX)
		return e;
	/* the last instruction of what is mapped */
	error_free(e);
	*ret_len = left;
	return r->user ? user_read(sh, &sh->task, va, buf, left) : vmem_read(sh->kernel, va, buf, left);
}

static void place_text(struct request *r, uint64_t va, char *buf, size_t room)
{
	char name[600];

	value_symbol_text(r->sh, va, r->radix, name, sizeof(name));
	snprintf(buf, room, name[0] && !r->user ? " <%s>" : "%s", r->user ? "" : name);
}

/* Where a jump or call goes, or the variable that is addressed: an operand that is an address, or
 * one relative to the instruction after. */
static void put_target(struct request *r, const struct insn *i)
{
	const char *rip = strstr(i->operands, "(%rip)"), *at = rip;
	char name[620];
	uint64_t va = 0;

	if (!rip) {
		if (!text_u64(i->operands, &va) || strncmp(i->operands, "0x", 2) != 0)
			return;
		place_text(r, va, name, sizeof(name));
		row_text(r->sh, "%s", name);
		row_only_str(r->sh, "target", name);
		return;
	}
	while (at > i->operands && strchr("0123456789abcdefx-", at[-1]))
		at--;
	if (*at == '-')
		va = -strtoull(at + 1, NULL, 16);
	else
		va = strtoull(at, NULL, 16);
	va += i->va + i->len;
	place_text(r, va, name, sizeof(name));
	row_text(r->sh, "        # 0x%" PRIx64 "%s", va, name);
	row_only_str(r->sh, "target", name);
}

/* The five bytes in front of a function that ftrace writes its call into. */
static bool is_ftrace_nop(struct request *r, const struct insn *i, const unsigned char *bytes)
{
	static const unsigned char nop[] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
	struct symbol s;
	struct error *e;

	if (i->len != sizeof(nop) || memcmp(bytes, nop, sizeof(nop)) != 0 || r->user)
		return false;
	e = symbol_at(r->sh->kernel, i->va, &s);
	error_free(e);
	return !e && i->va - s.va <= 4; /* behind an endbr64 perhaps */
}

static struct error *put_one(struct request *r, uint64_t va, unsigned *ret_len)
{
	unsigned char bytes[INSN_MAX];
	char place[620];
	struct insn i;
	size_t len;

	TRY(read_code(r, va, bytes, &len));
	place_text(r, va, place, sizeof(place));
	row_begin(r->sh, "instruction");
	row_text(r->sh, r->user ? "   0x%" PRIx64 "%s:\t" : "0x%" PRIx64 "%s:\t", va, place);
	row_only_addr(r->sh, "address", va);
	row_only_str(r->sh, "place", place + (place[0] == ' '));
	if (disasm_one(r->d, bytes, len, va, &i)) {
		row_str(r->sh, "mnemonic", -6, i.mnemonic);
		row_text(r->sh, " ");
		row_str(r->sh, "operands", 0, i.operands);
		put_target(r, &i);
		if (is_ftrace_nop(r, &i, bytes))
			row_text(r->sh, " [FTRACE NOP]");
		*ret_len = i.len;
	} else {
		row_str(r->sh, "mnemonic", 0, "(bad)");
		*ret_len = r->sh->kernel->arch && strstr(r->sh->kernel->arch->name, "86") ? 1 : 4;
	}
	row_end(r->sh);
	return NULL;
}

/* The function that `va` is in. */
static struct error *bounds(struct request *r, uint64_t *ret_start, uint64_t *ret_end)
{
	struct symbol s;

	TRY(symbol_at(r->sh->kernel, r->va, &s));
	*ret_start = s.va;
	*ret_end = s.va + MIN(s.len ? s.len : FUNCTION_MAX, (uint64_t)FUNCTION_MAX);
	return NULL;
}

static struct error *show(struct request *r)
{
	uint64_t start = r->va, end = UINT64_MAX, at, n = 0;
	unsigned len;

	if (!r->user && (r->reverse || !r->count)) {
		TRY(bounds(r, &start, &end));
		if (r->forward)
			start = r->va;
		if (r->reverse)
			end = r->va + 1;
	}
	if (r->user && !r->count)
		r->count = 1;
	for (at = start; at < end && (!r->count || r->reverse || n < r->count) && !shell_interrupted(); at += len, n++)
		TRY(put_one(r, at, &len));
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .radix = sh->set.radix};
	_cleanup_disasm_ struct disasm *d = NULL;
	int64_t count = 0;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		r.reverse |= id == OPT_REVERSE;
		r.forward |= id == OPT_FORWARD;
		r.user |= id == OPT_USER;
		if (id == OPT_HEX || id == OPT_DEC)
			r.radix = id == OPT_HEX ? 16 : 10;
		if (id == OPT_LINES || id == OPT_SOURCE)
			return error_new(ERROR_UNSUPPORTED,
					 "-%c: lines and source come from DWARF, which is not read; the rest of dis works without it",
					 id == OPT_LINES ? 'l' : 's');
	}
	words = command_words(o, &n);
	if (id < 0 || n < 1 || n > 2 || (r.reverse && r.forward))
		return command_misused();
	if (r.user && !sh->has_task)
		return error_new(ERROR_NOT_FOUND, "-u: no task is the current one; \"set\" chooses one");
	TRY(value_address(sh, words[0], &r.va));
	if (n == 2)
		TRY(value_count(words[1], &count));
	if (count < 0 || count > COUNT_MAX)
		return error_new(ERROR_USAGE, "a count of %" PRId64 " is out of range (1 to %u)", count, COUNT_MAX);
	r.count = (uint64_t)count;
	/* an address inside a function: one instruction */
	if (!r.count && !r.reverse && !r.forward && !r.user) {
		uint64_t start, end;

		TRY(bounds(&r, &start, &end));
		r.count = start == r.va ? 0 : 1;
	}
	TRY(disasm_open(sh->kernel, &d));
	r.d = d;
	return show(&r);
}

const struct command cmd_dis = {
	.name = "dis",
	.args = "[-r|-f|-u] [-x|-d] address|symbol [count]",
	.summary = "show machine code as instructions",
	.text = "A symbol alone is shown whole, an address inside a function is one instruction.\n\n"
		"  dis panic 5\n"
		"  dis -r ffffffff8da01ded | tail\n",
	.options = options,
	.run = run,
};
