/*
 * Kernel command lines, word by word as the kernel cuts them (lib/cmdline.c, next_arg):
 * words end at white space outside of double quotes; a quote may stand anywhere in a word
 * and there is no escape. A parameter's name is what stands before the first '=' of its
 * word; '-' and '_' are the same in names (kernel/params.c, parameq). Words after "--"
 * belong to init and are left alone.
 */
#pragma once

#include "base/error.h"

/* ROOT/proc/cmdline without its newline, malloc'd. */
struct error *host_cmdline(int root, char **ret) MUST_CHECK;

/* Whether the parameter is there; *ret (may be null) is the value of its last occurrence,
 * quotes taken off, malloc'd, "" for a word without '='. */
struct error *cmdline_find(const char *line, const char *name, bool *ret_found, char **ret) MUST_CHECK;
/* Walks the words as they stand, quotes and all: start with *pos = 0; false at the end.
 * `*ret_word` points into `line` and has `*ret_len` bytes. */
bool cmdline_word(const char *line, size_t *pos, const char **ret_word, size_t *ret_len);
/* Walks the values of a parameter: start with *pos = 0; false at the end. `*ret_value` points
 * into `line` (quotes still on) and has `*ret_len` bytes. */
bool cmdline_next(const char *line, const char *name, size_t *pos, const char **ret_value,
		  size_t *ret_len);

/* These replace *line (malloc'd) by a new line. Removing takes every word of exactly this
 * name, with or without a value. Appending puts `words` at the end, in front of "--". */
struct error *cmdline_remove(char **line, const char *name) MUST_CHECK;
struct error *cmdline_append(char **line, const char *words) MUST_CHECK;
/* A double quote without its partner: the kernel would take the rest as one word. */
bool cmdline_open_quote(const char *line);
