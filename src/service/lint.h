/*
 * Findings about configuration files: all at once, each with what to write instead where that
 * is known.
 */
#pragma once

#include "base/base.h"
#include "service/settings.h"

enum lint_level { LINT_ERROR, LINT_WARNING, LINT_NOTE };

struct lint_finding {
	enum lint_level level;
	char *file;    /* null: of no file */
	unsigned line; /* 0: of no line */
	char *text;
	char *instead; /* the line to write; null: not known */
	char *where;   /* the file for it, when it is another one */
};

struct lint {
	VECTOR(struct lint_finding) v;
};

struct error *lint_add(struct lint *l, enum lint_level level, const char *file, unsigned line,
		       const char *fmt, ...) PRINTF(5, 6) MUST_CHECK;
/* Each of `sentences`, as of no line. */
struct error *lint_add_words(struct lint *l, enum lint_level level, const char *file,
			     const struct words *sentences) MUST_CHECK;
/* What settings_parse() found in a file read with `collect`, translated where it can be. */
struct error *lint_settings(struct lint *l, const struct settings *s) MUST_CHECK;
size_t lint_count(const struct lint *l, enum lint_level level);
void lint_done(struct lint *l);

/* "FILE:LINE: error: TEXT; write: INSTEAD", one a line, and how many there are. */
struct error *lint_write(const struct lint *l, struct strbuf *to) MUST_CHECK;
/* The same as members "valid" and "findings" of an object that is open. */
void lint_write_json(const struct lint *l, struct json *j);

static inline void lint_done_cleanup(struct lint *l)
{
	lint_done(l);
}
#define _cleanup_lint_ CLEANUP(lint_done)
