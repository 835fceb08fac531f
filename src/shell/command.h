/*
 * A command of the shell: one file cmd_NAME.c each, one row in commands.c. The table also makes
 * help, completion and the manual page's list.
 */
#pragma once

#include "base/options.h"
#include "shell/shell.h"

struct command {
	const char *name;
	const char *aliases; /* other names, separated by blanks; null: none */
	const char *args;    /* after the name in the usage line */
	const char *summary; /* one line for `help` */
	const char *text;    /* what `help NAME` adds to the options; null: nothing */
	const struct option_def *options; /* null: the command takes the words as they are */
	/* `o` stands before the first option. Words that are no options: command_words(). */
	struct error *(*run)(struct shell *sh, struct options *o);
};

extern const struct command *const commands[]; /* ends with null, in alphabetical order */

/* By name or alias; null: no such command. */
const struct command *command_find(const char *name);
/* Runs it with argv[0] as its name. An error of kind ERROR_USAGE and no text makes the caller
 * print the usage. */
struct error *command_run(struct shell *sh, const struct command *c, int argc,
			  char **argv) MUST_CHECK;
/* What a command answers to options or words that make no sense: the usage is printed. */
struct error *command_misused(void) MUST_CHECK;
void command_usage(const struct command *c, FILE *to);
void command_help(const struct command *c, FILE *to);

/* The words after the options; *ret_n of them. For commands without options: all. */
char **command_words(const struct options *o, int *ret_n);

/* "PID: 1        TASK: ffff...  CPU: 0    COMMAND: "init"" and a newline: before output that
 * belongs to a task. */
void print_task_line(struct shell *sh, const struct task *t);
/* The same as cells of a row that is begun. */
void print_task_cells(struct shell *sh, const struct task *t);

/* The rows. */
extern const struct command cmd_alias, cmd_ascii, cmd_bpf, cmd_bt, cmd_btop, cmd_dev, cmd_diff,
	cmd_dis, cmd_eval, cmd_exit, cmd_extend, cmd_files, cmd_foreach, cmd_fuser, cmd_gcore,
	cmd_gdb, cmd_help, cmd_hogs, cmd_io, cmd_ipcs, cmd_irq, cmd_kmem, cmd_list, cmd_locks,
	cmd_log, cmd_mach, cmd_mod, cmd_mount, cmd_net, cmd_p, cmd_ps, cmd_pte, cmd_ptob,
	cmd_ptov, cmd_rd, cmd_repeat, cmd_runq, cmd_sbitmapq, cmd_search, cmd_set, cmd_sig,
	cmd_struct, cmd_swap, cmd_sym, cmd_sys, cmd_task, cmd_timer, cmd_trace, cmd_tree,
	cmd_union, cmd_vm, cmd_vtop, cmd_waitq, cmd_whatis, cmd_why, cmd_wr;
