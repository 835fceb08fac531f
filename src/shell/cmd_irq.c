/* irq: interrupts and who handles them. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/tree.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/value.h"

enum { OPT_USED = 1, OPT_COUNTS };

static const struct option_def options[] = {
	{'u', NULL, NULL, "only those in use", OPT_USED},
	{'s', NULL, NULL, "how often each came, by CPU", OPT_COUNTS},
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
static struct error *put_counts(struct shell *sh, const struct irqs *all)
{
	struct cpus cpus;
	struct error *e = NULL;

	TRY(value_cpus(sh, "all", &cpus));
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

static struct error *run(struct shell *sh, struct options *o)
{
	bool only_used = false, counts = false;
	struct irqs all = {0};
	struct error *e;
	int id;

	while ((id = options_next(o)) > 0) {
		only_used |= id == OPT_USED;
		counts |= id == OPT_COUNTS;
	}
	if (id < 0)
		return command_misused();
	e = load(sh, &all);
	if (!e)
		e = counts ? put_counts(sh, &all) : list(sh, &all, only_used);
	vector_done(&all.v);
	return e;
}

const struct command cmd_irq = {
	.name = "irq",
	.args = "[-u] | -s",
	.summary = "list interrupts and who handles them",
	.options = options,
	.run = run,
};
