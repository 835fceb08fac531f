/* Saved crashes: the dump folders below /var/crash (doc/dump-directory.md), and those that
 * the classic tools left there. */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "base/vector.h"

enum saved_state {
	SAVED_WHOLE,	  /* there is a finished vmcore */
	SAVED_INCOMPLETE, /* the collector did not finish */
	SAVED_NO_MEMORY,  /* only the log or a report */
};

struct saved {
	char *name;	 /* of the folder; owned */
	char *dump;	 /* path of the dump, starting with the folder scanned; null: none; owned */
	enum saved_state state;
	uint64_t bytes;	 /* of the dump */
	char *headline;	 /* from report.json; null: none; owned */
};

struct saved_list {
	VECTOR(struct saved) rows; /* sorted by name */
};

/* Looks at the folders of `path`; a folder without anything of a crash is left out. */
struct error *saved_scan(const char *path, struct saved_list *ret) MUST_CHECK;
void saved_done(struct saved_list *l);
/* The dump to read for `path`: itself, or when it is a dump folder the dump inside. */
struct error *saved_dump_path(const char *path, char **ret) MUST_CHECK;

struct error *saved_render_text(const struct saved_list *l, const char *path,
				struct strbuf *out) MUST_CHECK;
struct error *saved_render_json(const struct saved_list *l, const char *path,
				struct strbuf *out) MUST_CHECK;

/* The value of the top-level string member `key` of the JSON object `text`, unescaped; null
 * when it is not there or the text is no JSON. *ret is malloc'd. */
struct error *json_top_string(const char *text, const char *key, char **ret) MUST_CHECK;
