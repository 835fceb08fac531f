/* foreach: a command for each of many tasks. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/tasks.h"

/* Commands that take a task as their last word. */
static const char *const allowed[] = {"bt", "task", "files", "ps", "set", "vm", "sig", "net", "vtop"};
static const char *const states[] = {"RU", "IN", "UN", "ST", "ZO", "TR", "SW", "DE", "WA", "PA", "ID", "NE"};

struct filter {
	bool kernel, user, leaders, active, any_name;
	const char *state; /* null: all */
	struct task_picks picks;
};

static bool is_one_of(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

static struct error *take_selector(struct shell *sh, struct filter *f, const char *word)
{
	if (text_equal(word, "kernel"))
		f->kernel = true;
	else if (text_equal(word, "user"))
		f->user = true;
	else if (text_equal(word, "gleader"))
		f->leaders = true;
	else if (text_equal(word, "active"))
		f->active = true;
	else if (is_one_of(states, ARRAY_SIZE(states), word))
		f->state = word;
	else {
		f->any_name = true;
		return tasks_pick(sh, word, &f->picks);
	}
	return NULL;
}

static bool passes(struct shell *sh, const struct filter *f, size_t i)
{
	const struct task *t = &sh->tasks->v[i];

	if (f->any_name) {
		bool found = false;

		for (size_t j = 0; j < f->picks.v.n && !found; j++)
			found = f->picks.v.v[j] == i;
		if (!found)
			return false;
	}
	if ((f->kernel && !task_is_kernel(t)) || (f->user && task_is_kernel(t)) ||
	    (f->leaders && t->pid != t->tgid) || (f->active && !task_is_active(sh, t)))
		return false;
	return !f->state || strcmp(task_state_short(sh, t), f->state) == 0;
}

/* Runs "COMMAND OPTIONS ADDRESS" for one task, which is the current one meanwhile. */
static struct error *run_for(struct shell *sh, const struct task *t, const struct words *command)
{
	_cleanup_words_ struct words argv = {0};
	const struct command *c = command_find(command->v[0]);
	struct task before = sh->task;
	bool had = sh->has_task;
	struct error *e;

	for (size_t i = 0; i < command->n; i++)
		TRY(words_add(&argv, command->v[i]));
	TRY(words_addf(&argv, "%" PRIx64, t->va));
	sh->task = *t;
	sh->has_task = true;
	e = command_run(sh, c, (int)argv.n, argv.v);
	sh->task = before;
	sh->has_task = had;
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	if (error_kind(e) == ERROR_USAGE && !error_message(e)[0])
		return e;
	fprintf(sh->errors, "%s: %s\n", c->name, error_message(e));
	error_free(e);
	return NULL;
}

static struct error *run_all(struct shell *sh, const struct filter *f, const struct words *command)
{
	const struct shell_tasks *all;
	bool any = false, blank = text_equal(command->v[0], "bt") || text_equal(command->v[0], "files");

	TRY(shell_tasks_load(sh, &all));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		if (!passes(sh, f, i))
			continue;
		if (any && blank)
			fputc('\n', sh->out);
		any = true;
		TRY(run_for(sh, &all->v[i], command));
	}
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_words_ struct words command = {0};
	struct filter f = {0};
	struct error *e = NULL;
	int i = 1;

	for (; i < o->argc && !e && !is_one_of(allowed, ARRAY_SIZE(allowed), o->argv[i]); i++)
		e = take_selector(sh, &f, o->argv[i]);
	for (; i < o->argc && !e; i++)
		e = words_add(&command, o->argv[i]);
	if (!e && !command.n)
		e = command_misused();
	if (!e && !command_find(command.v[0]))
		e = error_new(ERROR_USAGE, "%s: this version has no such command", command.v[0]);
	if (!e)
		e = run_all(sh, &f, &command);
	vector_done(&f.picks.v);
	return e;
}

const struct command cmd_foreach = {
	.name = "foreach",
	.aliases = "for",
	.args = "[kernel|user|gleader|active] [state] [pid | task | name | 'regex'] ... command [options]",
	.summary = "run a command for each of many tasks",
	.text = "States: RU IN UN ST ZO TR DE WA PA ID NE. Commands: bt, files, ps, set, sig, task, vm.\n\n"
		"  foreach UN bt\n"
		"  foreach 'kworker.*' bt -s\n"
		"  foreach user files -R /var/log\n",
	.run = run,
};
