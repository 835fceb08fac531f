/* The list of commands, and what all of them share: usage, help, running. */
#include "shell/command.h"

#include <string.h>

#include "base/base.h"
#include "shell/row.h"

const struct command *const commands[] = {
	&cmd_alias,
	&cmd_ascii,
	&cmd_bpf,
	&cmd_bt,
	&cmd_btop,
	&cmd_dev,
	&cmd_diff,
	&cmd_dis,
	&cmd_eval,
	&cmd_exit,
	&cmd_extend,
	&cmd_files,
	&cmd_foreach,
	&cmd_fuser,
	&cmd_gcore,
	&cmd_gdb,
	&cmd_help,
	&cmd_hogs,
	&cmd_io,
	&cmd_ipcs,
	&cmd_irq,
	&cmd_kmem,
	&cmd_list,
	&cmd_locks,
	&cmd_log,
	&cmd_mach,
	&cmd_mod,
	&cmd_mount,
	&cmd_net,
	&cmd_p,
	&cmd_ps,
	&cmd_pte,
	&cmd_ptob,
	&cmd_ptov,
	&cmd_rd,
	&cmd_repeat,
	&cmd_runq,
	&cmd_sbitmapq,
	&cmd_search,
	&cmd_set,
	&cmd_sig,
	&cmd_struct,
	&cmd_swap,
	&cmd_sym,
	&cmd_sys,
	&cmd_task,
	&cmd_timer,
	&cmd_trace,
	&cmd_tree,
	&cmd_union,
	&cmd_vm,
	&cmd_vtop,
	&cmd_waitq,
	&cmd_whatis,
	&cmd_why,
	&cmd_wr,
	NULL,
};

static bool is_alias(const char *aliases, const char *name)
{
	size_t len = strlen(name);

	while (aliases && *aliases) {
		size_t n = strcspn(aliases, " ");

		if (n == len && strncmp(aliases, name, n) == 0)
			return true;
		aliases += n + strspn(aliases + n, " ");
	}
	return false;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (text_equal(commands[i]->name, name) || is_alias(commands[i]->aliases, name))
			return commands[i];
	return NULL;
}

struct error *command_misused(void)
{
	return error_new(ERROR_USAGE, "%s", "");
}

void command_usage(const struct command *c, FILE *to)
{
	fprintf(to, "Usage:\n  %s %s\nEnter \"help %s\" for details.\n", c->name, c->args, c->name);
}

void command_help(const struct command *c, FILE *to)
{
	fprintf(to, "%s - %s\n\n  %s %s\n", c->name, c->summary, c->name, c->args);
	if (c->aliases)
		fprintf(to, "\nAlso called: %s\n", c->aliases);
	if (c->options) {
		fputc('\n', to);
		options_help(c->options, to);
	}
	if (c->text)
		fprintf(to, "\n%s", c->text);
}

char **command_words(const struct options *o, int *ret_n)
{
	int first = o->getopt_state ? options_rest(o) : 1;

	*ret_n = o->argc - first;
	return o->argv + first;
}

struct error *command_run(struct shell *sh, const struct command *c, int argc, char **argv)
{
	struct options o = { .argc = argc, .argv = argv };
	struct error *e;

	if (!c->options)
		return c->run(sh, &o);
	TRY(options_begin(&o, c->options, argc, argv));
	e = c->run(sh, &o);
	options_done(&o);
	return e;
}

void print_task_cells(struct shell *sh, const struct task *t)
{
	row_text(sh, "PID: ");
	row_i64(sh, "pid", -8, t->pid);
	row_text(sh, " TASK: ");
	row_addr(sh, "task", t->va);
	row_text(sh, "  CPU: ");
	row_i64(sh, "cpu", -3, MAX(t->cpu, 0));
	row_text(sh, "  COMMAND: \"");
	row_str(sh, "command", 0, t->comm);
	row_text(sh, "\"");
}

void print_task_line(struct shell *sh, const struct task *t)
{
	row_begin(sh, "task");
	print_task_cells(sh, t);
	row_end(sh);
}
