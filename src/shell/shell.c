/* The session: opening, running lines, where their output goes. */
#include "shell/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "kernel/c_type.h"
#include "kernel/slab.h"
#include "shell/alias.h"
#include "shell/command.h"
#include "shell/line.h"
#include "shell/row.h"
#include "shell/tasks.h"

#define PRINT_MAX_DEFAULT 256
#define LINE_LIMIT	  65536 /* bytes of a line out of a file */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool shell_interrupted(void)
{
	return interrupted;
}

/* The task that panicked, else what ran on the first CPU, else the first of all. */
static void pick_task(struct shell *sh)
{
	unsigned cpu = 0;
	struct error *e = panic_cpu(sh->kernel, &cpu);

	error_free(e);
	e = task_running(sh->kernel, cpu, &sh->task);
	sh->has_task = !e;
	error_free(e);
}

struct error *shell_open(struct dump *d, struct kernel *k, const char *dump_name, FILE *out,
			 FILE *errors, struct shell **ret)
{
	struct shell *sh = calloc(1, sizeof(*sh));

	if (!sh)
		return error_nomem();
	*sh = (struct shell){
		.dump = d,
		.kernel = k,
		.dump_name = dump_name,
		.set = { .radix = 10, .print_max = PRINT_MAX_DEFAULT },
		.out = out,
		.errors = errors,
	};
	pick_task(sh);
	*ret = sh;
	return NULL;
}

void shell_close(struct shell *sh)
{
	if (!sh)
		return;
	shell_tasks_free(sh->tasks);
	slabs_close(sh->slabs);
	aliases_free(sh->aliases);
	free(sh);
}

/* ---- running ---- */

static void say_error(struct shell *sh, const char *command, const struct error *e)
{
	fflush(sh->out);
	fprintf(sh->errors, "%s: %s\n", command, error_message(e));
}

static bool is_type_name(struct shell *sh, const char *word)
{
	char name[128];
	size_t len = strcspn(word, ".");
	struct ctype t;
	struct error *e;

	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, word, len);
	name[len] = '\0';
	if (!type_exists(sh->kernel, name))
		return false;
	/* only structs and unions are shown this way, typedefs of them too */
	for (size_t i = 0; i < 3; i++) {
		static const char *const keywords[] = { "struct ", "union ", "" };
		char text[160];

		snprintf(text, sizeof(text), "%s%s", keywords[i], name);
		e = ctype_parse(sh->kernel, text, &t);
		if (!e && ctype_kind(sh->kernel, t) == CTYPE_STRUCT)
			return true;
		error_free(e);
	}
	return false;
}

/* What is no command may be the name of a structure: "list_head ffff..." */
static const struct command *find(struct shell *sh, struct words *w)
{
	const struct command *c = command_find(w->v[0]);
	char *name;

	if (c || !is_type_name(sh, w->v[0]))
		return c;
	name = strdup("struct");
	if (!name || !vector_reserve(w, w->n + 2)) {
		free(name);
		return NULL;
	}
	memmove(w->v + 1, w->v, (w->n + 1) * sizeof(*w->v));
	w->v[0] = name;
	w->n++;
	return &cmd_struct;
}

/* "p/x", "p/d": the debugger's way to ask for a radix. */
static bool take_format(struct words *w)
{
	const char *with = text_equal(w->v[0], "p/x") ? "px" : text_equal(w->v[0], "p/d") ? "pd" : NULL;
	char *name = with ? strdup(with) : NULL;

	if (with && !name)
		return false;
	if (name) {
		free(w->v[0]);
		w->v[0] = name;
	}
	return true;
}

/* Any command takes --json, anywhere among its words. */
static bool take_json(struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		if (strcmp(w->v[i], "--json") != 0)
			continue;
		free(w->v[i]);
		memmove(w->v + i, w->v + i + 1, (w->n - i) * sizeof(*w->v));
		w->n--;
		return true;
	}
	return false;
}

static struct error *run_words(struct shell *sh, struct words *w);

static struct error *run_json(struct shell *sh, struct words *w)
{
	FILE *errors = sh->errors;
	_cleanup_free_ char *said = NULL;
	_cleanup_strbuf_ struct strbuf line = {0};
	size_t len = 0;
	struct error *e, *end;

	for (size_t i = 0; i < w->n; i++)
		strbuf_printf(&line, i ? " %s" : "%s", w->v[i]);
	TRY(strbuf_error(&line));
	sh->errors = open_memstream(&said, &len);
	e = sh->errors ? rows_begin(sh, strbuf_str(&line)) : error_nomem();
	if (!e) {
		e = run_words(sh, w);
		fflush(sh->errors);
		while (said && len && said[len - 1] == '\n')
			said[--len] = '\0';
		end = rows_end(sh, said && len ? said : NULL);
		if (e)
			error_free(end);
		else
			e = end;
	}
	if (sh->errors)
		fclose(sh->errors);
	sh->errors = errors;
	return e;
}

static struct error *run_words(struct shell *sh, struct words *w)
{
	const struct command *c;
	struct error *e;

	if (take_json(w) && !sh->rows)
		return run_json(sh, w);
	if (!take_format(w))
		return error_nomem();
	TRY(alias_expand(sh, w));
	c = find(sh, w);
	if (!c) {
		fprintf(sh->errors, "%s: no such command, and no structure of that name; see \"help\"\n",
			w->v[0]);
		sh->failed = true;
		return NULL;
	}
	interrupted = 0;
	e = command_run(sh, c, (int)w->n, w->v);
	if (!e)
		return NULL;
	sh->failed = true;
	if (error_kind(e) == ERROR_NOMEM)
		return e;
	if (error_kind(e) == ERROR_USAGE && !error_message(e)[0])
		command_usage(c, sh->errors);
	else
		say_error(sh, c->name, e);
	error_free(e);
	return NULL;
}

/* `sh -c TEXT`, as the person at the terminal asked for. */
static struct error *start_pipe(const char *text, pid_t *ret_pid, FILE **ret)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(errno, "cannot make a pipe");
	*ret_pid = fork();
	if (*ret_pid == 0) {
		dup2(fds[0], 0);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	close(fds[0]);
	*ret = *ret_pid < 0 ? NULL : fdopen(fds[1], "w");
	if (*ret)
		return NULL;
	close(fds[1]);
	return error_sys(errno, "cannot start \"%s\"", text);
}

static struct error *redirect(const struct line *l, pid_t *ret_pid, FILE **ret)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (l->to == LINE_APPEND ? O_APPEND : O_TRUNC);
	int fd;

	*ret_pid = -1;
	if (l->to == LINE_PIPE)
		return start_pipe(l->target, ret_pid, ret);
	/* what comes out of a dump is as private as the dump */
	fd = open(l->target, flags, 0600);
	if (fd < 0)
		return error_sys(errno, "%s: cannot open for writing", l->target);
	*ret = fdopen(fd, l->to == LINE_APPEND ? "a" : "w");
	if (*ret)
		return NULL;
	close(fd);
	return error_nomem();
}

static struct error *run_redirected(struct shell *sh, struct line *l)
{
	FILE *terminal = sh->out;
	pid_t child;
	struct error *e;
	bool written;

	fflush(terminal);
	e = redirect(l, &child, &sh->out);
	if (e) {
		sh->out = terminal;
		say_error(sh, l->words.v[0], e);
		sh->failed = true;
		error_free(e);
		return NULL;
	}
	e = run_words(sh, &l->words);
	written = fflush(sh->out) == 0 || errno == EPIPE; /* `| head` has enough at some point */
	written &= fclose(sh->out) == 0 || errno == EPIPE;
	sh->out = terminal;
	if (child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	if (!written) {
		fprintf(sh->errors, "%s: cannot write all of the output: %s\n", l->target, strerror(errno));
		sh->failed = true;
	}
	return e;
}

/* "!ls": the terminal's shell does it. */
static void run_outside(struct shell *sh, const char *text)
{
	pid_t child;

	fflush(sh->out);
	child = fork();
	if (child == 0) {
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* What shows output that is longer than the terminal; null: nothing is there. */
static const char *pager(void)
{
	const char *own = getenv("CRASHPAGER") ? getenv("CRASHPAGER") : getenv("PAGER");

	if (own && own[0])
		return own;
	return access("/usr/bin/less", X_OK) == 0 ? "/usr/bin/less -FRX" : NULL;
}

/* Commands that write little, or ask for more, need none. */
static struct error *page(struct line *l)
{
	const struct command *c = command_find(l->words.v[0]);

	if (!pager() || c == &cmd_exit || c == &cmd_set || c == &cmd_alias || c == &cmd_repeat)
		return NULL;
	l->target = strdup(pager());
	l->to = LINE_PIPE;
	return l->target ? NULL : error_nomem();
}

struct error *shell_run_line(struct shell *sh, const char *text)
{
	struct line l;
	struct error *e;

	text += strspn(text, " \t");
	if (*text == '!') {
		run_outside(sh, text + 1);
		return NULL;
	}
	e = line_parse(text, &l);
	if (e && error_kind(e) != ERROR_NOMEM) {
		say_error(sh, "line", e);
		sh->failed = true;
		error_free(e);
		return NULL;
	}
	if (e)
		return e;
	if (l.words.n && l.to == LINE_TERMINAL && sh->set.scroll && isatty(fileno(sh->out)))
		e = page(&l);
	if (l.words.n && !e)
		e = l.to == LINE_TERMINAL ? run_words(sh, &l.words) : run_redirected(sh, &l);
	fflush(sh->out);
	line_done(&l);
	return e;
}

struct error *shell_run_file(struct shell *sh, FILE *from, const char *name)
{
	_cleanup_free_ char *text = NULL;
	size_t room = 0;
	ssize_t n;

	while (!sh->ended && (n = getline(&text, &room, from)) >= 0) {
		if (n > LINE_LIMIT)
			return error_new(ERROR_USAGE, "%s: a line of more than %d bytes", name, LINE_LIMIT);
		while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
			text[--n] = '\0';
		TRY(shell_run_line(sh, text));
	}
	return NULL;
}

static struct error *run_rc_file(struct shell *sh, const char *name)
{
	FILE *f = fopen(name, "re");
	struct error *e;

	if (!f)
		return errno == ENOENT ? NULL : error_sys(errno, "%s: cannot open", name);
	e = shell_run_file(sh, f, name);
	fclose(f);
	return e;
}

struct error *shell_run_rc(struct shell *sh)
{
	const char *home = getenv("HOME");
	char path[4096];
	struct stat a, b;
	bool at_home = false;

	if (home && snprintf(path, sizeof(path), "%s/.crashrc", home) < (int)sizeof(path)) {
		at_home = stat(path, &a) == 0;
		TRY(run_rc_file(sh, path));
	}
	if (stat(".crashrc", &b) < 0 ||
	    (at_home && a.st_dev == b.st_dev && a.st_ino == b.st_ino))
		return NULL;
	/* somebody else's file in a folder that anybody can write to would run as us */
	if (b.st_uid != geteuid() && b.st_uid != 0) {
		fprintf(sh->errors, "./.crashrc: not run, it belongs to another user\n");
		return NULL;
	}
	return run_rc_file(sh, ".crashrc");
}

void shell_catch_interrupts(void)
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}
