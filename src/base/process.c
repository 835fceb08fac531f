/* Child processes; see process.h. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <linux/close_range.h>

#include "base/clock.h"
#include "base/strbuf.h"

#define TERM_GRACE_MS 2000
#define PIPE_READS    256 /* of 4 KiB: as much as a pipe can hold */

extern char **environ;

static void to_fd(int from, int to)
{
	if (from == to) {
		int flags = fcntl(from, F_GETFD);

		fcntl(from, F_SETFD, flags & ~FD_CLOEXEC);
	} else
		dup2(from, to);
}

NORETURN static void child(char *const *argv, const struct process_how *how, int out,
			   int report)
{
	sigset_t none;
	int in = how->stdin_fd, err;

	if (in <= 0)
		in = open("/dev/null", O_RDONLY);
	to_fd(in, 0);
	if (out > 0)
		to_fd(out, 1);
	if (how->stderr_fd > 0)
		to_fd(how->stderr_fd, 2);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* our own end of the report pipe stays until exec succeeds */
	to_fd(report, 3);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	close_range(4, ~0U, 0);
	execvpe(argv[0], argv, how->environment ? how->environment : environ);
	err = errno;
	if (write(3, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static unsigned left_ms(uint64_t deadline)
{
	uint64_t now = clock_now_ms();

	return now >= deadline ? 0 : MIN(deadline - now, (uint64_t)1000);
}

/* Takes what is in the pipe, waiting for it up to `wait_ms`. False: nothing will come any more.
 * One buffer at a time, so that a program that never stops talking meets its time limit. */
static bool take_output(int out, int wait_ms, size_t limit, struct strbuf *text)
{
	struct pollfd p = { .fd = out, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	if (poll(&p, 1, wait_ms) <= 0)
		return true;
	n = read(out, buf, sizeof(buf));
	if (n < 0)
		return errno == EINTR;
	strbuf_add(text, buf, MIN((size_t)n, limit - text->len));
	return n > 0;
}

/* Waits for `pid`, reading `out` meanwhile; gentle at the limit, then not. */
static struct error *wait_for(pid_t pid, int out, const struct process_how *how,
			      struct process_result *r)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	uint64_t deadline = clock_now_ms() + how->limit_ms;
	bool killed = false, eof = out < 0;
	unsigned nap = 1;

	for (;;) {
		int status;
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (!eof && got != pid)
			eof = !take_output(out, (int)MIN(left_ms(deadline), 20u),
					   how->capture_limit, &text);
		/* what it left in the pipe; a child of its own may go on writing */
		for (int i = 0; !eof && got == pid && i < PIPE_READS; i++) {
			size_t before = text.len;

			eof = !take_output(out, 0, how->capture_limit, &text) ||
			      text.len == before;
		}
		if (got == pid) {
			r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							: WEXITSTATUS(status);
			break;
		}
		if (got < 0 && errno != EINTR)
			return error_sys(errno, "cannot wait for a child process");
		if (clock_now_ms() >= deadline) {
			r->timed_out = true;
			kill(pid, killed ? SIGKILL : SIGTERM);
			killed = true;
			deadline = clock_now_ms() + TERM_GRACE_MS;
		}
		if (eof) {
			clock_sleep_ms(nap);
			nap = MIN(nap * 2, 20u);
		}
	}
	if (out >= 0) {
		r->output = strbuf_take(&text, &r->output_len);
		if (!r->output)
			return error_nomem();
	}
	return NULL;
}

struct error *process_run(char *const *argv, const struct process_how *how,
			  struct process_result *ret)
{
	_cleanup_close_ int report_r = -1, report_w = -1, out_r = -1, out_w = -1;
	struct process_result r = { 0 };
	struct error *e;
	int pipe_fds[2], err = 0;
	pid_t pid;

	assert(how->limit_ms > 0);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_sys(errno, "%s: cannot make a pipe", argv[0]);
	report_r = pipe_fds[0];
	report_w = pipe_fds[1];
	if (how->capture_limit) {
		if (pipe2(pipe_fds, O_CLOEXEC) < 0)
			return error_sys(errno, "%s: cannot make a pipe", argv[0]);
		out_r = pipe_fds[0];
		out_w = pipe_fds[1];
	}
	pid = fork();
	if (pid < 0)
		return error_sys(errno, "%s: cannot start", argv[0]);
	if (pid == 0)
		child(argv, how, out_w >= 0 ? out_w : how->stdout_fd, report_w);
	close(take_fd(&report_w));
	if (out_w >= 0)
		close(take_fd(&out_w));
	if (read(report_r, &err, sizeof(err)) == (ssize_t)sizeof(err)) {
		waitpid(pid, NULL, 0);
		return error_sys(err, "%s: cannot run", argv[0]);
	}
	e = wait_for(pid, out_r, how, &r);
	if (e) {
		process_result_done(&r);
		return error_prefix(e, "%s", argv[0]);
	}
	*ret = r;
	return NULL;
}

void process_result_done(struct process_result *r)
{
	free(r->output);
	*r = (struct process_result){ 0 };
}

struct error *process_run_ok(char *const *argv, const struct process_how *how)
{
	struct process_result r = { 0 };
	struct error *e = process_run(argv, how, &r);

	if (e)
		return e;
	if (r.timed_out)
		e = error_new(ERROR_TIMEOUT, "%s: did not end within %u s", argv[0],
			      how->limit_ms / 1000);
	else if (r.status)
		e = error_new(ERROR_OTHER, "%s: failed with status %d", argv[0], r.status);
	process_result_done(&r);
	return e;
}
