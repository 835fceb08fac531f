/*
 * Running another program: an argv, never a shell; always with a time limit.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct process_how {
	unsigned limit_ms;	/* must not be 0; at the limit SIGTERM, 2 s later SIGKILL */
	int stdin_fd;		/* 0 means /dev/null; otherwise dup'ed onto fd 0 */
	int stdout_fd;		/* 0: inherited */
	int stderr_fd;		/* 0: inherited */
	char *const *environment; /* null: inherited */
	size_t capture_limit;	/* > 0: stdout is captured, at most so many bytes */
};

struct process_result {
	int status;	/* exit status 0..255, or 128 + signal */
	bool timed_out; /* the limit ran out; the program was ended */
	char *output;	/* captured stdout, malloc'd, NUL-terminated; null when not asked for */
	size_t output_len;
};

/* Runs argv[0] (looked up in PATH) to its end. An error means that it could not be started;
 * a failing program is a result. All descriptors above 2 are closed in the child. */
struct error *process_run(char *const *argv, const struct process_how *how,
			  struct process_result *ret) MUST_CHECK;
void process_result_done(struct process_result *r);
/* process_run(), and any status but 0 becomes an error with the program's name. */
struct error *process_run_ok(char *const *argv, const struct process_how *how) MUST_CHECK;
