/* salvage list [FOLDER]: the saved crashes. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/options.h"
#include "report/saved.h"
#include "tools/salvage.h"

enum { OPT_JSON = 1, OPT_HELP };

static const struct option_def defs[] = {
	{ 'j', "json", NULL, "write JSON (schema salvage.list/1) instead of text", OPT_JSON },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

static struct error *list(const char *path, bool json)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct saved_list l;
	struct error *e;

	TRY(saved_scan(path, &l));
	e = json ? saved_render_json(&l, path, &b) : saved_render_text(&l, path, &b);
	saved_done(&l);
	return e ? e : file_write_fd(STDOUT_FILENO, "standard output", b.s, b.len);
}

int salvage_list(int argc, char **argv)
{
	const char *path = "/var/crash";
	struct options o;
	bool json = false;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0, rest;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_JSON) {
			json = true;
		} else {
			fputs("Usage: salvage list [OPTION]... [FOLDER]\n"
			      "Shows the crashes saved below FOLDER (default /var/crash): state, size, dump, and\n"
			      "the headline of their report. States: whole; incomplete (the collector did not\n"
			      "finish, what is there reads); no-memory (only a log or report).\n\n",
			      stdout);
			options_help(defs, stdout);
			options_done(&o);
			return EXIT_FINE;
		}
	}
	if (!e) {
		rest = options_rest(&o);
		options_done(&o);
		if (id < 0 || rest < argc - 1) {
			log_error("list: expected at most one FOLDER; see 'salvage list --help'");
			return EXIT_WRONG_USAGE;
		}
		path = rest < argc ? argv[rest] : path;
		e = list(path, json);
	}
	if (e) {
		int code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;

		log_error("%s", error_message(e));
		error_free(e);
		return code;
	}
	return EXIT_FINE;
}
