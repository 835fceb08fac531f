/*
 * The target as a folder at the other end of `ssh`. Small files (log, report) are gathered in
 * memory and sent when they are whole; the dump is a stream: a process of ours reads the pipe,
 * counts and digests what passes, and hands it to ssh. Before a file gets its name the far side
 * counts and digests what it has, and both must agree.
 *
 * The commands for the far side are for any POSIX shell and hold nothing that a csh would take
 * for its own: they stand quoted behind `sh -c`.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/close_range.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "capture/internal.h"
#include "crashdir/names.h"

#define RELAY_ROOM   (64 << 10)
#define ANSWER_LIMIT 8192
#define AGAIN_MS     3000 /* between two tries to connect */
#define SSH_FAILED   255  /* exit status of ssh itself; others are the far side's */
#define MARK	     "salvage-says:" /* in front of our answers: shells may greet */
#define DUMP	     "vmcore"
#define DUMP_FLAT    "vmcore.flat" /* kdump-utils' name of a flattened dump */
#define DUMP_PART    "vmcore-incomplete"
#define SLOWEST_READ (20u << 20)   /* bytes a second that the far side digests at least */

/* What went through the relay. */
struct passed {
	uint64_t len;
	unsigned char digest[SHA256_DIGEST_LEN];
	int status; /* of ssh */
};

/* --- commands ----------------------------------------------------------------------- */

/* 'text', whatever it holds. */
static void put_quoted(struct strbuf *to, const char *text)
{
	strbuf_putc(to, '\'');
	for (const char *s = text; *s; s++)
		if (*s == '\'')
			strbuf_puts(to, "'\\''");
		else
			strbuf_putc(to, *s);
	strbuf_putc(to, '\'');
}

/* ssh's argv with a script for the far side: sh -c 'SCRIPT'. */
static struct error *ssh_argv(struct capture *c, const struct strbuf *script, struct words *ret)
{
	_cleanup_strbuf_ struct strbuf command = { 0 };

	TRY(strbuf_error(script));
	for (size_t i = 0; i < c->plan.ssh.n; i++)
		TRY(words_add(ret, c->plan.ssh.v[i]));
	strbuf_puts(&command, "sh -c ");
	put_quoted(&command, strbuf_str(script));
	TRY(strbuf_error(&command));
	return words_add(ret, strbuf_str(&command));
}

/* Runs a script there. *ret_answer (may be null): what stands behind MARK, malloc'd or null. */
static struct error *far(struct capture *c, const struct strbuf *script, int stdin_fd,
			 uint64_t limit_ms, int *ret_status, char **ret_answer)
{
	struct process_how how = { .limit_ms = MAX(MIN(limit_ms, (uint64_t)UINT32_MAX), (uint64_t)1000),
				   .stdin_fd = stdin_fd, .capture_limit = ANSWER_LIMIT };
	_cleanup_words_ struct words argv = { 0 };
	struct process_result r = { 0 };
	const char *mark;
	struct error *e = NULL;

	TRY(ssh_argv(c, script, &argv));
	TRY(c->ops->run(c, argv.v, &how, &r));
	*ret_status = r.timed_out ? SSH_FAILED : r.status;
	mark = r.output ? strstr(r.output, MARK) : NULL;
	if (ret_answer) {
		*ret_answer = NULL;
		if (mark) {
			mark += strlen(MARK);
			*ret_answer = strndup(mark, strcspn(mark, "\r\n"));
			if (!*ret_answer)
				e = error_nomem();
		}
	}
	if (r.timed_out && !e)
		e = error_new(ERROR_TIMEOUT, "%s: ssh did not end within %ju s", c->plan.target.device,
			      (uintmax_t)how.limit_ms / 1000);
	process_result_done(&r);
	return e;
}

static uint64_t left_ms(const struct capture *c)
{
	uint64_t now = clock_now_ms(), end = c->board->deadline_ms;

	if (!end)
		return 60000;
	return end > now + 1000 ? end - now - 1000 : 1000; /* the rest is for saying so */
}

/* --- the folder --------------------------------------------------------------------- */

/* Until the server answers, at most as long as the step may last: its network may still be
 * learning that this machine is back. */
static struct error *ssh_open(struct capture *c, const struct plan_place *place)
{
	_cleanup_strbuf_ struct strbuf script = { 0 };
	bool said = false;
	int status;

	step_begin_planned(c, PLAN_STEP_MOUNT);
	strbuf_puts(&script, "umask 077; mkdir -p ");
	put_quoted(&script, c->plan.path);
	for (;;) {
		struct error *e = far(c, &script, 0, left_ms(c), &status, NULL);

		TRY(e);
		if (status == 0)
			return NULL;
		if (status != SSH_FAILED)
			return error_new(ERROR_NOT_PERMITTED,
					 "%s: cannot make the folder %s on the server (status %d)",
					 place->device, c->plan.path, status);
		if (left_ms(c) <= AGAIN_MS + 1000)
			return error_new(ERROR_TIMEOUT, "%s: ssh cannot log in", place->device);
		if (!said)
			say("%s: ssh cannot log in; trying on", place->device);
		said = true;
		clock_sleep_ms(AGAIN_MS);
	}
}

static struct error *dump_name(struct capture *c, struct strbuf *to)
{
	int naming = c->plan.directory ? crashdir_naming_find(c->plan.directory) : CRASHDIR_IP_TIME;
	const struct crashdir_names names = {
		.naming = naming < 0 ? CRASHDIR_IP_TIME : (enum crashdir_naming)naming,
		.address = c->plan.address,
		.host = c->plan.host,
	};

	return crashdir_name(&names, capture_time(c) + c->plan.timezone_offset, to);
}

/* A folder that was not there before: another dump's is never written into. */
static struct error *ssh_make_folder(struct capture *c)
{
	_cleanup_strbuf_ struct strbuf script = { 0 }, name = { 0 };
	_cleanup_free_ char *made = NULL;
	size_t path_len = strlen(c->plan.path);
	int status;

	TRY(dump_name(c, &name));
	while (path_len && c->plan.path[path_len - 1] == '/')
		path_len--;
	strbuf_puts(&script, "umask 077; cd ");
	put_quoted(&script, c->plan.path);
	strbuf_puts(&script, " || exit 1; n=");
	put_quoted(&script, name.s);
	strbuf_puts(&script,
		    "; d=$n; i=0; until mkdir \"$d\" 2>/dev/null; do [ -d \"$d\" ] || exit 1; "
		    "i=$((i+1)); [ $i -lt 100 ] || exit 1; d=$n-$i; done; echo \"" MARK "$d\"");
	TRY(far(c, &script, 0, left_ms(c), &status, &made));
	if (status || !made || strchr(made, '/') || !*made)
		return error_new(ERROR_OTHER, "%s: cannot make the folder %s/%s on the server (status %d)",
				 c->plan.target.device, c->plan.path, name.s, status);
	free(c->folder_path);
	/* as other targets have it: messages leave the first part out */
	if (asprintf(&c->folder_path, "/%s%.*s/%s", TARGET_FOLDER, (int)path_len, c->plan.path, made) < 0) {
		c->folder_path = NULL;
		return error_nomem();
	}
	say("saving to %s:%s", c->plan.target.device, c->folder_path + strlen("/" TARGET_FOLDER));
	return NULL;
}

static void put_path(struct capture *c, struct strbuf *to, const char *name)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	strbuf_printf(&path, "%s/%s", c->folder_path + strlen("/" TARGET_FOLDER), name);
	put_quoted(to, strbuf_str(&path));
}

/* --- the stream --------------------------------------------------------------------- */

/* In the relay: ssh with the pipe's end as its input. */
static pid_t start_ssh(char *const *argv, int *ret_pipe)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		/* greetings of the far side are of no use */
		if (dup2(ends[0], 0) < 0 || (null >= 0 && dup2(null, 1) < 0))
			_exit(126);
		close_range(3, ~0U, 0);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		say("%s: cannot run: %s", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[0]);
	*ret_pipe = ends[1];
	return pid;
}

static struct error *pass_on(int from, int to, struct passed *p)
{
	_cleanup_free_ char *buf = malloc(RELAY_ROOM);
	struct sha256 sha;
	size_t len;

	if (!buf)
		return error_nomem();
	sha256_init(&sha);
	do {
		TRY(file_read_part_fd(from, "the dump", buf, RELAY_ROOM, &len));
		TRY(file_write_fd(to, "ssh", buf, len));
		sha256_add(&sha, buf, len);
		p->len += len;
	} while (len == RELAY_ROOM);
	sha256_end(&sha, p->digest);
	return NULL;
}

NORETURN static void relay(char *const *argv, int from, int result)
{
	struct passed p = { .status = SSH_FAILED };
	int to = -1, status;
	struct error *e;
	pid_t ssh;

	signal(SIGPIPE, SIG_IGN); /* what ssh says of its end is worth more */
	ssh = start_ssh(argv, &to);
	if (ssh < 0)
		_exit(1);
	e = pass_on(from, to, &p);
	close(to);
	close(from); /* the writer need not go on when nobody reads */
	while (waitpid(ssh, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	p.status = WIFEXITED(status) ? WEXITSTATUS(status) : SSH_FAILED;
	if (e && p.status == 0)
		p.status = SSH_FAILED; /* cut off: it took less than there is */
	say_error(e, "sending the dump");
	_exit(write(result, &p, sizeof(p)) == sizeof(p) ? 0 : 1);
}

static struct error *start_relay(struct capture *c, const char *name, struct target_file *ret)
{
	_cleanup_strbuf_ struct strbuf script = { 0 };
	_cleanup_words_ struct words argv = { 0 };
	int data[2], result[2];
	pid_t pid;

	strbuf_puts(&script, "umask 077; exec cat >");
	put_path(c, &script, name);
	TRY(ssh_argv(c, &script, &argv));
	if (pipe2(data, O_CLOEXEC) < 0)
		return error_sys(errno, "cannot make a pipe");
	if (pipe2(result, O_CLOEXEC) < 0) {
		close(data[0]);
		close_keep_errno(data[1]);
		return error_sys(errno, "cannot make a pipe");
	}
	pid = fork();
	if (pid == 0) {
		close(data[1]);
		relay(argv.v, data[0], result[1]);
	}
	close(data[0]);
	close(result[1]);
	if (pid < 0) {
		close(data[1]);
		close(result[0]);
		return error_sys(errno, "cannot start a process");
	}
	*ret = (struct target_file){ .fd = data[1], .helper = pid, .result = result[0] };
	return NULL;
}

/* The writer is done: what has passed, when all of it did. */
static struct error *end_relay(struct target_file *f, struct passed *ret)
{
	size_t len = 0;
	int status;
	struct error *e;

	close(take_fd(&f->fd));
	e = file_read_part_fd(f->result, "the relay", (char *)ret, sizeof(*ret), &len);
	close(take_fd(&f->result));
	while (waitpid(f->helper, &status, 0) < 0)
		if (errno != EINTR)
			break;
	f->helper = 0;
	TRY(e);
	if (len != sizeof(*ret))
		return error_new(ERROR_OTHER, "the process that sends the dump has ended without a word");
	if (ret->status)
		return error_new(ERROR_OTHER, "ssh: failed with status %d while the dump was sent", ret->status);
	return NULL;
}

/* --- files -------------------------------------------------------------------------- */

static struct error *ssh_create(struct capture *c, const char *name, struct target_file *ret)
{
	int fd;

	if (strcmp(name, DUMP_PART) == 0)
		return start_relay(c, name, ret);
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(errno, "%s: cannot gather it in memory", name);
	*ret = (struct target_file){ .fd = fd, .result = -1 };
	return NULL;
}

static struct error *digest_fd(int fd, const char *name, struct passed *ret)
{
	_cleanup_free_ char *buf = malloc(RELAY_ROOM);
	struct sha256 sha;
	size_t len;

	if (!buf)
		return error_nomem();
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(errno, "%s: cannot read it again", name);
	sha256_init(&sha);
	do {
		TRY(file_read_part_fd(fd, name, buf, RELAY_ROOM, &len));
		sha256_add(&sha, buf, len);
		ret->len += len;
	} while (len == RELAY_ROOM);
	sha256_end(&sha, ret->digest);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return error_sys(errno, "%s: cannot read it again", name);
	return NULL;
}

/* Exit statuses of the script below. */
enum { FAR_SHORT = 11, FAR_DIFFERS = 12, FAR_NO_NAME = 13 };

/* `send`: the file itself comes first, through standard input. The name is given only to what
 * is the same as here: by its length, and by its digest where the server can make one. */
static void check_script(struct capture *c, struct strbuf *to, bool send, const struct passed *p,
			 const char *incomplete, const char *name)
{
	strbuf_puts(to, "umask 077; f=");
	put_path(c, to, incomplete);
	strbuf_puts(to, "; g=");
	put_path(c, to, name);
	if (send)
		strbuf_puts(to, "; cat >\"$f\" || exit 1");
	strbuf_printf(to, "; n=$(wc -c <\"$f\"); [ \"$n\" -eq %ju ] || { echo \"" MARK "$n\"; exit %d; }; ",
		      (uintmax_t)p->len, FAR_SHORT);
	strbuf_puts(to, "how=length; if command -v sha256sum >/dev/null 2>&1; then how=digest; "
			"d=$(sha256sum <\"$f\"); [ \"${d%% *}\" = ");
	for (size_t i = 0; i < sizeof(p->digest); i++)
		strbuf_printf(to, "%02x", p->digest[i]);
	strbuf_printf(to, " ] || exit %d; fi; ", FAR_DIFFERS);
	/* older ones sync everything, others know no file: either way no reason to fail */
	strbuf_puts(to, "sync \"$f\" >/dev/null 2>&1; ");
	strbuf_printf(to, "mv \"$f\" \"$g\" || exit %d; echo " MARK "$how", FAR_NO_NAME);
}

static struct error *give_name(struct capture *c, int send_fd, const struct passed *p,
			       const char *incomplete, const char *name)
{
	_cleanup_strbuf_ struct strbuf script = { 0 };
	_cleanup_free_ char *answer = NULL;
	int status;

	check_script(c, &script, send_fd >= 0, p, incomplete, name);
	TRY(error_prefix(far(c, &script, MAX(send_fd, 0), left_ms(c), &status, &answer), "%s", name));
	switch (status) {
	case 0:
		/* a shell that ends well without our words is none that did this */
		if (!answer)
			return error_new(ERROR_OTHER, "%s: the server does not say that it has it", name);
		if (send_fd < 0)
			say("%ju bytes on the server, compared by %s: %s", (uintmax_t)p->len, answer, name);
		return NULL;
	case FAR_SHORT:
		return error_new(ERROR_LOST, "%s: %ju bytes were sent, but the server has %s", incomplete,
				 (uintmax_t)p->len, answer ? answer : "another number");
	case FAR_DIFFERS:
		return error_new(ERROR_LOST, "%s: what the server has differs from what was sent", incomplete);
	case FAR_NO_NAME:
		return error_new(ERROR_OTHER, "%s: cannot rename to %s on the server", incomplete, name);
	default:
		return error_new(ERROR_OTHER, "%s: ssh failed with status %d", name, status);
	}
}

static const char *far_name(struct capture *c, const char *name)
{
	const char *program = c->plan.collector.v[0], *slash = strrchr(program, '/');

	/* another collector's stream is what it is: with cat the plain memory */
	if (strcmp(name, DUMP) == 0 && strcmp(slash ? slash + 1 : program, "salvage-collect") == 0)
		return DUMP_FLAT;
	return name;
}

static struct error *ssh_commit(struct capture *c, struct target_file *f, const char *incomplete,
				const char *name)
{
	struct passed p = { 0 };
	struct error *e;

	if (target_file_is_stream(f)) {
		TRY(end_relay(f, &p));
		step_begin(c, plan_step_name(PLAN_STEP_SYNC),
			   plan_limit_s(&c->plan, PLAN_STEP_SYNC) + p.len / SLOWEST_READ);
		return give_name(c, -1, &p, incomplete, far_name(c, name));
	}
	e = digest_fd(f->fd, incomplete, &p);
	if (!e)
		e = give_name(c, f->fd, &p, incomplete, name);
	close(take_fd(&f->fd));
	return e;
}

/* A part of the dump stays there under its first name; parts of small files are sent so. */
static void ssh_abandon(struct capture *c, struct target_file *f, const char *incomplete)
{
	_cleanup_strbuf_ struct strbuf script = { 0 };
	struct passed p = { 0 };
	int status;

	if (target_file_is_stream(f)) {
		say_error(end_relay(f, &p), "%s", incomplete);
		return;
	}
	if (lseek(f->fd, 0, SEEK_END) > 0 && lseek(f->fd, 0, SEEK_SET) == 0) {
		strbuf_puts(&script, "umask 077; exec cat >");
		put_path(c, &script, incomplete);
		say_error(far(c, &script, f->fd, left_ms(c), &status, NULL), "%s", incomplete);
	}
	close(take_fd(&f->fd));
}

static struct error *ssh_close(struct capture *c)
{
	return NULL; /* nothing is held open between two files */
}

const struct target_ops target_ssh = {
	.kind = PLAN_TARGET_SSH,
	.open = ssh_open,
	.make_folder = ssh_make_folder,
	.create = ssh_create,
	.commit = ssh_commit,
	.abandon = ssh_abandon,
	.close = ssh_close,
};
