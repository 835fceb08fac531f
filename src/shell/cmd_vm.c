/* vm: a task's address space. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/tree.h"
#include "kernel/type.h"
#include "shell/command.h"
#include "shell/path.h"
#include "shell/task_memory.h"
#include "shell/tasks.h"

#define AREAS_MAX (1u << 22)

static const struct option_def options[] = {{0}};

struct printing {
	struct shell *sh;
	struct error *e;
};

static struct error *put_area(struct shell *sh, uint64_t vma)
{
	static const char *const flags_names[] = {"vm_flags", "__vm_flags", NULL};
	struct kernel *k = sh->kernel;
	_cleanup_strbuf_ struct strbuf name = {0};
	int width = (int)(2 * k->long_size);
	uint64_t start, end, flags, file, dentry, mnt;
	struct member m;

	TRY(type_read_member(k, vma, "vm_area_struct", "vm_start", &start));
	TRY(type_read_member(k, vma, "vm_area_struct", "vm_end", &end));
	TRY(type_member_any(k, "vm_area_struct", flags_names, &m));
	TRY(type_read(k, vma, &m, &flags));
	TRY(type_read_member(k, vma, "vm_area_struct", "vm_file", &file));
	if (file) {
		TRY(type_read_member(k, file, "file", "f_path.dentry", &dentry));
		TRY(type_read_member(k, file, "file", "f_path.mnt", &mnt));
		path_of(sh, dentry, mnt, &name);
	}
	fprintf(sh->out, "%0*" PRIx64 " %10" PRIx64 " %10" PRIx64 " %7" PRIx64 " %s\n", width, vma, start, end, flags,
		strbuf_str(&name));
	return NULL;
}

static bool put_entry(uint64_t key, uint64_t entry, void *arg)
{
	struct printing *p = arg;

	(void)key;
	if (entry & 3) /* a mark of the tree's own */
		return true;
	p->e = put_area(p->sh, entry);
	return !p->e && !shell_interrupted();
}

static struct error *put_areas(struct shell *sh, uint64_t mm)
{
	struct printing p = {.sh = sh};
	struct member m;
	struct error *e = type_member(sh->kernel, "mm_struct", "mm_mt", &m);
	uint64_t vma;

	if (!e) { /* 6.1 */
		e = maple_walk(sh->kernel, mm + m.off, put_entry, &p);
		if (p.e) {
			error_free(e);
			e = p.e;
		}
		return e;
	}
	error_free(e);
	TRY(type_read_member(sh->kernel, mm, "mm_struct", "mmap", &vma));
	for (unsigned n = 0; vma && n < AREAS_MAX && !shell_interrupted(); n++) {
		TRY(put_area(sh, vma));
		TRY(type_read_member(sh->kernel, vma, "vm_area_struct", "vm_next", &vma));
	}
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
	fprintf(sh->out, "%*sMM%*s  %*sPGD%*s   RSS    TOTAL_VM\n", (width - 2) / 2, "", width - 2 - (width - 2) / 2,
		"", (width - 3) / 2, "", width - 3 - (width - 3) / 2, "");
	if (!t->mm) {
		fprintf(sh->out, "%*s0%*s  %*s0%*s   %-7s %s\n", width / 2, "", width - 1 - width / 2, "", width / 2, "",
			width - 1 - width / 2, "", "0k", "0k");
		return NULL;
	}
	fprintf(sh->out, "%0*" PRIx64 "  %0*" PRIx64 "  %-7s  %-8s\n", width, t->mm, width, pgd, rss, total);
	fprintf(sh->out, "%*sVMA%*s %10s %10s %7s FILE\n", (width - 2) / 2, "", width - 3 - (width - 2) / 2, "",
		"START   ", "END    ", "FLAGS ");
	return put_areas(sh, t->mm);
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
