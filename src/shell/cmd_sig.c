/* sig: what a task does on signals, and which are on their way to it. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"

enum { OPT_LIST = 1, OPT_SET, OPT_GROUP };

static const struct option_def options[] = {
	{'l', NULL, NULL, "the numbers and names of all signals", OPT_LIST},
	{'s', NULL, "MASK", "the signals in a mask", OPT_SET},
	{'g', NULL, NULL, "for each thread of the process", OPT_GROUP},
	{0},
};

#define SIGNALS	  64
#define SIGRTMIN_KERNEL 32 /* the C library keeps two of them */
#define QUEUE_MAX 65536

/* Numbers of x86, arm, riscv, s390 and ppc alike: include/uapi/asm-generic/signal.h */
static const char *const names[] = {
	[1] = "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT/SIGIOT", "SIGBUS", "SIGFPE", "SIGKILL",
	"SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD/SIGCLD", "SIGCONT",
	"SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",
	"SIGIO/SIGPOLL", "SIGPWR", "SIGSYS/SIGUNUSED",
};

static const struct {
	uint64_t bit;
	const char *name;
} flags[] = {
	{0x1, "SA_NOCLDSTOP"}, {0x4000000, "SA_RESTORER"}, {0x2, "SA_NOCLDWAIT"}, {0x4, "SA_SIGINFO"},
	{0x8000000, "SA_ONSTACK"}, {0x10000000, "SA_RESTART"}, {0x40000000, "SA_NODEFER"}, {0x80000000, "SA_RESETHAND"},
};

static void signal_name(unsigned n, char *buf, size_t room)
{
	if (n < ARRAY_SIZE(names) && names[n])
		snprintf(buf, room, "%s", names[n]);
	else if (n == SIGRTMIN_KERNEL || n == SIGNALS)
		snprintf(buf, room, n == SIGNALS ? "SIGRTMAX" : "SIGRTMIN");
	else if (n <= SIGRTMIN_KERNEL + 16)
		snprintf(buf, room, "SIGRTMIN+%u", n - SIGRTMIN_KERNEL);
	else
		snprintf(buf, room, "SIGRTMAX-%u", 64 - n);
}

static void put_number(struct shell *sh, unsigned n)
{
	row_text(sh, n < 10 ? " [" : "[");
	row_u64(sh, "signal", 0, n);
	row_text(sh, "] ");
}

static void list_all(struct shell *sh)
{
	for (unsigned n = 1; n <= SIGNALS; n++) {
		char name[24];

		signal_name(n, name, sizeof(name));
		row_begin(sh, "signal");
		put_number(sh, n);
		row_str(sh, "name", 0, name);
		row_end(sh);
	}
}

static void list_mask(struct shell *sh, uint64_t mask)
{
	bool any = false;

	for (unsigned n = 1; n <= SIGNALS; n++) {
		char name[24], *slash;

		if (!(mask >> (n - 1) & 1))
			continue;
		signal_name(n, name, sizeof(name));
		slash = strchr(name, '/');
		if (slash)
			*slash = '\0';
		if (sh->rows) {
			row_begin(sh, "signal");
			row_u64(sh, "signal", 0, n);
			row_str(sh, "name", 0, name);
			row_end(sh);
		}
		row_text(sh, "%s%s", any ? " " : "", name);
		any = true;
	}
	row_text(sh, "\n");
}

/* ---- what is done on each ---- */

static void put_handler(struct shell *sh, uint64_t handler)
{
	if (handler <= 2) {
		row_str(sh, "handler", 10, handler == 0 ? "SIG_DFL" : handler == 1 ? "SIG_IGN" : "SIG_ERR");
	} else {
		row_hex(sh, "handler", 10, handler);
	}
}

static void flag_names(uint64_t v, char *buf, size_t room)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(flags) && n < room; i++)
		if (v & flags[i].bit)
			n += (size_t)snprintf(buf + n, room - n, "%s%s", n ? "|" : "", flags[i].name);
}

static struct error *put_actions(struct shell *sh, const struct task *t)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t hand = peek_member(&p, t->va, "task_struct", "sighand"), first, each;

	first = hand + peek_offset(&p, "sighand_struct", "action");
	each = peek_size(&p, "k_sigaction");
	TRY(peek_error(&p));
	if (!hand) {
		row_text(sh, "  (it has given its handlers back)\n");
		return NULL;
	}
	row_text(sh, " SIG    SIGACTION        HANDLER       MASK       FLAGS           \n");
	for (unsigned n = 1; n <= SIGNALS && !shell_interrupted(); n++) {
		uint64_t va = first + (n - 1) * each;
		uint64_t handler = peek_member(&p, va, "k_sigaction", "sa.sa_handler");
		uint64_t bits = peek_member(&p, va, "k_sigaction", "sa.sa_flags") & UINT32_MAX;
		uint64_t mask = peek_member(&p, va, "k_sigaction", "sa.sa_mask.sig[0]");
		char text[128];

		TRY(peek_error(&p));
		flag_names(bits, text, sizeof(text));
		row_begin(sh, "action");
		put_number(sh, n);
		row_addr(sh, "sigaction", va);
		row_text(sh, " ");
		put_handler(sh, handler);
		row_text(sh, " %016" PRIx64 " ", mask);
		row_only_addr(sh, "mask", mask);
		row_hex(sh, "flags", 0, bits);
		row_text(sh, text[0] ? " (%s)" : " ", text);
		row_only_str(sh, "flag_names", text);
		row_end(sh);
	}
	return NULL;
}

/* ---- what is on its way ---- */

static struct error *put_pending(struct shell *sh, const char *what, const char *indent, uint64_t pending)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t mask = peek_member(&p, pending, "sigpending", "signal.sig[0]"), link, node;
	uint64_t head = pending + peek_offset(&p, "sigpending", "list");
	struct list_walk w;
	bool any = false;

	link = peek_offset(&p, "sigqueue", "list");
	TRY(peek_error(&p));
	row_begin(sh, "pending");
	row_text(sh, "%s", indent);
	row_str(sh, "which", 0, what);
	row_text(sh, "\n%s    SIGNAL: %016" PRIx64 "\n%s  SIGQUEUE: ", indent, mask, indent);
	row_only_addr(sh, "signal", mask);
	TRY(list_begin(sh->kernel, head, QUEUE_MAX, &w));
	while (list_next(sh->kernel, &w, &node) && !shell_interrupted() && !sh->rows) {
		int64_t number = peek_int(&p, node - link, "sigqueue", "info.si_signo");
		uint64_t info = node - link + peek_offset(&p, "sigqueue", "info");

		if (!peek_ok(&p))
			break;
		row_text(sh, any ? "%s            %3d  %" PRIx64 "\n" : " SIG  SIGINFO\n%s            %3d  %" PRIx64 "\n", indent,
			 (int)number, info);
		any = true;
	}
	if (!any)
		row_text(sh, "(empty)");
	error_free(list_error(&w));
	if (sh->rows || !any)
		row_end(sh);
	return NULL;
}

#define FLAG_SIGPENDING 2 /* TIF_SIGPENDING: the same bit on x86, riscv, arm; 0 on arm64 */

static struct error *put_own(struct shell *sh, const struct task *t, const char *indent)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t blocked = peek_member(&p, t->va, "task_struct", "blocked.sig[0]");
	uint64_t info = t->va + peek_offset(&p, "task_struct", "thread_info"), word;
	bool arm64 = sh->kernel->arch && text_equal(sh->kernel->arch->name, "aarch64");
	bool pending;

	if (!peek_ok(&p)) {
		blocked = peek_member(&p, t->va, "task_struct", "blocked.sig[0]");
		info = t->stack_va;
	}
	word = peek_member(&p, info, "thread_info", "flags");
	TRY(peek_error(&p));
	pending = word >> (arm64 ? 0 : FLAG_SIGPENDING) & 1;
	row_begin(sh, "state");
	row_text(sh, "%sSIGPENDING: ", indent);
	row_bool(sh, "pending", "yes", "no", pending);
	row_text(sh, "\n%s   BLOCKED: %016" PRIx64, indent, blocked);
	row_only_addr(sh, "blocked", blocked);
	row_end(sh);
	return put_pending(sh, "PRIVATE_PENDING", indent, t->va + peek_offset(&p, "task_struct", "pending"));
}

static struct error *put_shared(struct shell *sh, uint64_t signal)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t off = peek_offset(&p, "signal_struct", "shared_pending");

	TRY(peek_error(&p));
	TRY(put_pending(sh, "SHARED_PENDING", "", signal + off));
	row_text(sh, "\n");
	return NULL;
}

static struct error *put_group(struct shell *sh, const struct task *t)
{
	const struct shell_tasks *all;

	TRY(shell_tasks_load(sh, &all));
	for (size_t i = 0; i < all->n && !shell_interrupted(); i++) {
		if (all->v[i].tgid != t->tgid || (t->pid == 0 && all->v[i].va != t->va))
			continue;
		row_text(sh, "  ");
		print_task_line(sh, &all->v[i]);
		TRY(put_own(sh, &all->v[i], "  "));
		row_text(sh, "\n");
	}
	return NULL;
}

static struct error *put_task(struct shell *sh, const struct task *t, const void *group)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t signal = peek_member(&p, t->va, "task_struct", "signal"), threads = 0;

	print_task_line(sh, t);
	if (signal)
		threads = peek_member(&p, signal, "signal_struct", "nr_threads");
	TRY(peek_error(&p));
	row_begin(sh, "signal_struct");
	row_text(sh, "SIGNAL_STRUCT: ");
	row_addr(sh, "signal_struct", signal);
	row_text(sh, "  NR_THREADS: ");
	row_u64(sh, "threads", 0, threads & UINT32_MAX);
	row_end(sh);
	if (!signal)
		return NULL;
	TRY(put_actions(sh, t));
	if (group) {
		TRY(put_shared(sh, signal));
		return put_group(sh, t);
	}
	TRY(put_own(sh, t, ""));
	return put_shared(sh, signal);
}

static struct error *run(struct shell *sh, struct options *o)
{
	const char *mask = NULL;
	bool all = false, group = false;
	uint64_t v;
	char **words;
	int id, n;

	while ((id = options_next(o)) > 0) {
		all |= id == OPT_LIST;
		group |= id == OPT_GROUP;
		if (id == OPT_SET)
			mask = o->value;
	}
	if (id < 0)
		return command_misused();
	if (all) {
		list_all(sh);
		return NULL;
	}
	if (mask) {
		if (!text_hex(mask, &v))
			return error_new(ERROR_USAGE, "%s: expected a hexadecimal mask", mask);
		list_mask(sh, v);
		return NULL;
	}
	words = command_words(o, &n);
	return tasks_for_words(sh, words, n, false, put_task, group ? sh : NULL);
}

const struct command cmd_sig = {
	.name = "sig",
	.args = "[-l | -s mask | [-g] [pid | task] ...]",
	.summary = "show what tasks do on signals, and which are pending",
	.options = options,
	.run = run,
};
