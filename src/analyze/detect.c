/* The list of detectors, and what they share. */
#include "analyze/detect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"

#define CAUSES_MAX   64
#define EVIDENCE_MAX 24

const struct detector *const detectors[] = {
	&detect_null,	       &detect_bad_address,  &detect_use_after_free,   &detect_bug,
	&detect_divide,	       &detect_list,	     &detect_opcode,	       &detect_oops,
	&detect_slab,	       &detect_double_free,  &detect_stack_overflow,   &detect_stack_corruption,
	&detect_soft_lockup,   &detect_hard_lockup,  &detect_rcu_stall,	       &detect_cross_call,
	&detect_deadlock,      &detect_lock_held,    &detect_hung_task,	       &detect_stuck_io,
	&detect_out_of_memory, &detect_memory_hog,   &detect_memory_leak,      &detect_work_stall,
	&detect_atomic_sleep,  &detect_refcount,     &detect_warning,	       &detect_sanitizer,
	&detect_machine_check, &detect_nmi,	     &detect_sysrq,	       &detect_init_died,
	&detect_no_root,       &detect_panic_text,   &detect_silent_cpus,      &detect_foreign_module,
	NULL,
};

struct report_cause *cause_add(struct gather *g, const char *slug, unsigned confidence, const char *fmt, ...)
{
	struct report_cause c = { .slug = slug, .confidence = confidence, .cpu = -1 };
	va_list ap;

	if (g->r->causes.n >= CAUSES_MAX)
		return NULL;
	va_start(ap, fmt);
	c.text = text_vformat(fmt, ap);
	va_end(ap);
	if (!c.text || !vector_push(&g->r->causes, c)) {
		free(c.text);
		g->no_memory = true;
		return NULL;
	}
	return &g->r->causes.v[g->r->causes.n - 1];
}

static void add_evidence(struct gather *g, struct report_cause *c, struct report_evidence e, const char *fmt,
			 va_list ap)
{
	if (!c || c->evidence.n >= EVIDENCE_MAX)
		return;
	e.text = text_vformat(fmt, ap);
	if (!e.text || !vector_push(&c->evidence, e)) {
		free(e.text);
		g->no_memory = true;
	}
}

void evidence(struct gather *g, struct report_cause *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_evidence(g, c, (struct report_evidence){ 0 }, fmt, ap);
	va_end(ap);
}

void evidence_word(struct gather *g, struct report_cause *c, uint64_t address, const char *fmt, ...)
{
	struct report_evidence one = { .has_address = true, .address = address };
	struct error *e = g->k ? vmem_read_long(g->k, address, &one.value) : NULL;
	va_list ap;

	one.has_value = g->k && !e;
	error_free(e);
	va_start(ap, fmt);
	add_evidence(g, c, one, fmt, ap);
	va_end(ap);
}

void evidence_value(struct gather *g, struct report_cause *c, uint64_t value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_evidence(g, c, (struct report_evidence){ .has_value = true, .value = value }, fmt, ap);
	va_end(ap);
}

void evidence_setting(struct gather *g, struct report_cause *c, const char *variable)
{
	struct error *e;
	uint32_t v = 0;
	uint64_t at;

	if (!g->k || !c)
		return;
	e = symbol_find(g->k, variable, &at);
	if (!e)
		e = vmem_read_u32(g->k, at, &v);
	if (!e && v)
		evidence_word(g, c, at, "%s is %u: that setting made a panic of it", variable, v);
	error_free(e);
}

void cause_blames_task(struct report_cause *c, const struct report_task *t)
{
	if (c && t->from != FROM_NOWHERE)
		c->task = *t;
}

void cause_blames_cpu(struct report_cause *c, int cpu)
{
	if (c)
		c->cpu = cpu;
}

void cause_blames_frame(struct gather *g, struct report_cause *c, const struct report_frame *f)
{
	struct strbuf b = { 0 };

	if (!c || !f || c->place)
		return;
	report_frame_text(f, true, &b);
	c->place = strbuf_take(&b, NULL);
	g->no_memory |= !c->place;
}

const struct report_frame *blamed_frame(const struct gather *g)
{
	const struct report_stack *s = report_blamed_stack(g->r);

	return g->r->panic.where >= 0 && (size_t)g->r->panic.where < s->frames.n ?
		       &s->frames.v[g->r->panic.where] : NULL;
}

void say_blamed(const struct gather *g, struct strbuf *out)
{
	const struct report_frame *f = blamed_frame(g);

	if (f) {
		strbuf_puts(out, " in ");
		report_frame_text(f, false, out);
	} else if (g->r->panic.where_text) {
		strbuf_printf(out, " in %s", g->r->panic.where_text);
	}
}

const struct report_cpu *report_cpu_by_number(const struct report *r, unsigned cpu)
{
	for (size_t i = 0; i < r->cpus.n; i++)
		if (r->cpus.v[i].cpu == cpu)
			return &r->cpus.v[i];
	return NULL;
}

const struct report_stack *stack_of_cpu(const struct report *r, unsigned cpu)
{
	const struct report_cpu *c;

	if (r->panic.cpu.from != FROM_NOWHERE && r->panic.cpu.value == cpu && r->panic.stack.frames.n)
		return &r->panic.stack;
	c = report_cpu_by_number(r, cpu);
	return c ? &r->cpus.v[c->same_as].stack : NULL;
}

int frame_among(const struct report_stack *s, const char *const *starts)
{
	for (size_t i = 0; s && i < s->frames.n; i++)
		for (size_t n = 0; s->frames.v[i].symbol && s->frames.v[i].exact && starts[n]; n++)
			if (text_starts(s->frames.v[i].symbol, starts[n]))
				return (int)i;
	return -1;
}

/* Where CPUs stand that another one stopped: arch/x86/kernel/{reboot,smp,crash,process}.c. */
static bool stops(const struct report_frame *f)
{
	static const char *const starts[] = { "crash_nmi_callback", "kdump_nmi_callback", "nmi_shootdown", "stop_this_cpu",
					      "smp_stop_nmi_callback", "nmi_handle", "default_do_nmi", "exc_nmi",
					      "asm_exc_nmi", "end_repeat_nmi", "native_stop_other_cpus", "halt_current_cpu",
					      "crash_save_cpu", "native_halt", "sysvec_reboot", "asm_sysvec_reboot",
					      "__sysvec_reboot" };

	for (size_t i = 0; f->symbol && i < ARRAY_SIZE(starts); i++)
		if (text_starts(f->symbol, starts[i]))
			return true;
	return false;
}

int interrupted_frame(const struct report_stack *s)
{
	for (size_t i = 0; s && i < s->frames.n; i++)
		if (s->frames.v[i].regs && !stops(&s->frames.v[i]))
			return (int)i;
	return -1;
}

bool frame_reg(const struct report_frame *f, const char *name, uint64_t *ret)
{
	for (unsigned i = 0; f->regs && i < f->regs->n; i++) {
		if (text_equal(f->regs->v[i].name, name)) {
			*ret = f->regs->v[i].value;
			return true;
		}
	}
	return false;
}

bool interrupts_off(const struct report_stack *s)
{
	int at = interrupted_frame(s);
	uint64_t flags;

	if (at < 0 || (!frame_reg(&s->frames.v[at], "rflags", &flags) && !frame_reg(&s->frames.v[at], "eflags", &flags)))
		return false;
	return !(flags & 0x200); /* X86_EFLAGS_IF */
}

static int most_probable(const void *a, const void *b)
{
	const struct report_cause *x = a, *y = b;

	if (x->beside != y->beside)
		return x->beside ? 1 : -1;
	return x->confidence > y->confidence ? -1 : x->confidence < y->confidence;
}

/* Lines of the log that stand for themselves. */
static struct error *take_signs(struct gather *g)
{
	for (size_t i = 0; i < SIGNS; i++) {
		struct sign_seen *v = &g->log.signs.v[i];
		struct report_sign one = { .slug = sign_words[i].slug, .words = sign_words[i].words, .count = v->count,
					   .first_us = v->first_us, .last_us = v->last_us };

		if (!v->count || !sign_words[i].shown)
			continue;
		one.first = strdup(v->first);
		one.last = strdup(v->last);
		if (!one.first || !one.last || !vector_push(&g->r->signs, one)) {
			free(one.first);
			free(one.last);
			return error_nomem();
		}
	}
	return NULL;
}

struct error *gather_causes(struct gather *g)
{
	struct report *r = g->r;

	TRY(report_conclude(r));
	TRY(take_signs(g));
	for (size_t i = 0; detectors[i]; i++) {
		struct error *e = detectors[i]->detect(g);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e) {
			struct error *e2 = report_miss(r, detectors[i]->name, "%s", error_message(e));

			error_free(e);
			TRY(e2);
		}
	}
	if (r->causes.n)
		qsort(r->causes.v, r->causes.n, sizeof(*r->causes.v), most_probable);
	return g->no_memory ? error_nomem() : NULL;
}
