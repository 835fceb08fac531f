/* salvage report DUMP: options, and which exit code the result deserves. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "dump/age.h"
#include "dump/dump.h"
#include "report/render.h"
#include "report/saved.h"
#include "tools/salvage.h"

#define REPORT_MAX (64 << 20)

enum { OPT_JSON = 1, OPT_HTML, OPT_OUTPUT, OPT_COLOR, OPT_LOG, OPT_NO_COUNT, OPT_NO_SANDBOX, OPT_IDENTITY, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.report/1) instead of text", OPT_JSON },
	{ 0, "html", NULL, "write a page for a browser, one file that needs nothing else", OPT_HTML },
	{ 'o', "output", "FILE", "write to FILE, not to standard output", OPT_OUTPUT },
	{ 0, "color", "WHEN", "auto (default: on a terminal, NO_COLOR unset), always, never", OPT_COLOR },
	{ 0, "log", "LINES", "lines of the log to show (default 60)", OPT_LOG },
	{ 0, "no-count", NULL, "do not count the pages that are left out or lost", OPT_NO_COUNT },
	{ 0, "no-sandbox", NULL, "let the part that reads DUMP do all that you may do", OPT_NO_SANDBOX },
	{ 0, "identity", "FILE", "the secret key that DUMP was encrypted for", OPT_IDENTITY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

struct wishes {
	const struct renderer *renderer;
	const char *output;
	const char *color;
	bool no_sandbox;
	bool colored; /* what came of it: the sandbox cannot ask what standard output is */
	struct report_how how;
};

static void help(FILE *to)
{
	fputs("Usage: salvage report [OPTION]... DUMP...\n"
	      "Says why the kernel in DUMP died: reason, place, task, exact stack, every CPU, modules\n"
	      "and the end of the log, from the dump alone. DUMP is a vmcore or a folder that holds one;\n"
	      "several are the parts of one split dump, in any order.\n\n",
	      to);
	options_help(defs, to);
}

static bool want_color(const struct wishes *w)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (w->output || text_equal(w->color, "never"))
		return text_equal(w->color, "always");
	if (text_equal(w->color, "always"))
		return true;
	return isatty(STDOUT_FILENO) && !(no && *no) && !text_equal(term, "dumb");
}

static struct error *write_out(const struct wishes *w, const struct strbuf *b)
{
	if (w->output)
		return file_publish(AT_FDCWD, w->output, 0600, b->s, b->len);
	return file_write_fd(STDOUT_FILENO, "standard output", b->s, b->len);
}

static struct error *render(char *const *paths, size_t n, const struct wishes *w, struct strbuf *b, int *ret_exit)
{
	_cleanup_words_ struct words files = { 0 };
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_report_ struct report *r = NULL;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *file = NULL;

		TRY(saved_dump_path(paths[i], &file));
		TRY(words_add(&files, file));
	}
	TRY(dump_open_set(files.v, files.n, &d));
	TRY(report_make(d, files.v[0], &w->how, &r));
	TRY(w->renderer->render(r, &(struct render_how){ .color = w->colored }, b));
	*ret_exit = !r->dump.complete			     ? EXIT_DUMP_INCOMPLETE :
		    r->panic.stack.frames.n == 0 && !r->has_modules ? EXIT_NO_SYMBOLS :
							       EXIT_FINE;
	return NULL;
}

/* The child, which touches the dump: the report goes into `fd`, messages to standard error. */
static NORETURN void make_fenced(char *const *paths, size_t n, const struct wishes *w, int fd)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	int code = EXIT_FAILED;
	struct error *e = sandbox_enter();

	if (e) {
		log_warning("the dump is read without a sandbox: %s", error_message(e));
		error_free(e);
	}
	e = render(paths, n, w, &b, &code);
	if (!e)
		e = file_write_fd(fd, "pipe", b.s, b.len);
	if (e)
		log_error("%s", error_message(e));
	_exit(!e ? code : error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED);
}

static struct error *read_all(int fd, struct strbuf *b)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(errno, "pipe");
		if (b->len + (size_t)n > REPORT_MAX)
			return error_new(ERROR_BAD_DATA, "the report grows past %d MiB", REPORT_MAX >> 20);
		strbuf_add(b, buf, (size_t)n);
	}
	return strbuf_error(b);
}

/* A dump may have been made to attack who reads it: that is done by a child that can do nothing else. */
static struct error *make(char *const *paths, size_t n, const struct wishes *w, int *ret_exit)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	int fds[2], status = 0;
	struct error *e;
	pid_t pid;

	if (w->no_sandbox) {
		TRY(render(paths, n, w, &b, ret_exit));
		return write_out(w, &b);
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(errno, "pipe");
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		make_fenced(paths, n, w, fds[1]);
	}
	close(fds[1]);
	e = pid < 0 ? error_sys(errno, "fork") : read_all(fds[0], &b);
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	TRY(e);
	if (WIFSIGNALED(status))
		return error_new(ERROR_OTHER, "reading the dump crashed with signal %d; that is a bug of ours", WTERMSIG(status));
	*ret_exit = WEXITSTATUS(status);
	return b.len ? write_out(w, &b) : NULL; /* the child has said why there is none */
}

/* Returns -1 to go on, or an exit code. */
static int read_options(int argc, char **argv, struct wishes *w, int *ret_first)
{
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	uint64_t n;
	int id;

	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_FAILED;
	}
	while ((id = options_next(&o)) > 0) {
		switch (id) {
		case OPT_JSON:
			w->renderer = &render_json;
			break;
		case OPT_HTML:
			w->renderer = &render_html;
			if (!w->how.tail)
				w->how.tail = 1000;
			break;
		case OPT_OUTPUT:
			w->output = o.value;
			break;
		case OPT_COLOR:
			w->color = o.value;
			break;
		case OPT_LOG:
			if (!text_u64(o.value, &n) || n == 0 || n > 1000) {
				log_error("--log %s: expected a number of lines from 1 to 1000", o.value);
				id = -1;
			} else {
				w->how.tail = (unsigned)n;
			}
			break;
		case OPT_NO_COUNT:
			w->how.count_pages = false;
			break;
		case OPT_NO_SANDBOX:
			w->no_sandbox = true;
			break;
		case OPT_IDENTITY:
			e = age_use_identities(o.value);
			if (e) {
				log_error("%s", error_message(e));
				error_free(e);
				options_done(&o);
				return EXIT_FAILED;
			}
			break;
		case OPT_HELP:
			help(stdout);
			options_done(&o);
			return EXIT_FINE;
		}
		if (id < 0)
			break;
	}
	*ret_first = id == 0 ? options_rest(&o) : argc;
	if (id == 0 && *ret_first == argc) {
		log_error("report: expected a DUMP, a vmcore or a folder with one; see --help");
		id = -1;
	}
	if (id == 0 && !text_equal(w->color, "auto") && !text_equal(w->color, "always") &&
	    !text_equal(w->color, "never")) {
		log_error("--color %s: expected auto, always or never", w->color);
		id = -1;
	}
	options_done(&o);
	return id < 0 ? EXIT_WRONG_USAGE : -1;
}

int salvage_report(int argc, char **argv)
{
	struct wishes w = { .renderer = &render_text, .color = "auto", .how.count_pages = true };
	int first, code = read_options(argc, argv, &w, &first);
	struct error *e;

	if (code >= 0)
		return code;
	w.colored = want_color(&w);
	e = make(argv + first, argc - first, &w, &code);
	if (e) {
		log_error("%s", error_message(e));
		code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;
		error_free(e);
	}
	return code;
}
