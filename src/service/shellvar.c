/* Assignments in shell files; see shellvar.h. */
#include "service/shellvar.h"

#include <ctype.h>
#include <string.h>

static bool blank(char c)
{
	return c != '\n' && isspace((unsigned char)c);
}

/* Behind a quoted part that begins at `p`. */
static size_t skip_quoted(const char *text, size_t len, size_t p)
{
	char quote = text[p++];

	for (; p < len && text[p] != quote; p++)
		if (text[p] == '\\' && quote != '\'' && p + 1 < len)
			p++;
	return p < len ? p + 1 : len;
}

/* One part of a value: quoted (its content), bare, or a command, of which nothing is touched. */
struct part {
	size_t start, end; /* without the quotes; empty for a command */
	char quote;	   /* 0: bare; '`': a command */
};

/* Behind the command that begins at `p`; `p` itself when none does. */
static size_t skip_command(const char *text, size_t len, size_t p)
{
	if (text[p] == '`')
		return skip_quoted(text, len, p);
	if (text[p] != '$' || p + 1 >= len || text[p + 1] != '(')
		return p;
	while (p < len && text[p] != ')')
		p++;
	return p < len ? p + 1 : len;
}

/* Behind the word of a shell command that begins at `p`. */
static size_t skip_word(const char *text, size_t len, size_t p)
{
	while (p < len && !isspace((unsigned char)text[p]) && text[p] != ';') {
		size_t behind = skip_command(text, len, p);

		if (behind > p)
			p = behind;
		else if (strchr("\"'", text[p]))
			p = skip_quoted(text, len, p);
		else
			p += text[p] == '\\' && p + 1 < len ? 2 : 1;
	}
	return p;
}

/* Where a value may begin when the text at `p` reads NAME= or NAME+=; 0 when it does not. */
static size_t at_assignment(const char *text, size_t len, size_t p, const char *name, bool *ret_adds)
{
	size_t n = strlen(name);

	if (len - p < n || memcmp(text + p, name, n))
		return 0;
	p += n;
	*ret_adds = len - p >= 2 && text[p] == '+' && text[p + 1] == '=';
	if (!*ret_adds && !(p < len && text[p] == '='))
		return 0;
	return p + 1 + *ret_adds;
}

bool shellvar_next(const char *text, size_t len, const char *name, size_t *pos, struct shellvar *ret)
{
	size_t p = *pos;
	bool first = p == 0 || text[p - 1] == '\n' || text[p - 1] == ';'; /* at the start of a command */

	while (p < len) {
		size_t value;

		while (p < len && blank(text[p]))
			p++;
		if (p == len)
			break;
		if (text[p] == '\n' || text[p] == ';') {
			first = true;
			p++;
			continue;
		}
		if (text[p] == '#' && (p == 0 || isspace((unsigned char)text[p - 1]) || text[p - 1] == ';')) {
			while (p < len && text[p] != '\n')
				p++;
			continue;
		}
		value = first ? at_assignment(text, len, p, name, &ret->adds) : 0;
		if (value) {
			ret->start = value;
			ret->end = *pos = skip_word(text, len, value);
			return true;
		}
		value = skip_word(text, len, p);
		/* `export X=y`, `then X=y`: the next word may be one too */
		first = first && ((value - p == 6 && !memcmp(text + p, "export", 6)) ||
				  (value - p == 4 && !memcmp(text + p, "then", 4)) ||
				  (value - p == 4 && !memcmp(text + p, "else", 4)));
		p = value;
	}
	*pos = len;
	return false;
}

static bool next_part(const char *text, size_t end, size_t *p, struct part *ret)
{
	size_t at = *p;

	if (at >= end)
		return false;
	if (text[at] == '"' || text[at] == '\'') {
		size_t behind = skip_quoted(text, end, at);
		bool closed = behind - at >= 2 && text[behind - 1] == text[at];

		*ret = (struct part){ at + 1, behind - closed, text[at] };
		*p = behind;
		return true;
	}
	*p = skip_command(text, end, at);
	if (*p > at) {
		*ret = (struct part){ *p, *p, '`' };
		return true;
	}
	for (*p = at; *p < end && !strchr("\"'", text[*p]) && skip_command(text, end, *p) == *p;)
		*p += text[*p] == '\\' && *p + 1 < end ? 2 : 1;
	*ret = (struct part){ at, *p, 0 };
	return true;
}

static bool plain(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) && !strchr("_.,:@=-+/$%{}", p[i]))
			return false;
	return true;
}

static void quoted_append(struct strbuf *out, const char *text, const struct shellvar *v,
			  const struct boot_edit *e)
{
	bool first = v->start == v->end;

	strbuf_putc(out, '"');
	for (size_t i = 0; i < e->set.n; i++) {
		strbuf_printf(out, "%s%s", first ? "" : " ", e->set.v[i]);
		first = false;
	}
	strbuf_putc(out, '"');
}

struct error *shellvar_edit(const char *text, const struct shellvar *v, const struct boot_edit *e, bool append,
			    char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct boot_edit rest = { .remove = e->remove };
	bool changed = false, there = false;
	size_t p = v->start, copied = v->start;
	struct part part;

	*ret = NULL;
	while (next_part(text, v->end, &p, &part)) {
		bool last = p >= v->end, touched = boot_args_touch(text + part.start, part.end - part.start, e);
		bool adds = append && last && !there && part.quote && part.quote != '`';
		_cleanup_free_ char *now = NULL;

		if (!touched && !adds)
			continue;
		/* the first part with the word gets the value, what stands in others is removed */
		TRY(boot_args_edit(text + part.start, part.end - part.start, there ? &rest : e, adds || touched, &now));
		there = true;
		if (!now)
			continue;
		strbuf_add(&out, text + copied, part.start - copied);
		strbuf_puts(&out, now);
		copied = part.end;
		changed = true;
	}
	strbuf_add(&out, text + copied, v->end - copied);
	if (append && !there && e->set.n) {
		const char *value = text + v->start;
		size_t n = v->end - v->start;

		changed = true;
		if (n && plain(value, n)) { /* bare words: now in quotes */
			out.len = 0;
			strbuf_printf(&out, "\"%.*s", (int)n, value);
			for (size_t i = 0; i < e->set.n; i++)
				strbuf_printf(&out, " %s", e->set.v[i]);
			strbuf_putc(&out, '"');
		} else {
			quoted_append(&out, text, v, e);
		}
	}
	TRY(strbuf_error(&out));
	if (!changed)
		return NULL;
	*ret = strdup(strbuf_str(&out));
	return *ret ? NULL : error_nomem();
}

static bool value_touched(const char *text, const struct shellvar *v, const struct boot_edit *e)
{
	size_t p = v->start;
	struct part part;

	while (next_part(text, v->end, &p, &part))
		if (boot_args_touch(text + part.start, part.end - part.start, e))
			return true;
	return false;
}

void shellvar_words(const char *text, const struct shellvar *v, struct strbuf *to)
{
	size_t p = v->start;
	struct part part;

	if (v->start < v->end && to->len)
		strbuf_putc(to, ' ');
	while (next_part(text, v->end, &p, &part))
		strbuf_add(to, text + part.start, part.end - part.start);
}

static struct error *with_value(const char *text, size_t len, const struct shellvar *v, const char *value,
			    char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_add(&out, text, v->start);
	strbuf_puts(&out, value);
	strbuf_add(&out, text + v->end, len - v->end);
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}

struct error *shellvar_edit_all(const char *text, size_t len, const char *const *names, const struct boot_edit *e,
				char **ret, bool *ret_touched)
{
	_cleanup_free_ char *now = strndup(text, len);
	struct shellvar v;

	*ret = NULL;
	*ret_touched = false;
	if (!now)
		return error_nomem();
	for (size_t i = 0; names[i]; i++)
		for (size_t pos = 0; shellvar_next(now, strlen(now), names[i], &pos, &v);) {
			_cleanup_free_ char *value = NULL, *longer = NULL;

			*ret_touched |= value_touched(now, &v, e);
			TRY(shellvar_edit(now, &v, e, false, &value));
			if (!value)
				continue;
			TRY(with_value(now, strlen(now), &v, value, &longer));
			pos = v.start + strlen(value);
			free(now);
			now = take_ptr(longer);
		}
	if (strcmp(now, text))
		*ret = take_ptr(now);
	return NULL;
}

static struct error *edit_last(const char *text, size_t len, const char *name, const struct boot_edit *e, char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	_cleanup_free_ char *value = NULL;
	struct shellvar v, last = { 0 };
	size_t pos = 0;

	*ret = NULL;
	while (shellvar_next(text, len, name, &pos, &v))
		last = v;
	if (last.start) {
		TRY(shellvar_edit(text, &last, e, true, &value));
		return value ? with_value(text, len, &last, value, ret) : NULL;
	}
	if (!e->set.n)
		return NULL;
	strbuf_add(&out, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_putc(&out, '\n');
	strbuf_printf(&out, "%s=", name);
	quoted_append(&out, text, &last, e);
	strbuf_putc(&out, '\n');
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}

/* What was added to a file whose quoting is broken is inside of something else: it is not found again. */
struct error *shellvar_edit_last(const char *text, size_t len, const char *name, const struct boot_edit *e,
				 char **ret)
{
	_cleanup_free_ char *now = NULL, *again = NULL;

	*ret = NULL;
	TRY(edit_last(text, len, name, e, &now));
	if (!now)
		return NULL;
	TRY(edit_last(now, strlen(now), name, e, &again));
	if (again)
		return error_new(ERROR_BAD_DATA, "a quote in the file is not closed: nothing can be added to it");
	*ret = take_ptr(now);
	return NULL;
}
