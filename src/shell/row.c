#include "shell/row.h"

#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"

struct row_writer {
	struct json json;
	struct strbuf buf;
	FILE *to;	/* where the JSON goes */
	char *caught;	/* what was written to sh->out meanwhile */
	size_t caught_len;
};

static void flush(struct row_writer *w)
{
	fwrite(w->buf.s, 1, w->buf.len, w->to);
	w->buf.len = 0;
}

void row_begin(struct shell *sh, const char *kind)
{
	if (!sh->rows)
		return;
	json_open(&sh->rows->json, NULL, '{');
	json_string(&sh->rows->json, "row", kind);
}

void row_end(struct shell *sh)
{
	if (!sh->rows) {
		fputc('\n', sh->out);
		return;
	}
	json_close(&sh->rows->json, '}');
	strbuf_putc(&sh->rows->buf, '\n'); /* a row a line */
	flush(sh->rows);
}

void row_u64(struct shell *sh, const char *name, int width, uint64_t v)
{
	if (sh->rows)
		json_u64(&sh->rows->json, name, v);
	else
		fprintf(sh->out, "%*" PRIu64, width, v);
}

void row_i64(struct shell *sh, const char *name, int width, int64_t v)
{
	if (sh->rows)
		json_i64(&sh->rows->json, name, v);
	else
		fprintf(sh->out, "%*" PRId64, width, v);
}

void row_hex(struct shell *sh, const char *name, int width, uint64_t v)
{
	if (sh->rows)
		json_hex(&sh->rows->json, name, v);
	else
		fprintf(sh->out, "%*" PRIx64, width, v);
}

void row_addr(struct shell *sh, const char *name, uint64_t va)
{
	if (sh->rows)
		json_hex(&sh->rows->json, name, va);
	else
		fprintf(sh->out, "%0*" PRIx64, (int)(2 * sh->kernel->long_size), va);
}

void row_str(struct shell *sh, const char *name, int width, const char *s)
{
	_cleanup_strbuf_ struct strbuf clean = {0};

	if (sh->rows) {
		json_string(&sh->rows->json, name, s);
		return;
	}
	strbuf_add_clean(&clean, s, strlen(s));
	fprintf(sh->out, "%*s", width, strbuf_str(&clean));
}

void row_bool(struct shell *sh, const char *name, const char *yes, const char *no, bool v)
{
	if (sh->rows)
		json_bool(&sh->rows->json, name, v);
	else
		fputs(v ? yes : no, sh->out);
}

void row_none(struct shell *sh, const char *name, const char *shown)
{
	if (sh->rows)
		json_null(&sh->rows->json, name);
	else
		row_middle(sh, 0, shown);
}

void row_text(struct shell *sh, const char *fmt, ...)
{
	va_list ap;

	if (sh->rows)
		return;
	va_start(ap, fmt);
	vfprintf(sh->out, fmt, ap);
	va_end(ap);
}

void row_middle(struct shell *sh, int width, const char *word)
{
	int len = (int)strlen(word), all = width ? width : (int)(2 * sh->kernel->long_size);
	int right = MAX(all - len, 0) / 2, left = MAX(all - len, 0) - right;

	row_text(sh, "%*s%s%*s", left, "", word, right, "");
}

void row_only_u64(struct shell *sh, const char *name, uint64_t v)
{
	if (sh->rows)
		json_u64(&sh->rows->json, name, v);
}

void row_only_str(struct shell *sh, const char *name, const char *s)
{
	if (sh->rows)
		json_string(&sh->rows->json, name, s);
}

void row_only_addr(struct shell *sh, const char *name, uint64_t va)
{
	if (sh->rows)
		json_hex(&sh->rows->json, name, va);
}

/* ---- the command as a whole ---- */

struct error *rows_begin(struct shell *sh, const char *line)
{
	struct row_writer *w = calloc(1, sizeof(*w));
	FILE *catching = w ? open_memstream(&w->caught, &w->caught_len) : NULL;

	if (!catching) {
		free(w);
		return error_nomem();
	}
	json_init(&w->json, &w->buf);
	w->json.compact = true;
	w->to = sh->out;
	json_open(&w->json, NULL, '{');
	json_string(&w->json, "command", line);
	json_open(&w->json, "rows", '[');
	sh->rows = w;
	sh->out = catching;
	return NULL;
}

/* Lines that no row was made of: commands whose output is text (rd, struct, log ...). */
static void put_caught(struct row_writer *w)
{
	char *rest = w->caught, *line;
	bool any = false;

	while (rest && (line = text_next_line(&rest))) {
		if (!any && !line[strspn(line, " ")])
			continue;
		if (!any)
			json_open(&w->json, "text", '[');
		any = true;
		json_string(&w->json, NULL, line);
	}
	if (any)
		json_close(&w->json, ']');
}

struct error *rows_end(struct shell *sh, const char *why)
{
	struct row_writer *w = take_ptr(sh->rows);
	bool whole = fclose(sh->out) == 0;
	struct error *e;

	sh->out = w->to;
	json_close(&w->json, ']');
	if (whole)
		put_caught(w);
	if (why)
		json_string(&w->json, "error", why);
	json_close(&w->json, '}');
	e = strbuf_error(&w->buf);
	if (!e && !whole)
		e = error_nomem();
	flush(w);
	strbuf_done(&w->buf);
	free(w->caught);
	free(w);
	return e;
}
