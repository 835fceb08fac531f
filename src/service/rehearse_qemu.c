/* QEMU's command line, and its console read line by line; see rehearse.h. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "service/rehearse-priv.h"

#define RAM_MB	    1024
#define LIMIT_S	    900
#define SILENCE_S   240 /* nothing on the console for so long: it hangs */
#define LINE_LIMIT  4096
#define CONSOLE_LIMIT (64u << 20)

#if defined(__x86_64__)
#define QEMU	  "qemu-system-x86_64"
#define BOARD	  "q35"
#define OLD_BOARD "pc"
#define CONSOLE	  "ttyS0"
/* five-level page tables only cost time here */
#define CPU "max,la57=off"
#elif defined(__aarch64__)
#define QEMU	  "qemu-system-aarch64"
#define BOARD	  "virt"
#define OLD_BOARD "virt"
#define CONSOLE	  "ttyAMA0"
#define CPU	  "max"
#else
#define QEMU	  ""
#define BOARD	  ""
#define OLD_BOARD ""
#define CONSOLE	  "ttyS0"
#define CPU	  ""
#endif

static bool in_path(const char *name)
{
	_cleanup_free_ char *copy = strdup(getenv("PATH") ?: "/usr/sbin:/usr/bin:/sbin:/bin");
	char *rest = copy, *folder;

	while (copy && (folder = strsep(&rest, ":"))) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, name) > 0 && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static struct error *add_disk_words(struct words *w, size_t nr, const struct rehearse_disk *d)
{
	const struct rehearse_controller *c = d->controller;

	TRY(words_add(w, "-drive"));
	/* a comma in a name is written twice; ours and /dev have none */
	TRY(words_addf(w, "file=%s,if=none,id=d%zu,format=raw,cache=unsafe,file.locking=off%s", d->file, nr,
		       d->snapshot ? ",snapshot=on" : ""));
	TRY(words_add(w, "-device"));
	if (!c->disk)
		return words_addf(w, "%s,drive=d%zu%s", c->model, nr, !strcmp(c->model, "nvme") ? ",serial=1" : "");
	if (c->old_board)
		return words_addf(w, "%s,bus=ide.%zu,unit=%zu,drive=d%zu", c->disk, nr / 2, nr % 2, nr);
	TRY(words_addf(w, "%s,id=c%zu", c->model, nr));
	TRY(words_add(w, "-device"));
	return words_addf(w, "%s,bus=c%zu.0,drive=d%zu", c->disk, nr, nr);
}

const char *rehearse_console(void)
{
	return CONSOLE;
}

bool rehearse_has_kvm(void)
{
	return access("/dev/kvm", R_OK | W_OK) == 0;
}

struct error *rehearse_argv(const struct rehearse_how *how, const struct rehearse_machine *m, const char *kernel,
			    const char *initrd, bool kvm, struct words *ret)
{
	bool old = false;
	unsigned long long reserve_mb = (how->reserve + (1 << 20) - 1) >> 20;

	if (!*QEMU)
		return error_new(ERROR_UNSUPPORTED, "rehearsals are done on x86_64 and aarch64 only");
	if (!in_path(QEMU))
		return error_new(ERROR_NOT_FOUND,
				 QEMU " was not found in PATH: a rehearsal needs it (package qemu-system-x86, "
				      "qemu-kvm or qemu-system-arm)");
	for (size_t i = 0; i < m->disks.n; i++)
		old |= m->disks.v[i].controller->old_board;
	TRY(words_add(ret, QEMU));
	TRY(words_add(ret, "-machine"));
	TRY(words_add(ret, old ? OLD_BOARD : BOARD));
	TRY(words_add(ret, "-accel"));
	TRY(words_add(ret, kvm ? "kvm" : "tcg"));
	TRY(words_add(ret, "-cpu"));
	TRY(words_add(ret, CPU));
	TRY(words_add(ret, "-m"));
	TRY(words_addf(ret, "%llu", (how->ram_mb ? how->ram_mb : RAM_MB) + reserve_mb));
	TRY(words_split(ret, "-nodefaults -no-user-config -nographic -vga none -net none -no-reboot -serial stdio"));
	TRY(words_add(ret, "-kernel"));
	TRY(words_add(ret, kernel));
	TRY(words_add(ret, "-initrd"));
	TRY(words_add(ret, initrd));
	TRY(words_add(ret, "-append"));
	TRY(words_addf(ret, "console=" CONSOLE " crashkernel=%lluM panic=5 sysrq_always_enabled loglevel=5", reserve_mb));
	for (size_t i = 0; i < m->disks.n; i++)
		TRY(add_disk_words(ret, i, &m->disks.v[i]));
	return NULL;
}

static struct error *keep(char **to, const char *text, size_t len)
{
	free(*to);
	*to = strndup(text, len);
	return *to ? NULL : error_nomem();
}

/* Lines of salvage-rehearse, of PID 1 of the capture, and of the kernel. */
struct error *rehearse_read_line(struct rehearse_reader *rd, const char *line, unsigned ms,
				 struct rehearse_result *r)
{
	const char *ours = strstr(line, "rehearsal: "), *capture = text_after(line, "salvage: "), *rest;
	uint64_t n, m;

	if (ours) {
		ours += strlen("rehearsal: ");
		rd->ran = true;
		if (text_starts(ours, "panic now")) {
			rd->panicked = true;
			rd->panic_ms = ms;
		} else if (rd->panicked && text_starts(ours, "the floor's init runs")) {
			rd->init_ran = true;
			r->init_ms = ms - rd->panic_ms;
			r->end = REHEARSE_SAVED;
		} else if ((rest = text_after(ours, "cannot "))) {
			TRY(keep(&r->reason, ours, strlen(ours)));
		}
		return NULL;
	}
	if (!rd->ran && text_starts(line, QEMU))
		return keep(&r->reason, line, strlen(line));
	if (!rd->panicked)
		return NULL;
	/* what the kernel has to say when memory or a disk is missing */
	if (strstr(line, "Out of memory") || strstr(line, "Kernel panic - not syncing") ||
	    strstr(line, "page allocation failure"))
		if (!strstr(line, "sysrq triggered crash"))
			TRY(keep(&r->reason, line, strlen(line)));
	if (!capture)
		return NULL;
	if (!rd->init_ran) {
		rd->init_ran = true;
		r->init_ms = ms - rd->panic_ms;
	}
	if (text_starts(capture, "FAILED")) {
		rd->failed = true;
	} else if ((rest = text_after(capture, "saved ")) && (text_ends(rest, "/vmcore") || text_starts(rest, "the dump on "))) {
		TRY(keep(&r->saved, rest, strlen(rest)));
		r->saved_ms = ms - rd->panic_ms;
		r->end = REHEARSE_SAVED;
	} else if ((rest = text_after(capture, "the dump is ")) && sscanf(rest, "%" SCNu64, &n) == 1) {
		r->bytes = n;
	} else if ((rest = text_after(capture, "memory: at most ")) &&
		   sscanf(rest, "%" SCNu64 " of %" SCNu64, &n, &m) == 2 && n <= m && m < UINT32_MAX) {
		r->used_mb = n;
		r->total_mb = m;
	} else if (!r->saved && !text_starts(capture, "the dump took")) {
		if (!rd->failed) /* the line before FAILED tells why */
			TRY(keep(&r->reason, capture, strlen(capture)));
	}
	return NULL;
}

/* Terminal sequences and carriage returns out, in place. */
static void clean(char *line)
{
	char *to = line;

	for (char *p = line; *p; p++) {
		if (*p == '\033' && p[1] == '[') {
			for (p += 2; *p && !((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')); p++)
				;
			if (!*p)
				break;
			continue;
		}
		if ((unsigned char)*p >= ' ' || *p == '\t')
			*to++ = *p;
	}
	*to = '\0';
}

struct watch {
	const struct rehearse_how *how;
	struct rehearse_reader reader;
	struct rehearse_result *result;
	uint64_t began_ms, heard_ms;
	size_t total;
	char line[LINE_LIMIT];
	size_t len;
};

static struct error *end_line(struct watch *w)
{
	uint64_t ms = clock_now_ms() - w->began_ms;

	w->line[w->len] = '\0';
	w->len = 0;
	clean(w->line);
	if (w->how->console)
		fprintf(w->how->console, "%7.1f %s\n", ms / 1000.0, w->line);
	return rehearse_read_line(&w->reader, w->line, ms, w->result);
}

static struct error *take(struct watch *w, const char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || w->len == sizeof(w->line) - 1)
			TRY(end_line(w));
		if (buf[i] != '\n' && buf[i])
			w->line[w->len++] = buf[i];
	}
	return NULL;
}

/* Until the console is closed, or it is too late. */
static struct error *read_console(struct watch *w, int fd, bool *ret_late)
{
	unsigned limit_s = w->how->limit_s ? w->how->limit_s : LIMIT_S;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_now_ms();
		char buf[4096];
		ssize_t n;

		if (now - w->began_ms > limit_s * 1000ull || now - w->heard_ms > SILENCE_S * 1000ull ||
		    w->total > CONSOLE_LIMIT) {
			*ret_late = true;
			return NULL;
		}
		if (poll(&p, 1, 500) <= 0)
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		w->heard_ms = clock_now_ms();
		w->total += n;
		TRY(take(w, buf, n));
	}
}

NORETURN static void child(char *const *argv, int out, pid_t parent)
{
	int nothing = open("/dev/null", O_RDONLY);

	dup2(nothing, 0);
	dup2(out, 1);
	dup2(out, 2);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no machine is left behind */
	if (getppid() != parent)
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

static enum rehearse_end judge(const struct rehearse_reader *rd, const struct rehearse_result *r, bool late)
{
	if (r->end == REHEARSE_SAVED && !rd->failed)
		return REHEARSE_SAVED;
	if (!rd->panicked)
		return late ? REHEARSE_TIMEOUT : REHEARSE_NOT_LOADED;
	if (rd->failed)
		return REHEARSE_FAILED;
	if (late)
		return rd->init_ran ? REHEARSE_TIMEOUT : REHEARSE_NO_START;
	return rd->init_ran ? REHEARSE_FAILED : REHEARSE_NO_START;
}

struct error *rehearse_watch(const struct rehearse_how *how, char *const *argv, struct rehearse_result *ret,
			     bool *ret_ran)
{
	struct watch *w = calloc(1, sizeof(*w));
	_cleanup_close_ int in = -1, out = -1;
	pid_t parent = getpid(), pid;
	bool late = false;
	struct error *e;
	int fds[2];

	if (!w)
		return error_nomem();
	w->how = how;
	w->result = ret;
	w->began_ms = w->heard_ms = clock_now_ms();
	ret->end = REHEARSE_NOT_LOADED;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		free(w);
		return error_sys(errno, "cannot make a pipe");
	}
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid == 0)
		child(argv, out, parent);
	close(take_fd(&out));
	e = pid < 0 ? error_sys(errno, "%s: cannot start", argv[0]) : read_console(w, in, &late);
	if (pid > 0) {
		kill(pid, SIGKILL); /* it has ended, or is to */
		waitpid(pid, NULL, 0);
	}
	if (!e && w->len)
		e = end_line(w);
	ret->end = judge(&w->reader, ret, late);
	*ret_ran = w->reader.ran;
	free(w);
	return e;
}
