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

/* What -R, -x and -d ask for. */
struct wish {
	const char *members; /* null: the whole structures */
	struct show_how how;
};

static struct error *show_task(struct shell *sh, const struct task *t, const void *arg)
{
	const struct wish *w = arg;
	struct member info;
	struct error *e;
	uint64_t va = t->stack_va;

	print_task_line(sh, t);
	if (w->members)
		return show_members(sh, t, w->members, &w->how);
	TRY(show_struct(sh, "struct task_struct", t->va, &w->how));
	e = type_member(sh->kernel, "task_struct", "thread_info", &info);
	if (!e)
		va = t->va + info.off;
	error_free(e);
	return show_struct(sh, "struct thread_info", va, &w->how);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct wish w = {.how = show_defaults(sh)};
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_MEMBERS)
			w.members = o->value;
		else
			w.how.radix = id == OPT_HEX ? 16 : 10;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	return tasks_for_words(sh, words, n, false, show_task, &w);
}

const struct command cmd_task = {
	.name = "task",
	.args = "[-R member[,member]][-x|-d] [pid | task] ...",
	.summary = "show the task_struct and thread_info of a task",
	.options = options,
	.run = run,
};
