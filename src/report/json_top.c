/* One string out of a JSON object, without reading the rest into memory as a tree. */
#include <string.h>

#include "report/saved.h"

#define DEPTH_MAX 64

static void put_utf8(struct strbuf *b, unsigned c)
{
	if (c < 0x80) {
		strbuf_putc(b, (char)c);
	} else if (c < 0x800) {
		strbuf_putc(b, (char)(0xc0 | c >> 6));
		strbuf_putc(b, (char)(0x80 | (c & 0x3f)));
	} else {
		strbuf_putc(b, (char)(0xe0 | c >> 12));
		strbuf_putc(b, (char)(0x80 | (c >> 6 & 0x3f)));
		strbuf_putc(b, (char)(0x80 | (c & 0x3f)));
	}
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The string behind the quote at *p, unescaped into `b`; *p is left behind its end. False
 * when it does not end or is escaped in a wrong way. */
static bool take_string(const char **p, struct strbuf *b)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *s = *p + 1;

	for (; *s && *s != '"'; s++) {
		const char *known;
		unsigned c = 0;

		if (*s != '\\') {
			strbuf_putc(b, *s);
			continue;
		}
		s++;
		if (*s == 'u') {
			for (int i = 0; i < 4; i++) {
				int d = hex_digit(*++s);

				if (d < 0)
					return false;
				c = c << 4 | (unsigned)d;
			}
			/* halves of a pair and NUL have no place in a C string */
			put_utf8(b, c == 0 || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
			continue;
		}
		known = *s ? strchr(escapes, *s) : NULL;
		if (!known)
			return false;
		strbuf_putc(b, meanings[known - escapes]);
	}
	if (*s != '"')
		return false;
	*p = s + 1;
	return true;
}

struct error *json_top_string(const char *text, const char *key, char **ret)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	const char *p = text;
	unsigned depth = 0;
	bool wanted = false;

	*ret = NULL;
	while (*p) {
		if (*p == '"') {
			const char *after;

			strbuf_done(&b);
			if (!take_string(&p, &b))
				return NULL;
			TRY(strbuf_error(&b));
			if (wanted) {
				strbuf_puts(&b, "");
				*ret = strbuf_take(&b, NULL);
				return *ret ? NULL : error_nomem();
			}
			after = p + strspn(p, " \t\r\n");
			wanted = depth == 1 && *after == ':' && !strcmp(strbuf_str(&b), key);
			if (wanted)
				p = after + 1;
			continue;
		}
		if (*p == '{' || *p == '[') {
			if (++depth > DEPTH_MAX)
				return NULL;
		} else if (*p == '}' || *p == ']') {
			if (depth-- == 0)
				return NULL;
		}
		/* a value of another kind behind the key: not a string */
		if (wanted && !strchr(" \t\r\n", *p))
			return NULL;
		p++;
	}
	return NULL;
}
