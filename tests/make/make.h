/*
 * Builders: a readable description in, the bytes of a dump file out, for any width and byte
 * order. Each is a function for the unit tests and a program (mkelf, mkkdump, ...: text on
 * stdin, bytes on stdout). They write the formats from their descriptions in doc/formats and
 * share no code with the readers.
 *
 * Common to all: one statement a line, words separated by blanks, `key=value` words in
 * any order after the fixed ones, numbers decimal or 0x hex, # starts a comment line.
 *
 *	poke OFF HEX	at the end, overwrite bytes of the file
 *	cut LEN		at the end, cut the file to LEN bytes (after poke)
 *
 * DATA is one word, pieces joined by +:
 *
 *	x:HEX		these bytes
 *	t:TEXT		text; \n is a newline, \s a blank, \0 a NUL, \\ a backslash
 *	z:LEN		zeros
 *	b:BYTE:LEN	one byte repeated
 *	r:SEED:LEN	noise: x = SEED, then for each byte x = x * 1664525 + 1013904223
 *			(32 bits) and the byte is x >> 24
 *	v:SEED:LEN	the same with the low half of each byte cleared: packs well
 */
#pragma once

#include "base/base.h"

/* A file in the making; gaps are zero. */
struct image {
	unsigned char *bytes;
	size_t len;
	size_t room;
	size_t cut;	    /* SIZE_MAX: not */
	struct words pokes; /* OFF HEX OFF HEX ... */
};

typedef struct error *make_fn(const char *text, struct image *ret);

/* The secret key of make_age's recipient `mine`. */
#define MAKE_AGE_IDENTITY "AGE-SECRET-KEY-1ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYG3ZYGSUZRZYL"

/* Each empties *ret first; free it with image_done(). */
make_fn make_age, make_elf, make_kdump, make_flat, make_lkcd, make_s390, make_sadump;
void image_done(struct image *im);

/* --- for the builders --- */

/* One statement: calls `take` with its words; poke and cut are handled. */
struct error *make_each_line(const char *text, struct image *im, void *arg,
			     struct error *(*take)(void *arg, struct words *w)) MUST_CHECK;
struct error *make_finish(struct image *im) MUST_CHECK; /* pokes and cuts */
/* A whole builder: each statement, then write(arg), then pokes and cuts. Without a statement
 * that sets *started there is nothing to make. */
struct error *make_file(const char *text, struct image *ret, void *arg, const bool *started,
			struct error *(*take)(void *arg, struct words *w),
			struct error *(*write)(void *arg, struct image *im)) MUST_CHECK;
/* Statements of one word and a number. */
struct make_field {
	const char *word;
	uint64_t *to;
};
/* Takes the statement when it is one of them; *ret is it, or null. */
struct error *make_take_field(const struct words *w, const struct make_field *fields, size_t n,
			      const struct make_field **ret) MUST_CHECK;
/* `uts FIELD DATA`: FIELD is sysname nodename release version machine domainname. */
struct error *make_uts(const struct words *w, char uts[6][65]) MUST_CHECK;
/* Fills `to` (zeros behind) with DATA, as much as fits. */
struct error *make_bytes(const char *data, char *to, size_t len) MUST_CHECK;
/* Index of the word in a list that ends with null; -1: not in it. */
int make_find(const char *const *list, const char *word);
/* Word `i` of the statement as a number; an error when it is none. */
struct error *make_number(const struct words *w, size_t i, uint64_t *ret) MUST_CHECK;
/* The text of `key=`, or null. */
const char *make_key(const struct words *w, const char *key);
/* The number of `key=`, or `otherwise`. */
struct error *make_key_number(const struct words *w, const char *key, uint64_t otherwise,
			      uint64_t *ret) MUST_CHECK;
/* Appends DATA. `step` is added to the seeds of r: and v:. */
struct error *make_data(const char *data, uint64_t step, struct strbuf *to) MUST_CHECK;
/* Appends one ELF note. */
struct error *make_note(const struct words *w, size_t i, bool big,
			struct strbuf *to) MUST_CHECK;

/* Writes at an offset, growing the file. */
struct error *image_put(struct image *im, uint64_t off, const void *bytes,
			size_t len) MUST_CHECK;
struct error *image_put_uint(struct image *im, uint64_t off, size_t width, bool big,
			     uint64_t value) MUST_CHECK;
