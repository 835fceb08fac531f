/* salvage show [CRASH]: one saved crash, in the manner of coredumpctl info. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "report/saved.h"
#include "tools/salvage.h"

#define REPORT_LIMIT (1 << 20)

enum { OPT_FOLDER = 1, OPT_HELP };

static const struct option_def defs[] = {
	{ 'f', "folder", "FOLDER", "where the crashes are (default /var/crash)", OPT_FOLDER },
	{ 'h', "help", NULL, "show this text", OPT_HELP },
	{ 0 },
};

static const char *const states[] = {
	[SAVED_WHOLE] = "whole",
	[SAVED_INCOMPLETE] = "incomplete: the collector did not finish; what is there reads",
	[SAVED_NO_MEMORY] = "only a log or report",
};

/* By its name or a part that only one has, by number (1 is the newest); null: the newest. */
static const struct saved *choose(const struct saved_list *l, const char *wanted, const char **ret_why)
{
	const struct saved *found = NULL;
	uint64_t n = 1;

	*ret_why = "there is no saved crash";
	if (!wanted || (text_u64(wanted, &n) && n >= 1 && n <= 100000)) {
		if (l->rows.n)
			*ret_why = "there are not so many saved crashes";
		return n >= 1 && n <= l->rows.n ? &l->rows.v[l->rows.n - n] : NULL;
	}
	*ret_why = "no saved crash has this in its name";
	for (size_t i = 0; i < l->rows.n; i++) {
		if (!strcmp(l->rows.v[i].name, wanted))
			return &l->rows.v[i];
		if (!strstr(l->rows.v[i].name, wanted))
			continue;
		if (found) {
			*ret_why = "several saved crashes have this in their names";
			return NULL;
		}
		found = &l->rows.v[i];
	}
	return found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct error *print_files(int fd)
{
	_cleanup_words_ struct words names = { 0 };
	_cleanup_closedir_ DIR *dir = fdopendir(dup(fd));
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			TRY(words_add(&names, entry->d_name));
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; i < names.n; i++) {
		struct stat st;

		if (fstatat(fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			printf("%s %10lld  %s\n", i ? "          " : "Files:    ", (long long)st.st_size, names.v[i]);
	}
	return NULL;
}

/* As it may go to a terminal: the log in it is the dead kernel's. */
static struct error *print_report(int fd)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct error *e = file_read(fd, "report.txt", REPORT_LIMIT, &text, NULL);
	char *rest = text, *line;

	if (error_drop_if(&e, ERROR_NOT_FOUND)) {
		puts("\nThere is no report beside it; 'salvage report' makes one.");
		return NULL;
	}
	TRY(e);
	strbuf_putc(&out, '\n');
	while ((line = text_next_line(&rest))) {
		strbuf_add_clean(&out, line, strlen(line));
		strbuf_putc(&out, '\n');
	}
	TRY(strbuf_error(&out));
	fputs(strbuf_str(&out), stdout);
	return NULL;
}

static struct error *show(const char *folder, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf headline = { 0 };
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	const struct saved *s;
	struct saved_list l;
	const char *why;
	struct error *e;

	TRY(saved_scan(folder, &l));
	s = choose(&l, wanted, &why);
	e = s ? NULL : error_new(ERROR_NOT_FOUND, "%s: %s; 'salvage list' shows them", wanted ? wanted : folder, why);
	if (!e && asprintf(&path, "%s/%s", folder, s->name) < 0)
		e = error_nomem();
	if (!e) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		e = fd < 0 ? error_sys(errno, "%s: cannot open", path) : NULL;
	}
	if (!e) {
		if (s->headline)
			strbuf_add_clean(&headline, s->headline, strlen(s->headline));
		printf("Crash:     %s\n", s->name);
		if (headline.len)
			printf("What:      %s\n", strbuf_str(&headline));
		printf("State:     %s\n", states[s->state]);
		if (s->dump)
			printf("Dump:      %s (%.1f MiB)\n", s->dump, s->bytes / 1048576.0);
		e = print_files(fd);
	}
	saved_done(&l);
	return e ? e : print_report(fd);
}

int salvage_show(int argc, char **argv)
{
	const char *folder = "/var/crash", *wanted;
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0, rest;

	while (!e && (id = options_next(&o)) > 0) {
		if (id == OPT_HELP) {
			fputs("Usage: salvage show [OPTION]... [CRASH]\n"
			      "Shows one saved crash: CRASH is a folder's name, a part of it, or a number (1 is the\n"
			      "newest, which is also shown without any).\n\n",
			      stdout);
			options_help(defs, stdout);
			options_done(&o);
			return EXIT_FINE;
		}
		folder = o.value;
	}
	if (!e) {
		rest = options_rest(&o);
		options_done(&o);
		if (id < 0 || rest < argc - 1) {
			log_error("show: expected at most one CRASH; see 'salvage show --help'");
			return EXIT_WRONG_USAGE;
		}
		wanted = rest < argc ? argv[rest] : NULL;
		e = show(folder, wanted);
	}
	if (e) {
		int code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;

		log_error("%s", error_message(e));
		error_free(e);
		return code;
	}
	return EXIT_FINE;
}
