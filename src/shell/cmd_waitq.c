/* waitq: who waits on a wait queue. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/value.h"

#define WAITERS_MAX (1u << 20)

/* include/linux/wait.h: named so since 4.13. */
static struct error *find_layout(struct shell *sh, uint64_t *ret_head, uint64_t *ret_link, bool *ret_old)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};

	*ret_old = !peek_has(sh->kernel, "wait_queue_head", "head");
	if (*ret_old) {
		*ret_head = peek_offset(&p, "__wait_queue_head", "task_list");
		*ret_link = peek_offset(&p, "__wait_queue", "task_list");
	} else {
		*ret_head = peek_offset(&p, "wait_queue_head", "head");
		*ret_link = peek_offset(&p, "wait_queue_entry", "entry");
	}
	return peek_error(&p);
}

static const struct task *task_at(const struct shell_tasks *all, uint64_t va)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].va == va)
			return &all->v[i];
	return NULL;
}

static struct error *put_waiter(struct shell *sh, const struct shell_tasks *all, uint64_t entry, bool old)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	const char *type = old ? "__wait_queue" : "wait_queue_entry";
	uint64_t private = peek_member(&p, entry, type, "private"), func;
	const struct task *t = task_at(all, private);
	char name[600];

	if (!peek_failed(&p) && t) {
		print_task_line(sh, t);
		return NULL;
	}
	/* polls and the like: woken by a function of their own */
	func = peek_member(&p, entry, type, "func");
	TRY(peek_error(&p));
	value_symbol_text(sh, func, 10, name, sizeof(name));
	row_begin(sh, "waiter");
	row_text(sh, "WAIT_QUEUE_ENTRY: ");
	row_addr(sh, "entry", entry);
	row_text(sh, "  PRIVATE: ");
	row_addr(sh, "private", private);
	row_text(sh, "  FUNC: ");
	row_str(sh, "func", 0, name);
	row_end(sh);
	return NULL;
}

static struct error *show(struct shell *sh, uint64_t va, const char *name)
{
	const struct shell_tasks *all;
	uint64_t head, link, node;
	struct list_walk w;
	struct error *e = NULL, *end;
	bool old, any = false;

	TRY(find_layout(sh, &head, &link, &old));
	TRY(shell_tasks_load(sh, &all));
	TRY(list_begin(sh->kernel, va + head, WAITERS_MAX, &w));
	while (!e && list_next(sh->kernel, &w, &node) && !shell_interrupted()) {
		any = true;
		e = put_waiter(sh, all, node - link, old);
	}
	end = list_error(&w);
	if (!e && !end && !any && name)
		row_text(sh, "wait queue \"%s\" (%" PRIx64 ") is empty\n", name, va);
	else if (!e && !end && !any)
		row_text(sh, "wait queue %" PRIx64 " is empty\n", va);
	if (!e)
		return end;
	error_free(end);
	return e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	uint64_t va, off = 0, hex;
	char **words;
	int n;

	words = command_words(o, &n);
	if (n < 1 || n > 2)
		return command_misused();
	if (n == 2) {
		TRY(value_offset(sh, words[0], &off));
		TRY(value_address(sh, words[1], &va));
		return show(sh, va + off, NULL);
	}
	TRY(value_address(sh, words[0], &va));
	return show(sh, va, text_hex(words[0], &hex) ? NULL : words[0]);
}

const struct command cmd_waitq = {
	.name = "waitq",
	.args = "symbol | struct.member address | address",
	.summary = "show who waits on a wait queue",
	.text = "  waitq log_wait\n"
		"  waitq pipe_inode_info.rd_wait ffff8bfcc2448900\n",
	.run = run,
};
