/* JSON output; see json.h. */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

void json_init(struct json *j, struct strbuf *out)
{
	*j = (struct json){ .out = out };
}

static void quoted(struct strbuf *b, const char *text)
{
	const char *s = text, *end = text + strlen(text);

	strbuf_putc(b, '"');
	while (s < end) {
		size_t n = text_printable_len(s, (size_t)(end - s));

		if (*s == '"' || *s == '\\')
			strbuf_printf(b, "\\%c", *s);
		else if (*s == '\n')
			strbuf_puts(b, "\\n");
		else if (*s == '\t')
			strbuf_puts(b, "\\t");
		else if (n)
			strbuf_add(b, s, n);
		else if ((unsigned char)*s < 0x80)
			strbuf_printf(b, "\\u%04x", *s);
		else
			strbuf_puts(b, "\xef\xbf\xbd");
		s += n ? n : 1;
	}
	strbuf_putc(b, '"');
}

static void newline(struct json *j)
{
	if (j->compact)
		return;
	strbuf_putc(j->out, '\n');
	strbuf_fill(j->out, ' ', (size_t)j->depth * 2);
}

static void begin(struct json *j, const char *key)
{
	if (j->need_comma)
		strbuf_putc(j->out, ',');
	if (j->depth)
		newline(j);
	if (key) {
		quoted(j->out, key);
		strbuf_puts(j->out, j->compact ? ":" : ": ");
	}
	j->need_comma = true;
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	strbuf_putc(j->out, bracket);
	j->depth++;
	j->need_comma = false;
}

void json_close(struct json *j, char bracket)
{
	bool empty = !j->need_comma;

	j->depth--;
	if (!empty)
		newline(j);
	strbuf_putc(j->out, bracket);
	j->need_comma = true;
	if (!j->depth)
		strbuf_putc(j->out, '\n');
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (!value) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	quoted(j->out, value);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	strbuf_printf(j->out, "%" PRIu64, value);
}

void json_i64(struct json *j, const char *key, int64_t value)
{
	begin(j, key);
	strbuf_printf(j->out, "%" PRId64, value);
}

void json_hex(struct json *j, const char *key, uint64_t value)
{
	begin(j, key);
	strbuf_printf(j->out, "\"0x%" PRIx64 "\"", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin(j, key);
	strbuf_puts(j->out, value ? "true" : "false");
}

void json_fixed(struct json *j, const char *key, double value, int decimals)
{
	begin(j, key);
	strbuf_printf(j->out, "%.*f", decimals, value);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	strbuf_puts(j->out, "null");
}
