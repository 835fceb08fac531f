/* sys: the machine, its kernel and the crash at a glance. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "analyze/report.h"
#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/nodes.h"
#include "shell/row.h"
#include "shell/tasks.h"

enum { OPT_TAINT = 1, OPT_CALLS, OPT_BOARD };

static const struct option_def options[] = {
	{'t', NULL, NULL, "only the taints, each with its meaning", OPT_TAINT},
	{'c', NULL, NULL, "the system calls, or those named by number or part of a name", OPT_CALLS},
	{'i', NULL, NULL, "what the firmware says of the machine (DMI)", OPT_BOARD},
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

/* ---- system calls ---- */

#define CALLS_MAX 1024

static bool is_asked_for(uint64_t number, const char *name, char **words, int n)
{
	for (int i = 0; i < n; i++) {
		uint64_t v;

		if (text_u64(words[i], &v) ? v == number : strstr(name, words[i]) != NULL)
			return true;
	}
	return n == 0;
}

/* Up to the first word that is no function, or the next symbol. */
static struct error *put_calls(struct shell *sh, char **words, int n)
{
	struct symbol table, s;
	uint64_t va, end;

	TRY(symbol_find(sh->kernel, "sys_call_table", &va));
	TRY(symbol_at(sh->kernel, va, &table));
	end = table.len ? table.len / sh->kernel->long_size : CALLS_MAX;
	row_text(sh, "NUM  SYSTEM CALL\n");
	for (uint64_t i = 0; i < MIN(end, (uint64_t)CALLS_MAX) && !shell_interrupted(); i++) {
		uint64_t handler;
		struct error *e;

		TRY(vmem_read_long(sh->kernel, va + i * sh->kernel->long_size, &handler));
		e = handler ? symbol_at(sh->kernel, handler, &s) : NULL;
		error_free(e);
		/* behind the table is something else */
		if (!handler || e || s.va != handler)
			break;
		if (!is_asked_for(i, s.name, words, n))
			continue;
		row_begin(sh, "call");
		row_u64(sh, "number", 3, i);
		row_text(sh, "  ");
		row_str(sh, "function", 0, s.name);
		row_end(sh);
	}
	return NULL;
}

/* ---- DMI ---- */

/* include/linux/mod_devicetable.h: enum dmi_field, from the first that is a text */
static struct error *put_board(struct shell *sh)
{
	struct btf_type t;
	struct btf_elem el;
	uint32_t id = 0;
	uint64_t va;

	TRY(symbol_find(sh->kernel, "dmi_ident", &va));
	TRY(types_load(sh->kernel));
	if (!btf_next_named(sh->kernel->btf, "dmi_field", &id))
		return error_new(ERROR_NOT_FOUND, "this kernel's BTF has no enum dmi_field");
	btf_type_at(sh->kernel->btf, id, &t);
	for (uint32_t i = 0; btf_elem_at(sh->kernel->btf, &t, i, &el); i++) {
		char text[256];
		uint64_t at;

		if (strcmp(el.name, "DMI_NONE") == 0)
			continue;
		if (strcmp(el.name, "DMI_STRING_MAX") == 0)
			break;
		TRY(vmem_read_long(sh->kernel, va + (uint64_t)el.value * sh->kernel->long_size, &at));
		if (!at)
			continue;
		TRY(vmem_read_string(sh->kernel, at, text, sizeof(text)));
		row_begin(sh, "board");
		row_str(sh, "what", 25, el.name);
		row_text(sh, ": ");
		row_str(sh, "value", 0, text);
		row_end(sh);
	}
	return NULL;
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
	bool taint = false, calls = false;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		taint |= id == OPT_TAINT;
		calls |= id == OPT_CALLS;
		if (id == OPT_BOARD)
			return put_board(sh);
	}
	words = command_words(o, &n);
	if (id < 0 || (n && !calls && strcmp(words[0], "config") != 0))
		return command_misused();
	if (calls)
		return put_calls(sh, words, n);
	if (n)
		return error_new(ERROR_UNSUPPORTED, "config: this kernel's configuration is in /boot/config-%s, not in its memory",
				 sh->kernel->release);
	TRY(report_make(sh->dump, sh->dump_name, &how, &r));
	if (taint)
		put_taint(sh, r);
	else
		put_all(sh, r);
	return NULL;
}

const struct command cmd_sys = {
	.name = "sys",
	.args = "[-t | -i | -c [name | number] ...]",
	.summary = "the machine, its kernel and the crash at a glance",
	.options = options,
	.run = run,
};
