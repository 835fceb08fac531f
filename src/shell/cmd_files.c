/* files: what a task has open. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/path.h"
#include "shell/tasks.h"

enum { OPT_REFERENCE = 1 };

static const struct option_def options[] = {
	{'R', NULL, "WORD", "only files in which a number, an address or a name occurs", OPT_REFERENCE},
	{0},
};

#define FDS_MAX (1u << 20)

struct row {
	uint64_t fd, file, dentry, inode;
	const char *type;
	char *path; /* owned */
};

static const char *inode_type(uint64_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "REG";
	case S_IFDIR:
		return "DIR";
	case S_IFLNK:
		return "LNK";
	case S_IFCHR:
		return "CHR";
	case S_IFBLK:
		return "BLK";
	case S_IFIFO:
		return "FIFO";
	case S_IFSOCK:
		return "SOCK";
	}
	return "UNKN";
}

static struct error *read_row(struct shell *sh, struct row *r)
{
	struct kernel *k = sh->kernel;
	_cleanup_strbuf_ struct strbuf path = {0};
	uint64_t mnt, mode = 0;

	TRY(type_read_member(k, r->file, "file", "f_path.dentry", &r->dentry));
	TRY(type_read_member(k, r->file, "file", "f_path.mnt", &mnt));
	TRY(type_read_member(k, r->dentry, "dentry", "d_inode", &r->inode));
	if (r->inode)
		TRY(type_read_member(k, r->inode, "inode", "i_mode", &mode));
	r->type = inode_type(mode);
	path_of(sh, r->dentry, mnt, &path);
	r->path = strbuf_take(&path, NULL);
	return r->path ? NULL : error_nomem();
}

static bool refers(const struct row *r, const char *word)
{
	uint64_t v;

	if (strstr(r->path, word) || strcmp(r->type, word) == 0)
		return true;
	if (text_u64(word, &v) && v == r->fd)
		return true;
	return text_hex(word, &v) && (v == r->file || v == r->dentry || v == r->inode);
}

static void put_row(struct shell *sh, const struct row *r)
{
	int width = (int)(2 * sh->kernel->long_size);

	fprintf(sh->out, "%3" PRIu64 " %0*" PRIx64 " %0*" PRIx64 " %0*" PRIx64 " %-4s %s\n", r->fd, width, r->file,
		width, r->dentry, width, r->inode, r->type, r->path);
}

static struct error *folder_name(struct shell *sh, uint64_t fs, const char *dentry_of, const char *mnt_of,
				 struct strbuf *out)
{
	uint64_t dentry, mnt;

	TRY(type_read_member(sh->kernel, fs, "fs_struct", dentry_of, &dentry));
	TRY(type_read_member(sh->kernel, fs, "fs_struct", mnt_of, &mnt));
	path_of(sh, dentry, mnt, out);
	return NULL;
}

static struct error *put_folders(struct shell *sh, const struct task *t)
{
	_cleanup_strbuf_ struct strbuf root = {0}, pwd = {0};
	uint64_t fs;

	TRY(type_read_member(sh->kernel, t->va, "task_struct", "fs", &fs));
	if (!fs)
		return NULL;
	TRY(folder_name(sh, fs, "root.dentry", "root.mnt", &root));
	TRY(folder_name(sh, fs, "pwd.dentry", "pwd.mnt", &pwd));
	fprintf(sh->out, "ROOT: %s    CWD: %s\n", strbuf_str(&root), strbuf_str(&pwd));
	return NULL;
}

static struct error *put_files(struct shell *sh, const struct task *t, const char *word)
{
	struct kernel *k = sh->kernel;
	uint64_t files, table, max, array;
	int width = (int)(2 * k->long_size);
	bool any = false;

	TRY(type_read_member(k, t->va, "task_struct", "files", &files));
	if (!files) {
		fputs("No open files\n", sh->out);
		return NULL;
	}
	TRY(type_read_member(k, files, "files_struct", "fdt", &table));
	TRY(type_read_member(k, table, "fdtable", "max_fds", &max));
	TRY(type_read_member(k, table, "fdtable", "fd", &array));
	for (uint64_t fd = 0; fd < MIN(max, (uint64_t)FDS_MAX) && !shell_interrupted(); fd++) {
		struct row r = {.fd = fd, .type = "?"};
		struct error *e;

		TRY(vmem_read_long(k, array + fd * k->long_size, &r.file));
		r.file &= ~3ull; /* no pointer has them; flags once did */
		if (!r.file)
			continue;
		if (!any)
			fprintf(sh->out, " FD %*sFILE%*s %*sDENTRY%*s %*sINODE%*s TYPE PATH\n", (width - 4) / 2, "",
				width - 4 - (width - 4) / 2, "", (width - 6) / 2, "",
				width - 6 - (width - 6) / 2, "", (width - 5) / 2, "",
				width - 5 - (width - 5) / 2, "");
		any = true;
		e = read_row(sh, &r);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e)
			fprintf(sh->out, "%3" PRIu64 " %0*" PRIx64 " (%s)\n", fd, width, r.file, error_message(e));
		else if (!word || refers(&r, word))
			put_row(sh, &r);
		error_free(e);
		free(r.path);
	}
	if (!any)
		fputs("No open files\n", sh->out);
	return NULL;
}

static struct error *put_task(struct shell *sh, const struct task *t, const void *word)
{
	print_task_line(sh, t);
	TRY(put_folders(sh, t));
	return put_files(sh, t, word);
}

static struct error *run(struct shell *sh, struct options *o)
{
	const char *word = NULL;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0)
		word = o->value;
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	return tasks_for_words(sh, words, n, true, put_task, word);
}

const struct command cmd_files = {
	.name = "files",
	.args = "[-R word] [pid | task] ...",
	.summary = "list the files that a task has open",
	.options = options,
	.run = run,
};
