/* Reading numbers and words out of text. */
#pragma once

#include <stdarg.h>

#include "base/error.h"
#include "base/vector.h"

bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
bool text_equal(const char *a, const char *b); /* null equals null only */
/* The rest of `s` after `prefix`, or null when it does not start so. */
const char *text_after(const char *s, const char *prefix);
/* Bytes of the character that `s` starts with, when a terminal may be given it: at most `left`
 * bytes of UTF-8 that are no control character (C1 ones neither). 0 otherwise. */
size_t text_printable_len(const char *s, size_t left);
/* Cuts blanks off both ends, in place; returns the new start. */
char *text_strip(char *s);

/* A whole string as a number: decimal, 0x hex, nothing before or after. False when it is
 * not one or does not fit. */
bool text_u64(const char *s, uint64_t *ret);
bool text_i64(const char *s, int64_t *ret);
/* Hex with or without 0x. */
bool text_hex(const char *s, uint64_t *ret);
/* A size in bytes: a number with an optional K, M, G, T (1024s), or B. */
bool text_size(const char *s, uint64_t *ret);

/* A list of malloc'd strings; `v` is NULL-terminated once anything was added, so that it
 * serves as argv. */
struct words {
	char **v;
	size_t n;
	size_t room;
};

struct error *words_add(struct words *w, const char *s) MUST_CHECK;
struct error *words_addf(struct words *w, const char *fmt, ...) PRINTF(2, 3) MUST_CHECK;
/* Splits at blanks; "..." and '...' and backslash quote as in a shell. */
struct error *words_split(struct words *w, const char *s) MUST_CHECK;
bool words_have(const struct words *w, const char *s);
void words_done(struct words *w);

static inline void words_done_cleanup(struct words *w)
{
	words_done(w);
}
#define _cleanup_words_ CLEANUP(words_done)

/* printf to a malloc'd string; null on out of memory. */
char *text_vformat(const char *fmt, va_list ap) PRINTF(1, 0);

/* The next line of a text in place: NUL-terminates it, without newline; null at the end. */
char *text_next_line(char **rest);
