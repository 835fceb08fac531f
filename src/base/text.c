/* Words and numbers; see text.h. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "base/strbuf.h"

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

bool text_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

const char *text_after(const char *s, const char *prefix)
{
	return text_starts(s, prefix) ? s + strlen(prefix) : NULL;
}

size_t text_printable_len(const char *s, size_t left)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s;
	uint32_t code;
	size_t len;

	if (!left || p[0] < 0x20 || p[0] == 0x7f)
		return 0;
	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > left)
		return 0;
	code = p[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return code < 0xa0 ? 0 : len; /* 0x80 to 0x9f are control characters */
}

char *text_strip(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

static bool number(const char *s, int base, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*s))
		return false;
	errno = 0;
	*ret = strtoull(s, &end, base);
	return errno == 0 && *end == '\0' && end != s;
}

bool text_hex(const char *s, uint64_t *ret)
{
	return number(s, 16, ret);
}

bool text_u64(const char *s, uint64_t *ret)
{
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return number(s, 16, ret);
	return number(s, 10, ret);
}

bool text_i64(const char *s, int64_t *ret)
{
	bool minus = *s == '-';
	uint64_t v;

	if (!text_u64(s + minus, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool text_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGTPE";
	char digits[32];
	size_t n = strspn(s, "0123456789");
	const char *unit;
	uint64_t v;

	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (!text_u64(digits, &v))
		return false;
	s += n;
	unit = *s ? strchr(units, toupper((unsigned char)*s)) : NULL;
	if (unit) {
		unsigned shift = 10 * (unit - units + 1);

		if (v > UINT64_MAX >> shift)
			return false;
		v <<= shift;
		s++;
	}
	if (*s == 'B' || *s == 'b')
		s++;
	if (*s)
		return false;
	*ret = v;
	return true;
}

static struct error *words_own(struct words *w, char *s)
{
	if (!s)
		return error_nomem();
	if (!vector_reserve(w, w->n + 2)) {
		free(s);
		return error_nomem();
	}
	w->v[w->n++] = s;
	w->v[w->n] = NULL;
	return NULL;
}

struct error *words_add(struct words *w, const char *s)
{
	return words_own(w, strdup(s));
}

struct error *words_addf(struct words *w, const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	s = text_vformat(fmt, ap);
	va_end(ap);
	return words_own(w, s);
}

struct error *words_split(struct words *w, const char *s)
{
	for (;;) {
		_cleanup_strbuf_ struct strbuf word = { 0 };
		char quote = 0;

		while (isspace((unsigned char)*s))
			s++;
		if (!*s)
			return NULL;
		strbuf_puts(&word, "");
		for (; *s && (quote || !isspace((unsigned char)*s)); s++) {
			if (quote && *s == quote)
				quote = 0;
			else if (!quote && (*s == '"' || *s == '\''))
				quote = *s;
			else if (*s == '\\' && quote != '\'' && s[1])
				strbuf_putc(&word, *++s);
			else
				strbuf_putc(&word, *s);
		}
		if (quote)
			return error_new(ERROR_USAGE, "a %c quote is not closed", quote);
		TRY(strbuf_error(&word));
		TRY(words_own(w, strbuf_take(&word, NULL)));
	}
}

bool words_have(const struct words *w, const char *s)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i], s) == 0)
			return true;
	return false;
}

void words_done(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i]);
	vector_done(w);
}

char *text_vformat(const char *fmt, va_list ap)
{
	char *s;

	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

char *text_next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	*rest = end;
	return line;
}
