/* Every task of the dead kernel, read once: idle ones first, then by process id. */
#pragma once

#include "shell/shell.h"

struct shell_tasks {
	struct task *v;
	size_t n;
};

/* Borrowed; lives as long as the session. */
struct error *shell_tasks_load(struct shell *sh, const struct shell_tasks **ret) MUST_CHECK;
void shell_tasks_free(struct shell_tasks *t);

/*
 * What a word says of tasks: a process id (decimal), the address of a task_struct (hex), a
 * name, \name for one that looks like a number, 'regex'. Appends indexes of matching tasks.
 * ERROR_USAGE: nothing matches.
 */
struct task_picks {
	VECTOR(size_t) v;
};
struct error *tasks_pick(struct shell *sh, const char *word, struct task_picks *ret) MUST_CHECK;
/* Calls `each` for the tasks that `words` name, for the current one without any; a blank line
 * comes between when `blank`. */
struct error *tasks_for_words(struct shell *sh, char **words, int n, bool blank,
			      struct error *(*each)(struct shell *sh, const struct task *t, const void *arg),
			      const void *arg) MUST_CHECK;
/* Exactly one: the first that matches a process id or an address. */
struct error *tasks_pick_one(struct shell *sh, const char *word, struct task *ret) MUST_CHECK;

/* "RU", "IN", "UN" ... as ps shows them, and what it is in the log: "TASK_RUNNING". */
const char *task_state_short(struct shell *sh, const struct task *t);
const char *task_state_long(struct shell *sh, const struct task *t);
/* Runs on a CPU at the time of the crash. */
bool task_is_active(struct shell *sh, const struct task *t);
/* PID, COMMAND, TASK, CPU, STATE: a line each, as `set` shows a task. */
void print_set_task(struct shell *sh, const struct task *t);
/* No address space: kernel threads and idle tasks. */
static inline bool task_is_kernel(const struct task *t)
{
	return t->mm == 0;
}
