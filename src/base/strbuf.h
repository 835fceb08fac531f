/*
 * A growing byte string. An allocation failure marks it failed and drops later appends;
 * strbuf_error() tells at the end. Zero-initialised is empty and valid.
 */
#pragma once

#include <stdarg.h>

#include "base/error.h"

struct strbuf {
	char *s; /* NUL-terminated once anything was added; may hold NULs */
	size_t len;
	size_t room;
	bool failed;
};

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_fill(struct strbuf *b, char c, size_t n);
/* As it may go to a terminal: '?' for control characters and for what is no UTF-8. */
void strbuf_add_clean(struct strbuf *b, const char *text, size_t len);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) PRINTF(2, 3);
void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap) PRINTF(2, 0);
struct error *strbuf_error(const struct strbuf *b) MUST_CHECK;
/* The text so far, never null. */
const char *strbuf_str(const struct strbuf *b);
/* Hands the bytes out (malloc'd, NUL-terminated) and empties `b`. Null on out of memory. */
char *strbuf_take(struct strbuf *b, size_t *ret_len);
void strbuf_done(struct strbuf *b);

static inline void strbuf_done_cleanup(struct strbuf *b)
{
	strbuf_done(b);
}
#define _cleanup_strbuf_ CLEANUP(strbuf_done)
