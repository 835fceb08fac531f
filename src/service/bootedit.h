/*
 * Changing kernel arguments in boot loaders' files: words of a command line, and files of which
 * everything but the changed bytes stays as it is: comments, quoting, unknown lines, mode, owner.
 */
#pragma once

#include "base/base.h"

/* What is to become of a command line. Names and values are plain words (no blanks, quotes, '$'). */
struct boot_edit {
	struct words set;    /* "NAME=VALUE": takes the place of every NAME, or comes at the end */
	struct words remove; /* "NAME": with or without a value */
};

void boot_edit_done(struct boot_edit *e);
/* ERROR_USAGE for words that would need quoting in one of the files. */
struct error *boot_edit_check(const struct boot_edit *e) MUST_CHECK;
/* The edited words; null when nothing changes. Blanks between the others stay. `append` false: only
 * words that are there are changed. */
struct error *boot_args_edit(const char *args, size_t len, const struct boot_edit *e, bool append,
			     char **ret) MUST_CHECK;
/* Whether one of the names that the edit is about stands there. */
bool boot_args_touch(const char *args, size_t len, const struct boot_edit *e);

/* Where arguments stand in a text. */
struct boot_span {
	size_t start, end;
};
struct boot_spans {
	VECTOR(struct boot_span) v; /* ascending */
};

/* The span without blanks at its ends. */
struct boot_span boot_span_strip(const char *text, size_t start, size_t end);
/*
 * The whole text with the edit done in those spans, which together are one command line: where its
 * words stand, or with `append` at the end of the last. Null when nothing changes.
 */
struct error *boot_spans_edit(const char *text, size_t len, const struct boot_spans *spans,
			      const struct boot_edit *e, bool append, char **ret) MUST_CHECK;
static inline void boot_spans_done_cleanup(struct boot_spans *s)
{
	vector_done(&s->v);
}
#define _cleanup_boot_spans_ CLEANUP(boot_spans_done)

/* One run of changes: which files were changed, so that they can be put back. */
struct boot_changes {
	int root;
	struct words files;   /* absolute below the root; their old content is in FILE.kdump-backup */
	struct words created; /* had not been there */
	struct words notes;   /* whole sentences for people */
};

void boot_changes_done(struct boot_changes *c);
/* Every changed file as it was before this run; the first error, after trying all. */
struct error *boot_changes_undo(struct boot_changes *c) MUST_CHECK;

struct boot_file {
	char *path; /* of the file itself, links followed, absolute below the root */
	char *text;
	size_t len;
};

/* ERROR_NOT_FOUND when it is not there, ERROR_BAD_DATA for one with NUL bytes. */
struct error *boot_file_read(int root, const char *path, struct boot_file *ret) MUST_CHECK;
/* Takes the place of the old one in one step; the old content goes to FILE.kdump-backup. */
struct error *boot_file_write(struct boot_changes *c, const struct boot_file *old, const char *text,
			      size_t len) MUST_CHECK;
/* A new file, mode 0644. */
struct error *boot_file_create(struct boot_changes *c, const char *path, const char *text) MUST_CHECK;
void boot_file_done(struct boot_file *f);

/*
 * Runs a program of the root, found in its usual folders, with `args` (may be null) behind its name;
 * *ret_found false when it is not there. A status but 0 is an error. `ret_output` may be null.
 */
struct error *boot_run(int root, const char *name, const char *const *args, bool *ret_found,
		       char **ret_output) MUST_CHECK;
/* "usr/sbin/NAME" below the root, or null. */
const char *boot_program(int root, const char *name, char buf[64]);

static inline void boot_edit_done_cleanup(struct boot_edit *e)
{
	boot_edit_done(e);
}
#define _cleanup_boot_edit_ CLEANUP(boot_edit_done)

static inline void boot_changes_done_cleanup(struct boot_changes *c)
{
	boot_changes_done(c);
}
#define _cleanup_boot_changes_ CLEANUP(boot_changes_done)

static inline void boot_file_done_cleanup(struct boot_file *f)
{
	boot_file_done(f);
}
#define _cleanup_boot_file_ CLEANUP(boot_file_done)
