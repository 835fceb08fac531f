/* Listing saved crashes; see saved.h. */
#include "report/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define REPORT_MAX (16 << 20)
#define FOLDERS_MAX 100000

static const char *const state_words[] = {
	[SAVED_WHOLE] = "whole",
	[SAVED_INCOMPLETE] = "incomplete",
	[SAVED_NO_MEMORY] = "no-memory",
};

/* Names that dumps have, the finished ones first. */
static const struct dump_name {
	const char *name;
	bool prefix; /* a date follows (Debian's kdump-tools) */
	enum saved_state state;
} dump_names[] = {
	{ "vmcore", false, SAVED_WHOLE },
	{ "vmcore.flat", false, SAVED_WHOLE },
	{ "dump.", true, SAVED_WHOLE },
	{ "vmcore-incomplete", false, SAVED_INCOMPLETE },
	{ "dump-incomplete", true, SAVED_INCOMPLETE },
};

static const char *const other_names[] = { "vmcore-dmesg", "dmesg.", "report.json", "report.txt" };

/* What a file name means: an index into dump_names, -2: something of a crash, -1: nothing. */
static int judge_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(dump_names); i++)
		if (dump_names[i].prefix ? text_starts(name, dump_names[i].name) :
					   text_equal(name, dump_names[i].name))
			return (int)i;
	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++)
		if (text_starts(name, other_names[i]))
			return -2;
	return -1;
}

static void row_done(struct saved *s)
{
	free(s->name);
	free(s->dump);
	free(s->headline);
}

void saved_done(struct saved_list *l)
{
	for (size_t i = 0; i < l->rows.n; i++)
		row_done(&l->rows.v[i]);
	vector_done(&l->rows);
}

/* The best dump in the folder `fd`, called `path`; *ret_any: there is something of a crash. */
static struct error *look_inside(int fd, const char *path, struct saved *s, bool *ret_any)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), best = -1;
	_cleanup_closedir_ DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *d;
	struct stat st;

	if (!dir) {
		close_keep_errno(copy);
		return error_sys(errno, "%s: cannot read the folder", path);
	}
	*ret_any = false;
	while ((d = readdir(dir))) {
		int means = judge_name(d->d_name);

		*ret_any |= means != -1;
		if (means < 0 || (best >= 0 && means >= best) ||
		    fstatat(fd, d->d_name, &st, 0) < 0 || !S_ISREG(st.st_mode))
			continue;
		best = means;
		free(s->dump);
		if (asprintf(&s->dump, "%s/%s", path, d->d_name) < 0) {
			s->dump = NULL;
			return error_nomem();
		}
		s->bytes = (uint64_t)st.st_size;
	}
	s->state = best >= 0 ? dump_names[best].state : SAVED_NO_MEMORY;
	return NULL;
}

static struct error *add_folder(struct saved_list *l, int parent, const char *path, const char *name)
{
	_cleanup_close_ int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	_cleanup_free_ char *inside = NULL, *json = NULL;
	struct saved s = { 0 };
	struct error *e;
	bool any;

	/* not a folder, or gone, or not ours to read */
	if (fd < 0)
		return NULL;
	if (asprintf(&inside, "%s/%s", path, name) < 0) {
		inside = NULL;
		return error_nomem();
	}
	e = look_inside(fd, inside, &s, &any);
	if (e || !any) {
		row_done(&s);
		return e;
	}
	e = file_read(fd, "report.json", REPORT_MAX, &json, NULL);
	error_free(e); /* no report: the row has no headline */
	e = NULL;
	if (json)
		e = json_top_string(json, "headline", &s.headline);
	s.name = strdup(name);
	if (!s.name || e || !vector_push(&l->rows, s)) {
		error_free(e);
		row_done(&s);
		return error_nomem();
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct saved *)a)->name, ((const struct saved *)b)->name);
}

struct error *saved_scan(const char *path, struct saved_list *ret)
{
	_cleanup_closedir_ DIR *dir = opendir(path);
	struct error *e = NULL;
	struct dirent *d;

	*ret = (struct saved_list){ 0 };
	if (!dir)
		return error_sys(errno, "%s: cannot read the folder", path);
	while (!e && ret->rows.n < FOLDERS_MAX && (d = readdir(dir)))
		if (!text_equal(d->d_name, ".") && !text_equal(d->d_name, ".."))
			e = add_folder(ret, dirfd(dir), path, d->d_name);
	if (e) {
		saved_done(ret);
		return e;
	}
	if (ret->rows.n)
		qsort(ret->rows.v, ret->rows.n, sizeof(*ret->rows.v), by_name);
	return NULL;
}

struct error *saved_dump_path(const char *path, char **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct saved s = { 0 };
	struct error *e;
	bool any;

	if (fd < 0) {
		/* no folder: a file, or an error that opening it will tell better */
		*ret = strdup(path);
		return *ret ? NULL : error_nomem();
	}
	e = look_inside(fd, path, &s, &any);
	if (e) {
		row_done(&s);
		return e;
	}
	if (!s.dump)
		return error_new(ERROR_NOT_FOUND, "%s: no dump in this folder (looked for vmcore, "
						  "vmcore-incomplete, dump.*)", path);
	*ret = s.dump;
	return NULL;
}

/* The headline holds names out of the dead machine, which any user there could choose. */
static void put_clean_line(struct strbuf *out, const char *text)
{
	strbuf_add_clean(out, text, strlen(text));
	strbuf_putc(out, '\n');
}

struct error *saved_render_text(const struct saved_list *l, const char *path, struct strbuf *out)
{
	if (!l->rows.n)
		strbuf_printf(out, "No crash is saved in %s\n", path);
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct saved *s = &l->rows.v[i];

		strbuf_printf(out, "%-10s  ", state_words[s->state]);
		if (s->dump)
			strbuf_printf(out, "%8.1f MiB  ", (double)s->bytes / (1 << 20));
		else
			strbuf_printf(out, "%8s      ", "-");
		put_clean_line(out, s->dump ? s->dump : s->name);
		if (s->headline) {
			strbuf_fill(out, ' ', 12);
			put_clean_line(out, s->headline);
		}
	}
	return strbuf_error(out);
}

struct error *saved_render_json(const struct saved_list *l, const char *path, struct strbuf *out)
{
	struct json j;

	json_init(&j, out);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "salvage.list/1");
	json_string(&j, "folder", path);
	json_open(&j, "crashes", '[');
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct saved *s = &l->rows.v[i];

		json_open(&j, NULL, '{');
		json_string(&j, "name", s->name);
		json_string(&j, "state", state_words[s->state]);
		json_string(&j, "dump", s->dump);
		if (s->dump)
			json_u64(&j, "bytes", s->bytes);
		else
			json_null(&j, "bytes");
		json_string(&j, "headline", s->headline);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	return strbuf_error(out);
}
