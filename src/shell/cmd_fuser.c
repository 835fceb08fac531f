/* fuser: who uses a file. */
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "shell/command.h"
#include "shell/fds.h"
#include "shell/path.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/vmas.h"

struct wanted {
	struct shell *sh;
	const char *path; /* or */
	uint64_t inode;
	bool found; /* in what is being looked through */
};

static bool same(struct wanted *w, uint64_t dentry, uint64_t mnt)
{
	_cleanup_peek_ struct peek p = {.k = w->sh->kernel};
	_cleanup_strbuf_ struct strbuf path = {0};
	uint64_t inode = dentry ? peek_member(&p, dentry, "dentry", "d_inode") : 0;

	if (!peek_ok(&p) || !dentry)
		return false;
	if (w->inode)
		return inode == w->inode || dentry == w->inode;
	path_of(w->sh, dentry, mnt, &path);
	return strcmp(strbuf_str(&path), w->path) == 0;
}

static bool same_file(struct wanted *w, uint64_t file)
{
	_cleanup_peek_ struct peek p = {.k = w->sh->kernel};
	uint64_t dentry = peek_member(&p, file, "file", "f_path.dentry|__f_path.dentry");
	uint64_t mnt = peek_member(&p, file, "file", "f_path.mnt|__f_path.mnt");

	return peek_ok(&p) && file && same(w, dentry, mnt);
}

static struct error *look_at_fd(uint64_t fd, uint64_t file, void *arg)
{
	struct wanted *w = arg;

	(void)fd;
	w->found = w->found || same_file(w, file);
	return NULL;
}

static struct error *look_at_area(const struct vma *v, void *arg)
{
	struct wanted *w = arg;

	w->found = w->found || (v->file && same_file(w, v->file));
	return NULL;
}

static void look_at_folders(struct wanted *w, const struct task *t, bool *ret_root, bool *ret_cwd)
{
	_cleanup_peek_ struct peek p = {.k = w->sh->kernel};
	uint64_t fs = peek_member(&p, t->va, "task_struct", "fs");
	uint64_t root = peek_member(&p, fs, "fs_struct", "root.dentry"), root_mnt = peek_member(&p, fs, "fs_struct", "root.mnt");
	uint64_t pwd = peek_member(&p, fs, "fs_struct", "pwd.dentry"), pwd_mnt = peek_member(&p, fs, "fs_struct", "pwd.mnt");

	*ret_root = *ret_cwd = false;
	if (!peek_ok(&p) || !fs)
		return;
	*ret_root = same(w, root, root_mnt);
	*ret_cwd = same(w, pwd, pwd_mnt);
}

static bool uses_exe(struct wanted *w, const struct task *t)
{
	_cleanup_peek_ struct peek p = {.k = w->sh->kernel};
	uint64_t exe = t->mm ? peek_member(&p, t->mm, "mm_struct", "exe_file") : 0;

	return peek_ok(&p) && exe && same_file(w, exe);
}

static struct error *look_at_task(struct wanted *w, const struct task *t, bool *any)
{
	struct shell *sh = w->sh;
	bool root, cwd, fd, map, exe;

	look_at_folders(w, t, &root, &cwd);
	exe = uses_exe(w, t);
	w->found = false;
	TRY(fds_walk(sh, t, look_at_fd, w));
	fd = w->found;
	w->found = false;
	if (t->mm)
		TRY(vmas_walk(sh, t->mm, look_at_area, w));
	map = w->found;
	if (!root && !cwd && !fd && !map && !exe)
		return NULL;
	*any = true;
	row_begin(sh, "user");
	row_i64(sh, "pid", 5, t->pid);
	row_text(sh, "  ");
	row_addr(sh, "task", t->va);
	row_text(sh, "  \"");
	row_str(sh, "command", 0, t->comm);
	row_text(sh, "\"%*s", (int)(16 - MIN(strlen(t->comm), (size_t)16)), "");
	row_text(sh, "%s%s%s%s%s", fd ? " fd" : "", map ? " mmap" : "", cwd ? " cwd" : "", root ? " root" : "", exe ? " exe" : "");
	row_only_u64(sh, "fd", fd);
	row_only_u64(sh, "mmap", map);
	row_only_u64(sh, "cwd", cwd);
	row_only_u64(sh, "root", root);
	row_only_u64(sh, "exe", exe);
	row_end(sh);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	const struct shell_tasks *all;
	struct wanted w = {.sh = sh};
	bool any = false;
	char **words;
	int n;

	words = command_words(o, &n);
	if (n != 1)
		return command_misused();
	w.path = words[0];
	if (words[0][0] != '/' && !text_hex(words[0], &w.inode))
		return error_new(ERROR_USAGE, "%s: expected a path, or the address of an inode or dentry", words[0]);
	TRY(shell_tasks_load(sh, &all));
	row_text(sh, " PID  ");
	row_middle(sh, 0, "TASK");
	row_text(sh, "  COMM             USAGE\n");
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		struct error *e = look_at_task(&w, &all->v[i], &any);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e); /* memory of one task that is not in the dump */
	}
	if (!any)
		row_text(sh, "No users of %s found\n", words[0]);
	return NULL;
}

const struct command cmd_fuser = {
	.name = "fuser",
	.args = "path | inode",
	.summary = "list the tasks that use a file",
	.run = run,
};
