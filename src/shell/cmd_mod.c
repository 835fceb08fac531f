/* mod: the loaded modules. */
#include <inttypes.h>
#include <string.h>

#include "analyze/report.h"
#include "base/base.h"
#include "kernel/module.h"
#include "shell/command.h"
#include "shell/row.h"

enum { OPT_TAINT = 1, OPT_LOAD };

static const struct option_def options[] = {
	{'t', NULL, NULL, "only modules that taint the kernel, and how", OPT_TAINT},
	{'s', NULL, NULL, "load a module's symbols: needless here, says so", OPT_LOAD},
	{'S', NULL, NULL, "load all modules' symbols: needless here, says so", OPT_LOAD},
	{'d', NULL, NULL, "unload them: the same", OPT_LOAD},
	{'D', NULL, NULL, "unload all: the same", OPT_LOAD},
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
			row_text(sh, "%-*s  TAINTS\n", width, "NAME");
		any = true;
		taint_letters(v[i]->taints, letters, sizeof(letters));
		row_begin(sh, "module");
		row_str(sh, "name", -width, v[i]->name);
		row_text(sh, "  ");
		row_str(sh, "taints", 0, letters);
		row_end(sh);
	}
	if (!any)
		row_text(sh, "no tainted modules\n");
}

static void list(struct shell *sh, const struct module **v, size_t n)
{
	int width = 4, digits = (int)(2 * sh->kernel->long_size);

	for (size_t i = 0; i < n; i++)
		width = MAX(width, (int)strlen(v[i]->name));
	row_text(sh, "%*s%-*s  %-*s  %*s%-*s  %7s\n", (digits - 6) / 2, "", digits - (digits - 6) / 2,
		"MODULE", width, "NAME", (digits - 4) / 2, "", digits - (digits - 4) / 2, "BASE", "SIZE");
	for (size_t i = 0; i < n; i++) {
		row_begin(sh, "module");
		row_addr(sh, "module", v[i]->va);
		row_text(sh, "  ");
		row_str(sh, "name", -width, v[i]->name);
		row_text(sh, "  ");
		row_addr(sh, "base", v[i]->mem[0].start);
		row_text(sh, "  ");
		row_u64(sh, "size", 7, v[i]->total_size);
		row_only_str(sh, "version", v[i]->version);
		row_end(sh);
	}
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_free_ const struct module **v = NULL;
	bool taint = false, load = false;
	size_t n;
	int id;

	while ((id = options_next(o)) > 0) {
		taint |= id == OPT_TAINT;
		load |= id == OPT_LOAD;
	}
	if (id < 0)
		return command_misused();
	TRY(modules_load(sh->kernel));
	if (load)
		row_text(sh, "(nothing to load: the symbols and unwind tables of modules are in the dump)\n");
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
	.args = "[-t] | [-s module | -S]",
	.summary = "list the loaded modules",
	.text = "Symbols and unwind tables of modules are read from the dump: nothing has to be loaded.\n",
	.options = options,
	.run = run,
};
