/*
 * Floor 5: the interactive analyzer. A session holds a dump, its kernel, the current task and
 * the settings; a command (command.h) turns words into output. What people type and see is the
 * classic crash shell's: commands, options, columns, number forms.
 */
#pragma once

#include <stdio.h>

#include "kernel/task.h"

struct shell_tasks;
struct row_writer;
struct slabs;
struct aliases;

/* What `set` changes. */
struct shell_settings {
	unsigned radix;	      /* 10 or 16: of numbers in structures */
	unsigned print_max;   /* elements of an array and bytes of a string that are shown */
	bool zero_excluded;   /* memory left out of the dump reads as zeros */
	bool silent;	      /* no banner */
	bool scroll;	      /* long output goes through a pager; only on terminals */
};

struct shell {
	struct dump *dump;     /* borrowed */
	struct kernel *kernel; /* borrowed */
	const char *dump_name; /* borrowed */
	struct shell_settings set;
	FILE *out;  /* of the command that runs: the terminal, a pipe, a file */
	FILE *errors;
	bool no_scroll; /* a terminal too is written to as it is */
	bool ended; /* exit, q */
	bool failed; /* a command failed since shell_open(): for the exit status of scripts */
	/* what is asked about when a command names no task; false: no task could be found */
	bool has_task;
	struct task task;

	struct row_writer *rows;  /* private to row.c: not null while a command answers in JSON */
	unsigned results;	  /* $1, $2 ... of p, counted */
	struct aliases *aliases;   /* private to cmd_alias.c; may be null */
	struct slabs *slabs;	   /* private: read when first needed */
	struct shell_tasks *tasks; /* private: read when first needed */
};

/* Both are borrowed and must outlive the session. Fails only when out of memory. */
struct error *shell_open(struct dump *d, struct kernel *k, const char *dump_name, FILE *out,
			 FILE *errors, struct shell **ret) MUST_CHECK;
void shell_close(struct shell *sh);

/* Runs one line: words, redirection (> >> |), !COMMAND, comments. What fails is said on
 * `errors` as "COMMAND: why"; only lack of memory comes back. */
struct error *shell_run_line(struct shell *sh, const char *line) MUST_CHECK;
/* Every line of a file of commands, up to its end or `exit`. */
struct error *shell_run_file(struct shell *sh, FILE *from, const char *name) MUST_CHECK;
/* Asks for lines on the terminal until the end of input or `exit`. */
struct error *shell_interact(struct shell *sh) MUST_CHECK;
/* ~/.crashrc, then ./.crashrc when the folder is another one. Missing ones are fine. */
struct error *shell_run_rc(struct shell *sh) MUST_CHECK;

/* ^C interrupts the command that runs, not the program; a closed pipe ends only its output. */
void shell_catch_interrupts(void);
/* True once the user pressed ^C while the command ran: long walks look now and then. */
bool shell_interrupted(void);

DEFINE_CLEANUP(struct shell *, shell_close)
#define _cleanup_shell_ CLEANUP(shell_close)
