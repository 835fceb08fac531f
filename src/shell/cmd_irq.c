/* irq: interrupts and who handles them. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/tree.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/value.h"

enum { OPT_USED = 1, OPT_COUNTS, OPT_AFFINITY, OPT_SOFT, OPT_GATES, OPT_CPUS };

static const struct option_def options[] = {
	{'u', NULL, NULL, "only those in use", OPT_USED},
	{'s', NULL, NULL, "how often each came, by CPU", OPT_COUNTS},
	{'a', NULL, NULL, "the CPUs that each may go to", OPT_AFFINITY},
	{'b', NULL, NULL, "soft interrupts", OPT_SOFT},
	{'d', NULL, NULL, "the gates of the interrupt descriptor table (x86)", OPT_GATES},
	{'c', NULL, "CPUS", "with -s: of some CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{0},
};

#define IRQS_MAX    65536u
#define ACTIONS_MAX 64

struct irq {
	uint64_t number, desc;
};

struct irqs {
	VECTOR(struct irq) v;
	bool failed;
};

static bool add(uint64_t key, uint64_t entry, void *arg)
{
	struct irqs *all = arg;

	all->failed = !vector_push(&all->v, (struct irq){key, entry});
	return !all->failed && all->v.n < IRQS_MAX;
}

/* kernel/irq/irqdesc.c: irq_desc_tree, a radix tree; sparse_irqs, a maple tree, since 6.5. */
static struct error *load(struct shell *sh, struct irqs *all)
{
	uint64_t va;
	struct error *e = symbol_find(sh->kernel, "sparse_irqs", &va);

	if (!e) {
		e = maple_walk(sh->kernel, va, add, all);
	} else {
		error_free(e);
		TRY(symbol_find(sh->kernel, "irq_desc_tree", &va));
		e = xarray_walk(sh->kernel, va, add, all);
	}
	return e ? e : all->failed ? error_nomem() : NULL;
}

/* How many there can be: those without a descriptor are listed too. */
static uint64_t count(struct shell *sh, const struct irqs *all)
{
	static const char *const names[] = {"nr_irqs", "total_nr_irqs", NULL};
	uint64_t last = all->v.n ? all->v.v[all->v.n - 1].number + 1 : 0, va;
	uint32_t n = 0;
	struct error *e = symbol_find_any(sh->kernel, names, &va);

	if (!e)
		e = vmem_read_u32(sh->kernel, va, &n);
	error_free(e); /* then only those that are there */
	return MIN(MAX(last, (uint64_t)n), (uint64_t)IRQS_MAX);
}

static struct error *action_name(struct shell *sh, uint64_t action, char *buf, size_t room)
{
	uint64_t va;

	buf[0] = '\0';
	TRY(type_read_member(sh->kernel, action, "irqaction", "name", &va));
	return va ? vmem_read_string(sh->kernel, va, buf, room) : NULL;
}

static struct error *put_actions(struct shell *sh, uint64_t action)
{
	int width = (int)(2 * sh->kernel->long_size);
	char name[128];

	for (unsigned n = 0; action && n < ACTIONS_MAX; n++) {
		TRY(action_name(sh, action, name, sizeof(name)));
		if (n) { /* another that shares it */
			row_end(sh);
			row_begin(sh, "shared");
			row_text(sh, "%*s", 8 + width, "");
		}
		row_addr(sh, "action", action);
		row_text(sh, "  \"");
		row_str(sh, "name", 0, name);
		row_text(sh, "\"");
		TRY(type_read_member(sh->kernel, action, "irqaction", "next", &action));
	}
	return NULL;
}

static struct error *put_irq(struct shell *sh, uint64_t number, uint64_t desc, bool only_used)
{
	uint64_t action = 0;
	struct error *e;

	if (desc)
		TRY(type_read_member(sh->kernel, desc, "irq_desc", "action", &action));
	if (!action && only_used)
		return NULL;
	/* in the middle of four columns */
	row_begin(sh, "irq");
	row_u64(sh, "irq", number < 100 ? 3 : 4, number);
	row_text(sh, number < 100 ? " " : "");
	if (!desc) {
		row_text(sh, "      (unused)          (unused)      ");
	} else {
		row_text(sh, "  ");
		row_addr(sh, "irq_desc", desc);
		row_text(sh, "  ");
	}
	if (desc && !action)
		row_text(sh, "    (unused)      ");
	e = action ? put_actions(sh, action) : NULL;
	row_end(sh);
	return e;
}

/* The first word of a CPU's kstat_irqs is the count. */
static struct error *put_counts(struct shell *sh, const struct irqs *all, const char *spec)
{
	struct cpus cpus;
	struct error *e = NULL;

	TRY(value_cpus(sh, spec, &cpus));
	row_text(sh, "      ");
	for (unsigned cpu = 0; cpu < cpus.nr; cpu++)
		if (cpus.in[cpu])
			row_text(sh, "%10s%-2u ", "CPU", cpu);
	row_text(sh, "\n");
	for (size_t i = 0; i < all->v.n && !e && !shell_interrupted(); i++) {
		uint64_t stats = 0, action = 0, va;
		char name[128] = "", column[16];

		e = type_read_member(sh->kernel, all->v.v[i].desc, "irq_desc", "kstat_irqs", &stats);
		if (!e)
			e = type_read_member(sh->kernel, all->v.v[i].desc, "irq_desc", "action", &action);
		if (!e && action)
			e = action_name(sh, action, name, sizeof(name));
		if (e || !action || !stats)
			continue;
		row_begin(sh, "counts");
		row_u64(sh, "irq", 4, all->v.v[i].number);
		row_text(sh, ": ");
		for (unsigned cpu = 0; cpu < cpus.nr && !e; cpu++) {
			uint32_t n = 0;

			if (!cpus.in[cpu])
				continue;
			e = percpu_pointer(sh->kernel, stats, cpu, &va);
			if (!e)
				e = vmem_read_u32(sh->kernel, va, &n);
			snprintf(column, sizeof(column), "cpu%u", cpu);
			if (!e)
				row_u64(sh, column, 12, n);
			row_text(sh, " ");
		}
		row_text(sh, " ");
		row_str(sh, "name", 0, name);
		row_end(sh);
	}
	cpus_done(&cpus);
	return e;
}

static struct error *list(struct shell *sh, const struct irqs *all, bool only_used)
{
	uint64_t n = count(sh, all);
	size_t next = 0;

	row_text(sh, " IRQ   IRQ_DESC/_DATA      IRQACTION      NAME\n");
	for (uint64_t number = 0; number < n && !shell_interrupted(); number++) {
		uint64_t desc = 0;

		if (next < all->v.n && all->v.v[next].number == number)
			desc = all->v.v[next++].desc;
		TRY(put_irq(sh, number, desc, only_used));
	}
	return NULL;
}

/* "0-2,5": the CPUs of a mask. */
static void mask_text(const unsigned char *bits, unsigned cpus, struct strbuf *out)
{
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		unsigned last = cpu;

		if (!(bits[cpu / 8] >> (cpu % 8) & 1))
			continue;
		while (last + 1 < cpus && bits[(last + 1) / 8] >> ((last + 1) % 8) & 1)
			last++;
		strbuf_printf(out, last > cpu ? "%s%u-%u" : "%s%u", out->len ? "," : "", cpu, last);
		cpu = last;
	}
}

#define MASK_MAX 1024 /* bytes: 8192 CPUs */

static struct error *put_affinity(struct shell *sh, const struct irqs *all)
{
	bool pointer = !peek_has(sh->kernel, "irq_common_data", "affinity.bits") ||
		       peek_has(sh->kernel, "irq_common_data", "affinity[0].bits");
	unsigned cpus;

	TRY(cpu_count(sh->kernel, &cpus));
	row_text(sh, "IRQ NAME                 AFFINITY\n");
	for (size_t i = 0; i < all->v.n && !shell_interrupted(); i++) {
		_cleanup_peek_ struct peek p = {.k = sh->kernel};
		uint64_t desc = all->v.v[i].desc, action = peek_member(&p, desc, "irq_desc", "action"), mask;
		_cleanup_strbuf_ struct strbuf text = {0};
		unsigned char bits[MASK_MAX] = {0};
		char name[128];

		mask = desc + peek_offset(&p, "irq_desc", "irq_common_data") + peek_offset(&p, "irq_common_data", "affinity");
		if (pointer) /* CONFIG_CPUMASK_OFFSTACK */
			mask = peek_long(&p, mask);
		peek_bytes(&p, mask, bits, MIN((cpus + 7) / 8, (unsigned)MASK_MAX));
		if (!action || !peek_ok(&p))
			continue;
		TRY(action_name(sh, action, name, sizeof(name)));
		mask_text(bits, MIN(cpus, 8u * MASK_MAX), &text);
		row_begin(sh, "affinity");
		row_u64(sh, "irq", 3, all->v.v[i].number);
		row_text(sh, " ");
		row_str(sh, "name", -20, name);
		row_text(sh, " ");
		row_str(sh, "cpus", 0, strbuf_str(&text));
		row_end(sh);
	}
	return NULL;
}

#define SOFT_MAX 32

/* softirq_vec[]: as many as enum softirq... has names, which is NR_SOFTIRQS. */
static struct error *put_soft(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t va = peek_symbol(&p, "softirq_vec"), each = peek_size(&p, "softirq_action");
	int64_t n = peek_constant(&p, "NR_SOFTIRQS");

	TRY(peek_error(&p));
	row_text(sh, "SOFTIRQ_VEC      ACTION\n");
	for (int64_t i = 0; i < MIN(n, (int64_t)SOFT_MAX); i++) {
		uint64_t action = peek_member(&p, va + (uint64_t)i * each, "softirq_action", "action");
		char name[600];

		TRY(peek_error(&p));
		if (!action)
			continue;
		value_symbol_text(sh, action, 10, name, sizeof(name));
		row_begin(sh, "soft");
		row_text(sh, "    [");
		row_i64(sh, "vector", 0, i);
		row_text(sh, "]%*s", i < 10 ? 5 : 4, "");
		row_addr(sh, "action", action);
		row_text(sh, "  <");
		row_str(sh, "name", 0, name);
		row_text(sh, ">");
		row_end(sh);
	}
	return NULL;
}

#define GATES 256
#define GATE_LEN 16 /* arch/x86/include/asm/desc_defs.h: struct gate_struct */

static struct error *put_gates(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t table = peek_symbol(&p, "idt_table");

	if (!sh->kernel->arch || !text_equal(sh->kernel->arch->name, "x86_64"))
		return error_new(ERROR_UNSUPPORTED, "-d: x86_64 has such a table");
	TRY(peek_error(&p));
	for (unsigned i = 0; i < GATES && !shell_interrupted(); i++) {
		unsigned char g[GATE_LEN];
		uint64_t va;
		char name[600];

		peek_bytes(&p, table + i * GATE_LEN, g, sizeof(g));
		TRY(peek_error(&p));
		va = get_u16(g, false) | (uint64_t)get_u16(g + 6, false) << 16 | (uint64_t)get_u32(g + 8, false) << 32;
		value_symbol_text(sh, va, 10, name, sizeof(name));
		row_begin(sh, "gate");
		row_text(sh, "%s[", i < 10 ? "  " : i < 100 ? " " : "");
		row_u64(sh, "vector", 0, i);
		row_text(sh, "] ");
		if (name[0])
			row_str(sh, "handler", 0, name);
		else
			row_hex(sh, "address", 0, va);
		row_end(sh);
	}
	return NULL;
}

/* Interrupts that were named by number. */
static struct error *put_named(struct shell *sh, const struct irqs *all, char **words, int n)
{
	row_text(sh, " IRQ   IRQ_DESC/_DATA      IRQACTION      NAME\n");
	for (int i = 0; i < n; i++) {
		uint64_t number, desc = 0;

		if (!text_u64(words[i], &number))
			return error_new(ERROR_USAGE, "%s: expected the number of an interrupt", words[i]);
		for (size_t j = 0; j < all->v.n && !desc; j++)
			if (all->v.v[j].number == number)
				desc = all->v.v[j].desc;
		TRY(put_irq(sh, number, desc, false));
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	bool only_used = false;
	const char *spec = "all";
	struct irqs all = {0};
	struct error *e;
	char **words;
	int id, n, what = 0;

	while ((id = options_next(o)) > 0) {
		only_used |= id == OPT_USED;
		if (id == OPT_CPUS)
			spec = o->value;
		else if (id != OPT_USED)
			what = id;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (what == OPT_SOFT || what == OPT_GATES)
		return what == OPT_SOFT ? put_soft(sh) : put_gates(sh);
	e = load(sh, &all);
	if (!e && what == OPT_COUNTS)
		e = put_counts(sh, &all, spec);
	else if (!e && what == OPT_AFFINITY)
		e = put_affinity(sh, &all);
	else if (!e)
		e = n ? put_named(sh, &all, words, n) : list(sh, &all, only_used);
	vector_done(&all.v);
	return e;
}

const struct command cmd_irq = {
	.name = "irq",
	.args = "[-u] [irq ...] | -s [-c cpus] | -a | -b | -d",
	.summary = "list interrupts and who handles them",
	.options = options,
	.run = run,
};
