/* One typed line: words, and where the output goes. */
#pragma once

#include "base/text.h"

enum line_output { LINE_TERMINAL, LINE_PIPE, LINE_WRITE, LINE_APPEND };

struct line {
	struct words words; /* "..." without its quotes, '...' with them; (...) is one word */
	enum line_output to;
	char *target; /* command after |, file after > and >>; owned */
};

/*
 * Reads a line. A word that begins with # ends it (a comment). `|` and `>` inside quotes or
 * parentheses, and the `>` of `->`, redirect nothing. ERROR_USAGE: a quote or parenthesis that
 * is never closed, or a redirection to nowhere.
 */
struct error *line_parse(const char *text, struct line *ret) MUST_CHECK;
void line_done(struct line *l);
