#include "shell/tasks.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "base/base.h"
#include "kernel/type.h"
#include "shell/value.h"

/* Bits of task_struct.__state and .exit_state: include/linux/sched.h, Linux 4.14 and later. */
#define STATE_INTERRUPTIBLE   0x01
#define STATE_UNINTERRUPTIBLE 0x02
#define STATE_STOPPED	      0x04
#define STATE_TRACED	      0x08
#define STATE_EXIT_DEAD	      0x10
#define STATE_EXIT_ZOMBIE     0x20
#define STATE_PARKED	      0x40
#define STATE_DEAD	      0x80
#define STATE_WAKING	      0x200
#define STATE_NOLOAD	      0x400
#define STATE_NEW	      0x800

static int by_pid(const void *a, const void *b)
{
	const struct task *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	/* idle tasks all are 0: by CPU */
	return x->cpu != y->cpu ? (x->cpu < y->cpu ? -1 : 1) : 0;
}

struct gathering {
	VECTOR(struct task) v;
	bool failed;
};

static bool add_task(const struct task *t, void *arg)
{
	struct gathering *g = arg;

	if (!vector_push(&g->v, *t))
		g->failed = true;
	return !g->failed && !shell_interrupted();
}

struct error *shell_tasks_load(struct shell *sh, const struct shell_tasks **ret)
{
	struct gathering g = { 0 };
	struct error *e;

	if (!sh->tasks) {
		e = tasks_walk(sh->kernel, add_task, &g);
		if (!e && g.failed)
			e = error_nomem();
		if (!e && shell_interrupted())
			e = error_new(ERROR_OTHER, "interrupted");
		if (!e)
			sh->tasks = calloc(1, sizeof(*sh->tasks));
		if (!sh->tasks) {
			vector_done(&g.v);
			return e ? e : error_nomem();
		}
		qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_pid);
		sh->tasks->v = g.v.v;
		sh->tasks->n = g.v.n;
	}
	*ret = sh->tasks;
	return NULL;
}

void shell_tasks_free(struct shell_tasks *t)
{
	if (!t)
		return;
	free(t->v);
	free(t);
}

/* ---- picking ---- */

static struct error *pick_if(const struct shell_tasks *all, struct task_picks *p,
			     bool (*matches)(const struct task *t, const void *arg), const void *arg)
{
	for (size_t i = 0; i < all->n; i++)
		if (matches(&all->v[i], arg) && !vector_push(&p->v, i))
			return error_nomem();
	return NULL;
}

static bool has_pid(const struct task *t, const void *arg)
{
	return t->pid == *(const int64_t *)arg;
}

static bool is_at(const struct task *t, const void *arg)
{
	return t->va == *(const uint64_t *)arg;
}

static bool is_called(const struct task *t, const void *arg)
{
	return strncmp(t->comm, arg, sizeof(t->comm) - 1) == 0;
}

static bool is_like(const struct task *t, const void *arg)
{
	return regexec(arg, t->comm, 0, NULL, 0) == 0;
}

static struct error *pick_regex(const struct shell_tasks *all, const char *pattern, struct task_picks *p)
{
	regex_t re;
	struct error *e;

	if (strlen(pattern) > 256 || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return error_new(ERROR_USAGE, "'%s': not a regular expression", pattern);
	e = pick_if(all, p, is_like, &re);
	regfree(&re);
	return e;
}

struct error *tasks_pick(struct shell *sh, const char *word, struct task_picks *ret)
{
	const struct shell_tasks *all;
	size_t before = ret->v.n, len = strlen(word);
	int64_t pid;
	uint64_t va;

	TRY(shell_tasks_load(sh, &all));
	if (len > 2 && word[0] == '\'' && word[len - 1] == '\'') {
		_cleanup_free_ char *pattern = strndup(word + 1, len - 2);

		if (!pattern)
			return error_nomem();
		TRY(pick_regex(all, pattern, ret));
	} else if (word[0] == '\\') {
		TRY(pick_if(all, ret, is_called, word + 1));
	} else {
		/* a number both ways is a process id first */
		if (text_i64(word, &pid))
			TRY(pick_if(all, ret, has_pid, &pid));
		if (ret->v.n == before && text_hex(word, &va)) {
			TRY(pick_if(all, ret, is_at, &va));
			pid = (int64_t)va;
			if (ret->v.n == before && va < INT32_MAX)
				TRY(pick_if(all, ret, has_pid, &pid));
		}
		if (ret->v.n == before)
			TRY(pick_if(all, ret, is_called, word));
	}
	if (ret->v.n == before)
		return error_new(ERROR_USAGE, "invalid task or pid value: %s", word);
	return NULL;
}

struct error *tasks_for_words(struct shell *sh, char **words, int n, bool blank,
			      struct error *(*each)(struct shell *sh, const struct task *t, const void *arg),
			      const void *arg)
{
	struct task_picks p = { 0 };
	struct error *e = NULL;

	if (!n)
		return sh->has_task ? each(sh, &sh->task, arg) :
				      error_new(ERROR_NOT_FOUND, "no task is the current one; name one");
	for (int i = 0; i < n && !e; i++)
		e = tasks_pick(sh, words[i], &p);
	for (size_t i = 0; i < p.v.n && !e && !shell_interrupted(); i++) {
		if (i && blank)
			fputc('\n', sh->out);
		e = each(sh, &sh->tasks->v[p.v.v[i]], arg);
	}
	vector_done(&p.v);
	return e;
}

struct error *tasks_pick_one(struct shell *sh, const char *word, struct task *ret)
{
	struct task_picks p = { 0 };
	struct error *e = tasks_pick(sh, word, &p);

	if (!e)
		*ret = sh->tasks->v[p.v.v[0]];
	vector_done(&p.v);
	return e;
}

/* ---- states ---- */

static uint64_t whole_state(struct shell *sh, const struct task *t)
{
	uint64_t exit_state = 0;
	struct error *e = type_read_member(sh->kernel, t->va, "task_struct", "exit_state", &exit_state);

	error_free(e); /* then it has not ended */
	return t->state | exit_state;
}

static const struct {
	uint64_t bit;
	const char *brief, *name;
} states[] = {
	{ STATE_EXIT_ZOMBIE, "ZO", "EXIT_ZOMBIE" },
	{ STATE_EXIT_DEAD, "DE", "EXIT_DEAD" },
	{ STATE_DEAD, "DE", "TASK_DEAD" },
	{ STATE_INTERRUPTIBLE, "IN", "TASK_INTERRUPTIBLE" },
	{ STATE_UNINTERRUPTIBLE, "UN", "TASK_UNINTERRUPTIBLE" },
	{ STATE_STOPPED, "ST", "TASK_STOPPED" },
	{ STATE_TRACED, "TR", "TASK_TRACED" },
	{ STATE_PARKED, "PA", "TASK_PARKED" },
	{ STATE_WAKING, "WA", "TASK_WAKING" },
	{ STATE_NEW, "NE", "TASK_NEW" },
};

static const char *state_words(struct shell *sh, const struct task *t, bool brief)
{
	uint64_t s = whole_state(sh, t);

	if (s == 0)
		return brief ? "RU" : "TASK_RUNNING";
	/* kernel threads that sleep for long do not count as load */
	if ((s & (STATE_UNINTERRUPTIBLE | STATE_NOLOAD)) == (STATE_UNINTERRUPTIBLE | STATE_NOLOAD))
		return brief ? "ID" : "TASK_IDLE";
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (s & states[i].bit)
			return brief ? states[i].brief : states[i].name;
	return brief ? "??" : "unknown";
}

const char *task_state_short(struct shell *sh, const struct task *t)
{
	return state_words(sh, t, true);
}

const char *task_state_long(struct shell *sh, const struct task *t)
{
	return state_words(sh, t, false);
}

bool task_is_active(struct shell *sh, const struct task *t)
{
	struct task running;
	struct error *e;

	if (t->cpu < 0)
		return t->on_cpu;
	e = task_running(sh->kernel, (unsigned)t->cpu, &running);
	if (e) {
		error_free(e);
		return t->on_cpu;
	}
	return running.va == t->va;
}
