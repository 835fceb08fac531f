/*
 * Detectors of what the processor itself complained about: wrong addresses, wrong instructions,
 * failed assertions. Poison values: include/linux/poison.h; see words.c.
 */
#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "analyze/detect.h"
#include "analyze/operand.h"
#include "base/text.h"
#include "kernel/vmem.h"

static const struct report_frame *boundary_frame(const struct gather *g)
{
	return g->r->panic.boundary >= 0 ? &g->r->panic.stack.frames.v[g->r->panic.boundary] : NULL;
}

static struct report_cause *add_at_blamed(struct gather *g, const char *slug, unsigned confidence, const char *words)
{
	_cleanup_strbuf_ struct strbuf where = { 0 };
	struct report_cause *c;

	say_blamed(g, &where);
	c = cause_add(g, slug, confidence, "%s%s", words, strbuf_str(&where));
	if (c && g->r->panic.cpu.from != FROM_NOWHERE)
		c->cpu = (int)g->r->panic.cpu.value;
	cause_blames_task(c, &g->r->panic.task);
	cause_blames_frame(g, c, blamed_frame(g));
	if (g->r->panic.reason.text)
		evidence(g, c, "the log: %s", g->r->panic.reason.text);
	return c;
}

/* Which register held the pointer, by the instruction at the fault. Processors do not tell the address of
 * a general protection fault: then any that no memory can have will do. */
static void tell_base(struct gather *g, struct report_cause *c)
{
	const struct report_frame *f = boundary_frame(g);
	const struct fact_u64 *fault = &g->r->panic.fault_address;
	unsigned char bytes[15];
	struct operand o;
	uint64_t value;
	struct error *e;

	if (!f || !f->regs || !g->k || g->k->arch->elf_machine != EM_X86_64 || f->pc < 4096)
		return;
	e = vmem_read(g->k, f->pc, bytes, sizeof(bytes));
	if (!e && operand_decode(bytes, sizeof(bytes), f->pc, f->regs, &o) && o.base &&
	    (fault->from == FROM_NOWHERE || o.address == fault->value) && frame_reg(f, o.base, &value))
		evidence_value(g, c, value, "the pointer stood in register %s; the instruction at 0x%" PRIx64
					    " added 0x%" PRIx64 " to it", o.base, f->pc, o.address - value);
	error_free(e);
}

static struct error *run_null(struct gather *g)
{
	const struct report_frame *f = boundary_frame(g);
	uint64_t address = g->r->panic.fault_address.value;
	struct report_cause *c;
	char words[120];

	if (g->r->panic.kind != CRASH_NULL_DEREF)
		return NULL;
	if (f && f->pc < 4096) {
		const struct report_frame *caller = f + 1;
		_cleanup_strbuf_ struct strbuf b = { 0 };

		if ((size_t)g->r->panic.boundary + 1 < g->r->panic.stack.frames.n)
			report_frame_text(caller, true, &b);
		c = cause_add(g, "null-dereference", 97, "A null function pointer was called%s%s", b.len ? " from " : "",
			      strbuf_str(&b));
		cause_blames_task(c, &g->r->panic.task);
		cause_blames_frame(g, c, b.len ? caller : NULL);
		evidence(g, c, "the log: %s", g->r->panic.reason.text ? g->r->panic.reason.text : "");
	} else if (g->r->panic.fault_address.from != FROM_NOWHERE && address) {
		snprintf(words, sizeof(words), "A null pointer was followed, to a member at offset 0x%" PRIx64 ",", address);
		c = add_at_blamed(g, "null-dereference", 97, words);
	} else {
		c = add_at_blamed(g, "null-dereference", 97, "A null pointer was followed");
	}
	if (g->r->panic.fault_address.from != FROM_NOWHERE) {
		evidence_value(g, c, address, "the address that was touched");
		tell_base(g, c);
	}
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_null = { "null pointers", run_null };

static bool is_bad_address(const struct gather *g)
{
	return g->r->panic.kind == CRASH_PAGE_FAULT || g->r->panic.kind == CRASH_GENERAL_PROTECTION ||
	       (g->r->panic.kind == CRASH_OOPS && g->r->panic.fault_address.from != FROM_NOWHERE);
}

/* The poison that the faulting address, or a register at the fault, speaks of; null: none. */
static const char *poison_at_fault(const struct gather *g, uint64_t *ret_value, const char **ret_reg)
{
	static char buf[2][128];
	const struct report_frame *f = boundary_frame(g);
	const char *words;

	*ret_reg = NULL;
	if (g->r->panic.fault_address.from != FROM_NOWHERE) {
		words = poison_words(g->r->panic.fault_address.value, buf[0], sizeof(buf[0]));
		*ret_value = g->r->panic.fault_address.value;
		if (words)
			return words;
	}
	for (unsigned i = 0; f && f->regs && i < f->regs->n; i++) {
		words = poison_words(f->regs->v[i].value, buf[1], sizeof(buf[1]));
		if (!words)
			continue;
		*ret_value = f->regs->v[i].value;
		*ret_reg = f->regs->v[i].name;
		return words;
	}
	return NULL;
}

static struct error *run_use_after_free(struct gather *g)
{
	uint64_t value;
	const char *reg, *words = is_bad_address(g) ? poison_at_fault(g, &value, &reg) : NULL;
	struct report_cause *c;

	if (!words)
		return NULL;
	c = add_at_blamed(g, "use-after-free", reg ? 85 : 96, "Memory was used that had been given back, or was never set,");
	if (reg)
		evidence_value(g, c, value, "register %s: %s", reg, words);
	else
		evidence_value(g, c, value, "the address that was touched: %s", words);
	tell_base(g, c);
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_use_after_free = { "use after free", run_use_after_free };

static struct error *run_bad_address(struct gather *g)
{
	const char *reg, *words;
	struct report_cause *c;
	uint64_t value;
	char buf[128];

	if (!is_bad_address(g) || poison_at_fault(g, &value, &reg))
		return NULL;
	c = add_at_blamed(g, "bad-pointer", 90, "A pointer led to where no memory is,");
	if (g->r->panic.fault_address.from != FROM_NOWHERE) {
		value = g->r->panic.fault_address.value;
		words = address_words(value, g->r->dump.word_size != 4, buf, sizeof(buf));
		evidence_value(g, c, value, "the address that was touched%s%s", words ? ": " : "", words ? words : "");
		tell_base(g, c);
	}
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_bad_address = { "bad pointers", run_bad_address };

static struct error *run_bug(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_BUG)
		return NULL;
	c = add_at_blamed(g, "bug", 88, "The kernel checked itself and failed (BUG)");
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_bug = { "assertions", run_bug };

static struct error *run_divide(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_DIVIDE_ERROR)
		return NULL;
	c = add_at_blamed(g, "divide-error", 97, "A number was divided by zero, or the quotient did not fit,");
	if (g->r->panic.code.text)
		evidence(g, c, "instruction bytes, <at> the fault: %s", g->r->panic.code.text);
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_divide = { "divisions", run_divide };

/* The addresses that a message names: "list_del corruption. prev->next should be ffff..., but was
 * ffff... (next=ffff...)"; since 6.0 the entry comes first. */
static void tell_list(struct gather *g, struct report_cause *c, const char *text)
{
	unsigned n = 0;

	for (const char *p = text; *p && n < 4; p++) {
		size_t len = strspn(p, "0123456789abcdef");
		uint64_t va = 0;
		char buf[128];
		const char *words;

		if (len != 16) {
			p += len ? len - 1 : 0;
			continue;
		}
		for (size_t i = 0; i < len; i++)
			va = va << 4 | (uint64_t)(p[i] <= '9' ? p[i] - '0' : p[i] - 'a' + 10);
		p += len - 1;
		words = poison_words(va, buf, sizeof(buf));
		if (words)
			evidence_value(g, c, va, "the message names %s", words);
		else
			evidence_word(g, c, va, "next pointer of the list node that the message names");
		n++;
		if (!p[1])
			break;
	}
}

static struct error *run_list(struct gather *g)
{
	const char *text = g->r->panic.reason.text;
	struct report_cause *c;
	bool twice;

	if (g->r->panic.kind != CRASH_LIST_CORRUPTION || !text)
		return NULL;
	twice = strstr(text, "LIST_POISON") || strstr(text, "dead000000000");
	c = add_at_blamed(g, "list-corruption", 96,
			  twice ? "A list entry was deleted twice" : "A linked list was found with broken neighbours");
	tell_list(g, c, text);
	evidence_setting(g, c, "panic_on_oops");
	return NULL;
}
const struct detector detect_list = { "lists", run_list };

static struct error *run_opcode(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_INVALID_OPCODE)
		return NULL;
	c = add_at_blamed(g, "invalid-opcode", 85, "An instruction was met that is none");
	if (g->r->panic.code.text)
		evidence(g, c, "instruction bytes, <at> the fault: %s", g->r->panic.code.text);
	return NULL;
}
const struct detector detect_opcode = { "instructions", run_opcode };

static struct error *run_oops(struct gather *g)
{
	if (g->r->panic.kind == CRASH_OOPS && !is_bad_address(g))
		(void)add_at_blamed(g, "oops", 60, "The processor raised an exception"); /* all is in it */
	return NULL;
}
const struct detector detect_oops = { "exceptions", run_oops };
