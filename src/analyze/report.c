/* The report model: making, freeing, and telling facts. See report.h. */
#include "analyze/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const struct crash_kind_words crash_kinds[CRASH_KINDS] = {
	[CRASH_UNKNOWN] = { "unknown", "Crash of unknown kind", false },
	[CRASH_PANIC] = { "panic", "Kernel panic", false },
	[CRASH_SYSRQ] = { "sysrq", "Crash asked for by SysRq", false },
	[CRASH_NULL_DEREF] = { "null-deref", "NULL pointer dereference", true },
	[CRASH_PAGE_FAULT] = { "page-fault", "Access to an unmapped address", true },
	[CRASH_GENERAL_PROTECTION] = { "general-protection", "General protection fault", true },
	[CRASH_BUG] = { "bug", "Failed assertion (BUG)", true },
	[CRASH_LIST_CORRUPTION] = { "list-corruption", "Corrupted list", true },
	[CRASH_INVALID_OPCODE] = { "invalid-opcode", "Invalid instruction", true },
	[CRASH_DIVIDE_ERROR] = { "divide-error", "Division by zero", true },
	[CRASH_DOUBLE_FAULT] = { "double-fault", "Double fault", true },
	[CRASH_STACK_OVERFLOW] = { "stack-overflow", "Kernel stack overflow", true },
	[CRASH_STACK_CORRUPTION] = { "stack-corruption", "Corrupted kernel stack", false },
	[CRASH_OOPS] = { "oops", "Kernel oops", true },
	[CRASH_SOFT_LOCKUP] = { "soft-lockup", "Soft lockup", true },
	[CRASH_HARD_LOCKUP] = { "hard-lockup", "Hard lockup", true },
	[CRASH_HUNG_TASK] = { "hung-task", "Hung task", false },
	[CRASH_RCU_STALL] = { "rcu-stall", "RCU stall", true },
	[CRASH_OUT_OF_MEMORY] = { "out-of-memory", "Out of memory", false },
	[CRASH_WARNING] = { "warning", "Warning taken as fatal (panic_on_warn)", true },
	[CRASH_SANITIZER] = { "sanitizer", "Memory error found by a sanitizer", false },
	[CRASH_MACHINE_CHECK] = { "machine-check", "Machine check (hardware error)", false },
	[CRASH_NMI] = { "nmi", "Non-maskable interrupt", true },
	[CRASH_NO_ROOT] = { "no-root", "No root file system", false },
	[CRASH_INIT_DIED] = { "init-died", "Death of init", false },
};

static const char *const source_names[FROM_SOURCES] = {
	[FROM_NOWHERE] = "none",	   [FROM_HEADER] = "header", [FROM_VMCOREINFO] = "vmcoreinfo",
	[FROM_NOTES] = "notes",	   [FROM_MEMORY] = "memory", [FROM_LOG] = "dmesg",
	[FROM_STACK] = "stack",
};

static const char *const section_names[SECTION_MAX] = {
	[SECTION_DUMP] = "dump",
	[SECTION_IDENTITY] = "identity",
	[SECTION_LOG] = "log",
	[SECTION_KERNEL] = "kernel",
	[SECTION_PANIC_TASK] = "panic task",
	[SECTION_PANIC_STACK] = "panic stack",
	[SECTION_VICTIM] = "blocked task",
	[SECTION_MODULES] = "modules",
	[SECTION_CPUS] = "CPUs",
	[SECTION_BLOCKED] = "blocked tasks",
	[SECTION_MEMORY] = "memory",
	[SECTION_IO] = "outstanding I/O",
	[SECTION_WORK] = "workqueues",
	[SECTION_CAUSES] = "causes",
	[SECTION_PAGES] = "page counts",
};

const char *fact_source_name(enum fact_source s)
{
	return source_names[s];
}

const char *report_section_name(enum report_section s)
{
	return section_names[s];
}

struct report *report_new(void)
{
	struct report *r = calloc(1, sizeof(*r));

	if (r) {
		r->dump.level = -1;
		r->panic.where = r->panic.boundary = -1;
	}
	return r;
}

void report_stack_done(struct report_stack *s)
{
	for (size_t i = 0; i < s->frames.n; i++) {
		free(s->frames.v[i].symbol);
		free(s->frames.v[i].module);
		free(s->frames.v[i].regs);
	}
	vector_done(&s->frames);
	free(s->why);
	s->why = NULL;
}

void report_cause_done(struct report_cause *c)
{
	free(c->text);
	free(c->place);
	for (size_t i = 0; i < c->evidence.n; i++)
		free(c->evidence.v[i].text);
	vector_done(&c->evidence);
}

const char *confidence_words(unsigned percent)
{
	return percent >= 95 ? "certain" : percent >= 70 ? "probable" : "possible";
}

const char *lock_kind_words(enum lock_kind k)
{
	static const char *const words[] = { "none", "mutex", "rw_semaphore", "semaphore" };

	return words[k];
}

static void free_states(struct report *r)
{
	for (size_t i = 0; i < r->causes.n; i++)
		report_cause_done(&r->causes.v[i]);
	vector_done(&r->causes);
	for (size_t i = 0; i < r->blocked.n; i++)
		report_stack_done(&r->blocked.v[i].stack);
	vector_done(&r->blocked);
	vector_done(&r->memory_use.caches);
	vector_done(&r->memory_use.processes);
	vector_done(&r->io);
	vector_done(&r->pools);
	for (size_t i = 0; i < r->signs.n; i++) {
		free(r->signs.v[i].first);
		free(r->signs.v[i].last);
	}
	vector_done(&r->signs);
}

void report_free(struct report *r)
{
	if (!r)
		return;
	free_states(r);
	free(r->dump.file.text);
	free(r->host.text);
	free(r->release.text);
	free(r->version.text);
	free(r->build_id.text);
	free(r->command_line.text);
	free(r->hardware.text);
	free(r->panic.reason.text);
	free(r->panic.final.text);
	free(r->panic.code.text);
	free(r->headline);
	free(r->panic.where_text);
	free(r->signature.title);
	report_stack_done(&r->panic.stack);
	report_stack_done(&r->panic.victim_stack);
	for (size_t i = 0; i < r->cpus.n; i++) {
		report_stack_done(&r->cpus.v[i].stack);
		free(r->cpus.v[i].why);
	}
	vector_done(&r->cpus);
	vector_done(&r->modules);
	for (size_t i = 0; i < r->log_tail.n; i++)
		free(r->log_tail.v[i]);
	vector_done(&r->log_tail);
	for (size_t i = 0; i < r->missing.n; i++) {
		free(r->missing.v[i].what);
		free(r->missing.v[i].why);
	}
	vector_done(&r->missing);
	free(r);
}

struct error *fact_set(struct fact_text *f, const char *text, enum fact_source from)
{
	if (f->text || !text || !*text)
		return NULL;
	f->text = strdup(text);
	if (!f->text)
		return error_nomem();
	f->from = from;
	return NULL;
}

void fact_set_u64(struct fact_u64 *f, uint64_t value, enum fact_source from)
{
	if (f->from == FROM_NOWHERE)
		*f = (struct fact_u64){ value, from };
}

struct error *report_miss(struct report *r, const char *what, const char *fmt, ...)
{
	struct report_missing m = { 0 };
	va_list ap;

	va_start(ap, fmt);
	m.why = text_vformat(fmt, ap);
	va_end(ap);
	m.what = strdup(what);
	if (!m.why || !m.what || !vector_push(&r->missing, m)) {
		free(m.what);
		free(m.why);
		return error_nomem();
	}
	return NULL;
}
