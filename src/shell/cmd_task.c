/* task: the task_struct of a task. */
#include <string.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/show.h"
#include "shell/tasks.h"

enum { OPT_MEMBERS = 1, OPT_HEX, OPT_DEC };

static const struct option_def options[] = {
	{'R', NULL, "MEMBER[,MEMBER]", "only these members of task_struct (or thread_info)", OPT_MEMBERS},
	{'x', NULL, NULL, "numbers in hexadecimal", OPT_HEX},
	{'d', NULL, NULL, "numbers in decimal", OPT_DEC},
	{0},
};

static struct error *show_members(struct shell *sh, const struct task *t, const char *members,
				  const struct show_how *how)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_free_ char *copy = strdup(members);
	char *rest = copy, *path;
	struct ctype type;

	if (!copy)
		return error_nomem();
	TRY(ctype_parse(sh->kernel, "struct task_struct", &type));
	while ((path = strsep(&rest, ",")))
		TRY(show_member(sh, type, path, t->va, how, &out));
	fprintf(sh->out, "%s\n", strbuf_str(&out));
	return NULL;
}

static struct error *show_struct(struct shell *sh, const char *name, uint64_t va, const struct show_how *how)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct ctype type;

	TRY(ctype_parse(sh->kernel, name, &type));
	TRY(show_object(sh, type, va, how, &out));
	fprintf(sh->out, "%s %s\n\n", name, strbuf_str(&out));
	return NULL;
}

static struct error *show_task(struct shell *sh, const struct task *t, const char *members,
			       const struct show_how *how)
{
	struct member info;
	struct error *e;
	uint64_t va = t->stack_va;

	print_task_line(sh, t);
	if (members)
		return show_members(sh, t, members, how);
	TRY(show_struct(sh, "struct task_struct", t->va, how));
	e = type_member(sh->kernel, "task_struct", "thread_info", &info);
	if (!e)
		va = t->va + info.off;
	error_free(e);
	return show_struct(sh, "struct thread_info", va, how);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct show_how how = show_defaults(sh);
	struct task_picks picks = {0};
	const char *members = NULL;
	struct error *e = NULL;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_MEMBERS)
			members = o->value;
		else
			how.radix = id == OPT_HEX ? 16 : 10;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (!n)
		return sh->has_task ? show_task(sh, &sh->task, members, &how) :
				      error_new(ERROR_NOT_FOUND, "no task is the current one; name one");
	for (int i = 0; i < n && !e; i++)
		e = tasks_pick(sh, words[i], &picks);
	for (size_t i = 0; i < picks.v.n && !e && !shell_interrupted(); i++)
		e = show_task(sh, &sh->tasks->v[picks.v.v[i]], members, &how);
	vector_done(&picks.v);
	return e;
}

const struct command cmd_task = {
	.name = "task",
	.args = "[-R member[,member]][-x|-d] [pid | task] ...",
	.summary = "show the task_struct and thread_info of a task",
	.options = options,
	.run = run,
};
