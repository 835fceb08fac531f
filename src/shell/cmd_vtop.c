/* vtop: where an address is in physical memory. */
#include <inttypes.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/userspace.h"
#include "shell/value.h"

enum { OPT_USER = 1, OPT_KERNEL, OPT_TASK };

static const struct option_def options[] = {
	{'u', NULL, NULL, "user addresses, of the current task", OPT_USER},
	{'k', NULL, NULL, "kernel addresses (the default)", OPT_KERNEL},
	{'c', NULL, "TASK", "user addresses of another task: its id or address", OPT_TASK},
	{0},
};

static const char *const answers[] = {
	[PAGE_OK] = "in the dump",
	[PAGE_ZERO] = "in the dump, full of zeros",
	[PAGE_EXCLUDED] = "left out of the dump on purpose",
	[PAGE_LOST] = "lost",
	[PAGE_HOLE] = "no memory is there",
};

/* ---- x86_64's page tables, entry by entry ---- */

#define FRAME_MASK 0x000ffffffffff000ull
#define PRESENT	   1
#define LARGE	   0x80

struct level {
	const char *name;
	unsigned shift;
};

static const struct level levels[] = {{"PGD", 48}, {"P4D", 39}, {"PUD", 30}, {"PMD", 21}, {"PTE", 12}};

/* The physical address of the top table and how many levels there are. */
static struct error *find_top(struct shell *sh, const struct task *t, uint64_t *ret_pa, unsigned *ret_first)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t top = t ? peek_member(&p, t->mm, "mm_struct", "pgd") : peek_symbol(&p, "swapper_pg_dir|init_top_pgt");
	int64_t five = 0;

	TRY(peek_error(&p));
	if (!vmcoreinfo_number(sh->kernel->info, "pgtable_l5_enabled", &five))
		five = 0;
	*ret_first = five ? 0 : 1;
	row_text(sh, "PGD DIRECTORY: %" PRIx64 "\n", top);
	return vmem_translate(sh->kernel, top, ret_pa, NULL);
}

/* Reads one entry after the other; what cannot be read ends the list, the translation stands above. */
static void put_tables(struct shell *sh, uint64_t va, const struct task *t)
{
	uint64_t table, entry = 0;
	unsigned first;
	struct error *e;

	if (!sh->kernel->arch || !text_equal(sh->kernel->arch->name, "x86_64"))
		return;
	e = find_top(sh, t, &table, &first);
	for (unsigned i = first; i < ARRAY_SIZE(levels) && !e; i++) {
		unsigned char bytes[8];
		uint64_t at = table + (va >> levels[i].shift & 511) * 8;
		const char *name = i == 1 && first ? "PGD" : levels[i].name;

		e = dump_read_phys(sh->dump, at, bytes, sizeof(bytes));
		if (e)
			break;
		entry = get_u64(bytes, false);
		row_begin(sh, "entry");
		row_text(sh, "   ");
		row_str(sh, "level", 0, name);
		row_text(sh, ": ");
		row_hex(sh, "at", 0, at);
		row_text(sh, " => ");
		row_hex(sh, "entry", 0, entry);
		row_end(sh);
		table = entry & FRAME_MASK;
		if (!(entry & PRESENT) || (entry & LARGE && i >= 2 && i < 4))
			break;
	}
	error_free(e);
	if (entry) {
		row_text(sh, "\n");
		put_pte(sh, entry);
		row_text(sh, "\n");
	}
}

/* As kmem -p shows it, where there is one. */
static struct error *put_page(struct shell *sh, uint64_t pa)
{
	uint64_t page, pfn;
	struct error *e = kmem_page_of(sh, pa, true, &page, &pfn);

	if (e && error_kind(e) != ERROR_NOMEM) {
		error_free(e);
		return NULL;
	}
	TRY(e);
	TRY(kmem_page(sh, page, pfn, NULL));
	row_text(sh, "\n");
	return NULL;
}

static struct error *show(struct shell *sh, const char *word, const struct task *t)
{
	int width = (int)(2 * sh->kernel->long_size);
	uint64_t va, pa, len;
	enum page_answer state;

	TRY(value_address(sh, word, &va));
	if (t)
		TRY(user_translate(sh, t, va, &pa, &len));
	else
		TRY(vmem_translate(sh->kernel, va, &pa, &len));
	state = dump_page_state(sh->dump, pa / sh->dump->page_size);
	row_text(sh, "%-*s  PHYSICAL\n", width, "VIRTUAL");
	row_begin(sh, "address");
	row_hex(sh, "virtual", -width, va);
	row_text(sh, "  ");
	row_hex(sh, "physical", 0, pa);
	row_only_str(sh, "state", (unsigned)state < ARRAY_SIZE(answers) ? answers[state] : "?");
	row_end(sh);
	row_text(sh, "\n");
	put_tables(sh, va, t);
	row_text(sh, "  CONTIGUOUS: %" PRIx64 " bytes from there on\n        PAGE: %" PRIx64 " (%s)\n\n", len,
		 pa & ~(uint64_t)(sh->dump->page_size - 1), (unsigned)state < ARRAY_SIZE(answers) ? answers[state] : "?");
	return put_page(sh, pa);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct task other;
	const struct task *t = NULL;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_TASK) {
			TRY(tasks_pick_one(sh, o->value, &other));
			t = &other;
		} else if (id == OPT_USER) {
			if (!sh->has_task)
				return error_new(ERROR_NOT_FOUND, "no task is the current one; name one with -c");
			t = &sh->task;
		}
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (!n)
		return command_misused();
	for (int i = 0; i < n; i++)
		TRY(show(sh, words[i], t));
	return NULL;
}

const struct command cmd_vtop = {
	.name = "vtop",
	.args = "[-u|-k|-c task] address ...",
	.summary = "translate virtual addresses to physical ones",
	.options = options,
	.run = run,
};
