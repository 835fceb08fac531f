/* sys: the machine, its kernel and the crash at a glance. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "analyze/report.h"
#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/nodes.h"
#include "shell/row.h"
#include "shell/tasks.h"

enum { OPT_TAINT = 1 };

static const struct option_def options[] = {
	{'t', NULL, NULL, "only the taints, each with its meaning", OPT_TAINT},
	{0},
};

static void put(struct shell *sh, const char *label, const char *text)
{
	row_begin(sh, "fact");
	row_str(sh, "what", 12, label);
	row_text(sh, ": ");
	row_str(sh, "value", 0, text);
	row_end(sh);
}

static void put_date(struct shell *sh, const struct report *r)
{
	time_t t = (time_t)r->crash_time.value;
	char text[64];
	struct tm tm;

	if (r->crash_time.from == FROM_NOWHERE) {
		put(sh, "DATE", "(unknown)");
		return;
	}
	localtime_r(&t, &tm);
	strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Z %Y", &tm);
	put(sh, "DATE", text);
}

static void put_uptime(struct shell *sh, uint64_t ms)
{
	uint64_t s = ms / 1000;
	char text[64];

	if (s >= 86400)
		snprintf(text, sizeof(text), "%" PRIu64 " day%s, %02u:%02u:%02u", s / 86400,
			 s >= 2 * 86400 ? "s" : "", (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
			 (unsigned)(s % 60));
	else
		snprintf(text, sizeof(text), "%02u:%02u:%02u", (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
			 (unsigned)(s % 60));
	put(sh, "UPTIME", text);
}

#define LOAD_SHIFT 11 /* FSHIFT, include/linux/sched/loadavg.h */

static void put_load(struct shell *sh)
{
	uint64_t va, v[3];
	char text[64] = "(unknown)";
	struct error *e = symbol_find(sh->kernel, "avenrun", &va);

	for (unsigned i = 0; i < 3 && !e; i++) {
		e = vmem_read_long(sh->kernel, va + i * sh->kernel->long_size, &v[i]);
		v[i] += (1u << LOAD_SHIFT) / 200; /* rounded as the kernel does */
	}
	if (!e)
		snprintf(text, sizeof(text), "%u.%02u, %u.%02u, %u.%02u", (unsigned)(v[0] >> LOAD_SHIFT),
			 (unsigned)((v[0] & 2047) * 100 >> LOAD_SHIFT), (unsigned)(v[1] >> LOAD_SHIFT),
			 (unsigned)((v[1] & 2047) * 100 >> LOAD_SHIFT), (unsigned)(v[2] >> LOAD_SHIFT),
			 (unsigned)((v[2] & 2047) * 100 >> LOAD_SHIFT));
	error_free(e);
	put(sh, "LOAD AVERAGE", text);
}

static void put_tasks(struct shell *sh)
{
	const struct shell_tasks *all;
	char text[32] = "(unknown)";
	struct error *e = shell_tasks_load(sh, &all);

	if (!e)
		snprintf(text, sizeof(text), "%zu", all->n);
	error_free(e);
	put(sh, "TASKS", text);
}

static void put_machine(struct shell *sh)
{
	const char *name = sh->kernel->arch ? sh->kernel->arch->name : "(unknown)";
	char text[64];
	uint64_t va;
	uint32_t khz;
	struct error *e = symbol_find(sh->kernel, "cpu_khz", &va);

	if (!e)
		e = vmem_read_u32(sh->kernel, va, &khz);
	snprintf(text, sizeof(text), e ? "%s" : "%s  (%u Mhz)", name, e ? 0 : khz / 1000);
	error_free(e);
	put(sh, "MACHINE", text);
}

static void put_memory(struct shell *sh)
{
	uint64_t bytes = ranges_total(&sh->dump->memory) * sh->dump->page_size;
	struct nodes nodes;
	struct error *e = nodes_load(sh, &nodes);
	char text[64];

	if (!e) { /* the dump lacks what the capture kernel had */
		bytes = 0;
		for (size_t i = 0; i < nodes.v.n; i++)
			bytes += nodes.v.v[i].present * sh->dump->page_size;
		nodes_done(&nodes);
	}
	error_free(e);

	if (bytes >= 1ull << 30)
		snprintf(text, sizeof(text), "%.1f GB", (double)bytes / (1ull << 30));
	else
		snprintf(text, sizeof(text), "%.1f MB", (double)bytes / (1ull << 20));
	put(sh, "MEMORY", text);
}

static void put_cpus(struct shell *sh, const struct report *r)
{
	uint64_t present = r->cpus_present.value, online = r->cpus_online.value;
	char text[64];

	if (r->cpus_present.from == FROM_NOWHERE)
		snprintf(text, sizeof(text), "(unknown)");
	else if (online < present)
		snprintf(text, sizeof(text), "%" PRIu64 " [OFFLINE: %" PRIu64 "]", present, present - online);
	else
		snprintf(text, sizeof(text), "%" PRIu64, present);
	put(sh, "CPUS", text);
}

static void put_panic(struct shell *sh, const struct report *r)
{
	_cleanup_strbuf_ struct strbuf quoted = {0};

	strbuf_printf(&quoted, "\"%s\"", r->panic.reason.text ? r->panic.reason.text : "");
	put(sh, "PANIC", strbuf_str(&quoted));
}

static void put_all(struct shell *sh, const struct report *r)
{
	_cleanup_strbuf_ struct strbuf file = {0};

	put(sh, "KERNEL", "(in the dump: no vmlinux is needed)");
	strbuf_printf(&file, "%s%s", sh->dump_name,
		      !r->dump.complete ? "  [INCOMPLETE]" : r->dump.level > 0 ? "  [PARTIAL DUMP]" : "");
	put(sh, "DUMPFILE", strbuf_str(&file));
	put_cpus(sh, r);
	put_date(sh, r);
	put_uptime(sh, r->uptime_ms.value);
	put_load(sh);
	put_tasks(sh);
	put(sh, "NODENAME", r->host.text ? r->host.text : "(none)");
	put(sh, "RELEASE", r->release.text ? r->release.text : "(unknown)");
	put(sh, "VERSION", r->version.text ? r->version.text : "(unknown)");
	put_machine(sh);
	put_memory(sh);
	put_panic(sh, r);
}

static void put_taint(struct shell *sh, const struct report *r)
{
	char letters[65];

	if (r->taint.from == FROM_NOWHERE) {
		row_text(sh, "TAINTED_MASK: (unknown)\n");
		return;
	}
	taint_letters(r->taint.value, letters, sizeof(letters));
	row_begin(sh, "taint");
	row_text(sh, "TAINTED_MASK: ");
	row_hex(sh, "mask", 0, r->taint.value);
	row_text(sh, "  ");
	row_str(sh, "letters", 0, letters);
	row_end(sh);
	for (unsigned bit = 0; taint_bit(bit); bit++)
		if (r->taint.value >> bit & 1)
			row_text(sh, "  %c: %s\n", taint_bit(bit)->letter, taint_bit(bit)->words);
}

static struct error *run(struct shell *sh, struct options *o)
{
	static const char not_asked[] = "not asked for";
	static const struct report_how how = {
		.skip = {
			[SECTION_PANIC_STACK] = not_asked, [SECTION_VICTIM] = not_asked,
			[SECTION_MODULES] = not_asked, [SECTION_CPUS] = not_asked,
			[SECTION_PAGES] = not_asked,
		},
	};
	_cleanup_report_ struct report *r = NULL;
	bool taint = false;
	int id;

	while ((id = options_next(o)) > 0)
		taint |= id == OPT_TAINT;
	if (id < 0)
		return command_misused();
	TRY(report_make(sh->dump, sh->dump_name, &how, &r));
	if (taint)
		put_taint(sh, r);
	else
		put_all(sh, r);
	return NULL;
}

const struct command cmd_sys = {
	.name = "sys",
	.args = "[-t]",
	.summary = "the machine, its kernel and the crash at a glance",
	.options = options,
	.run = run,
};
