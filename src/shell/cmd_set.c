/* set: the current task, and settings. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/type.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum { OPT_PANIC = 1, OPT_CPU, OPT_VARIABLES };

static const struct option_def options[] = {
	{'p', NULL, NULL, "the task that panicked becomes the current one", OPT_PANIC},
	{'c', NULL, "CPU", "the task that ran on CPU", OPT_CPU},
	{'v', NULL, NULL, "show the settings", OPT_VARIABLES},
	{0},
};

static bool is_panic_task(struct shell *sh, const struct task *t)
{
	unsigned cpu;
	struct task panicked;
	struct error *e = panic_cpu(sh->kernel, &cpu);

	if (!e)
		e = task_running(sh->kernel, cpu, &panicked);
	error_free(e);
	return !e && panicked.va == t->va;
}

void print_set_task(struct shell *sh, const struct task *t)
{
	uint64_t info = t->stack_va;
	struct member m;
	struct error *e = type_member(sh->kernel, "task_struct", "thread_info", &m);

	if (!e)
		info = t->va + m.off;
	error_free(e); /* before it moved there it was at the stack's end */
	row_begin(sh, "task");
	row_text(sh, "    PID: ");
	row_i64(sh, "pid", 0, t->pid);
	row_text(sh, "\nCOMMAND: \"");
	row_str(sh, "command", 0, t->comm);
	row_text(sh, "\"\n   TASK: ");
	row_addr(sh, "task", t->va);
	row_text(sh, "  [THREAD_INFO: ");
	row_addr(sh, "thread_info", info);
	row_text(sh, "]\n    CPU: ");
	row_i64(sh, "cpu", 0, t->cpu);
	row_text(sh, "\n  STATE: ");
	row_str(sh, "state", 0, task_state_long(sh, t));
	row_text(sh, " %s", is_panic_task(sh, t) ? "(PANIC)" : task_is_active(sh, t) ? "(ACTIVE)" : "");
	row_only_str(sh, "note", is_panic_task(sh, t) ? "panic" : task_is_active(sh, t) ? "active" : "");
	row_end(sh);
}

static void show_settings(struct shell *sh)
{
	fprintf(sh->out,
		"       scroll: %s\n        radix: %u (%s)\n    print_max: %u\n       silent: %s\nzero_excluded: %s\n     dumpfile: %s\n",
		sh->set.scroll ? "on" : "off", sh->set.radix, sh->set.radix == 16 ? "hexadecimal" : "decimal", sh->set.print_max,
		sh->set.silent ? "on" : "off", sh->set.zero_excluded ? "on" : "off", sh->dump_name);
}

static struct error *set_switch(const char *name, const char *value, bool *ret)
{
	if (text_equal(value, "on") || text_equal(value, "off")) {
		*ret = text_equal(value, "on");
		return NULL;
	}
	return error_new(ERROR_USAGE, "%s: expected on or off, found \"%s\"", name, value);
}

static struct error *set_radix(struct shell *sh, const char *value)
{
	if (text_equal(value, "10") || text_equal(value, "dec"))
		sh->set.radix = 10;
	else if (text_equal(value, "16") || text_equal(value, "hex"))
		sh->set.radix = 16;
	else
		return error_new(ERROR_USAGE, "radix: expected 10 or 16, found \"%s\"", value);
	fprintf(sh->out, "output radix: %u (%s)\n", sh->set.radix, sh->set.radix == 16 ? "hex" : "decimal");
	return NULL;
}

/* *ret_known false: there is no such setting. */
static struct error *set_variable(struct shell *sh, const char *name, const char *value, bool *ret_known)
{
	uint64_t n;

	*ret_known = true;
	if (text_equal(name, "radix"))
		return set_radix(sh, value);
	if (text_equal(name, "print_max")) {
		if (!text_u64(value, &n) || n == 0 || n > 1u << 20)
			return error_new(ERROR_USAGE, "print_max: expected 1 to %u, found \"%s\"", 1u << 20, value);
		sh->set.print_max = (unsigned)n;
		return NULL;
	}
	if (text_equal(name, "zero_excluded"))
		return set_switch(name, value, &sh->set.zero_excluded);
	if (text_equal(name, "scroll")) {
		if (!text_equal(value, "less") && !text_equal(value, "more")) /* which program: PAGER says */
			return set_switch(name, value, &sh->set.scroll);
		sh->set.scroll = true;
		return NULL;
	}
	if (text_equal(name, "silent"))
		return set_switch(name, value, &sh->set.silent);
	/* of the classic shell, with no meaning here: taken, so that old scripts go on */
	static const char *const ignored[] = {"refresh", "edit",    "gdb",   "console", "debug", "core",
					      "hash",	"unwind",  "null-stop", "scope", "offline", "redzone",
					      "error",	"print_array"};

	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		if (text_equal(name, ignored[i]))
			return NULL;
	*ret_known = false;
	return NULL;
}

static struct error *set_cpu(struct shell *sh, const char *text)
{
	uint64_t cpu;

	if (!text_u64(text, &cpu) || cpu > UINT32_MAX)
		return error_new(ERROR_USAGE, "%s: expected the number of a CPU", text);
	TRY(task_running(sh->kernel, (unsigned)cpu, &sh->task));
	sh->has_task = true;
	print_set_task(sh, &sh->task);
	return NULL;
}

static struct error *set_panic(struct shell *sh)
{
	unsigned cpu;

	TRY(panic_cpu(sh->kernel, &cpu));
	TRY(task_running(sh->kernel, cpu, &sh->task));
	sh->has_task = true;
	print_set_task(sh, &sh->task);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	bool known;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_CPU)
			return set_cpu(sh, o->value);
		if (id == OPT_PANIC)
			return set_panic(sh);
		show_settings(sh);
		return NULL;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	if (n > 2)
		return command_misused();
	if (n == 2) {
		TRY(set_variable(sh, words[0], words[1], &known));
		return known ? NULL : error_new(ERROR_USAGE, "%s: no such setting; \"set -v\" lists them", words[0]);
	}
	if (n == 1) {
		if (text_equal(words[0], "radix") || text_equal(words[0], "print_max")) {
			show_settings(sh);
			return NULL;
		}
		TRY(tasks_pick_one(sh, words[0], &sh->task));
		sh->has_task = true;
	}
	if (!sh->has_task)
		return error_new(ERROR_NOT_FOUND, "no task is the current one; name one: \"set PID\"");
	print_set_task(sh, &sh->task);
	return NULL;
}

const struct command cmd_set = {
	.name = "set",
	.args = "[pid | task | [-c cpu] | -p] | [setting value] | -v",
	.summary = "choose the current task, or change a setting",
	.text = "Settings: radix 10|16, print_max N, zero_excluded on|off, silent on|off.\n",
	.options = options,
	.run = run,
};
