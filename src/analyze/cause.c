/*
 * Which event of the log began the final cascade. The line that ends a log is seldom the
 * reason: panic() prints "Fatal exception" for an oops that was told lines before, and
 * "softlockup: hung tasks" for a lockup. So the panic() line is looked up in a table that
 * says which kind of event it speaks of, the latest such event before it is taken, and from
 * there the way goes back over events of the same oops.
 */
#include <string.h>

#include "analyze/log.h"
#include "base/text.h"

/* An oops within this time before another one that it did not end belongs to it. */
#define SAME_OOPS_US (10 * 1000000)
#define SAME_ROUND_US	(1 * 1000000)
#define SAME_TRIGGER_US (2 * 1000000)

static const struct panic_words {
	const char *words; /* the panic text contains it */
	enum crash_kind kind;
	enum { ITSELF, THE_OOPS, THE_EVENT } cause;
} panic_words[] = {
	{ "sysrq triggered crash", CRASH_SYSRQ, ITSELF },
	{ "Fatal exception", CRASH_OOPS, THE_OOPS },
	{ "Fatal hardware error", CRASH_MACHINE_CHECK, THE_EVENT },
	{ "Aiee, killing interrupt handler", CRASH_OOPS, THE_OOPS },
	{ "Attempted to kill the idle task", CRASH_OOPS, THE_OOPS },
	{ "Attempted to kill init", CRASH_INIT_DIED, THE_OOPS },
	{ "kernel: panic_on_warn set", CRASH_WARNING, THE_EVENT },
	{ "panic_on_warn set", CRASH_SANITIZER, THE_EVENT },
	{ "softlockup: hung tasks", CRASH_SOFT_LOCKUP, THE_EVENT },
	{ "Hard LOCKUP", CRASH_HARD_LOCKUP, THE_EVENT },
	{ "hard LOCKUP", CRASH_HARD_LOCKUP, THE_EVENT },
	{ "hung_task: blocked tasks", CRASH_HUNG_TASK, THE_EVENT },
	{ "RCU Stall", CRASH_RCU_STALL, THE_EVENT },
	{ "Out of memory", CRASH_OUT_OF_MEMORY, ITSELF },
	{ "out of memory", CRASH_OUT_OF_MEMORY, ITSELF },
	{ "System is deadlocked on memory", CRASH_OUT_OF_MEMORY, ITSELF },
	{ "Machine check", CRASH_MACHINE_CHECK, ITSELF },
	{ "machine check", CRASH_MACHINE_CHECK, ITSELF },
	{ "Timeout: Not all CPUs entered broadcast exception handler", CRASH_MACHINE_CHECK, ITSELF },
	{ "NMI", CRASH_NMI, ITSELF },
	{ "stack-protector: ", CRASH_STACK_CORRUPTION, ITSELF },
	{ "corrupted stack end detected", CRASH_STACK_CORRUPTION, ITSELF },
	{ "kernel stack overflow", CRASH_STACK_OVERFLOW, ITSELF },
	{ "VFS: Unable to mount root fs", CRASH_NO_ROOT, ITSELF },
	{ "No working init found", CRASH_NO_ROOT, ITSELF },
};

static bool within(const struct log_event *a, const struct log_event *b, uint64_t us)
{
	return !a->has_time || !b->has_time || b->ts_us < a->ts_us || b->ts_us - a->ts_us <= us;
}

static bool is_oops(const struct log_event *e)
{
	return e->role == ROLE_START || e->role == ROLE_DIE;
}

/* One round of the watchdog tells of several hung tasks; the first one is the reason. */
static size_t first_of_round(const struct log *l, size_t i)
{
	const struct log_event *v = l->events.v;

	while (i > 0 && v[i].kind == CRASH_HUNG_TASK && v[i - 1].kind == CRASH_HUNG_TASK &&
	       within(&v[i - 1], &v[i], SAME_ROUND_US))
		i--;
	return i;
}

/* From event `i`, an oops or a panic, back to the first one of the same trouble. */
static size_t first_of_trouble(const struct log *l, size_t i)
{
	const struct log_event *v = l->events.v;
	size_t first = i, j;

	for (j = i; j-- > 0;) {
		if (is_oops(&v[j]) && is_oops(&v[i])) {
			if (v[j].ended || !within(&v[j], &v[first], SAME_OOPS_US))
				break;
			first = j;
		} else if (v[j].role == ROLE_TRIGGER) {
			if (within(&v[j], &v[first], SAME_TRIGGER_US))
				first = j;
			break;
		}
	}
	return first;
}

static const struct panic_words *panic_meaning(const struct log_event *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(panic_words); i++)
		if (strstr(e->text, panic_words[i].words))
			return &panic_words[i];
	return NULL;
}

/* The event that the panic at index `at` speaks of; `at` when it speaks for itself. */
static size_t cause_of_panic(const struct log *l, size_t at)
{
	const struct panic_words *m = panic_meaning(&l->events.v[at]);

	if (!m || m->cause == ITSELF)
		return at;
	for (size_t i = at; i-- > 0;) {
		const struct log_event *e = &l->events.v[i];

		if (m->cause == THE_OOPS ? is_oops(e) : e->kind == m->kind)
			return m->cause == THE_OOPS ? first_of_trouble(l, i) :
							  first_of_round(l, i);
	}
	return at;
}

const struct log_event *log_cause(const struct log *l, const struct log_event **ret_panic)
{
	const struct log_event *v = l->events.v;
	size_t panic = SIZE_MAX, oops = SIZE_MAX, cause;

	*ret_panic = NULL;
	/* a machine panics once: a second panic() line comes from the trouble of the first */
	for (size_t i = 0; i < l->events.n; i++) {
		if (v[i].role == ROLE_PANIC && panic == SIZE_MAX)
			panic = i;
		if (is_oops(&v[i]) && panic == SIZE_MAX)
			oops = i;
	}
	if (panic != SIZE_MAX) {
		*ret_panic = &v[panic];
		cause = cause_of_panic(l, panic);
	} else if (oops != SIZE_MAX) {
		cause = first_of_trouble(l, oops);
	} else if (l->events.n && v[l->events.n - 1].role != ROLE_SOFT) {
		cause = l->events.n - 1;
	} else {
		return NULL;
	}
	return &v[cause];
}

enum crash_kind log_cause_kind(const struct log_event *cause)
{
	const struct panic_words *m;

	if (cause->role != ROLE_PANIC)
		return cause->kind;
	m = panic_meaning(cause);
	if (!m)
		return CRASH_PANIC;
	/* an oops that the panic speaks of would be the cause, were it in the log */
	return m->kind;
}

void log_cause_details(const struct log *l, const struct log_event *cause,
		       struct log_details *ret)
{
	const struct log_event *e = cause, *end = l->events.v + l->events.n;

	*ret = (struct log_details){ .pid = -1, .cpu = -1 };
	/* the lines of one oops hang on several events: its first line, "Oops: ... [#1]", ... */
	for (; e < end; e++) {
		if (e != cause && e->role == ROLE_SOFT)
			break;
		ret->rip = ret->rip ? ret->rip : e->rip;
		ret->code = ret->code ? ret->code : e->code;
		ret->trace = ret->trace || !e->trace.n ? ret->trace : &e->trace;
		if (!ret->comm && e->comm) {
			ret->comm = e->comm;
			ret->pid = e->pid;
			ret->cpu = e->cpu;
		}
		if (!ret->has_address && e->has_address && is_oops(e)) {
			ret->has_address = true;
			ret->address = e->address;
		}
		if (e->ended || (e != cause && e->role == ROLE_PANIC))
			break;
	}
}
