/* From facts to one sentence: which frame is to blame, and the headline. */
#include <inttypes.h>
#include <string.h>

#include "analyze/facts-priv.h"
#include "base/text.h"

/* Functions that a crash goes through between its place and the register note. */
static const char *const panics[] = { "panic", "vpanic", "nmi_panic", "panic_nmi" };
/* Where the kernel takes a register note of itself (kernel/crash_core.c). For an oops it may
 * note the registers of the exception instead, and then that is the innermost frame. */
static const char *const noters[] = { "__crash_kexec", "crash_kexec", "panic",
				      "vpanic",	       "nmi_panic",   "machine_crash_shutdown",
				      "native_machine_crash_shutdown" };
/* Functions that call panic() for the one to blame. */
static const char *const proxies[] = { "__stack_chk_fail", "check_panic_on_warn", "__warn" };

static bool named(const struct report_frame *f, const char *const *names, size_t n)
{
	for (size_t i = 0; f->symbol && !f->module && i < n; i++)
		if (!strcmp(f->symbol, names[i]))
			return true;
	return false;
}

/* The index behind the last panic() frame in [0, end); -1 when there is none. */
static int caller_of_panic(const struct report_stack *s, size_t end)
{
	int found = -1;

	for (size_t i = 0; i < end; i++)
		if (s->frames.v[i].exact && named(&s->frames.v[i], panics, ARRAY_SIZE(panics)))
			found = (int)i + 1;
	while (found >= 0 && (size_t)found < s->frames.n &&
	       (!s->frames.v[found].exact ||
		named(&s->frames.v[found], proxies, ARRAY_SIZE(proxies))))
		found++;
	return found >= 0 && (size_t)found < s->frames.n ? found : -1;
}

/* A hypervisor's dump finds the panicking CPU in the loop at panic()'s end. */
static bool waits_in_panic(const struct report_stack *s)
{
	for (size_t i = 1; i < s->frames.n && !s->frames.v[i].interrupted; i++)
		if (named(&s->frames.v[i], panics, ARRAY_SIZE(panics)))
			return true;
	return false;
}

/* The frame of the code that an exception interrupted on the way to the crash; -1: none. */
static int exception_frame(const struct report_stack *s)
{
	if (!s->frames.n)
		return -1;
	if (s->frames.v[0].interrupted && !named(&s->frames.v[0], noters, ARRAY_SIZE(noters)) && !waits_in_panic(s))
		return 0;
	for (size_t i = 1; i < s->frames.n; i++)
		if (s->frames.v[i].interrupted)
			return (int)i;
	return -1;
}

const struct report_stack *report_blamed_stack(const struct report *r)
{
	return r->panic.victim_stack.frames.n ? &r->panic.victim_stack : &r->panic.stack;
}

/* Functions in which a task waits for whoever called them. */
static bool is_waiting(const struct report_frame *f)
{
	static const char *const starts[] = { "__schedule",	  "schedule",	  "io_schedule",
					      "msleep",		  "__mutex_lock", "mutex_lock",
					      "rwsem_down_",	  "down_",	  "__down",
					      "wait_for_",	  "__wait_for_",  "bit_wait",
					      "__wait_on_bit",	  "out_of_line_wait_on_bit",
					      "rt_mutex_",	  "__rt_mutex_",  "rtnl_lock",
					      "folio_wait_",	  "__switch_to",  "preempt_schedule" };

	for (size_t i = 0; f->symbol && !f->module && i < ARRAY_SIZE(starts); i++)
		if (text_starts(f->symbol, starts[i]))
			return true;
	return false;
}

/* Where the victim waits: the first frame that is not waiting itself. */
int waiting_place(const struct report_stack *s)
{
	for (size_t i = 0; i < s->frames.n; i++)
		if (s->frames.v[i].exact && !is_waiting(&s->frames.v[i]))
			return (int)i;
	return -1;
}

/* A check that found something broken blames its caller: the next frame, in a kernel whose
 * check is a function of its own. */
static int behind_checks(const struct report_stack *s, int where)
{
	static const char *const starts[] = { "__list_del_entry_valid", "__list_add_valid",
					      "refcount_warn_saturate", "usercopy_abort",
					      "__check_heap_object",	"__check_object_size",
					      "fortify_panic",		"__fortify_" };
	size_t at = (size_t)where;

	for (; at < s->frames.n; at++) {
		const struct report_frame *f = &s->frames.v[at];
		bool check = false;

		for (size_t i = 0; f->symbol && !f->module && i < ARRAY_SIZE(starts); i++)
			check |= text_starts(f->symbol, starts[i]);
		if (!check)
			return (int)at;
	}
	return where;
}

static void find_place(struct report *r)
{
	const struct report_stack *s = &r->panic.stack;
	int caller;

	r->panic.boundary = exception_frame(s);
	r->panic.where = -1;
	caller = caller_of_panic(s, r->panic.boundary >= 0 ? (size_t)r->panic.boundary : s->frames.n);
	/* no word in the log, but a stack that tells */
	if (r->panic.kind == CRASH_UNKNOWN && caller >= 0)
		r->panic.kind = text_equal(s->frames.v[caller].symbol, "sysrq_handle_crash") ?
					CRASH_SYSRQ : CRASH_PANIC;
	if (crash_kinds[r->panic.kind].at_exception || caller < 0)
		r->panic.where = r->panic.boundary;
	if (r->panic.where < 0)
		r->panic.where = caller;
	if (r->panic.where < 0 && s->frames.n)
		r->panic.where = 0;
	if (r->panic.where >= 0)
		r->panic.where = behind_checks(s, r->panic.where);
	if (report_blamed_stack(r) != s)
		r->panic.where = waiting_place(&r->panic.victim_stack);
	else if (r->panic.kind == CRASH_HUNG_TASK)
		r->panic.where = -1; /* the watchdog is not to blame */
}

void report_frame_text(const struct report_frame *f, bool with_len, struct strbuf *out)
{
	if (!f->symbol) {
		strbuf_printf(out, "0x%" PRIx64, f->pc);
		return;
	}
	strbuf_printf(out, "%s+0x%" PRIx64, f->symbol, f->off);
	if (with_len && f->len)
		strbuf_printf(out, "/0x%" PRIx64, f->len);
	if (f->module)
		strbuf_printf(out, " [%s]", f->module);
}

void duration_text(uint64_t ms, struct strbuf *out)
{
	uint64_t s = ms / 1000;

	if (s < 120)
		strbuf_printf(out, "%" PRIu64 ".%" PRIu64 " s", s, ms % 1000 / 100);
	else if (s < 7200)
		strbuf_printf(out, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else if (s < 172800)
		strbuf_printf(out, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
	else
		strbuf_printf(out, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
}

static void say_place(const struct report *r, struct strbuf *out)
{
	const struct report_stack *s = report_blamed_stack(r);
	const struct report_frame *f;

	if (r->panic.where < 0) {
		if (r->panic.where_text)
			strbuf_printf(out, " in %s", r->panic.where_text);
		return;
	}
	f = &s->frames.v[r->panic.where];
	strbuf_puts(out, " in ");
	report_frame_text(f, false, out);
	/* a jump to nowhere: the caller is the one to look at */
	if (!f->symbol && (size_t)r->panic.where + 1 < s->frames.n) {
		strbuf_puts(out, ", called from ");
		report_frame_text(f + 1, false, out);
	}
}

static void say_taint(const struct report *r, struct strbuf *out)
{
	uint64_t bits = r->taint.value;
	const char *sep = "; tainted: ";

	if (r->taint.from == FROM_NOWHERE)
		return;
	if (!bits)
		strbuf_puts(out, "; not tainted");
	for (unsigned i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		if (taint_bit(i))
			strbuf_printf(out, "%s%s", sep, taint_bit(i)->words);
		else
			strbuf_printf(out, "%sbit %u", sep, i);
		sep = ", ";
	}
}

static struct error *write_headline(struct report *r)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	const char *text;

	strbuf_puts(&b, crash_kinds[r->panic.kind].words);
	/* a panic of no special kind, and those whose words say little, quote the kernel's own */
	text = r->panic.reason.text ? text_after(r->panic.reason.text, "Kernel panic - not syncing: ") :
				      NULL;
	if (text && (r->panic.kind == CRASH_PANIC || r->panic.kind == CRASH_INIT_DIED ||
		     r->panic.kind == CRASH_NO_ROOT))
		strbuf_printf(&b, " (%s)", text);
	say_place(r, &b);
	if (r->panic.victim.from != FROM_NOWHERE)
		strbuf_printf(&b, ", task %s (pid %" PRId64 "), found by", r->panic.victim.comm,
			      r->panic.victim.pid);
	if (r->panic.task.from != FROM_NOWHERE)
		strbuf_printf(&b, "%s %s (pid %" PRId64 ")",
			      r->panic.victim.from != FROM_NOWHERE ? "" : ", task",
			      r->panic.task.comm, r->panic.task.pid);
	if (r->panic.cpu.from != FROM_NOWHERE)
		strbuf_printf(&b, " on CPU %" PRIu64, r->panic.cpu.value);
	if (r->release.text)
		strbuf_printf(&b, ", kernel %s", r->release.text);
	if (r->uptime_ms.from != FROM_NOWHERE) {
		strbuf_puts(&b, ", ");
		duration_text(r->uptime_ms.value, &b);
		strbuf_puts(&b, " after boot");
	}
	say_taint(r, &b);
	TRY(strbuf_error(&b));
	free(r->headline);
	r->headline = strbuf_take(&b, NULL);
	return NULL;
}

struct error *report_conclude(struct report *r)
{
	find_place(r);
	TRY(report_sign(r));
	return write_headline(r);
}
