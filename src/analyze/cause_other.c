/* Hardware, operators, and panics that speak for themselves. */
#include <inttypes.h>
#include <string.h>

#include "analyze/detect.h"
#include "base/text.h"

static void tell_reason(struct gather *g, struct report_cause *c)
{
	if (g->r->panic.reason.text)
		evidence(g, c, "the log: %s", g->r->panic.reason.text);
	if (g->r->panic.final.text)
		evidence(g, c, "the log: %s", g->r->panic.final.text);
}

static struct report_cause *add_blaming(struct gather *g, const char *slug, unsigned confidence, const char *words)
{
	_cleanup_strbuf_ struct strbuf where = { 0 };
	struct report_cause *c;

	say_blamed(g, &where);
	c = cause_add(g, slug, confidence, "%s%s", words, strbuf_str(&where));
	tell_reason(g, c);
	cause_blames_task(c, &g->r->panic.task);
	cause_blames_frame(g, c, blamed_frame(g));
	if (g->r->panic.cpu.from != FROM_NOWHERE)
		cause_blames_cpu(c, (int)g->r->panic.cpu.value);
	return c;
}

static struct error *run_atomic(struct gather *g)
{
	static const char *const sleeping[] = { "__schedule_bug", "__schedule", "schedule", "__might_", "msleep", "usleep",
						"mutex_lock", "__mutex_lock", "down", "wait_for_", "check_panic_on_warn", "panic",
						"vpanic", "ssleep", "__wait_for", "dump_stack", "_printk", "do_nanosleep", NULL };
	static const char *const panics[] = { "panic", "vpanic", NULL };
	const struct sign_seen *v = &g->log.signs.v[SIGN_ATOMIC];
	const struct report_stack *s = &g->r->panic.stack;
	const char *final = g->r->panic.final.text ? g->r->panic.final.text : g->r->panic.reason.text;
	bool fatal = final && (strstr(final, "scheduling while atomic") || strstr(final, "Attempted to sleep"));
	struct report_cause *c;

	if (!v->count && !fatal)
		return NULL;
	c = cause_add(g, "scheduling-while-atomic", fatal ? 97 : 40, "Something slept while it held a spinlock or had preemption off%s%s",
		      v->count ? ": " : "", v->count ? v->last : "");
	if (c)
		c->beside = !fatal;
	if (v->count)
		evidence(g, c, "the log: %s", v->first);
	if (fatal) {
		cause_blames_task(c, &g->r->panic.task);
		evidence_setting(g, c, "panic_on_warn");
		/* what comes before panic() is its own */
		for (size_t i = (size_t)MAX(frame_among(s, panics), 0); i < s->frames.n; i++) {
			bool own = !s->frames.v[i].symbol || !s->frames.v[i].exact;

			for (size_t n = 0; !own && sleeping[n]; n++)
				own = !s->frames.v[i].module && text_starts(s->frames.v[i].symbol, sleeping[n]);
			if (own)
				continue;
			cause_blames_frame(g, c, &s->frames.v[i]);
			break;
		}
	}
	return NULL;
}
const struct detector detect_atomic_sleep = { "atomic sleeps", run_atomic };

static struct error *run_warning(struct gather *g)
{
	if (g->r->panic.kind == CRASH_WARNING)
		evidence_setting(g, add_blaming(g, "warning", 85, "The kernel warned of itself, and warnings were to be fatal,"),
				 "panic_on_warn");
	return NULL;
}
const struct detector detect_warning = { "warnings", run_warning };

static struct error *run_sanitizer(struct gather *g)
{
	if (g->r->panic.kind == CRASH_SANITIZER)
		(void)add_blaming(g, "sanitizer", 95, "A sanitizer caught a wrong memory access"); /* complete as it is */
	return NULL;
}
const struct detector detect_sanitizer = { "sanitizers", run_sanitizer };

static struct error *run_mce(struct gather *g)
{
	const struct sign_seen *v = &g->log.signs.v[SIGN_MACHINE_CHECK], *w = &g->log.signs.v[SIGN_HARDWARE];
	bool fatal = g->r->panic.kind == CRASH_MACHINE_CHECK;
	struct report_cause *c;

	if (!fatal && !v->count && !w->count)
		return NULL;
	c = cause_add(g, "machine-check", fatal ? 97 : 45, fatal ? "The processor reported a hardware error that it could not survive" :
								   "The hardware reported errors before");
	if (c)
		c->beside = !fatal;
	if (fatal)
		tell_reason(g, c);
	/* "Machine Check Exception: 5 Bank 9: bd..." */
	if (v->count)
		evidence(g, c, "the log: %s", v->first);
	if (v->count > 1)
		evidence(g, c, "the log: %s", v->last);
	if (w->count)
		evidence(g, c, "the log: %s", w->last);
	if (fatal && g->r->panic.cpu.from != FROM_NOWHERE)
		cause_blames_cpu(c, (int)g->r->panic.cpu.value);
	return NULL;
}
const struct detector detect_machine_check = { "machine checks", run_mce };

static struct error *run_nmi(struct gather *g)
{
	const struct sign_seen *v = &g->log.signs.v[SIGN_NMI];
	const char *what = "a watchdog, an operator or broken hardware";
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_NMI)
		return NULL;
	if (v->count && strstr(v->last, "SERR"))
		what = "a bus error (SERR)";
	else if (v->count && strstr(v->last, "IOCK"))
		what = "an I/O check";
	c = cause_add(g, "nmi", 85, "A non-maskable interrupt of unknown origin came: %s", what);
	tell_reason(g, c);
	if (v->count)
		evidence(g, c, "the log: %s", v->first);
	evidence_setting(g, c, "unknown_nmi_panic");
	evidence_setting(g, c, "panic_on_unrecovered_nmi");
	if (c && g->r->panic.cpu.from != FROM_NOWHERE)
		cause_blames_cpu(c, (int)g->r->panic.cpu.value);
	return NULL;
}
const struct detector detect_nmi = { "NMIs", run_nmi };

static struct error *run_sysrq(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_SYSRQ)
		return NULL;
	c = cause_add(g, "sysrq", 99, "Somebody asked for a crash: %s (pid %" PRId64 ") wrote to /proc/sysrq-trigger, or a key was pressed",
		      g->r->panic.task.from != FROM_NOWHERE ? g->r->panic.task.comm : "a task",
		      g->r->panic.task.from != FROM_NOWHERE ? g->r->panic.task.pid : -1);
	tell_reason(g, c);
	cause_blames_task(c, &g->r->panic.task);
	return NULL;
}
const struct detector detect_sysrq = { "requests", run_sysrq };

static struct error *run_init(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_INIT_DIED)
		return NULL;
	c = cause_add(g, "init-died", 95, "The first process ended, which it must not");
	tell_reason(g, c);
	cause_blames_task(c, &g->r->panic.task);
	return NULL;
}
const struct detector detect_init_died = { "init", run_init };

static struct error *run_no_root(struct gather *g)
{
	struct report_cause *c;

	if (g->r->panic.kind != CRASH_NO_ROOT)
		return NULL;
	c = cause_add(g, "no-root", 97, "The root file system could not be mounted: a driver, a device or the root= option is missing");
	tell_reason(g, c);
	if (g->r->command_line.text)
		evidence(g, c, "command line: %s", g->r->command_line.text);
	return NULL;
}
const struct detector detect_no_root = { "root file system", run_no_root };

static struct error *run_text(struct gather *g)
{
	if (g->r->panic.kind == CRASH_PANIC)
		(void)add_blaming(g, "panic", 75, "The kernel gave up"); /* complete as it is */
	return NULL;
}
const struct detector detect_panic_text = { "panic texts", run_text };

/* CPUs that did not even take the NMI that was to stop them. */
static struct error *run_silent(struct gather *g)
{
	const struct report *r = g->r;
	struct report_cause *c = NULL;

	for (size_t i = 0; i < r->cpus.n; i++) {
		if (!r->cpus.v[i].online || r->cpus.v[i].has_regs || r->cpus.v[i].panicked)
			continue;
		if (!c)
			c = cause_add(g, "silent-cpu", 30, "CPU %u did not answer when it was told to stop", r->cpus.v[i].cpu);
		if (c)
			c->beside = true;
		evidence(g, c, "CPU %u left no registers", r->cpus.v[i].cpu);
	}
	return NULL;
}
const struct detector detect_silent_cpus = { "silent CPUs", run_silent };

static struct error *run_foreign(struct gather *g)
{
	const struct report_frame *f = blamed_frame(g);
	struct report_cause *c;

	for (size_t i = 0; f && f->module && i < g->r->modules.n; i++) {
		const struct report_module *m = &g->r->modules.v[i];
		char letters[65];

		/* kernel/panic.c: proprietary, out of tree, staging, unsigned */
		if (!text_equal(m->name, f->module) || !(m->taints & (1 << 0 | 1 << 12 | 1 << 10)))
			continue;
		taint_letters(m->taints, letters, sizeof(letters));
		c = cause_add(g, "foreign-module", 30, "The code to blame is in module %s, which is not part of this kernel (%s)", m->name,
			      letters);
		if (c)
			c->beside = true;
		cause_blames_frame(g, c, f);
		evidence_value(g, c, m->taints, "taint bits of the module");
	}
	return NULL;
}
const struct detector detect_foreign_module = { "foreign modules", run_foreign };
