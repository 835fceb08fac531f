/* vm: a task's address space. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/type.h"
#include "shell/command.h"
#include "shell/path.h"
#include "shell/row.h"
#include "shell/task_memory.h"
#include "shell/tasks.h"
#include "shell/vmas.h"

static const struct option_def options[] = {{0}};

static struct error *put_area(const struct vma *v, void *arg)
{
	struct shell *sh = arg;
	_cleanup_strbuf_ struct strbuf name = {0};

	if (v->file)
		path_of_file(sh, v->file, &name);
	row_begin(sh, "area");
	row_addr(sh, "vma", v->va);
	row_text(sh, " ");
	row_hex(sh, "start", 10, v->start);
	row_text(sh, " ");
	row_hex(sh, "end", 10, v->end);
	row_text(sh, " ");
	row_hex(sh, "flags", 7, v->flags);
	row_text(sh, " ");
	row_str(sh, "file", 0, strbuf_str(&name));
	row_end(sh);
	return NULL;
}

static struct error *put_task(struct shell *sh, const struct task *t, const void *arg UNUSED)
{
	_cleanup_rss_deltas_ struct rss_deltas *deltas = NULL;
	int width = (int)(2 * sh->kernel->long_size);
	uint64_t pgd = 0, kib = sh->dump->page_size / 1024;
	struct task_memory mem;
	char rss[32], total[32];

	print_task_line(sh, t);
	TRY(rss_deltas_load(sh, &deltas));
	TRY(task_memory_read(sh, t, deltas, &mem));
	if (t->mm)
		TRY(type_read_member(sh->kernel, t->mm, "mm_struct", "pgd", &pgd));
	snprintf(rss, sizeof(rss), "%" PRIu64 "k", mem.rss * kib);
	snprintf(total, sizeof(total), "%" PRIu64 "k", mem.total_vm * kib);
	row_text(sh, "%*sMM%*s  %*sPGD%*s   RSS    TOTAL_VM\n", (width - 2) / 2, "", width - 2 - (width - 2) / 2, "",
		 (width - 3) / 2, "", width - 3 - (width - 3) / 2, "");
	row_begin(sh, "memory");
	if (t->mm) {
		row_addr(sh, "mm", t->mm);
		row_text(sh, "  ");
		row_addr(sh, "pgd", pgd);
		row_text(sh, "  %-7s  %-8s", rss, total);
	} else {
		row_none(sh, "mm", "0");
		row_text(sh, "  ");
		row_none(sh, "pgd", "0");
		row_text(sh, "   %-7s %s", "0k", "0k");
	}
	row_only_u64(sh, "rss_kib", mem.rss * kib);
	row_only_u64(sh, "total_kib", mem.total_vm * kib);
	row_end(sh);
	if (!t->mm)
		return NULL;
	row_text(sh, "%*sVMA%*s %10s %10s %7s FILE\n", (width - 2) / 2, "", width - 3 - (width - 2) / 2, "", "START   ",
		 "END    ", "FLAGS ");
	return vmas_walk(sh, t->mm, put_area, sh);
}

static struct error *run(struct shell *sh, struct options *o)
{
	char **words;
	int n;

	if (options_next(o) != 0)
		return command_misused();
	words = command_words(o, &n);
	return tasks_for_words(sh, words, n, true, put_task, NULL);
}

const struct command cmd_vm = {
	.name = "vm",
	.args = "[pid | task] ...",
	.summary = "show the address space of a task",
	.options = options,
	.run = run,
};
