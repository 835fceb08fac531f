/* vtop: where an address is in physical memory. */
#include <inttypes.h>

#include "base/base.h"
#include "kernel/vmem.h"
#include "shell/command.h"
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
	fprintf(sh->out, "%-*s  PHYSICAL\n%-*" PRIx64 "  %" PRIx64 "\n\n", width, "VIRTUAL", width, va, pa);
	fprintf(sh->out, "  CONTIGUOUS: %" PRIx64 " bytes from there on\n        PAGE: %" PRIx64 " (%s)\n\n", len,
		pa & ~(uint64_t)(sh->dump->page_size - 1),
		(unsigned)state < ARRAY_SIZE(answers) ? answers[state] : "?");
	return NULL;
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
