/* ipcs: System V shared memory, semaphores and message queues. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/peek.h"
#include "kernel/tree.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"

enum { OPT_SEMAPHORES = 1, OPT_SHARED, OPT_QUEUES, OPT_DETAIL, OPT_NAMESPACE };

static const struct option_def options[] = {
	{'s', NULL, NULL, "semaphores", OPT_SEMAPHORES},
	{'m', NULL, NULL, "shared memory", OPT_SHARED},
	{'M', NULL, NULL, "shared memory with its file and pages", OPT_DETAIL},
	{'q', NULL, NULL, "message queues", OPT_QUEUES},
	{'n', NULL, "TASK", "in the namespace of a task", OPT_NAMESPACE},
	{0},
};

/* ipc/util.h: the places of the kinds in ipc_namespace.ids[] */
enum { SEMAPHORES, QUEUES, SHARED };

struct printing {
	struct shell *sh;
	int kind;
	bool detail, any;
	const char *word; /* only the one of this id or address; null: all */
	struct error *e;
};

struct perm {
	uint64_t key, id, uid, mode;
};

static const char *const types[] = {[SEMAPHORES] = "sem_array", [QUEUES] = "msg_queue", [SHARED] = "shmid_kernel"};
static const char *const perms[] = {[SEMAPHORES] = "sem_perm", [QUEUES] = "q_perm", [SHARED] = "shm_perm"};

static void put_shared(struct shell *sh, struct peek *p, uint64_t va, uint64_t mode, bool detail)
{
	uint64_t bytes = peek_member(p, va, "shmid_kernel", "shm_segsz"), attached = peek_member(p, va, "shmid_kernel", "shm_nattch");

	row_u64(sh, "bytes", -10, bytes);
	row_text(sh, " ");
	row_u64(sh, "attached", -6, attached);
	row_text(sh, " ");
	/* include/linux/shm.h: SHM_DEST, SHM_LOCKED */
	row_text(sh, "%s%s", mode & 01000 ? "dest " : "", mode & 02000 ? "locked" : "");
	if (detail) {
		uint64_t file = peek_member(p, va, "shmid_kernel", "shm_file"), inode = peek_member(p, file, "file", "f_inode");
		uint64_t mapping = peek_member(p, inode, "inode", "i_mapping"), page = sh->kernel->page_size;

		row_text(sh, "\nPAGES ALLOCATED/RESIDENT: ");
		row_u64(sh, "pages", 0, (bytes + page - 1) / page);
		row_text(sh, "/");
		row_u64(sh, "resident", 0, peek_member(p, mapping, "address_space", "nrpages"));
		row_text(sh, "\nINODE: ");
		row_addr(sh, "inode", inode);
		row_text(sh, "\n");
	}
}

static bool wanted(struct printing *r, uint64_t va, uint64_t id)
{
	uint64_t v;

	if (!r->word || (text_u64(r->word, &v) && v == id))
		return true;
	return text_hex(r->word, &v) && v == va;
}

static bool put(uint64_t index, uint64_t ipc_perm, void *arg)
{
	struct printing *r = arg;
	struct shell *sh = r->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t va = ipc_perm - peek_offset(&p, types[r->kind], perms[r->kind]);
	struct perm m = {
		.key = peek_member(&p, ipc_perm, "kern_ipc_perm", "key"),
		.id = peek_member(&p, ipc_perm, "kern_ipc_perm", "id"),
		.uid = peek_member(&p, ipc_perm, "kern_ipc_perm", "uid.val|uid"),
		.mode = peek_member(&p, ipc_perm, "kern_ipc_perm", "mode"),
	};

	(void)index;
	r->e = peek_error(&p);
	if (r->e || !wanted(r, va, m.id))
		return !r->e;
	r->any = true;
	row_begin(sh, types[r->kind]);
	row_addr(sh, "address", va);
	row_text(sh, " %08" PRIx64 " ", m.key & UINT32_MAX);
	row_only_addr(sh, "key", m.key & UINT32_MAX);
	row_u64(sh, "id", -10, m.id);
	row_text(sh, " ");
	row_u64(sh, "uid", -5, m.uid);
	row_text(sh, " %-5" PRIo64 " ", m.mode & 0777);
	row_only_u64(sh, "mode", m.mode & 0777);
	if (r->kind == SHARED) {
		put_shared(sh, &p, va, m.mode, r->detail);
	} else if (r->kind == SEMAPHORES) {
		row_u64(sh, "semaphores", -10, peek_member(&p, va, "sem_array", "sem_nsems"));
	} else {
		row_u64(sh, "bytes", -12, peek_member(&p, va, "msg_queue", "q_cbytes"));
		row_text(sh, " ");
		row_u64(sh, "messages", -12, peek_member(&p, va, "msg_queue", "q_qnum"));
	}
	row_end(sh);
	r->e = peek_error(&p);
	return !r->e && !shell_interrupted();
}

static struct error *put_kind(struct shell *sh, uint64_t ns, int kind, bool detail, const char *word)
{
	static const char *const heads[] = {
		[SEMAPHORES] = "%-*s KEY      SEMID      UID   PERMS NSEMS\n",
		[QUEUES] = "%-*s KEY      MSQID      UID   PERMS USED-BYTES   MESSAGES\n",
		[SHARED] = "%-*s KEY      SHMID      UID   PERMS BYTES      NATTCH STATUS\n",
	};
	static const char *const labels[] = {[SEMAPHORES] = "SEM_ARRAY", [QUEUES] = "MSG_QUEUE", [SHARED] = "SHMID_KERNEL"};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	struct printing r = {.sh = sh, .kind = kind, .detail = detail, .word = word};
	uint64_t tree = ns + peek_offset(&p, "ipc_namespace", "ids") + (uint64_t)kind * peek_size(&p, "ipc_ids") +
			peek_offset(&p, "ipc_ids", "ipcs_idr.idr_rt");
	struct error *e = peek_error(&p);

	row_text(sh, heads[kind], (int)(2 * sh->kernel->long_size), labels[kind]);
	if (!e)
		e = xarray_walk(sh->kernel, tree, put, &r);
	if (r.e) {
		error_free(e);
		e = r.e;
	}
	if (!e && !r.any)
		row_text(sh, "(none allocated)\n");
	row_text(sh, "\n");
	return e;
}

static struct error *run(struct shell *sh, struct options *o)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	bool kinds[3] = {false}, any = false, detail = false;
	struct task t = sh->task;
	bool has_task = sh->has_task;
	uint64_t ns = 0, proxy;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		if (id == OPT_NAMESPACE) {
			TRY(tasks_pick_one(sh, o->value, &t));
			has_task = true;
			continue;
		}
		kinds[id == OPT_SEMAPHORES ? SEMAPHORES : id == OPT_QUEUES ? QUEUES : SHARED] = true;
		detail |= id == OPT_DETAIL;
		any = true;
	}
	if (id < 0)
		return command_misused();
	words = command_words(o, &n);
	proxy = has_task ? peek_member(&p, t.va, "task_struct", "nsproxy") : 0;
	if (proxy)
		ns = peek_member(&p, proxy, "nsproxy", "ipc_ns");
	if (!peek_ok(&p) || !ns)
		ns = peek_symbol(&p, "init_ipc_ns");
	TRY(peek_error(&p));
	/* shared memory first, as people know it */
	if (kinds[SHARED] || !any)
		TRY(put_kind(sh, ns, SHARED, detail, n ? words[0] : NULL));
	if (kinds[SEMAPHORES] || !any)
		TRY(put_kind(sh, ns, SEMAPHORES, false, n ? words[0] : NULL));
	return kinds[QUEUES] || !any ? put_kind(sh, ns, QUEUES, false, n ? words[0] : NULL) : NULL;
}

const struct command cmd_ipcs = {
	.name = "ipcs",
	.args = "[-s] [-m] [-M] [-q] [-n task] [id | address]",
	.summary = "show shared memory, semaphores and message queues",
	.options = options,
	.run = run,
};
