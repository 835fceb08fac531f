#include "shell/path.h"

#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/tree.h"
#include "kernel/peek.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define NAME_LIMIT  256
#define PARTS_MAX   512 /* folders between a file and the root, mounts included */
#define MOUNTS_MAX  100000

/* Parts of a path, from its end to its start. */
struct parts {
	VECTOR(char *) v;
	bool cut;
};

static void add_name(struct shell *sh, struct parts *p, uint64_t dentry)
{
	char name[NAME_LIMIT] = "";
	uint64_t va;
	struct error *e = type_read_member(sh->kernel, dentry, "dentry", "d_name.name", &va);

	if (!e)
		e = vmem_read_string(sh->kernel, va, name, sizeof(name));
	char *copy = strdup(e ? "(unreadable)" : name);

	error_free(e);
	if (!copy || !vector_push(&p->v, copy)) {
		free(copy);
		p->cut = true;
	}
}

struct error *mount_of(struct shell *sh, uint64_t mnt, uint64_t *ret)
{
	struct member m;

	TRY(type_member(sh->kernel, "mount", "mnt", &m));
	*ret = mnt - m.off;
	return NULL;
}

/* From the root of a mount to where it is mounted; false at the very root. */
static struct error *climb(struct shell *sh, uint64_t *dentry, uint64_t *mount, bool *ret_up)
{
	uint64_t parent, point;

	*ret_up = false;
	TRY(type_read_member(sh->kernel, *mount, "mount", "mnt_parent", &parent));
	if (!parent || parent == *mount)
		return NULL;
	TRY(type_read_member(sh->kernel, *mount, "mount", "mnt_mountpoint", &point));
	*mount = parent;
	*dentry = point;
	*ret_up = true;
	return NULL;
}

static struct error *gather(struct shell *sh, uint64_t dentry, uint64_t mount, struct parts *p)
{
	for (unsigned i = 0; i < PARTS_MAX; i++) {
		uint64_t parent, root = 0;
		bool up;

		if (mount)
			TRY(type_read_member(sh->kernel, mount, "mount", "mnt.mnt_root", &root));
		TRY(type_read_member(sh->kernel, dentry, "dentry", "d_parent", &parent));
		if (mount && dentry == root) {
			TRY(climb(sh, &dentry, &mount, &up));
			if (!up)
				return NULL;
			continue;
		}
		if (parent == dentry)
			return NULL;
		add_name(sh, p, dentry);
		dentry = parent;
	}
	p->cut = true;
	return NULL;
}

void path_of(struct shell *sh, uint64_t dentry, uint64_t mnt, struct strbuf *out)
{
	struct parts p = {0};
	uint64_t mount = 0;
	struct error *e = mnt ? mount_of(sh, mnt, &mount) : NULL;

	if (!e)
		e = gather(sh, dentry, mount, &p);
	if (e || p.cut)
		strbuf_puts(out, "...");
	error_free(e);
	if (!p.v.n)
		strbuf_putc(out, '/');
	for (size_t i = p.v.n; i-- > 0;) {
		strbuf_putc(out, '/');
		strbuf_add_clean(out, p.v.v[i], strlen(p.v.v[i]));
		free(p.v.v[i]);
	}
	vector_done(&p.v);
}

/* ---- mounts ---- */

struct mounts {
	struct shell *sh;
	struct error *(*each)(const struct mount_row *row, void *arg);
	void *arg;
	uint64_t node_off;
	struct error *e;
};

static struct error *read_row(struct shell *sh, uint64_t mount, struct mount_row *row)
{
	struct kernel *k = sh->kernel;
	_cleanup_strbuf_ struct strbuf dir = {0};
	uint64_t type, va, root;
	struct member vfs;

	*row = (struct mount_row){.mount = mount};
	TRY(type_member(k, "mount", "mnt", &vfs));
	TRY(type_read_member(k, mount, "mount", "mnt.mnt_sb", &row->sb));
	TRY(type_read_member(k, mount, "mount", "mnt.mnt_root", &root));
	TRY(type_read_member(k, row->sb, "super_block", "s_type", &type));
	TRY(type_read_member(k, type, "file_system_type", "name", &va));
	TRY(vmem_read_string(k, va, row->type, sizeof(row->type)));
	TRY(type_read_member(k, mount, "mount", "mnt_devname", &va));
	if (va)
		TRY(vmem_read_string(k, va, row->device, sizeof(row->device)));
	path_of(sh, root, mount + vfs.off, &dir);
	row->dir = strbuf_take(&dir, NULL);
	return row->dir ? NULL : error_nomem();
}

static bool give(struct mounts *m, uint64_t mount)
{
	struct mount_row row;
	uint64_t sb = 0;

	/* cursors of readers stand in the list too; they have no file system */
	error_free(type_read_member(m->sh->kernel, mount, "mount", "mnt.mnt_sb", &sb));
	if (!sb)
		return true;
	m->e = read_row(m->sh, mount, &row);
	if (m->e)
		return false;
	m->e = m->each(&row, m->arg);
	free(row.dir);
	return !m->e && !shell_interrupted();
}

static bool give_node(uint64_t key, uint64_t entry, void *arg)
{
	struct mounts *m = arg;

	(void)key;
	return give(m, entry - m->node_off);
}

static struct error *walk_list(struct mounts *m, uint64_t head)
{
	struct list_walk w;
	struct error *e;
	uint64_t node;

	TRY(list_begin(m->sh->kernel, head, MOUNTS_MAX, &w));
	while (list_next(m->sh->kernel, &w, &node))
		if (!give(m, node - m->node_off))
			break;
	e = list_error(&w);
	if (m->e) {
		error_free(e);
		return m->e;
	}
	return e;
}

struct error *mounts_walk(struct shell *sh, const struct task *t,
			  struct error *(*each)(const struct mount_row *row, void *arg), void *arg)
{
	struct mounts m = {.sh = sh, .each = each, .arg = arg};
	struct kernel *k = sh->kernel;
	struct member place, node;
	uint64_t proxy, ns;
	struct error *e;

	TRY(type_read_member(k, t->va, "task_struct", "nsproxy", &proxy));
	if (!proxy)
		return error_new(ERROR_NOT_FOUND, "task %lld has ended and has no namespace", (long long)t->pid);
	TRY(type_read_member(k, proxy, "nsproxy", "mnt_ns", &ns));
	e = type_member(k, "mnt_namespace", "list", &place); /* up to 6.7 */
	if (!e) {
		TRY(type_member(k, "mount", "mnt_list", &node));
		m.node_off = node.off;
		return walk_list(&m, ns + place.off);
	}
	error_free(e);
	TRY(type_member(k, "mnt_namespace", "mounts", &place));
	TRY(type_member(k, "mount", "mnt_node", &node));
	m.node_off = node.off;
	e = rbtree_walk(k, ns + place.off, give_node, &m);
	if (m.e) {
		error_free(e);
		return m.e;
	}
	return e;
}

void path_of_file(struct shell *sh, uint64_t file, struct strbuf *out)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t dentry = peek_member(&p, file, "file", "f_path.dentry|__f_path.dentry");
	uint64_t mnt = peek_member(&p, file, "file", "f_path.mnt|__f_path.mnt");

	if (peek_ok(&p))
		path_of(sh, dentry, mnt, out);
	else
		strbuf_puts(out, "...");
}
