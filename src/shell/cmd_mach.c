/* mach: facts about the machine that belong to its architecture. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/slab.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/nodes.h"
#include "shell/row.h"

enum { OPT_MAP = 1, OPT_CPU_DATA };

static const struct option_def options[] = {
	{'m', NULL, NULL, "the memory map that the firmware gave", OPT_MAP},
	{'c', NULL, NULL, "what is known of each CPU", OPT_CPU_DATA},
	{0},
};

#define MAP_MAX 4096u

static void put(struct shell *sh, const char *label, const char *name, const char *text)
{
	row_begin(sh, "fact");
	row_text(sh, "%22s: ", label);
	row_only_str(sh, "what", name);
	row_str(sh, "value", 0, text);
	row_end(sh);
}

static void put_number(struct shell *sh, const char *label, const char *name, bool hex, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), hex ? "%" PRIx64 : "%" PRIu64, v);
	put(sh, label, name, text);
}

static void put_variable(struct shell *sh, const char *label, const char *name)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t v = peek_long(&p, peek_symbol(&p, name));

	if (peek_ok(&p))
		put_number(sh, label, name, true, v);
}

static void put_memory(struct shell *sh)
{
	struct nodes nodes;
	uint64_t pages = 0;
	char text[32];
	struct error *e = nodes_load(sh, &nodes);

	if (e) {
		error_free(e);
		return;
	}
	for (size_t i = 0; i < nodes.v.n; i++)
		pages += nodes.v.v[i].present;
	nodes_done(&nodes);
	snprintf(text, sizeof(text), "%.1f MB", (double)pages * sh->kernel->page_size / (1 << 20));
	put(sh, "MEMORY SIZE", "memory", text);
}

/* A jiffy is loops_per_jiffy cycles of a CPU whose clock the kernel measured in kHz. */
static void put_hz(struct shell *sh)
{
	static const unsigned usual[] = {100, 250, 300, 1000};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t khz = peek_u32(&p, peek_symbol(&p, "tsc_khz|cpu_khz")), lpj = peek_long(&p, peek_symbol(&p, "lpj_fine|loops_per_jiffy"));
	uint64_t mhz = peek_u32(&p, peek_symbol(&p, "cpu_khz")) / 1000;
	char text[32];

	if (!peek_ok(&p) || !lpj)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " Mhz", mhz);
	put(sh, "PROCESSOR SPEED", "speed", text);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (khz * 1000 / lpj + 1 >= usual[i] && khz * 1000 / lpj <= usual[i] + 1)
			put_number(sh, "HZ", "hz", false, usual[i]);
}

static uint64_t online_cpus(struct shell *sh)
{
	unsigned cpus = 0, n = 0;

	error_free(cpu_count(sh->kernel, &cpus)); /* then there are none to count */
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		bool there = false;

		error_free(cpu_in_mask(sh->kernel, "online", cpu, &there));
		n += there;
	}
	return n;
}

/* arch/x86/include/asm/cpu_entry_area.h: the exception stacks of a CPU in one structure each. */
static void put_stacks(struct shell *sh)
{
	static const struct {
		const char *label, *member;
	} stacks[] = {
		{"DOUBLEFAULT STACK", "DF_stack"}, {"NMI STACK", "NMI_stack"}, {"DEBUG STACK", "DB_stack"},
		{"MCE STACK", "MCE_stack"}, {"VC STACK", "VC_stack"},
	};
	unsigned cpus = 0;

	error_free(cpu_count(sh->kernel, &cpus));
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		_cleanup_peek_ struct peek p = {.k = sh->kernel};
		struct member m = peek_layout(&p, "cea_exception_stacks", stacks[i].member);
		char label[48];

		if (!peek_ok(&p))
			continue;
		snprintf(label, sizeof(label), "%s SIZE", stacks[i].label);
		put_number(sh, label, "stack_size", false, m.size);
		row_text(sh, "%21sS:\n", stacks[i].label);
		for (unsigned cpu = 0; cpu < cpus; cpu++) {
			uint64_t at, base;
			struct error *e = percpu_address(sh->kernel, "cea_exception_stacks", cpu, &at);

			if (!e)
				e = vmem_read_long(sh->kernel, at, &base);
			if (!e && base) {
				row_begin(sh, "stack");
				row_only_str(sh, "stack", stacks[i].member);
				row_text(sh, "%17s", "CPU ");
				row_u64(sh, "cpu", 0, cpu);
				row_text(sh, "%*s: ", cpu < 10 ? 4 : 3, "");
				row_addr(sh, "address", base + m.off);
				row_end(sh);
			}
			error_free(e);
		}
	}
}

static struct error *put_all(struct shell *sh)
{
	struct slabs *s;
	uint64_t zero;
	struct error *e;

	put(sh, "MACHINE TYPE", "machine", sh->kernel->arch ? sh->kernel->arch->name : "unknown");
	put_memory(sh);
	put_number(sh, "CPUS", "cpus", false, online_cpus(sh));
	put_hz(sh);
	put_number(sh, "PAGE SIZE", "page_size", false, sh->kernel->page_size);
	e = shell_slabs(sh, &s);
	if (!e && sh->dump->memory.n) {
		uint64_t pa = sh->dump->memory.v[0].start * sh->kernel->page_size;

		e = slabs_linear(s, pa, &zero);
		if (!e)
			put_number(sh, "KERNEL VIRTUAL BASE", "linear_base", true, zero - pa);
	}
	error_free(e);
	put_variable(sh, "KERNEL VMALLOC BASE", "vmalloc_base");
	put_variable(sh, "KERNEL VMEMMAP BASE", "vmemmap_base");
	put_number(sh, "KERNEL STACK SIZE", "stack_size", false, task_stack_size(sh->kernel));
	put_stacks(sh);
	return NULL;
}

/* arch/x86/include/asm/e820/types.h: packed, 20 bytes each */
static struct error *put_map(struct shell *sh)
{
	static const char *const types[] = {"E820_UNKNOWN", "E820_RAM", "E820_RESERVED", "E820_ACPI", "E820_NVS",
					    "E820_UNUSABLE", "E820_DISABLED", "E820_PMEM"};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t table = peek_long(&p, peek_symbol(&p, "e820_table")), n = peek_member(&p, table, "e820_table", "nr_entries");
	uint64_t first = table + peek_offset(&p, "e820_table", "entries"), each = peek_size(&p, "e820_entry");

	TRY(peek_error(&p));
	row_text(sh, "      PHYSICAL ADDRESS RANGE         TYPE\n");
	for (uint64_t i = 0; i < MIN(n, (uint64_t)MAP_MAX); i++) {
		uint64_t start = peek_member(&p, first + i * each, "e820_entry", "addr");
		uint64_t size = peek_member(&p, first + i * each, "e820_entry", "size");
		uint64_t type = peek_member(&p, first + i * each, "e820_entry", "type");

		TRY(peek_error(&p));
		row_begin(sh, "range");
		row_addr(sh, "start", start);
		row_text(sh, " - ");
		row_addr(sh, "end", start + size);
		row_text(sh, "  ");
		row_str(sh, "type", 0, type < ARRAY_SIZE(types) ? types[type] : "E820_OTHER");
		row_end(sh);
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	int id = options_next(o);

	if (id < 0)
		return command_misused();
	if (id == OPT_MAP)
		return put_map(sh);
	if (id == OPT_CPU_DATA)
		return shell_run_line(sh, "struct cpuinfo_x86 cpu_info:all");
	return put_all(sh);
}

const struct command cmd_mach = {
	.name = "mach",
	.args = "[-m | -c]",
	.summary = "show facts about the machine",
	.options = options,
	.run = run,
};
