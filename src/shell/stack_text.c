#include "shell/stack_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/value.h"

#define FRAME_MAX 16384 /* bytes of one frame that are shown */

/* x86_64: order and places of the classic register block, three to a line. */
static const char *const x86_64_order[] = {"rip", "rsp", "eflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
					   "rbp", "r8",	 "r9",	   "r10", "r11", "r12", "r13", "r14", "r15",
					   NULL};

static const char *shown_name(const char *name, char *buf, size_t room)
{
	size_t i = 0;

	if (strcmp(name, "eflags") == 0)
		return "RFLAGS";
	for (; name[i] && i + 1 < room; i++)
		buf[i] = (char)toupper((unsigned char)name[i]);
	buf[i] = '\0';
	return buf;
}

static void put_reg(struct shell *sh, const struct regs *r, const char *name, unsigned column)
{
	char upper[16], value[20];
	uint64_t v;
	bool is_flags = strcmp(name, "eflags") == 0;

	if (!regs_get(r, sh->kernel->arch, name, &v))
		snprintf(value, sizeof(value), "%s", "(unknown)       ");
	else if (is_flags)
		snprintf(value, sizeof(value), "%08" PRIx64, v);
	else
		snprintf(value, sizeof(value), "%0*" PRIx64, (int)(2 * sh->kernel->long_size), v);
	fprintf(sh->out, "%s%*s: %s", column ? "  " : "    ", is_flags ? 6 : 3,
		shown_name(name, upper, sizeof(upper)), value);
}

static void print_x86_64(struct shell *sh, const struct regs *r)
{
	uint64_t orig = 0, cs = 0, ss = 0;

	for (unsigned i = 0; x86_64_order[i]; i++) {
		put_reg(sh, r, x86_64_order[i], i % 3);
		if (i % 3 == 2 || !x86_64_order[i + 1])
			fputc('\n', sh->out);
	}
	regs_get(r, sh->kernel->arch, "orig_rax", &orig);
	regs_get(r, sh->kernel->arch, "cs", &cs);
	regs_get(r, sh->kernel->arch, "ss", &ss);
	fprintf(sh->out, "    ORIG_RAX: %016" PRIx64 "  CS: %04" PRIx64 "  SS: %04" PRIx64 "\n", orig, cs, ss);
}

/* A member for each that is known. */
static void put_reg_row(struct shell *sh, const struct regs *r)
{
	const struct arch *a = sh->kernel->arch;
	uint64_t v;

	row_begin(sh, "registers");
	for (const struct arch_reg *reg = a->regs; reg->name; reg++)
		if (regs_get(r, a, reg->name, &v))
			row_only_addr(sh, reg->name, v);
	row_end(sh);
}

void print_regs(struct shell *sh, const struct regs *r)
{
	const struct arch *a = sh->kernel->arch;
	unsigned n = 0;

	if (!a)
		return;
	if (sh->rows) {
		put_reg_row(sh, r);
		return;
	}
	if (text_equal(a->name, "x86_64")) {
		print_x86_64(sh, r);
		return;
	}
	for (const struct arch_reg *reg = a->regs; reg->name; reg++) {
		put_reg(sh, r, reg->name, n % 3);
		fputs(++n % 3 ? "" : "\n", sh->out);
	}
	if (n % 3)
		fputc('\n', sh->out);
}

/* ---- frames ---- */

static void put_place(struct shell *sh, const struct frame *f, const struct stack_how *how)
{
	struct symbol s;
	uint64_t off;
	struct error *e = frame_symbol(sh->kernel, f, &s, &off);

	if (e) {
		row_text(sh, "(unknown)");
	} else {
		row_str(sh, "function", 0, s.name);
		row_only_u64(sh, "offset", off);
		if (how->offsets)
			row_text(sh, how->radix == 16 ? "+0x%" PRIx64 : "+%" PRIu64, off);
	}
	row_text(sh, " at ");
	row_hex(sh, "pc", 0, f->pc);
	if (!e && s.module) {
		row_text(sh, " [");
		row_str(sh, "module", 0, s.module);
		row_text(sh, "]");
	}
	row_bool(sh, "exact", "", e ? "" : "  (?)", f->exact);
	error_free(e);
}

static void put_exception(struct shell *sh, const struct frame *f)
{
	print_exception(sh, &f->regs, f->pc);
}

void print_exception(struct shell *sh, const struct regs *r, uint64_t pc)
{
	struct symbol s;
	struct error *e = symbol_at(sh->kernel, pc, &s);

	row_begin(sh, "exception");
	row_text(sh, "    [exception RIP: ");
	if (e)
		row_text(sh, "unknown or invalid address");
	else
		row_str(sh, "function", 0, s.name);
	if (!e) {
		row_text(sh, "+%" PRIu64, pc - s.va);
		row_only_u64(sh, "offset", pc - s.va);
	}
	row_text(sh, "]");
	row_end(sh);
	error_free(e);
	print_regs(sh, r);
}

/* The words from this frame's place up to the next one's. */
static struct error *put_words(struct shell *sh, uint64_t from, uint64_t to, const struct stack_how *how)
{
	unsigned word = sh->kernel->long_size, n = 0;

	if (to <= from || to - from > FRAME_MAX)
		return NULL;
	for (uint64_t at = from; at < to && !shell_interrupted(); at += word, n++) {
		char name[600] = "";
		uint64_t v;

		if (n % 2 == 0)
			fprintf(sh->out, "%s    %0*" PRIx64 ": ", n ? "\n" : "", (int)(2 * word), at);
		TRY(vmem_read_long(sh->kernel, at, &v));
		if (how->symbols)
			value_symbol_text(sh, v, 16, name, sizeof(name));
		if (how->symbols && !name[0])
			kmem_object_name(sh, v, how->objects, name, sizeof(name));
		if (name[0])
			fprintf(sh->out, "%-16s ", name);
		else
			fprintf(sh->out, "%0*" PRIx64 " ", (int)(2 * word), v);
	}
	fputs(n ? "\n" : "", sh->out);
	return NULL;
}

/* Where the return address to a frame lies: below its stack pointer. Interrupted code has none. */
static uint64_t place_of(struct shell *sh, const struct frame *f)
{
	return f->is_interrupted ? f->sp : f->sp - sh->kernel->long_size;
}

struct error *print_stack(struct shell *sh, const struct stack *s, const struct stack_how *how)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->n && !shell_interrupted(); i++) {
		const struct frame *f = &s->frames[i];

		if (i && f->has_regs) {
			put_exception(sh, f);
			continue;
		}
		row_begin(sh, "frame");
		row_text(sh, n < 10 ? " #" : "#");
		row_u64(sh, "level", 0, n);
		row_text(sh, " [");
		row_addr(sh, "sp", place_of(sh, f));
		row_text(sh, "] ");
		n++;
		put_place(sh, f, how);
		row_end(sh);
		if (how->words && i + 1 < s->n)
			TRY(put_words(sh, place_of(sh, f) + sh->kernel->long_size,
				      place_of(sh, &s->frames[i + 1]) + sh->kernel->long_size, how));
	}
	if (s->from_user)
		print_regs(sh, &s->user);
	else if (!s->complete)
		row_text(sh, "    (the stack ends here: %s)\n", s->why ? s->why : "no reason is known");
	return NULL;
}
