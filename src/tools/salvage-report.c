/*
 * salvage-report: the report in the capture kernel, from /proc/vmcore in place. Nothing here
 * may keep the dump from being saved: memory and time are limited by the program itself, and
 * the work is done in a child that hands over the report as far as it is before each section.
 * When the child dies or hangs in a section, another one makes the report without it; what
 * the last one handed over is written in any case.
 *
 * From child to parent, through a pipe, records: u32 kind, u32 length, bytes. Kinds below.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "dump/dump.h"
#include "report/render.h"

#define DEFAULT_LIMIT_S 50
#define DEFAULT_MEMORY	(16 << 20)
#define RECORD_MAX	(8 << 20)

enum record { RECORD_BEGIN, RECORD_TEXT, RECORD_JSON, RECORD_WHOLE };

enum {
	OPT_TEXT_FD = 1, OPT_JSON_FD, OPT_TEXT, OPT_JSON, OPT_TIME, OPT_MEMORY, OPT_HELP, OPT_VERSION
};

static const struct option_def defs[] = {
	{ 0, "text-fd", "N", "write the text to descriptor N", OPT_TEXT_FD },
	{ 0, "json-fd", "N", "write the JSON to descriptor N", OPT_JSON_FD },
	{ 0, "text", "FILE", "write the text to FILE", OPT_TEXT },
	{ 0, "json", "FILE", "write the JSON to FILE", OPT_JSON },
	{ 0, "time-limit", "S", "be done after S seconds (default 50)", OPT_TIME },
	{ 0, "memory-limit", "SIZE", "own memory at most (default 16M)", OPT_MEMORY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 'V', "version", NULL, "show the version", OPT_VERSION },
	{ 0 },
};

struct output {
	int fd; /* -1: not wanted */
	const char *name;
	const struct renderer *renderer;
	struct strbuf latest;
};

struct job {
	char **paths; /* the dump, or the files of a split set */
	size_t nr_paths;
	struct output out[2]; /* text, JSON: records RECORD_TEXT + index */
	uint64_t memory;
	uint64_t deadline_ms;
	uint64_t section_ms; /* one section may take so long */
	const char *skip[SECTION_MAX];
	int pipe; /* in the child: to the parent */
};

/* Child: everything that touches the dump. */

static void send_record(int fd, uint32_t kind, const void *bytes, size_t len)
{
	uint32_t head[2] = { kind, (uint32_t)len };
	struct error *e = file_write_fd(fd, "pipe", head, sizeof(head));

	if (!e)
		e = file_write_fd(fd, "pipe", bytes, len);
	if (e)
		_exit(1); /* the parent is gone: nobody wants the report */
}

static void send_report(const struct job *j, const struct report *r)
{
	for (unsigned i = 0; i < ARRAY_SIZE(j->out); i++) {
		_cleanup_strbuf_ struct strbuf b = { 0 };
		struct error *e;

		if (j->out[i].fd < 0)
			continue;
		e = j->out[i].renderer->render(r, &(struct render_how){ 0 }, &b);
		if (!e && b.len <= RECORD_MAX)
			send_record(j->pipe, RECORD_TEXT + i, b.s, b.len);
		error_free(e); /* no memory for it: the one before stays */
	}
}

/* What is there before each section is a report already. The first ones take no time and are
 * not worth a rendering. */
static void before_section(enum report_section s, const struct report *r, void *arg)
{
	const struct job *j = arg;
	uint32_t n = s;

	if (s >= SECTION_KERNEL)
		send_report(j, r);
	send_record(j->pipe, RECORD_BEGIN, &n, sizeof(n));
}

static struct error *work(struct job *j)
{
	struct report_how how = { .before = before_section, .arg = j };
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_report_ struct report *r = NULL;

	memcpy(how.skip, j->skip, sizeof(how.skip));
	TRY(dump_open_set(j->paths, j->nr_paths, &d));
	TRY(report_make(d, j->paths[0], &how, &r));
	send_report(j, r);
	send_record(j->pipe, RECORD_WHOLE, "", 0);
	return NULL;
}

static NORETURN void child(struct job *j)
{
	/* counts private writable memory only: mappings of the dump are free */
	struct rlimit limit = { j->memory, j->memory };
	struct error *e;

	(void)setrlimit(RLIMIT_DATA, &limit);
	limit = (struct rlimit){ 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &limit);
	e = work(j);
	if (e)
		log_error("%s", error_message(e));
	_exit(e ? 1 : 0);
}

/* Parent: keeps what it is handed, watches the clock. */

struct attempt {
	pid_t pid;
	int fd;
	struct strbuf in; /* bytes of records not yet whole */
	int section;	  /* the last one begun; -1: none */
	uint64_t since_ms;
	bool whole;
};

static void take_records(struct job *j, struct attempt *a)
{
	size_t done = 0;

	while (a->in.len - done >= 8) {
		uint32_t kind, len, section;
		const char *body = a->in.s + done + 8;

		memcpy(&kind, a->in.s + done, 4);
		memcpy(&len, a->in.s + done + 4, 4);
		if (len > RECORD_MAX || a->in.len - done - 8 < len)
			break;
		if (kind == RECORD_BEGIN && len == 4) {
			memcpy(&section, body, 4);
			a->section = section < SECTION_MAX ? (int)section : -1;
			a->since_ms = clock_now_ms();
		} else if (kind == RECORD_TEXT || kind == RECORD_JSON) {
			struct strbuf *b = &j->out[kind - RECORD_TEXT].latest;

			strbuf_done(b);
			strbuf_add(b, body, len);
		} else if (kind == RECORD_WHOLE) {
			a->whole = true;
		}
		done += 8 + len;
	}
	if (done) {
		memmove(a->in.s, a->in.s + done, a->in.len - done);
		a->in.len -= done;
	}
}

/* Reads until the child is done, dead, or over a limit. Null: it ended on its own. */
static const char *watch(struct job *j, struct attempt *a)
{
	char buf[65536];

	for (;;) {
		uint64_t now = clock_now_ms(), end = MIN(j->deadline_ms, a->since_ms + j->section_ms);
		struct pollfd p = { .fd = a->fd, .events = POLLIN };
		ssize_t n;

		if (now >= end)
			return now >= j->deadline_ms ? "the time limit ran out" :
						       "it took too long";
		n = poll(&p, 1, (int)MIN(end - now, (uint64_t)1000));
		if (n < 0 && errno != EINTR)
			return NULL;
		if (n <= 0)
			continue;
		n = read(a->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		strbuf_add(&a->in, buf, (size_t)n);
		take_records(j, a);
	}
}

static const char FAILED[] = "it failed"; /* and has said why itself */

static const char *run_child(struct job *j, struct attempt *a)
{
	static char words[64];
	const char *why;
	int fds[2], status = 0;

	*a = (struct attempt){ .section = -1, .since_ms = clock_now_ms() };
	if (pipe(fds) < 0)
		return "no pipe";
	a->pid = fork();
	if (a->pid == 0) {
		close(fds[0]);
		j->pipe = fds[1];
		child(j);
	}
	close(fds[1]);
	a->fd = fds[0];
	if (a->pid < 0) {
		close(a->fd);
		return "no process";
	}
	why = watch(j, a);
	if (why)
		kill(a->pid, SIGKILL);
	while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(a->fd);
	strbuf_done(&a->in);
	if (!why && !a->whole && WIFSIGNALED(status)) {
		snprintf(words, sizeof(words), "it crashed with signal %d", WTERMSIG(status));
		why = words;
	}
	return a->whole ? NULL : why ? why : FAILED;
}

/* Children until one makes it through; each failure costs its section. */
static bool make_report(struct job *j)
{
	static char whys[SECTION_MAX][96];
	struct attempt a;

	for (unsigned n = 0; n <= SECTION_MAX; n++) {
		const char *why = run_child(j, &a);

		if (!why)
			return true;
		if (a.section < 0 || j->skip[a.section] || clock_now_ms() >= j->deadline_ms) {
			if (why != FAILED)
				log_error("%s: %s", a.section < 0 ? j->paths[0] :
					  report_section_name((enum report_section)a.section), why);
			return false;
		}
		snprintf(whys[a.section], sizeof(whys[0]), "left out: %s", why);
		j->skip[a.section] = whys[a.section];
		log_warning("section \"%s\": %s; going on without it",
			    report_section_name((enum report_section)a.section), why);
	}
	return false;
}

static bool write_outputs(struct job *j)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(j->out); i++) {
		struct output *o = &j->out[i];
		struct error *e;

		if (o->fd < 0 || !o->latest.len)
			continue;
		e = file_write_fd(o->fd, o->name, o->latest.s, o->latest.len);
		if (e)
			log_error("%s", error_message(e));
		any |= !e;
		error_free(e);
	}
	return any;
}

static bool take_fd_option(struct output *o, const char *value)
{
	uint64_t n;

	if (!text_u64(value, &n) || n > 1 << 20 || fcntl((int)n, F_GETFD) < 0) {
		log_error("descriptor %s: not an open descriptor", value);
		return false;
	}
	o->fd = (int)n;
	return true;
}

static bool take_file_option(struct output *o, const char *value)
{
	o->fd = open(value, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	o->name = value;
	if (o->fd < 0)
		log_error("%s: cannot create: %s", value, strerror(errno));
	return o->fd >= 0;
}

static void help(void)
{
	puts("Usage: salvage-report [OPTION]... DUMP...\n"
	     "Writes the report of DUMP (/proc/vmcore in the capture kernel) within limits of time and\n"
	     "memory. Without an output option the text goes to standard output.\n");
	options_help(defs, stdout);
	puts("\nExit status: 0 whole; 1 nothing could be written; 2 wrong usage; 4 a report was written,\n"
	     "but sections failed (it names them).");
}

/* -1: go on; otherwise the exit code. */
static int take_option(struct job *j, int id, const char *value)
{
	uint64_t n;

	switch (id) {
	case OPT_TEXT_FD:
	case OPT_JSON_FD:
		return take_fd_option(&j->out[id == OPT_JSON_FD], value) ? -1 : 2;
	case OPT_TEXT:
	case OPT_JSON:
		return take_file_option(&j->out[id == OPT_JSON], value) ? -1 : 1;
	case OPT_TIME:
		if (!text_u64(value, &n) || n == 0 || n > 86400) {
			log_error("--time-limit %s: expected seconds from 1 to 86400", value);
			return 2;
		}
		j->deadline_ms = n * 1000;
		return -1;
	case OPT_MEMORY:
		if (!text_size(value, &n) || n < 1 << 20) {
			log_error("--memory-limit %s: expected a size of at least 1M", value);
			return 2;
		}
		j->memory = n;
		return -1;
	case OPT_HELP:
		help();
		return 0;
	case OPT_VERSION:
		puts("salvage-report " SALVAGE_VERSION);
		return 0;
	default:
		return 2;
	}
}

static int read_options(struct job *j, int argc, char **argv)
{
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id, code = -1;

	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return 1;
	}
	while (code < 0 && (id = options_next(&o)) != 0)
		code = take_option(j, id, o.value);
	if (code < 0 && options_rest(&o) == argc) {
		log_error("expected a DUMP; see --help");
		code = 2;
	} else if (code < 0) {
		j->paths = argv + options_rest(&o);
		j->nr_paths = argc - options_rest(&o);
	}
	options_done(&o);
	return code;
}

int main(int argc, char **argv)
{
	struct job j = {
		.out = { { .fd = -1, .name = "text", .renderer = &render_text },
			 { .fd = -1, .name = "JSON", .renderer = &render_json } },
		.memory = DEFAULT_MEMORY,
		.deadline_ms = DEFAULT_LIMIT_S * 1000,
	};
	bool whole, written;
	int code;

	log_setup("salvage-report", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	code = read_options(&j, argc, argv);
	if (code >= 0)
		return code;
	if (j.out[0].fd < 0 && j.out[1].fd < 0)
		j.out[0].fd = STDOUT_FILENO;
	j.section_ms = MAX(j.deadline_ms / 3, (uint64_t)500);
	j.deadline_ms += clock_now_ms();
	whole = make_report(&j);
	written = write_outputs(&j);
	for (size_t i = 0; i < SECTION_MAX; i++)
		whole &= !j.skip[i];
	return !written ? 1 : whole ? 0 : 4;
}
