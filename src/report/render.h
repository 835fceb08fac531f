/*
 * Floor 5: a report for people (text, HTML) and for programs (JSON). What is in them: doc/report.md.
 * Renderers know the report and nothing of dumps; new ones are a file and a row in render.c.
 */
#pragma once

#include "analyze/report.h"
#include "base/strbuf.h"

struct render_how {
	bool color;	/* text: ANSI colours */
	unsigned width; /* text: columns; 0: 100 */
};

struct renderer {
	const char *name; /* "text", "json", "html" */
	/* Appends the whole report. Fails only when out of memory. */
	struct error *(*render)(const struct report *r, const struct render_how *how,
				struct strbuf *out);
};

extern const struct renderer render_text, render_json, render_html;
extern const struct renderer *const renderers[]; /* null-terminated */
const struct renderer *renderer_by_name(const char *name);

/* RFC 3339, UTC: "2026-11-21T20:09:13Z" */
void time_text(uint64_t unix_seconds, char buf[32]);
