/* mount: the mounted file systems. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/path.h"
#include "shell/row.h"
#include "shell/tasks.h"

enum { OPT_NAMESPACE = 1 };

static const struct option_def options[] = {
	{'n', NULL, "TASK", "in the namespace of a task: its id or address", OPT_NAMESPACE},
	{0},
};

struct listing {
	VECTOR(struct mount_row) rows;
};

static struct error *keep(const struct mount_row *row, void *arg)
{
	struct listing *l = arg;
	struct mount_row copy = *row;

	copy.dir = strdup(row->dir);
	if (!copy.dir || !vector_push(&l->rows, copy)) {
		free(copy.dir);
		return error_nomem();
	}
	return NULL;
}

static bool is_wanted(const struct mount_row *row, char **words, int n)
{
	uint64_t va;

	for (int i = 0; i < n; i++)
		if (strcmp(words[i], row->dir) == 0 || strcmp(words[i], row->device) == 0 ||
		    (text_hex(words[i], &va) && (va == row->mount || va == row->sb)))
			return true;
	return n == 0;
}

static void print(struct shell *sh, const struct listing *l, char **words, int n)
{
	int width = (int)(2 * sh->kernel->long_size), device = 7;

	for (size_t i = 0; i < l->rows.n; i++)
		device = MAX(device, (int)strlen(l->rows.v[i].device));
	row_text(sh, "%*sMOUNT%*s %*sSUPERBLK%*s TYPE   %-*s  DIRNAME\n", (width - 6) / 2, "",
		width - 5 - (width - 6) / 2, "", (width - 8) / 2, "", width - 8 - (width - 8) / 2, "", device,
		"DEVNAME");
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct mount_row *r = &l->rows.v[i];

		if (!is_wanted(r, words, n))
			continue;
		row_begin(sh, "mount");
		row_addr(sh, "mount", r->mount);
		row_text(sh, " ");
		row_addr(sh, "superblock", r->sb);
		row_text(sh, " ");
		row_str(sh, "type", -6, r->type);
		row_text(sh, " ");
		row_str(sh, "device", -device, r->device);
		row_text(sh, "  ");
		row_str(sh, "folder", 0, r->dir);
		row_end(sh);
	}
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct listing l = {0};
	struct task t = sh->task;
	bool has = sh->has_task;
	struct error *e;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		TRY(tasks_pick_one(sh, o->value, &t));
		has = true;
	}
	if (id < 0)
		return command_misused();
	if (!has)
		return error_new(ERROR_NOT_FOUND, "no task is the current one; name one with -n");
	words = command_words(o, &n);
	e = mounts_walk(sh, &t, keep, &l);
	print(sh, &l, words, n);
	for (size_t i = 0; i < l.rows.n; i++)
		free(l.rows.v[i].dir);
	vector_done(&l.rows);
	return e;
}

const struct command cmd_mount = {
	.name = "mount",
	.args = "[-n task] [mount | superblock | device | folder] ...",
	.summary = "list the mounted file systems",
	.options = options,
	.run = run,
};
