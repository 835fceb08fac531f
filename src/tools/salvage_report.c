/* salvage report DUMP: options, and which exit code the result deserves. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "dump/age.h"
#include "dump/dump.h"
#include "report/render.h"
#include "report/saved.h"
#include "tools/salvage.h"

enum { OPT_JSON = 1, OPT_OUTPUT, OPT_COLOR, OPT_LOG, OPT_NO_COUNT, OPT_IDENTITY, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.report/1) instead of text", OPT_JSON },
	{ 'o', "output", "FILE", "write to FILE, not to standard output", OPT_OUTPUT },
	{ 0, "color", "WHEN", "auto (default: on a terminal, NO_COLOR unset), always, never", OPT_COLOR },
	{ 0, "log", "LINES", "lines of the log to show (default 60)", OPT_LOG },
	{ 0, "no-count", NULL, "do not count the pages that are left out or lost", OPT_NO_COUNT },
	{ 0, "identity", "FILE", "the secret key that DUMP was encrypted for", OPT_IDENTITY },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

struct wishes {
	const struct renderer *renderer;
	const char *output;
	const char *color;
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

static struct error *make(char *const *paths, size_t n, const struct wishes *w, int *ret_exit)
{
	_cleanup_words_ struct words files = { 0 };
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_report_ struct report *r = NULL;
	_cleanup_strbuf_ struct strbuf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *file = NULL;

		TRY(saved_dump_path(paths[i], &file));
		TRY(words_add(&files, file));
	}
	TRY(dump_open_set(files.v, files.n, &d));
	TRY(report_make(d, files.v[0], &w->how, &r));
	TRY(w->renderer->render(r, &(struct render_how){ .color = want_color(w) }, &b));
	TRY(write_out(w, &b));
	*ret_exit = !r->dump.complete			     ? EXIT_DUMP_INCOMPLETE :
		    r->panic.stack.frames.n == 0 && !r->has_modules ? EXIT_NO_SYMBOLS :
							       EXIT_FINE;
	return NULL;
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
	e = make(argv + first, argc - first, &w, &code);
	if (e) {
		log_error("%s", error_message(e));
		code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;
		error_free(e);
	}
	return code;
}
