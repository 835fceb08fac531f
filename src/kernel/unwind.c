/* Stacks: exact frames as long as an unwinder leads on, then what a scan of the stack finds. */
#include "kernel/unwind.h"

#include <stdio.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/unwinder.h"

#define MAX_SWITCHES 8	  /* IRQ, NMI, exception and entry stacks on one way */
#define SAME_STACK   8192 /* stacks are further apart than they are deep */

static const struct unwinder *const unwinders[] = {&unwinder_orc, NULL};

static const struct unwinder *find_unwinder(struct kernel *k)
{
	for (size_t i = 0; k->arch && unwinders[i]; i++)
		if (unwinders[i]->elf_machine == k->arch->elf_machine)
			return unwinders[i];
	return NULL;
}

struct error *unwind_load(struct kernel *k)
{
	const struct unwinder *u = find_unwinder(k);

	if (!u)
		return error_new(ERROR_UNSUPPORTED, "stacks of %s are only scanned",
				 k->arch ? k->arch->name : "an unknown machine");
	return u->load(k);
}

typedef VECTOR(struct frame) frames;

static bool add_frame(frames *f, const struct walk *w)
{
	struct frame frame = {
		.pc = w->pc,
		.sp = w->sp,
		.exact = w->exact,
		.is_interrupted = w->interrupted,
		.has_regs = w->has_regs,
	};

	if (w->has_regs)
		frame.regs = w->regs;
	return vector_push(f, frame);
}

struct guess {
	frames *f;
	bool failed;
};

static bool add_guess(uint64_t pc, uint64_t sp, void *arg)
{
	struct guess *g = arg;
	struct walk w = {.pc = pc, .sp = sp};

	if (g->f->n >= UNWIND_MAX_FRAMES)
		return false;
	g->failed = !add_frame(g->f, &w);
	return !g->failed;
}

/* Frames climb their stack; down it goes only on the way to another stack. */
static bool makes_progress(const struct walk *now, uint64_t sp_before, unsigned *switches)
{
	if (now->sp > sp_before && now->sp - sp_before < (1u << 20))
		return true;
	if (now->sp <= sp_before && sp_before - now->sp < SAME_STACK)
		return false;
	return ++*switches <= MAX_SWITCHES;
}

/* Tracers put their own code where the return address was. */
static void note_trampoline(struct kernel *k, struct walk *w)
{
	static const struct {
		const char *symbol, *who;
	} known[] = {
		{"return_to_handler", "the function-graph tracer"},
		{"arch_rethook_trampoline", "a return probe"},
		{"__kretprobe_trampoline", "a return probe"},
		{"kretprobe_trampoline", "a return probe"},
	};
	struct symbol s;
	struct error *e = symbol_at(k, w->pc, &s);

	for (size_t i = 0; !e && i < ARRAY_SIZE(known); i++)
		if (text_equal(s.name, known[i].symbol))
			snprintf(w->why, sizeof(w->why), "%s took the return address",
				 known[i].who);
	error_free(e);
}

static bool in_user_mode(struct kernel *k, const struct regs *r)
{
	uint64_t cs;

	return regs_get(r, k->arch, "cs", &cs) && (cs & 3);
}

/* Follows the frames; false when out of memory. */
static bool follow(struct kernel *k, const struct unwinder *u, struct walk *w, frames *f,
		   struct stack *ret)
{
	unsigned switches = 0;

	while (f->n < UNWIND_MAX_FRAMES) {
		struct walk before = *w;
		enum step step = u->step(k, w);

		if (step == STEP_END) {
			ret->complete = before.exact && w->exact;
			ret->from_user = in_user_mode(k, &w->regs);
			ret->user = w->regs;
			if (!ret->complete)
				snprintf(w->why, sizeof(w->why),
					 "a frame pointer was trusted on the way");
			return true;
		}
		if (step == STEP_LOST) {
			note_trampoline(k, w);
			return true;
		}
		if (!makes_progress(w, before.sp, &switches)) {
			snprintf(w->why, sizeof(w->why), "the stack goes in circles at 0x%llx",
				 (unsigned long long)w->sp);
			return true;
		}
		if (!add_frame(f, w))
			return false;
	}
	snprintf(w->why, sizeof(w->why), "more than %d frames", UNWIND_MAX_FRAMES);
	return true;
}

/* The start: a whole register set is an interrupted place. A sleeping task's few registers
 * hold a return address, unless it never ran: then it is a function's first instruction. */
static void start_walk(struct kernel *k, const struct regs *start, struct walk *w)
{
	uint64_t flags;
	struct symbol s;

	*w = (struct walk){.regs = *start, .exact = true};
	regs_get(start, k->arch, k->arch->pc, &w->pc);
	regs_get(start, k->arch, k->arch->sp, &w->sp);
	w->interrupted = regs_get(start, k->arch, "eflags", &flags);
	w->has_regs = w->interrupted;
	if (!w->interrupted) {
		struct error *e = symbol_at(k, w->pc, &s);

		w->interrupted = !e && s.va == w->pc;
		error_free(e);
	}
}

static struct error *collect(struct kernel *k, const struct regs *start, uint64_t stack_lo,
			     uint64_t stack_hi, frames *f, struct stack *ret)
{
	const struct unwinder *u = find_unwinder(k);
	struct error *e = unwind_load(k);
	struct guess g = {.f = f};
	struct walk w;

	if (k->arch && !in_user_mode(k, start)) {
		start_walk(k, start, &w);
		if (w.pc || w.sp) {
			if (!add_frame(f, &w))
				goto nomem;
			if (!e && !follow(k, u, &w, f, ret))
				goto nomem;
		}
	} else if (k->arch) {
		ret->complete = true; /* nothing of it is the kernel's */
		w = (struct walk){0};
	} else {
		w = (struct walk){0};
	}
	if (!ret->complete) {
		ret->why = strdup(e ? error_message(e) : w.why);
		if (w.sp >= stack_lo && w.sp < stack_hi)
			stack_lo = w.sp;
		else if (w.sp)
			stack_hi = stack_lo; /* on a stack whose bounds are not known */
		guess_walk(k, stack_lo, stack_hi, add_guess, &g);
		if (g.failed)
			goto nomem;
	}
	error_free(e);
	return NULL;
nomem:
	error_free(e);
	return error_nomem();
}

struct error *unwind(struct kernel *k, const struct regs *start, uint64_t stack_lo,
		     uint64_t stack_hi, struct stack *ret)
{
	frames f = {0};
	struct error *e;

	*ret = (struct stack){0};
	e = collect(k, start, stack_lo, stack_hi, &f, ret);
	ret->frames = f.v;
	ret->n = f.n;
	if (e)
		stack_done(ret);
	return e;
}

void stack_done(struct stack *s)
{
	free(s->frames);
	free(s->why);
	*s = (struct stack){0};
}

struct error *frame_symbol(struct kernel *k, const struct frame *f, struct symbol *ret,
			   uint64_t *ret_off)
{
	/* a return address may be the first byte after the caller's last call */
	uint64_t at = f->is_interrupted ? f->pc : f->pc - 1;

	TRY(symbol_at(k, at, ret));
	*ret_off = f->pc - ret->va;
	return NULL;
}

void frame_format(struct kernel *k, const struct frame *f, char *buf, size_t room)
{
	struct symbol s;
	uint64_t off;
	struct error *e = frame_symbol(k, f, &s, &off);

	if (e) {
		symbol_format(k, f->pc, buf, room);
		error_free(e);
		return;
	}
	snprintf(buf, room, s.module ? "%s+0x%llx/0x%llx [%s]" : "%s+0x%llx/0x%llx", s.name,
		 (unsigned long long)off, (unsigned long long)s.len, s.module ? s.module : "");
}
