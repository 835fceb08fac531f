/*
 * What goes into the dump folder: the log and the report first, since they are small and tell
 * most, then the dump, then this kernel's own log. Only the dump decides over success.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/klog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "capture/internal.h"

#define STATUS_TIMED_OUT 124 /* as timeout(1) says it */
#define EXIT_INCOMPLETE	 4	     /* ours: saved, but not all of it */
#define OWN_LOG_INCOMPLETE "kexec-dmesg-incomplete.log"
#define OWN_LOG_ROOM	 (256 << 10) /* bytes set aside on the target */
#define KLOG_READ_ALL	 3	     /* syslog(2) */
#define KLOG_SIZE_BUFFER 10

struct error *save_run(struct capture *c, char *const *argv, enum plan_step step, int stdin_fd,
		       int stdout_fd)
{
	struct process_how how = {
		.limit_ms = MIN((uint64_t)plan_limit_s(&c->plan, step) * 1000, (uint64_t)UINT32_MAX),
		.stdin_fd = stdin_fd,
		.stdout_fd = stdout_fd,
	};
	struct process_result r = { 0 };
	struct error *e = NULL;

	step_begin_planned(c, step);
	TRY(c->ops->run(c, argv, &how, &r));
	if (step == PLAN_STEP_COLLECTOR)
		c->dump_status = r.timed_out ? STATUS_TIMED_OUT : r.status;
	if (r.timed_out)
		e = error_new(ERROR_TIMEOUT, "%s: did not end within %u s and was stopped", argv[0],
			      plan_limit_s(&c->plan, step));
	else if (r.status > 128)
		e = error_new(ERROR_OTHER, "%s: ended by signal %d", argv[0], r.status - 128);
	else if (r.status == EXIT_INCOMPLETE && step == PLAN_STEP_COLLECTOR)
		e = error_new(ERROR_LOST, "%s: the dump is not whole", argv[0]);
	else if (r.status)
		e = error_new(ERROR_OTHER, "%s: failed with status %d", argv[0], r.status);
	process_result_done(&r);
	return e;
}

/* Commits what a program has written, or leaves what there is of it under its first name. */
static struct error *settle(struct capture *c, struct error *e, struct target_file *f,
			    const char *incomplete, const char *name)
{
	step_begin_planned(c, PLAN_STEP_SYNC);
	if (!e)
		return target_commit(c, f, incomplete, name);
	target_abandon(c, f, incomplete);
	return e;
}

/* --- log and report of the dead kernel ---------------------------------------------- */

static struct error *try_dmesg(struct capture *c)
{
	char *argv[] = { SAVE_COLLECTOR, "--dump-dmesg", "--fd", "1", SAVE_VMCORE, NULL };
	struct target_file f;

	TRY(target_create(c, "vmcore-dmesg-incomplete.txt", &f));
	return settle(c, save_run(c, argv, PLAN_STEP_DMESG, 0, f.fd), &f, "vmcore-dmesg-incomplete.txt",
		      "vmcore-dmesg.txt");
}

void save_dmesg(struct capture *c)
{
	struct error *e = NULL;

	if (c->plan.no_dmesg || c->to->one_file)
		return;
	if (!file_exists(c->root, below_root(SAVE_COLLECTOR)))
		say("vmcore-dmesg.txt is left out: %s is not in the initramfs", SAVE_COLLECTOR);
	else {
		e = try_dmesg(c);
		if (!e) {
			c->board->log_saved = true;
			say("saved vmcore-dmesg.txt");
		}
	}
	say_error(e, "vmcore-dmesg.txt is not saved");
}

static struct error *try_report(struct capture *c)
{
	/* standard input is the second file: only the first three descriptors are handed on */
	char *argv[] = { SAVE_REPORT, "--text-fd", "1", "--json-fd", "0", SAVE_VMCORE, NULL };
	struct error *e, *second;
	struct target_file text, json;

	TRY(target_create(c, "report-incomplete.txt", &text));
	e = target_create(c, "report-incomplete.json", &json);
	if (e) {
		target_abandon(c, &text, "report-incomplete.txt");
		return e;
	}
	e = save_run(c, argv, PLAN_STEP_REPORT, json.fd, text.fd);
	second = e ? error_new(ERROR_OTHER, "report.json is not saved either") : NULL;
	e = settle(c, e, &text, "report-incomplete.txt", "report.txt");
	second = settle(c, second, &json, "report-incomplete.json", "report.json");
	if (!e)
		return second;
	error_free(second);
	return e;
}

void save_report(struct capture *c)
{
	struct error *e = NULL;

	if (c->plan.no_report || c->to->one_file)
		return;
	if (!file_exists(c->root, below_root(SAVE_REPORT)))
		say("the report is left out: %s is not in the initramfs", SAVE_REPORT);
	else {
		e = try_report(c);
		if (!e) {
			c->board->log_saved = true;
			say("saved report.txt and report.json");
		}
	}
	say_error(e, "the report is not saved");
}

/* --- the dump ----------------------------------------------------------------------- */

static bool is_ours(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash ? slash + 1 : program, "salvage-collect") == 0;
}

/* Ours writes to the descriptor, flattened where that cannot seek. Others get the file's name,
 * or, where there is none, write to standard output. */
static struct error *collect(struct capture *c, const struct target_file *f)
{
	bool stream = target_file_is_stream(f);
	_cleanup_words_ struct words argv = { 0 };

	for (size_t i = 0; i < c->plan.collector.n; i++)
		TRY(words_add(&argv, c->plan.collector.v[i]));
	if (is_ours(c->plan.collector.v[0])) {
		if (stream)
			TRY(words_add(&argv, "-F"));
		TRY(words_add(&argv, "--fd"));
		TRY(words_add(&argv, "1"));
		TRY(words_add(&argv, SAVE_VMCORE));
		return save_run(c, argv.v, PLAN_STEP_COLLECTOR, 0, f->fd);
	}
	TRY(words_add(&argv, SAVE_VMCORE));
	if (stream)
		return save_run(c, argv.v, PLAN_STEP_COLLECTOR, 0, f->fd);
	TRY(words_addf(&argv, "%s/vmcore-incomplete", c->folder_path));
	return save_run(c, argv.v, PLAN_STEP_COLLECTOR, 0, 0);
}

/* A foreign collector may have made the file anew: what is synced is what has the name. */
static struct error *reopen(struct capture *c, struct target_file *f)
{
	int now;

	if (target_file_is_stream(f))
		return NULL;
	now = openat(c->folder, "vmcore-incomplete", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (now < 0)
		return error_sys(errno, "vmcore-incomplete: the collector left no such file");
	close(f->fd);
	f->fd = now;
	if (lseek(now, 0, SEEK_END) == 0)
		return error_new(ERROR_OTHER, "vmcore-incomplete: the collector left it empty");
	return NULL;
}

static void say_size(const struct capture *c)
{
	struct stat st;

	if (c->folder >= 0 && fstatat(c->folder, "vmcore", &st, 0) == 0)
		say("the dump is %ju bytes", (uintmax_t)st.st_size);
}

struct error *save_dump(struct capture *c)
{
	uint64_t start = clock_now_ms();
	struct target_file f;
	struct error *e;

	TRY(target_create(c, "vmcore-incomplete", &f));
	say("saving the memory of the crashed kernel");
	e = collect(c, &f);
	if (!e)
		e = reopen(c, &f);
	TRY(settle(c, e, &f, "vmcore-incomplete", "vmcore"));
	say_size(c);
	say("the dump took %ju s", (uintmax_t)(clock_now_ms() - start + 500) / 1000);
	return NULL;
}

/* --- this kernel's own log ---------------------------------------------------------- */

void save_own_log_begin(struct capture *c)
{
	struct error *e;

	if (c->to->one_file)
		return;
	e = target_create(c, OWN_LOG_INCOMPLETE, &c->own_log);
	if (e)
		say_error(e, "goes on without its own log");
	else if (!target_file_is_stream(&c->own_log) &&
		 fallocate(c->own_log.fd, FALLOC_FL_KEEP_SIZE, 0, OWN_LOG_ROOM) < 0 &&
		 errno != EOPNOTSUPP)
		say("%s: no room on the target: %s", OWN_LOG_INCOMPLETE, strerror(errno));
}

/* Takes the "<6>" off the lines, as dmesg shows them; returns the new length. */
static size_t drop_levels(char *text, size_t len)
{
	size_t to = 0;
	bool start = true;

	for (size_t from = 0; from < len; from++) {
		if (start && text[from] == '<') {
			size_t end = from + 1;

			while (end < len && text[end] >= '0' && text[end] <= '9')
				end++;
			if (end < len && end > from + 1 && text[end] == '>')
				from = end + 1;
			if (from >= len)
				break;
		}
		start = text[from] == '\n';
		text[to++] = text[from];
	}
	return to;
}

static struct error *write_own_log(const struct capture *c)
{
	int size = klogctl(KLOG_SIZE_BUFFER, NULL, 0);
	_cleanup_free_ char *text = NULL;

	if (size <= 0)
		return error_sys(errno, "cannot read the kernel's log");
	text = malloc(size);
	if (!text)
		return error_nomem();
	size = klogctl(KLOG_READ_ALL, text, size);
	if (size < 0)
		return error_sys(errno, "cannot read the kernel's log");
	size = drop_levels(text, size);
	TRY(file_write_fd(c->own_log.fd, OWN_LOG_INCOMPLETE, text, size));
	if (!target_file_is_stream(&c->own_log) && ftruncate(c->own_log.fd, size) < 0)
		return error_sys(errno, "%s: cannot give its room back", OWN_LOG_INCOMPLETE);
	return NULL;
}

void save_own_log(struct capture *c)
{
	struct error *e;

	if (c->own_log.fd < 0)
		return;
	e = write_own_log(c);
	e = settle(c, e, &c->own_log, OWN_LOG_INCOMPLETE, "kexec-dmesg.log");
	say_error(e, "kexec-dmesg.log is not whole");
}
