/* Growing strings; see strbuf.h. */
#include "base/strbuf.h"

#include <string.h>

#include "base/checked.h"
#include "base/text.h"

static bool reserve(struct strbuf *b, size_t more)
{
	size_t need, room;
	char *s;

	if (b->failed)
		return false;
	if (add_overflows(b->len, more, &need) || add_overflows(need, (size_t)1, &need))
		goto fail;
	if (need <= b->room)
		return true;
	room = MAX(need, b->room > SIZE_MAX / 2 ? SIZE_MAX : b->room * 2);
	room = MAX(room, (size_t)64);
	s = realloc(b->s, room);
	if (!s)
		goto fail;
	b->s = s;
	b->room = room;
	return true;
fail:
	b->failed = true;
	return false;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len)
		memcpy(b->s + b->len, bytes, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_fill(struct strbuf *b, char c, size_t n)
{
	if (!reserve(b, n))
		return;
	memset(b->s + b->len, c, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void strbuf_add_clean(struct strbuf *b, const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = text_printable_len(text + i, len - i);
		strbuf_add(b, n ? text + i : "?", n ? n : 1);
	}
}

void strbuf_vprintf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	else if (reserve(b, n)) {
		vsnprintf(b->s + b->len, n + 1, fmt, again);
		b->len += n;
	}
	va_end(again);
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(b, fmt, ap);
	va_end(ap);
}

struct error *strbuf_error(const struct strbuf *b)
{
	return b->failed ? error_nomem() : NULL;
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->s ? b->s : "";
}

char *strbuf_take(struct strbuf *b, size_t *ret_len)
{
	char *s;

	if (!b->s)
		strbuf_add(b, "", 0);
	if (b->failed) {
		strbuf_done(b);
		return NULL;
	}
	s = b->s;
	if (ret_len)
		*ret_len = b->len;
	*b = (struct strbuf){ 0 };
	return s;
}

void strbuf_done(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf){ 0 };
}
