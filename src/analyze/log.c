/*
 * The log, line by line: which lines are events, and what the lines after them tell. Texts
 * are those of the kernel's own printk calls: kernel/panic.c, kernel/watchdog*.c,
 * kernel/hung_task.c, kernel/rcu/tree_stall.h, lib/bug.c, lib/list_debug.c, mm/oom_kill.c,
 * arch/x86/{mm/fault.c,kernel/traps.c,kernel/dumpstack.c}, arch/arm64/mm/fault.c, 3.10 to 7.2.
 */
#include "analyze/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define EVENTS_MAX 128

static const struct pattern {
	const char *words;
	bool at_start; /* the line begins with it; otherwise anywhere */
	enum crash_kind kind;
	enum log_role role;
} patterns[] = {
	{ "Kernel panic - not syncing: ", true, CRASH_PANIC, ROLE_PANIC },
	{ "sysrq: Trigger a crash", true, CRASH_SYSRQ, ROLE_TRIGGER },
	{ "sysrq: SysRq : Trigger a crash", true, CRASH_SYSRQ, ROLE_TRIGGER },
	{ "SysRq : Trigger a crash", true, CRASH_SYSRQ, ROLE_TRIGGER },

	{ "BUG: kernel NULL pointer dereference", true, CRASH_NULL_DEREF, ROLE_START },
	{ "BUG: unable to handle kernel NULL pointer", true, CRASH_NULL_DEREF, ROLE_START },
	{ "Unable to handle kernel NULL pointer", true, CRASH_NULL_DEREF, ROLE_START },
	{ "Kernel NULL pointer dereference", true, CRASH_NULL_DEREF, ROLE_START },
	{ "BUG: Kernel NULL pointer dereference", true, CRASH_NULL_DEREF, ROLE_START },
	{ "BUG: unable to handle page fault", true, CRASH_PAGE_FAULT, ROLE_START },
	{ "BUG: unable to handle kernel", true, CRASH_PAGE_FAULT, ROLE_START },
	{ "BUG: Unable to handle kernel", true, CRASH_PAGE_FAULT, ROLE_START },
	{ "Unable to handle kernel", true, CRASH_PAGE_FAULT, ROLE_START },
	{ "kernel tried to execute NX-protected page", true, CRASH_PAGE_FAULT, ROLE_START },
	{ "general protection fault", true, CRASH_GENERAL_PROTECTION, ROLE_START },
	{ "Oops: general protection fault", true, CRASH_GENERAL_PROTECTION, ROLE_DIE },
	{ "list_add corruption", true, CRASH_LIST_CORRUPTION, ROLE_START },
	{ "list_del corruption", true, CRASH_LIST_CORRUPTION, ROLE_START },
	{ "kernel BUG at ", true, CRASH_BUG, ROLE_START },
	{ "usercopy: Kernel memory ", true, CRASH_BUG, ROLE_START },
	{ "detected buffer overflow in ", true, CRASH_BUG, ROLE_START },
	{ "Oops: invalid opcode", true, CRASH_INVALID_OPCODE, ROLE_DIE },
	{ "invalid opcode: ", true, CRASH_INVALID_OPCODE, ROLE_DIE },
	{ "Oops: divide error", true, CRASH_DIVIDE_ERROR, ROLE_DIE },
	{ "divide error: ", true, CRASH_DIVIDE_ERROR, ROLE_DIE },
	{ "BUG: stack guard page was hit", true, CRASH_STACK_OVERFLOW, ROLE_START },
	{ "BUG: TASK stack guard page was hit", true, CRASH_STACK_OVERFLOW, ROLE_START },
	{ "BUG: IRQ stack guard page was hit", true, CRASH_STACK_OVERFLOW, ROLE_START },
	{ "kernel stack overflow", true, CRASH_STACK_OVERFLOW, ROLE_START },
	{ "Insufficient stack space to handle exception", true, CRASH_STACK_OVERFLOW, ROLE_START },
	{ "traps: PANIC: double fault", true, CRASH_DOUBLE_FAULT, ROLE_START },
	{ "PANIC: double fault", true, CRASH_DOUBLE_FAULT, ROLE_START },
	{ "double fault: ", true, CRASH_DOUBLE_FAULT, ROLE_DIE },
	{ "Oops: ", true, CRASH_OOPS, ROLE_DIE },
	{ "Internal error: ", true, CRASH_OOPS, ROLE_DIE },
	{ "stack segment: ", true, CRASH_OOPS, ROLE_DIE },
	{ "alignment check: ", true, CRASH_OOPS, ROLE_DIE },
	{ "Bad pagetable: ", true, CRASH_OOPS, ROLE_DIE },
	{ "int3: ", true, CRASH_OOPS, ROLE_DIE },

	{ "BUG: soft lockup - CPU#", false, CRASH_SOFT_LOCKUP, ROLE_SOFT },
	{ "Watchdog detected hard LOCKUP on cpu", false, CRASH_HARD_LOCKUP, ROLE_SOFT },
	{ "INFO: task ", true, CRASH_HUNG_TASK, ROLE_SOFT }, /* "... blocked for more than" */
	{ "detected stall", false, CRASH_RCU_STALL, ROLE_SOFT },
	{ "self-detected stall on CPU", false, CRASH_RCU_STALL, ROLE_SOFT },
	{ "detected stalls on CPUs/tasks", false, CRASH_RCU_STALL, ROLE_SOFT },
	{ " invoked oom-killer: ", false, CRASH_OUT_OF_MEMORY, ROLE_SOFT },
	{ "BUG: KASAN: ", true, CRASH_SANITIZER, ROLE_SOFT },
	{ "BUG: KFENCE: ", true, CRASH_SANITIZER, ROLE_SOFT },
	{ "BUG: KMSAN: ", true, CRASH_SANITIZER, ROLE_SOFT },
	{ "BUG: KCSAN: ", true, CRASH_SANITIZER, ROLE_SOFT },
	{ "UBSAN: ", true, CRASH_SANITIZER, ROLE_SOFT },
	{ "WARNING: ", true, CRASH_WARNING, ROLE_SOFT },
	{ "mce: [Hardware Error]: CPU ", true, CRASH_MACHINE_CHECK, ROLE_SOFT },
	{ "NMI: PCI system error (SERR)", true, CRASH_NMI, ROLE_SOFT },
	{ "NMI: IOCK error", true, CRASH_NMI, ROLE_SOFT },
	{ "Uhhuh. NMI received for unknown reason", true, CRASH_NMI, ROLE_SOFT },
};

struct error *log_init(struct log *l, size_t window)
{
	*l = (struct log){ .window_room = MAX(window, (size_t)1) };
	l->window = calloc(l->window_room, sizeof(*l->window));
	return l->window ? NULL : error_nomem();
}

static void event_done(struct log_event *e)
{
	free(e->text);
	free(e->rip);
	free(e->code);
	free(e->comm);
	abrt_done(&e->trace);
}

void log_done(struct log *l)
{
	for (size_t i = 0; i < l->events.n; i++)
		event_done(&l->events.v[i]);
	vector_done(&l->events);
	for (size_t i = 0; l->window && i < l->window_room; i++)
		free(l->window[i].text);
	free(l->window);
	free(l->banner);
	free(l->hardware);
	free(l->command_line);
	signs_done(&l->signs);
	*l = (struct log){ 0 };
}

/* "  123.456789] " behind the bracket: the length up to the text, or 0. */
static size_t time_prefix(const char *s, uint64_t *ret_us)
{
	const char *p = s;
	uint64_t sec = 0, frac = 0;
	unsigned digits = 0;

	while (*p == ' ')
		p++;
	if (*p < '0' || *p > '9')
		return 0;
	for (; *p >= '0' && *p <= '9' && sec < UINT64_C(1000000000000); p++)
		sec = sec * 10 + (uint64_t)(*p - '0');
	if (*p++ != '.')
		return 0;
	for (; *p >= '0' && *p <= '9' && digits < 6; p++, digits++)
		frac = frac * 10 + (uint64_t)(*p - '0');
	if (digits != 6 || *p++ != ']')
		return 0;
	*ret_us = sec * 1000000 + frac;
	return (size_t)(p - s);
}

size_t log_prefix(const char *line, uint64_t *ret_us, bool *ret_has_time)
{
	const char *p = line;
	size_t n;

	*ret_has_time = false;
	if (*p == '<' && p[1] >= '0' && p[1] <= '9') {
		n = strspn(p + 1, "0123456789");
		if (p[1 + n] == '>')
			p += n + 2;
	}
	if (*p == '[') {
		n = time_prefix(p + 1, ret_us);
		if (n) {
			p += 1 + n;
			*ret_has_time = true;
			p += *p == ' ';
		}
	}
	/* CONFIG_PRINTK_CALLER: "[    T1]" a task, "[   C12]" a processor */
	if (*ret_has_time && *p == '[') {
		n = 1 + strspn(p + 1, " ");
		if ((p[n] == 'T' || p[n] == 'C') && p[n + 1] >= '0' && p[n + 1] <= '9') {
			n += 1 + strspn(p + n + 1, "0123456789");
			if (p[n] == ']')
				p += n + 1 + (p[n + 1] == ' ');
		}
	}
	return (size_t)(p - line);
}

static struct error *keep(char **to, const char *text, size_t len)
{
	if (*to || !len)
		return NULL;
	*to = strndup(text, len);
	return *to ? NULL : error_nomem();
}

/* "CPU: 1 PID: 309 Comm: insmod Kdump: loaded Tainted: ...", since 6.9 with "UID: 0". */
static struct error *take_task(struct log_event *e, const char *s)
{
	const char *pid = strstr(s, " PID: "), *comm = strstr(s, " Comm: ");
	static const char *const ends[] = { " Kdump: ", " Not tainted", " Tainted: ", NULL };
	const char *end;
	long cpu;

	if (!pid || !comm || e->comm || sscanf(s, "CPU: %ld", &cpu) != 1)
		return NULL;
	e->cpu = cpu;
	e->pid = strtol(pid + 6, NULL, 10);
	comm += 7;
	end = comm + strlen(comm);
	for (size_t i = 0; ends[i]; i++) {
		const char *at = strstr(comm, ends[i]);

		if (at && at < end)
			end = at;
	}
	return keep(&e->comm, comm, MIN((size_t)(end - comm), (size_t)15));
}

/* "RIP: 0010:func+0x1/0x2 [mod]", before 4.10 "RIP: 0010:[<ffff...>]  [<ffff...>] func+...".
 * Segment 0x33 and 0x23 are user space. arm64: "pc : func+0x1/0x2 [mod]". */
static struct error *take_rip(struct log_event *e, const char *s)
{
	const char *at = text_after(s, "RIP: "), *colon;

	if (!at) {
		at = text_after(s, "pc : ");
		if (!at || e->rip)
			return NULL;
		return keep(&e->rip, at, strlen(at));
	}
	e->kernel_rip = text_starts(at, "0010:") || text_starts(at, "e030:") ||
			text_starts(at, "e033:");
	if (!e->kernel_rip)
		return NULL;
	colon = strchr(at, ':') + 1;
	if (*colon == '[') {
		const char *close = strrchr(colon, '>');

		colon = close && close[1] == ']' ? close + 2 : colon;
		colon += strspn(colon, " ");
	}
	return keep(&e->rip, colon, strlen(colon));
}

/* The address in the first line of a page fault: "... address: 00000010", "... at 00000010",
 * "... request at ffff...", "... address 0x6b6b...". */
static void take_address(struct log_event *e)
{
	static const char *const before[] = { "address: ", "virtual address ", "address 0x",
					      " request at ", "dereference at ", NULL };
	char *end;

	for (size_t i = 0; before[i] && !e->has_address; i++) {
		const char *at = strstr(e->text, before[i]);

		if (!at)
			continue;
		at += strlen(before[i]);
		e->address = strtoull(at, &end, 16);
		e->has_address = end > at;
	}
}

/* Frames up to the first line that is none; names of stacks stand on lines of their own. */
static struct error *take_trace(struct log_event *e, const char *s)
{
	if (text_equal(s, "Call Trace:") || text_equal(s, "Call trace:")) {
		e->in_trace = !e->in_trace && e->trace.n <= 1;
		return NULL;
	}
	if (text_starts(s, "RIP: ") && !e->trace.n)
		(void)abrt_add_line(&e->trace, s); /* most are of a form that is no frame */
	else if (e->in_trace && *s != '<')
		e->in_trace = abrt_add_line(&e->trace, s);
	else if (e->in_trace)
		(void)abrt_add_line(&e->trace, s); /* "<NMI>" alone, or with a frame behind */
	return strbuf_error(&e->trace.names);
}

/* What a line that is no event tells about the event before it. */
static struct error *take_detail(struct log_event *e, const char *s)
{
	const char *code = text_after(s, "Code: ");

	TRY(take_trace(e, s));

	if (text_starts(s, "---[ end trace") || text_starts(s, "end trace"))
		e->ended = true;
	if (text_starts(s, "CPU: "))
		return take_task(e, s);
	if (text_starts(s, "RIP: ") || text_starts(s, "pc : "))
		return take_rip(e, s);
	/* a kernel RIP comes before the bytes of kernel code */
	if (code && (e->kernel_rip || text_ends(s, ")")) && strchr("0123456789abcdef<(", *code))
		return keep(&e->code, code, strlen(code));
	return NULL;
}

static const struct pattern *judge_line(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];

		if (p->at_start ? !text_starts(s, p->words) : !strstr(s, p->words))
			continue;
		if (p->kind == CRASH_HUNG_TASK && !strstr(s, "blocked for more than"))
			continue;
		/* without the die counter it is some driver's own message */
		if (p->role == ROLE_DIE && !strstr(s, "[#"))
			continue;
		return p;
	}
	return NULL;
}

static struct error *add_event(struct log *l, const struct pattern *p, const char *s, uint64_t us,
			       bool has_time)
{
	struct log_event e = {
		.kind = p->kind, .role = p->role, .line = l->lines, .ts_us = us,
		.has_time = has_time, .pid = -1, .cpu = -1,
	};

	if (l->events.n == EVENTS_MAX) {
		/* the middle goes: the first events and the last ones matter */
		event_done(&l->events.v[EVENTS_MAX / 4]);
		memmove(&l->events.v[EVENTS_MAX / 4], &l->events.v[EVENTS_MAX / 4 + 1],
			(EVENTS_MAX - EVENTS_MAX / 4 - 1) * sizeof(e));
		l->events.n--;
	}
	e.text = strdup(s);
	if (!e.text || !vector_push(&l->events, e)) {
		free(e.text);
		return error_nomem();
	}
	take_address(&l->events.v[l->events.n - 1]);
	return NULL;
}

static struct error *keep_machine(struct log *l, const char *s)
{
	const char *at;

	if (text_starts(s, "Linux version "))
		return keep(&l->banner, s, strlen(s));
	at = text_after(s, "Kernel command line: ");
	if (at)
		return keep(&l->command_line, at, strlen(at));
	at = text_after(s, "Hardware name: ");
	if (!at) {
		/* other DMI lines tell of memory slots and the SMBIOS version */
		at = text_after(s, "DMI: ");
		if (at && !strstr(at, ", BIOS "))
			at = NULL;
	}
	return at ? keep(&l->hardware, at, strlen(at)) : NULL;
}

struct error *log_add(struct log *l, const char *line, bool judge)
{
	struct log_line *slot = &l->window[l->lines % l->window_room];
	char text[LOG_LINE_MAX];
	const struct pattern *p;
	uint64_t us = 0;
	bool has_time;
	size_t len;
	char *s;

	free(slot->text);
	slot->text = strndup(line, LOG_KEEP_MAX);
	slot->number = l->lines;
	if (!slot->text)
		return error_nomem();
	l->window_n = MIN(l->window_n + 1, l->window_room);

	line += log_prefix(line, &us, &has_time);
	if (has_time) {
		l->has_time = true;
		l->last_us = MAX(l->last_us, us);
	}
	len = MIN(strlen(line), sizeof(text) - 1);
	memcpy(text, line, len);
	text[len] = '\0';
	s = text_strip(text);
	if (judge) {
		TRY(keep_machine(l, s));
		TRY(signs_add(&l->signs, s, us));
		p = judge_line(s);
		if (p)
			TRY(add_event(l, p, s, us, has_time));
		else if (l->events.n)
			TRY(take_detail(&l->events.v[l->events.n - 1], s));
	}
	l->lines++;
	return NULL;
}

struct error *log_add_text(struct log *l, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	while ((line = text_next_line(&rest)))
		TRY(log_add(l, line, true));
	return NULL;
}

const struct log_line *log_window_line(const struct log *l, size_t i)
{
	return &l->window[(l->lines - l->window_n + i) % l->window_room];
}
