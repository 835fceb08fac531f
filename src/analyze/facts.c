/*
 * Filling a report from a dump, section by section: what the file says, who the kernel was,
 * what its log tells, and what its variables hold. Each section may fail alone; its error
 * becomes a line of `missing` and the rest goes on. Variables by name: init/version.c
 * (init_uts_ns), init/main.c (saved_command_line), kernel/panic.c (tainted_mask),
 * lib/dump_stack.c (dump_stack_arch_desc_str), mm/page_alloc.c (_totalram_pages).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analyze/facts-priv.h"
#include "base/sha256.h"
#include "base/text.h"
#include "kernel/module.h"
#include "kernel/printk.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define WINDOW_LINES	1000 /* of the log, kept while it is read */
#define TAIL_DEFAULT	60
#define TAIL_MAX	250 /* when the reason is farther up than the tail */
#define CAUSE_CONTEXT	5   /* lines shown before the reason */
#define UTS_FIELD	65  /* include/uapi/linux/utsname.h: __NEW_UTS_LEN + 1 */
#define COMMAND_LINE_MAX 4096
#define MODULES_MAX	4096
#define CPUS_MAX	8192
#define PAGES_MAX	(UINT64_C(1) << 31)

static struct error *gather_dump(struct gather *g)
{
	const struct dump *d = g->d;
	struct report *r = g->r;
	struct stat st;

	r->dump.format = d->format;
	r->dump.arch = d->arch ? d->arch->name : NULL;
	r->dump.word_size = d->is_64bit ? 8 : 4;
	r->dump.flattened = d->flattened;
	r->dump.complete = d->complete;
	r->dump.level = d->dump_level;
	r->dump.page_size = d->page_size;
	if (r->dump.file.text && stat(r->dump.file.text, &st) == 0 && st.st_size > 0)
		fact_set_u64(&r->dump.bytes, (uint64_t)st.st_size, FROM_HEADER);
	if (!d->complete)
		return report_miss(r, "end of the dump", "the dump is incomplete: it was cut off "
							"or its collector failed");
	return NULL;
}

/* The same for every report about one crash: made from what no two crashes share. */
static void make_crash_id(struct gather *g)
{
	static const char *const keys[] = { "OSRELEASE", "BUILD-ID",	       "KERNELOFFSET",
					    "CRASHTIME", "SYMBOL(mem_section)" };
	unsigned char digest[SHA256_DIGEST_LEN];
	struct sha256 h;
	size_t n = 0;

	if (!vmcoreinfo_get(g->k->info, "CRASHTIME"))
		return;
	sha256_init(&h);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = vmcoreinfo_get(g->k->info, keys[i]);

		sha256_add(&h, keys[i], strlen(keys[i]) + 1);
		if (value)
			sha256_add(&h, value, strlen(value) + 1);
	}
	sha256_end(&h, digest);
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x80); /* version 8: our own making */
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++)
		n += (size_t)snprintf(g->r->crash_id + n, sizeof(g->r->crash_id) - n, "%s%02x",
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", digest[i]);
}

static struct error *take_utsname(struct gather *g)
{
	struct report *r = g->r;
	uint64_t uts, off;
	char text[UTS_FIELD];

	/* struct new_utsname: sysname, nodename, release, version, machine, domainname */
	if (!vmcoreinfo_symbol(g->k->info, "init_uts_ns", &uts) ||
	    !vmcoreinfo_offset(g->k->info, "uts_namespace", "name", &off))
		return NULL;
	uts += off;
	TRY(vmem_read_string(g->k, uts + UTS_FIELD, text, sizeof(text)));
	/* the kernel's own word for a name that was never set */
	if (!text_equal(text, "(none)"))
		TRY(fact_set(&r->host, text, FROM_MEMORY));
	TRY(vmem_read_string(g->k, uts + 2 * UTS_FIELD, text, sizeof(text)));
	TRY(fact_set(&r->release, text, FROM_MEMORY));
	TRY(vmem_read_string(g->k, uts + 3 * UTS_FIELD, text, sizeof(text)));
	return fact_set(&r->version, text, FROM_MEMORY);
}

static struct error *gather_identity(struct gather *g)
{
	struct report *r = g->r;
	struct error *e = NULL;
	int64_t when;

	if (g->k) {
		const char *text = vmcoreinfo_get(g->k->info, "CRASHTIME");

		if (text && text_i64(text, &when) && when > 0)
			fact_set_u64(&r->crash_time, (uint64_t)when, FROM_VMCOREINFO);
		TRY(fact_set(&r->release, vmcoreinfo_get(g->k->info, "OSRELEASE"), FROM_VMCOREINFO));
		TRY(fact_set(&r->build_id, vmcoreinfo_get(g->k->info, "BUILD-ID"), FROM_VMCOREINFO));
		make_crash_id(g);
		e = take_utsname(g);
	}
	if (g->d->timestamp && g->d->crashed_then)
		fact_set_u64(&r->crash_time, g->d->timestamp, FROM_HEADER);
	if (!e)
		e = fact_set(&r->host, g->d->utsname.nodename, FROM_HEADER);
	if (!e)
		e = fact_set(&r->release, g->d->utsname.release, FROM_HEADER);
	if (!e)
		e = fact_set(&r->version, g->d->utsname.version, FROM_HEADER);
	return e;
}

static struct error *add_record(const struct printk_record *rec, void *arg)
{
	struct log *l = arg;
	_cleanup_strbuf_ struct strbuf b = { 0 };
	char *rest, *line;

	printk_format(rec, &b);
	TRY(strbuf_error(&b));
	rest = b.s;
	while (rest && (line = text_next_line(&rest)))
		/* facility 0 is the kernel; others were written by user space */
		TRY(log_add(l, line, rec->facility == 0));
	return NULL;
}

static struct error *keep_tail(struct gather *g)
{
	const struct log *l = &g->log;
	size_t want = g->how->tail ? g->how->tail : TAIL_DEFAULT;

	if (g->cause && l->lines - g->cause->line + CAUSE_CONTEXT > want)
		want = MAX(want, MIN((size_t)(l->lines - g->cause->line) + CAUSE_CONTEXT,
				     (size_t)TAIL_MAX));
	want = MIN(want, l->window_n);
	for (size_t i = l->window_n - want; i < l->window_n; i++) {
		char *copy = strdup(log_window_line(l, i)->text);

		if (!copy || !vector_push(&g->r->log_tail, copy)) {
			free(copy);
			return error_nomem();
		}
	}
	return NULL;
}

static struct error *take_cause(struct gather *g)
{
	struct report *r = g->r;
	const struct log_event *panic;

	g->cause = log_cause(&g->log, &panic);
	if (!g->cause) {
		TRY(report_miss(r, "reason", "the log holds no line that tells of a crash"));
		return NULL;
	}
	r->panic.kind = log_cause_kind(g->cause);
	TRY(fact_set(&r->panic.reason, g->cause->text, FROM_LOG));
	if (panic && panic != g->cause)
		TRY(fact_set(&r->panic.final, panic->text, FROM_LOG));
	log_cause_details(&g->log, g->cause, &g->details);
	if (g->details.comm) {
		if (g->details.cpu >= 0)
			fact_set_u64(&r->panic.cpu, (uint64_t)g->details.cpu, FROM_LOG);
		r->panic.task.from = FROM_LOG;
		r->panic.task.pid = g->details.pid;
		snprintf(r->panic.task.comm, sizeof(r->panic.task.comm), "%s", g->details.comm);
	}
	if (g->details.has_address)
		fact_set_u64(&r->panic.fault_address, g->details.address, FROM_LOG);
	if (g->details.trace)
		abrt_hash(g->details.trace, r->signature.abrt);
	if (g->details.rip) {
		free(r->panic.where_text);
		r->panic.where_text = strdup(g->details.rip);
		if (!r->panic.where_text)
			return error_nomem();
	}
	return fact_set(&r->panic.code, g->details.code, FROM_LOG);
}

static struct error *gather_log(struct gather *g)
{
	struct report *r = g->r;
	struct error *e;

	TRY(log_init(&g->log, WINDOW_LINES));
	g->has_log = true;
	e = printk_walk(g->k, false, add_record, &g->log, &r->log_damaged);
	r->log_lines = g->log.lines;
	if (g->log.has_time)
		fact_set_u64(&r->uptime_ms, g->log.last_us / 1000, FROM_LOG);
	if (!g->log.lines)
		return e ? e : error_new(ERROR_LOST, "the log is empty");
	/* after a failure, what was read until then is worth a look */
	if (!error_drop_if(&e, ERROR_NOMEM) && e) {
		struct error *e2 = report_miss(r, "part of the log", "%s", error_message(e));

		error_free(e);
		TRY(e2);
	}
	TRY(take_cause(g));
	if (r->log_damaged)
		TRY(report_miss(r, "part of the log", "%" PRIu64 " records could not be read",
				r->log_damaged));
	return keep_tail(g);
}

/* A pointer variable's string. */
static struct error *read_string_at(struct kernel *k, const char *symbol, char *buf, size_t room)
{
	uint64_t va;

	TRY(symbol_find(k, symbol, &va));
	TRY(vmem_read_long(k, va, &va));
	return vmem_read_string(k, va, buf, room);
}

static struct error *take_command_line(struct gather *g)
{
	static char line[COMMAND_LINE_MAX];
	struct error *e = read_string_at(g->k, "saved_command_line", line, sizeof(line));

	if (!e)
		return fact_set(&g->r->command_line, text_strip(line), FROM_MEMORY);
	if (g->log.command_line) {
		error_free(e);
		return fact_set(&g->r->command_line, g->log.command_line, FROM_LOG);
	}
	return e;
}

static struct error *take_hardware(struct gather *g)
{
	char text[129] = "";
	uint64_t va;
	struct error *e = symbol_find(g->k, "dump_stack_arch_desc_str", &va);

	if (!e)
		e = vmem_read_string(g->k, va, text, sizeof(text));
	error_free(e); /* the log says the same, and platforms without DMI have none */
	TRY(fact_set(&g->r->hardware, text_strip(text), FROM_MEMORY));
	return fact_set(&g->r->hardware, g->log.hardware, FROM_LOG);
}

static struct error *take_taint(struct gather *g)
{
	uint64_t va, bits;

	TRY(symbol_find(g->k, "tainted_mask", &va));
	TRY(vmem_read_long(g->k, va, &bits));
	fact_set_u64(&g->r->taint, bits, FROM_MEMORY);
	return NULL;
}

static struct error *take_memory(struct gather *g)
{
	static const char *const names[] = { "_totalram_pages", "totalram_pages", NULL };
	uint64_t va, pages;

	TRY(symbol_find_any(g->k, names, &va));
	TRY(vmem_read_long(g->k, va, &pages));
	if (pages > UINT64_MAX / g->d->page_size)
		return error_new(ERROR_BAD_DATA, "%s: 0x%" PRIx64 " pages are no number of pages",
				 "_totalram_pages", pages);
	fact_set_u64(&g->r->memory, pages * g->d->page_size, FROM_MEMORY);
	return NULL;
}

static struct error *count_mask(struct gather *g, const char *mask, unsigned nr, struct fact_u64 *ret)
{
	uint64_t n = 0;
	bool in;

	for (unsigned cpu = 0; cpu < nr; cpu++) {
		TRY(cpu_in_mask(g->k, mask, cpu, &in));
		n += in;
	}
	fact_set_u64(ret, n, FROM_MEMORY);
	return NULL;
}

static struct error *take_cpu_counts(struct gather *g)
{
	unsigned nr;

	TRY(cpu_count(g->k, &nr));
	nr = MIN(nr, (unsigned)CPUS_MAX);
	TRY(count_mask(g, "online", nr, &g->r->cpus_online));
	TRY(count_mask(g, "present", nr, &g->r->cpus_present));
	return count_mask(g, "possible", nr, &g->r->cpus_possible);
}

/* Several small facts: one that fails does not take the others along. */
static struct error *gather_kernel(struct gather *g)
{
	static const struct {
		const char *what;
		struct error *(*take)(struct gather *g);
	} steps[] = {
		{ "command line", take_command_line }, { "hardware", take_hardware },
		{ "taint", take_taint },	       { "memory size", take_memory },
		{ "number of CPUs", take_cpu_counts },
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		_cleanup_error_ struct error *e = steps[i].take(g);

		if (e)
			TRY(report_miss(g->r, steps[i].what, "%s", error_message(e)));
	}
	return NULL;
}

static struct error *gather_modules(struct gather *g)
{
	TRY(modules_load(g->k));
	g->r->has_modules = true;
	for (size_t i = 0; i < modules_count(g->k) && i < MODULES_MAX; i++) {
		const struct module *m = module_at(g->k, i);
		struct report_module row = { .taints = m->taints, .state = m->state,
					     .len = m->total_size };

		memcpy(row.name, m->name, sizeof(row.name));
		memcpy(row.version, m->version, sizeof(row.version));
		row.name[sizeof(row.name) - 1] = row.version[sizeof(row.version) - 1] = '\0';
		if (!vector_push(&g->r->modules, row))
			return error_nomem();
	}
	return NULL;
}

static struct error *gather_pages(struct gather *g)
{
	const struct ranges *memory = &g->d->memory;
	uint64_t excluded = 0, lost = 0, pages = 0;

	if (!g->how->count_pages)
		return NULL;
	/* memory may lie far apart, and headers may claim any amount of it */
	if (ranges_total(memory) > PAGES_MAX)
		return error_new(ERROR_BAD_DATA, "%" PRIu64 " page frames are too many to count",
				 ranges_total(memory));
	for (size_t i = 0; i < memory->n; i++) {
		for (uint64_t pfn = memory->v[i].start; pfn < memory->v[i].end; pfn++) {
			enum page_answer answer = dump_page_state(g->d, pfn);

			pages += answer != PAGE_HOLE;
			excluded += answer == PAGE_EXCLUDED;
			lost += answer == PAGE_LOST;
		}
	}
	fact_set_u64(&g->r->dump.pages, pages, FROM_HEADER);
	fact_set_u64(&g->r->dump.excluded, excluded, FROM_HEADER);
	fact_set_u64(&g->r->dump.lost, lost, FROM_HEADER);
	return NULL;
}

static const struct {
	struct error *(*gather)(struct gather *g);
	bool needs_kernel;
} sections[SECTION_MAX] = {
	[SECTION_DUMP] = { gather_dump, false },
	[SECTION_IDENTITY] = { gather_identity, false },
	[SECTION_LOG] = { gather_log, true },
	[SECTION_KERNEL] = { gather_kernel, true },
	[SECTION_PANIC_TASK] = { gather_panic_task, true },
	[SECTION_PANIC_STACK] = { gather_panic_stack, true },
	[SECTION_VICTIM] = { gather_victim, true },
	[SECTION_MODULES] = { gather_modules, true },
	[SECTION_CPUS] = { gather_cpus, true },
	[SECTION_BLOCKED] = { gather_blocked, true },
	[SECTION_MEMORY] = { gather_memory, true },
	[SECTION_IO] = { gather_io, true },
	[SECTION_WORK] = { gather_work, true },
	[SECTION_CAUSES] = { gather_causes, false },
	[SECTION_PAGES] = { gather_pages, false },
};

static struct error *run_sections(struct gather *g)
{
	for (enum report_section s = 0; s < SECTION_MAX; s++) {
		_cleanup_error_ struct error *e = NULL;
		const char *name = report_section_name(s);

		if (g->how->skip[s]) {
			TRY(report_miss(g->r, name, "%s", g->how->skip[s]));
			continue;
		}
		if (sections[s].needs_kernel && !g->k)
			continue;
		if (g->how->before) {
			TRY(report_conclude(g->r));
			g->how->before(s, g->r, g->how->arg);
		}
		e = sections[s].gather(g);
		if (e)
			TRY(report_miss(g->r, name, "%s", error_message(e)));
	}
	return NULL;
}

/* The message in a header stands in for a log that is not there or tells nothing. */
static struct error *take_last_words(struct gather *g)
{
	const char *text = g->d->panic_text;
	const struct log_event *cause, *panic;
	struct report *r = g->r;
	struct log l;
	struct error *e;

	if (!text[0] || r->panic.reason.from != FROM_NOWHERE)
		return NULL;
	TRY(log_init(&l, 1));
	e = log_add(&l, text, true);
	cause = e ? NULL : log_cause(&l, &panic);
	if (cause)
		r->panic.kind = log_cause_kind(cause);
	log_done(&l);
	return e ? e : fact_set(&r->panic.reason, text, FROM_HEADER);
}

static struct error *fill(struct gather *g)
{
	struct error *e = kernel_open(g->d, &g->k);

	if (e) {
		struct error *e2 = report_miss(g->r, "kernel", "%s", error_message(e));

		error_free(e);
		TRY(e2);
	}
	if (!g->k && g->d->panic_task)
		TRY(report_miss(g->r, "panic task", "the dump tells of it that it is at 0x%" PRIx64,
				g->d->panic_task));
	TRY(run_sections(g));
	TRY(take_last_words(g));
	TRY(report_conclude(g->r));
	return g->k ? gather_code(g) : NULL;
}

struct error *report_make(struct dump *d, const char *name, const struct report_how *how,
			  struct report **ret)
{
	_cleanup_report_ struct report *r = report_new();
	struct gather g = { .r = r, .d = d, .how = how, .details = { .pid = -1, .cpu = -1 } };
	struct error *e;

	if (!r)
		return error_nomem();
	TRY(fact_set(&r->dump.file, name, FROM_HEADER));
	e = fill(&g);
	kernel_close(g.k);
	if (g.has_log)
		log_done(&g.log);
	if (e)
		return e;
	*ret = take_ptr(r);
	return NULL;
}
