/*
 * Changing directives in the text of a kdump.conf: everything else stays byte for byte, comments and lines
 * that nobody knows included.
 */
#pragma once

#include "base/base.h"

struct conf_change {
	const char *key;
	const char *value; /* null: the directive is to go */
};

/*
 * The changed text. A directive that is there keeps its place and what follows its value; one that is not comes
 * behind the commented-out example of it, where the file has one, else at the end. A new target takes the
 * place of the old one, of whatever type. ERROR_USAGE for a key or value that a line cannot hold.
 */
struct error *confedit(const char *text, size_t len, const struct conf_change *changes, size_t n,
		       struct strbuf *to) MUST_CHECK;
