/*
 * What comes first. The kernel floor is asked for the log, symbols, types, tasks and modules, as a
 * report does, and the dump is watched meanwhile: what was touched is needed, page tables included.
 * Areas that are read in many places only when a report is made are added whole.
 */
#include "collect/first.h"

#include <string.h>

#include "base/base.h"
#include "base/clock.h"
#include "kernel/module.h"
#include "kernel/printk.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define TABLE_LEN (2 * FIRST_MAX) /* power of two */

struct first {
	struct dump *d;
	struct kernel *k;
	uint64_t *pfns; /* a hash set of TABLE_LEN rows, + 1; 0: empty */
	size_t n;
	uint64_t until_ms, task_len, stack_len;
};

static bool is_full(const struct first *f)
{
	return f->n == FIRST_MAX || clock_now_ms() > f->until_ms;
}

static void add_pfn(struct first *f, uint64_t pfn)
{
	size_t row = pfn * 0x9e3779b97f4a7c15 >> 32 & (TABLE_LEN - 1);

	while (f->pfns[row] && f->pfns[row] != pfn + 1)
		row = (row + 1) & (TABLE_LEN - 1);
	if (f->pfns[row] || f->n == FIRST_MAX)
		return;
	f->pfns[row] = pfn + 1;
	f->n++;
}

static void touched(void *arg, uint64_t pfn, uint64_t n)
{
	struct first *f = arg;

	for (; n-- && f->n < FIRST_MAX; pfn++)
		add_pfn(f, pfn);
}

/* [va, va + len): its pages, and on the way the page tables. */
static void add_area(struct first *f, uint64_t va, uint64_t len)
{
	while (len && !is_full(f)) {
		uint64_t pa, run;
		struct error *e = vmem_translate(f->k, va, &pa, &run);

		if (e) /* not mapped: the next page may be */
			run = f->d->page_size - va % f->d->page_size;
		run = MIN(run, len);
		if (!e)
			touched(f, pa / f->d->page_size,
				(pa + run - 1) / f->d->page_size - pa / f->d->page_size + 1);
		error_free(e);
		va += run;
		len -= run;
	}
}

/* ---- what is asked for ---- */

static struct error *touch_record(const struct printk_record *r, void *arg)
{
	(void)r;
	return is_full(arg) ? error_new(ERROR_TIMEOUT, "enough") : NULL;
}

static struct error *add_log(struct first *f)
{
	return printk_walk(f->k, false, touch_record, f, NULL);
}

static struct error *add_image(struct first *f)
{
	static const char *const starts[] = { "_text", "_stext", NULL };
	static const char *const ends[] = { "_end", "__bss_stop", "_edata", NULL };
	uint64_t start, end;

	TRY(symbol_find_any(f->k, starts, &start));
	TRY(symbol_find_any(f->k, ends, &end));
	if (end > start)
		add_area(f, start, end - start);
	return NULL;
}

static struct error *add_types(struct first *f)
{
	return types_load(f->k);
}

static struct error *add_cpus(struct first *f)
{
	uint64_t start, end, va;
	struct regs regs;
	struct task task;
	unsigned n;

	TRY(cpu_count(f->k, &n));
	TRY(symbol_find(f->k, "__per_cpu_start", &start));
	TRY(symbol_find(f->k, "__per_cpu_end", &end));
	for (unsigned cpu = 0; cpu < n && !is_full(f); cpu++) {
		TRY(percpu_pointer(f->k, start, cpu, &va));
		if (end > start)
			add_area(f, va, end - start);
		/* one that is offline has neither */
		error_free(cpu_regs(f->k, cpu, &regs));
		error_free(task_running(f->k, cpu, &task));
	}
	return NULL;
}

static bool add_task(const struct task *t, void *arg)
{
	struct first *f = arg;

	add_area(f, t->va, f->task_len);
	if (t->stack_va)
		add_area(f, t->stack_va, f->stack_len);
	return !is_full(f);
}

static struct error *add_tasks(struct first *f)
{
	TRY(type_size(f->k, "task_struct", &f->task_len));
	f->stack_len = task_stack_size(f->k);
	return tasks_walk(f->k, add_task, f);
}

static struct error *add_modules(struct first *f)
{
	TRY(modules_load(f->k));
	for (size_t i = 0; i < modules_count(f->k) && !is_full(f); i++) {
		const struct module *m = module_at(f->k, i);

		add_area(f, m->orc_ip_va, m->nr_orc * 4);
		add_area(f, m->orc_va, m->nr_orc * 6);
		add_area(f, m->symtab_va, m->nr_symbols * (f->k->is_64bit ? 24 : 16));
		add_area(f, m->typetab_va, m->nr_symbols);
		for (unsigned j = 0; j < m->nr_mem; j++)
			add_area(f, m->mem[j].start, m->mem[j].end - m->mem[j].start);
	}
	return NULL;
}

/* ---- the result ---- */

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static struct error *take_result(struct first *f, struct ranges *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < TABLE_LEN; i++)
		if (f->pfns[i])
			f->pfns[n++] = f->pfns[i] - 1;
	qsort(f->pfns, n, sizeof(*f->pfns), compare);
	for (size_t i = 0; i < n; i++)
		TRY(ranges_add(ret, f->pfns[i], f->pfns[i] + 1));
	return NULL;
}

static struct error *find_all(struct first *f)
{
	/* most needed first: there may be no room, or no time, for all */
	static struct error *(*const adders[])(struct first *f) = {
		add_log, add_image, add_types, add_cpus, add_modules, add_tasks,
	};
	struct error *e = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(adders) && !is_full(f) && !e; i++) {
		e = adders[i](f);
		if (e && error_kind(e) != ERROR_NOMEM) { /* this kernel or dump does not tell */
			error_free(e);
			e = NULL;
		}
	}
	return e;
}

struct error *first_find(struct kernel *k, uint64_t limit_ms, struct ranges *ret)
{
	struct first f = { .d = k->dump, .k = k, .until_ms = clock_now_ms() + limit_ms };
	struct error *e;

	f.pfns = calloc(TABLE_LEN, sizeof(*f.pfns));
	if (!f.pfns)
		return error_nomem();
	vmem_done(k); /* page tables are read again */
	dump_watch(k->dump, touched, &f);
	e = find_all(&f);
	dump_watch(k->dump, NULL, NULL);
	if (!e)
		e = take_result(&f, ret);
	free(f.pfns);
	return e;
}
