/* files: what a task has open. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/tree.h"
#include "shell/command.h"
#include "shell/fds.h"
#include "shell/kmem.h"
#include "shell/path.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum { OPT_REFERENCE = 1, OPT_CACHED, OPT_INODE, OPT_DENTRY };

static const struct option_def options[] = {
	{'R', NULL, "WORD", "only files in which a number, an address or a name occurs", OPT_REFERENCE},
	{'c', NULL, NULL, "how many pages of each are in the page cache", OPT_CACHED},
	{'p', NULL, "INODE", "the pages of an inode that are in the page cache", OPT_INODE},
	{'d', NULL, "DENTRY", "what a directory entry is", OPT_DENTRY},
	{0},
};

struct asked {
	const char *word; /* -R */
	bool cached;
};

struct row {
	uint64_t fd, file, dentry, inode;
	const char *type;
	char *path; /* owned */
};

const char *inode_type(uint64_t mode)
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
	row_begin(sh, "file");
	row_u64(sh, "fd", 3, r->fd);
	row_text(sh, " ");
	row_addr(sh, "file", r->file);
	row_text(sh, " ");
	row_addr(sh, "dentry", r->dentry);
	row_text(sh, " ");
	row_addr(sh, "inode", r->inode);
	row_text(sh, " ");
	row_str(sh, "type", -4, r->type);
	row_text(sh, " ");
	row_str(sh, "path", 0, r->path);
	row_end(sh);
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
	row_begin(sh, "folders");
	row_text(sh, "ROOT: ");
	row_str(sh, "root", 0, strbuf_str(&root));
	row_text(sh, "    CWD: ");
	row_str(sh, "cwd", 0, strbuf_str(&pwd));
	row_end(sh);
	return NULL;
}

struct printing {
	struct shell *sh;
	const char *word;
	bool cached, any;
};

/* fs/inode.c, mm/filemap.c: i_mapping and how many pages it has */
static struct error *put_cached(struct shell *sh, const struct row *r)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t mapping = peek_member(&p, r->inode, "inode", "i_mapping");
	uint64_t pages = peek_member(&p, mapping, "address_space", "nrpages");

	TRY(peek_error(&p));
	row_begin(sh, "file");
	row_u64(sh, "fd", 3, r->fd);
	row_text(sh, " ");
	row_addr(sh, "inode", r->inode);
	row_text(sh, " ");
	row_addr(sh, "mapping", mapping);
	row_text(sh, " ");
	row_u64(sh, "pages", 7, pages);
	row_text(sh, " ");
	row_str(sh, "type", -4, r->type);
	row_text(sh, " ");
	row_str(sh, "path", 0, r->path);
	row_end(sh);
	return NULL;
}

struct caching {
	struct shell *sh;
	struct error *e;
	bool any;
};

static bool put_cached_page(uint64_t index, uint64_t page, void *arg)
{
	struct caching *c = arg;
	uint64_t pfn;

	(void)index;
	if (page & 3) /* shadows of pages that were dropped */
		return true;
	c->e = kmem_page_of(c->sh, page, false, &page, &pfn);
	if (!c->e)
		c->e = kmem_page(c->sh, page, pfn, NULL);
	c->any = true;
	return !c->e && !shell_interrupted();
}

static struct error *put_pages(struct shell *sh, const char *word)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct caching c = {.sh = sh};
	uint64_t inode, mapping, pages, tree;
	struct error *e;

	TRY(value_address(sh, word, &inode));
	mapping = peek_member(&p, inode, "inode", "i_mapping");
	pages = peek_member(&p, mapping, "address_space", "nrpages");
	tree = mapping + peek_offset(&p, "address_space", "i_pages|page_tree");
	TRY(peek_error(&p));
	row_middle(sh, 0, "INODE");
	row_text(sh, "  NRPAGES\n");
	row_begin(sh, "inode");
	row_addr(sh, "inode", inode);
	row_text(sh, " ");
	row_u64(sh, "pages", 8, pages);
	row_end(sh);
	row_text(sh, "\n");
	e = xarray_walk(sh->kernel, tree, put_cached_page, &c);
	if (!c.e)
		return e;
	error_free(e);
	return c.e;
}

static struct error *put_dentry(struct shell *sh, const char *word)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	_cleanup_strbuf_ struct strbuf path = {0};
	uint64_t dentry, inode, sb, mode;

	TRY(value_address(sh, word, &dentry));
	inode = peek_member(&p, dentry, "dentry", "d_inode");
	sb = peek_member(&p, dentry, "dentry", "d_sb");
	mode = inode ? peek_member(&p, inode, "inode", "i_mode") : 0;
	TRY(peek_error(&p));
	path_of(sh, dentry, 0, &path);
	row_middle(sh, 0, "DENTRY");
	row_text(sh, " ");
	row_middle(sh, 0, "INODE");
	row_text(sh, " ");
	row_middle(sh, 0, "SUPERBLK");
	row_text(sh, " TYPE PATH\n");
	row_begin(sh, "dentry");
	row_addr(sh, "dentry", dentry);
	row_text(sh, " ");
	row_addr(sh, "inode", inode);
	row_text(sh, " ");
	row_addr(sh, "superblock", sb);
	row_text(sh, " ");
	row_str(sh, "type", -4, inode ? inode_type(mode) : "N/A");
	row_text(sh, " ");
	row_str(sh, "path", 0, strbuf_str(&path));
	row_end(sh);
	return NULL;
}

static struct error *put_file(uint64_t fd, uint64_t file, void *arg)
{
	struct printing *p = arg;
	struct shell *sh = p->sh;
	struct row r = {.fd = fd, .file = file, .type = "?"};
	struct error *e;

	if (!p->any && p->cached) {
		row_text(sh, " FD ");
		row_middle(sh, 0, "INODE");
		row_text(sh, " ");
		row_middle(sh, 0, "I_MAPPING");
		row_text(sh, " NRPAGES TYPE PATH\n");
	} else if (!p->any) {
		row_text(sh, " FD ");
		row_middle(sh, 0, "FILE");
		row_text(sh, " ");
		row_middle(sh, 0, "DENTRY");
		row_text(sh, " ");
		row_middle(sh, 0, "INODE");
		row_text(sh, " TYPE PATH\n");
	}
	p->any = true;
	e = read_row(sh, &r);
	if (!e && p->cached && r.inode)
		e = put_cached(sh, &r);
	else if (!e && (!p->word || refers(&r, p->word)))
		put_row(sh, &r);
	free(r.path);
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	row_text(sh, "%3" PRIu64 " %0*" PRIx64 " (%s)\n", fd, (int)(2 * sh->kernel->long_size), r.file, error_message(e));
	error_free(e);
	return NULL;
}

static struct error *put_files(struct shell *sh, const struct task *t, const struct asked *a)
{
	struct printing p = {.sh = sh, .word = a->word, .cached = a->cached};

	TRY(fds_walk(sh, t, put_file, &p));
	if (!p.any)
		row_text(sh, "No open files\n");
	return NULL;
}

static struct error *put_task(struct shell *sh, const struct task *t, const void *asked)
{
	print_task_line(sh, t);
	TRY(put_folders(sh, t));
	return put_files(sh, t, asked);
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct asked a = {0};
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_INODE || id == OPT_DENTRY)
			return id == OPT_INODE ? put_pages(sh, o->value) : put_dentry(sh, o->value);
		if (id == OPT_REFERENCE)
			a.word = o->value;
		a.cached |= id == OPT_CACHED;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	return tasks_for_words(sh, words, n, true, put_task, &a);
}

const struct command cmd_files = {
	.name = "files",
	.args = "[-R word] [-c] [pid | task] ... | -p inode | -d dentry",
	.summary = "list the files that a task has open",
	.options = options,
	.run = run,
};
