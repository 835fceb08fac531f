/* mod: the loaded modules. */
#include <inttypes.h>
#include <string.h>

#include "analyze/report.h"
#include "base/base.h"
#include "kernel/module.h"
#include "shell/command.h"

enum { OPT_TAINT = 1 };

static const struct option_def options[] = {
	{'t', NULL, NULL, "only modules that taint the kernel, and how", OPT_TAINT},
	{0},
};

/* By address, as the classic shell lists them. */
static int by_base(const void *a, const void *b)
{
	const struct module *x = *(const struct module *const *)a, *y = *(const struct module *const *)b;

	return x->mem[0].start < y->mem[0].start ? -1 : x->mem[0].start > y->mem[0].start;
}

static void list_taints(struct shell *sh, const struct module **v, size_t n)
{
	bool any = false;
	char letters[64];
	int width = 4;

	for (size_t i = 0; i < n; i++)
		if (v[i]->taints)
			width = MAX(width, (int)strlen(v[i]->name));
	for (size_t i = 0; i < n; i++) {
		if (!v[i]->taints)
			continue;
		if (!any)
			fprintf(sh->out, "%-*s  TAINTS\n", width, "NAME");
		any = true;
		taint_letters(v[i]->taints, letters, sizeof(letters));
		fprintf(sh->out, "%-*s  %s\n", width, v[i]->name, letters);
	}
	if (!any)
		fputs("no tainted modules\n", sh->out);
}

static void list(struct shell *sh, const struct module **v, size_t n)
{
	int width = 4, digits = (int)(2 * sh->kernel->long_size);

	for (size_t i = 0; i < n; i++)
		width = MAX(width, (int)strlen(v[i]->name));
	fprintf(sh->out, "%*s%-*s  %-*s  %*s%-*s  %7s\n", (digits - 6) / 2, "", digits - (digits - 6) / 2,
		"MODULE", width, "NAME", (digits - 4) / 2, "", digits - (digits - 4) / 2, "BASE", "SIZE");
	for (size_t i = 0; i < n; i++)
		fprintf(sh->out, "%0*" PRIx64 "  %-*s  %0*" PRIx64 "  %7" PRIu64 "\n", digits, v[i]->va, width,
			v[i]->name, digits, v[i]->mem[0].start, v[i]->total_size);
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_free_ const struct module **v = NULL;
	bool taint = false;
	size_t n;
	int id;

	while ((id = options_next(o)) > 0)
		taint |= id == OPT_TAINT;
	if (id < 0)
		return command_misused();
	TRY(modules_load(sh->kernel));
	n = modules_count(sh->kernel);
	v = calloc(MAX(n, (size_t)1), sizeof(struct module *));
	if (!v)
		return error_nomem();
	for (size_t i = 0; i < n; i++)
		v[i] = module_at(sh->kernel, i);
	qsort(v, n, sizeof(struct module *), by_base);
	if (taint)
		list_taints(sh, v, n);
	else
		list(sh, v, n);
	return NULL;
}

const struct command cmd_mod = {
	.name = "mod",
	.aliases = "lsmod",
	.args = "[-t]",
	.summary = "list the loaded modules",
	.text = "Symbols and unwind tables of modules are read from the dump: nothing has to be loaded.\n",
	.options = options,
	.run = run,
};
