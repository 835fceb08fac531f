/*
 * ORC, x86_64: the tables of the kernel and, when a frame asks for them, of modules. What a
 * rule means: arch/x86/kernel/unwind_orc.c (Linux 4.14 to 7.2).
 */
#include <elf.h>
#include <stdio.h>

#include "base/base.h"
#include "kernel/module.h"
#include "kernel/orc.h"
#include "kernel/symbol.h"
#include "kernel/unwinder.h"
#include "kernel/vmem.h"

#define MAX_RULES (1u << 25)
#define MAX_FRAME 2048 /* how far a return address is looked for */

/* Places in arch_x86_64.regs, which are also the words of struct pt_regs up to ss. */
enum {
	R13 = 2,
	RBP = 4,
	R10 = 7,
	RAX = 10,
	RDX = 12,
	RDI = 14,
	RIP = 16,
	CS = 17,
	EFLAGS = 18,
	RSP = 19,
	SS = 20,
	PT_REGS_WORDS = 21
};

struct tables {
	struct orc_table t;
	struct vmem_block ips, rules;
	bool tried;
};

struct orc {
	int version; /* 0: none, `why` says the reason */
	struct tables kernel;
	struct tables *modules; /* by number of the module */
	size_t nr_modules;
	enum error_kind kind;
	char *why;
};

/* ---- tables ---- */

static void tables_done(struct tables *t)
{
	vmem_block_done(&t->ips);
	vmem_block_done(&t->rules);
	t->t.n = 0;
}

static struct error *load_tables(struct kernel *k, uint64_t ips_va, uint64_t rules_va,
				 uint64_t n, struct tables *t)
{
	t->tried = true;
	TRY(vmem_load(k, ips_va, n * 4, MAX_RULES * 4ull, &t->ips));
	TRY(vmem_load(k, rules_va, n * 6, MAX_RULES * 6ull, &t->rules));
	t->t = (struct orc_table){t->ips.bytes, t->rules.bytes, ips_va, n, k->big};
	return NULL;
}

static struct error *load_kernel(struct kernel *k, struct orc *o)
{
	uint64_t ips, ips_end, rules;
	const char *why;

	if (!k->arch || k->arch->elf_machine != EM_X86_64)
		return error_new(ERROR_UNSUPPORTED, "only x86_64 kernels have ORC tables here");
	TRY(symbol_find(k, "__start_orc_unwind_ip", &ips));
	TRY(symbol_find(k, "__stop_orc_unwind_ip", &ips_end));
	TRY(symbol_find(k, "__start_orc_unwind", &rules));
	if (ips_end <= ips || (ips_end - ips) % 4)
		return error_new(ERROR_BAD_DATA, "the table from 0x%llx to 0x%llx has no sense",
				 (unsigned long long)ips, (unsigned long long)ips_end);
	TRY(load_tables(k, ips, rules, (ips_end - ips) / 4, &o->kernel));
	o->version = orc_find_version(&o->kernel.t, &why);
	return o->version ? NULL : error_new(ERROR_BAD_DATA, "%s", why);
}

static struct error *orc_load(struct kernel *k)
{
	struct orc *o = k->orc;
	struct error *e;

	if (!o) {
		o = k->orc = calloc(1, sizeof(*o));
		if (!o)
			return error_nomem();
		e = load_kernel(k, o);
		if (e) {
			tables_done(&o->kernel);
			k->no_orc = true;
			o->kind = error_kind(e);
			o->why = strdup(error_message(e));
			error_free(e);
		}
	}
	if (o->version)
		return NULL;
	return error_new(o->kind, "no ORC tables: %s", o->why ? o->why : "out of memory");
}

void orc_free(struct orc *o)
{
	if (!o)
		return;
	tables_done(&o->kernel);
	for (size_t i = 0; i < o->nr_modules; i++)
		tables_done(&o->modules[i]);
	free(o->modules);
	free(o->why);
	free(o);
}

/* The module's tables; they are sorted in place when it is loaded. Null: it has none. */
static const struct orc_table *module_table(struct kernel *k, const struct module *m)
{
	struct orc *o = k->orc;
	size_t i = m - module_at(k, 0);

	if (!o->modules) {
		o->modules = calloc(modules_count(k), sizeof(*o->modules));
		if (!o->modules)
			return NULL;
		o->nr_modules = modules_count(k);
	}
	if (i >= o->nr_modules || !m->nr_orc)
		return NULL;
	if (!o->modules[i].tried) {
		struct error *e =
			load_tables(k, m->orc_ip_va, m->orc_va, m->nr_orc, &o->modules[i]);

		if (e)
			tables_done(&o->modules[i]);
		error_free(e);
	}
	return o->modules[i].t.n ? &o->modules[i].t : NULL;
}

static bool find_rule(struct kernel *k, uint64_t ip, struct orc_rule *ret)
{
	const struct orc_table *t = &k->orc->kernel.t;
	struct symbol s;
	struct error *e;
	uint32_t i;

	const struct module *m = module_containing(k, ip);

	if (m) {
		t = module_table(k, m);
	} else {
		/* past the last address the table says nothing; a symbol bounds it */
		e = symbol_at(k, ip, &s);
		error_free(e);
		if (e)
			return false;
	}
	if (!t || !orc_lookup(t, ip, &i))
		return false;
	*ret = orc_decode(t->rules + 6ull * i, k->orc->version, t->big);
	return true;
}

/* ---- one step ---- */

static bool lost(struct walk *w, const char *fmt, ...) PRINTF(2, 3);
static bool lost(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	return false;
}

static bool known(const struct regs *r, int i)
{
	return r->known >> i & 1;
}

static void set(struct regs *r, int i, uint64_t v)
{
	r->v[i] = v;
	r->known |= 1ull << i;
}

static bool read_stack(struct kernel *k, struct walk *w, uint64_t va, uint64_t *ret)
{
	struct error *e = vmem_read_u64(k, va, ret);

	if (e)
		lost(w, "%s", error_message(e));
	error_free(e);
	return !e;
}

/* The caller's stack pointer before the call: where the return address or the registers end. */
static bool frame_end(struct kernel *k, struct walk *w, const struct orc_rule *r, uint64_t *ret)
{
	static const int plain[] = {[ORC_REG_DX] = RDX,
				    [ORC_REG_DI] = RDI,
				    [ORC_REG_R10] = R10,
				    [ORC_REG_R13] = R13,
				    [ORC_REG_AX] = RAX};
	uint64_t at;
	int reg;

	switch (r->sp_reg) {
	case ORC_REG_SP:
		*ret = w->sp + (int64_t)r->sp_off;
		return true;
	case ORC_REG_BP:
	case ORC_REG_BP_INDIRECT:
		if (!known(&w->regs, RBP))
			return lost(w, "the frame hangs on rbp, which is not known here");
		*ret = w->regs.v[RBP] + (int64_t)r->sp_off;
		return r->sp_reg == ORC_REG_BP || read_stack(k, w, *ret, ret);
	case ORC_REG_SP_INDIRECT:
		/* the offset is added after reading since 5.11; 0 in both ways where it is used
		 */
		if (!read_stack(k, w, w->sp, &at))
			return false;
		*ret = at + (int64_t)r->sp_off;
		return true;
	case ORC_REG_DX:
	case ORC_REG_DI:
	case ORC_REG_R10:
	case ORC_REG_R13:
	case ORC_REG_AX:
		reg = plain[r->sp_reg];
		if (!known(&w->regs, reg))
			return lost(w,
				    "the frame hangs on register %d, which is not known here",
				    reg);
		*ret = w->regs.v[reg];
		return true;
	default:
		return lost(w, "the unwind table has no rule for this place");
	}
}

/* The caller's rbp, asked before anything else is changed. */
static bool caller_bp(struct kernel *k, struct walk *w, const struct orc_rule *r, uint64_t end,
		      uint64_t *ret_bp, bool *ret_known)
{
	*ret_known = known(&w->regs, RBP);
	*ret_bp = w->regs.v[RBP];
	switch (r->bp_reg) {
	case ORC_REG_UNDEFINED:
		return true;
	case ORC_REG_PREV_SP:
		*ret_known = true;
		return read_stack(k, w, end + (int64_t)r->bp_off, ret_bp);
	case ORC_REG_BP:
		if (!*ret_known)
			return lost(w, "the saved rbp hangs on rbp, which is not known here");
		return read_stack(k, w, *ret_bp + (int64_t)r->bp_off, ret_bp);
	default:
		return lost(w, "the unwind table has a bad rule for rbp");
	}
}

static bool to_caller(struct kernel *k, struct walk *w, uint64_t end, uint64_t bp,
		      bool bp_known)
{
	uint64_t pc;

	if (!read_stack(k, w, end - 8, &pc))
		return false;
	w->regs.known = 0; /* what is not saved by the rules is not known further up */
	set(&w->regs, RIP, pc);
	set(&w->regs, RSP, end);
	if (bp_known)
		set(&w->regs, RBP, bp);
	w->pc = pc;
	w->sp = end;
	w->has_regs = false;
	return true;
}

/* From an exception's frame to what it interrupted: all of pt_regs, or its IRET part. */
static bool to_interrupted(struct kernel *k, struct walk *w, uint64_t at, bool partial)
{
	unsigned char buf[8 * PT_REGS_WORDS];
	int first = partial ? RIP : 0, n = partial ? 5 : PT_REGS_WORDS;
	struct error *e = vmem_read(k, at, buf, 8 * n);

	if (e) {
		lost(w, "saved registers: %s", error_message(e));
		error_free(e);
		return false;
	}
	for (int i = 0; i < n; i++)
		set(&w->regs, first + i, get_u64(buf + 8 * i, false));
	w->pc = w->regs.v[RIP];
	w->sp = w->regs.v[RSP];
	w->has_regs = true;
	return true;
}

/* Whether `ret` is where the call of the function at `va` returns to: e8 and the distance. A
 * few bytes of padding or landing pad before and after `va` belong to the function. */
static bool returns_from(struct kernel *k, uint64_t ret, uint64_t va)
{
	unsigned char b[5];
	struct error *e = vmem_read(k, ret - sizeof(b), b, sizeof(b));

	error_free(e);
	if (e || b[0] != 0xe8)
		return false;
	return ret + (uint64_t)(int64_t)(int32_t)get_u32(b + 1, false) - va + 16 <= 32;
}

/* Where the function at `va` saves rbp: the number of its push, 0 when it leaves rbp alone.
 * Only what compilers put between the pushes of a prologue is understood. */
static unsigned push_of_bp(struct kernel *k, uint64_t va)
{
	static const struct {
		unsigned char len, n, bytes[4];
	} fillers[] = {
		{4, 4, {0xf3, 0x0f, 0x1e, 0xfa}}, /* endbr64 */
		{5, 4, {0x0f, 0x1f, 0x44, 0x00}}, /* nop of 5, for ftrace */
		{5, 1, {0xe8}},			  /* call of __fentry__ */
	};
	unsigned char b[96];
	unsigned pushes = 0;
	struct error *e = vmem_read(k, va, b, sizeof(b));

	error_free(e);
	for (size_t i = 0; !e && i + 8 < sizeof(b);) {
		size_t skip = 0;

		if (b[i] >= 0x50 && b[i] <= 0x57) { /* push */
			pushes++;
			if (b[i] == 0x55)
				return pushes;
			i++;
			continue;
		}
		if (b[i] == 0x41 && b[i + 1] >= 0x50 && b[i + 1] <= 0x57) { /* of r8 to r15 */
			pushes++;
			i += 2;
			continue;
		}
		for (size_t j = 0; !skip && j < ARRAY_SIZE(fillers); j++)
			if (memcmp(b + i, fillers[j].bytes, fillers[j].n) == 0)
				skip = fillers[j].len;
		if (!skip && (b[i] & 0xf8) == 0x48 && (b[i + 1] == 0x89 || b[i + 1] == 0x8b) &&
		    b[i + 2] >= 0xc0)
			skip = 3; /* mov between registers */
		if (!skip && (b[i] == 0x31 || b[i] == 0x89) && b[i + 1] >= 0xc0)
			skip = 2; /* xor, mov of 32 bits */
		if (!skip && b[i] >= 0xb8 && b[i] <= 0xbf)
			skip = 5; /* mov of a constant */
		if (!skip)
			break;
		i += skip;
	}
	return 0;
}

/*
 * Functions that objtool was told to leave alone have no rules; __crash_kexec(), where every
 * panic's own registers are taken, is one. The stack then has to prove the way out: the first
 * word from sp on that lies right behind a call of this very function is its return address.
 */
static bool leave_by_proof(struct kernel *k, struct walk *w)
{
	struct symbol s;
	uint64_t pc, bp = w->regs.v[RBP];
	bool bp_known = known(&w->regs, RBP);
	unsigned push;
	struct error *e = symbol_at(k, w->interrupted ? w->pc : w->pc - 1, &s);

	error_free(e);
	if (e)
		return false;
	for (uint64_t at = w->sp; at - w->sp < MAX_FRAME; at += 8) {
		if (!read_stack(k, w, at, &pc))
			return false;
		if (pc - s.va + INT32_MAX > UINT32_MAX || !returns_from(k, pc, s.va))
			continue;
		push = push_of_bp(k, s.va);
		if (push && !read_stack(k, w, at - 8 * push, &bp))
			return false;
		return to_caller(k, w, at + 8, bp, bp_known || push);
	}
	return false;
}

static enum step orc_step(struct kernel *k, struct walk *w)
{
	/* a call of a null pointer: nothing but the return address was pushed */
	static const struct orc_rule null_call = {8,	    0,	  ORC_REG_SP, ORC_REG_UNDEFINED,
						  ORC_CALL, false};
	/* code without rules (JITed programs, trampolines): try rbp, and say so */
	static const struct orc_rule by_bp = {16,	-16,  ORC_REG_BP, ORC_REG_PREV_SP,
					      ORC_CALL, false};
	struct orc_rule r;
	uint64_t end, bp;
	bool bp_known, partial;

	if (!w->pc && w->interrupted) {
		r = null_call;
	} else if (!find_rule(k, w->interrupted ? w->pc : w->pc - 1, &r)) {
		r = by_bp;
		w->exact = false;
	}
	if (r.kind == ORC_END_OF_STACK)
		return STEP_END;
	if (r.kind == ORC_UNDEFINED || r.kind == ORC_BAD) {
		if (leave_by_proof(k, w)) {
			w->interrupted = false;
			return STEP_FRAME;
		}
		lost(w, "the unwind table has no rule for this place");
		return STEP_LOST;
	}
	if (!frame_end(k, w, &r, &end))
		return STEP_LOST;
	if (r.kind == ORC_CALL) {
		if (!caller_bp(k, w, &r, end, &bp, &bp_known) ||
		    !to_caller(k, w, end, bp, bp_known))
			return STEP_LOST;
	} else {
		partial = r.kind == ORC_REGS_PARTIAL;
		if (!to_interrupted(k, w, end, partial))
			return STEP_LOST;
		if (w->regs.v[CS] & 3)
			return STEP_END; /* user mode */
	}
	w->interrupted = r.signal; /* not the kind: int3 entries (6.3) trap behind the instruction */
	return STEP_FRAME;
}

const struct unwinder unwinder_orc = {
	.name = "ORC",
	.elf_machine = EM_X86_64,
	.load = orc_load,
	.step = orc_step,
};
