/* Changing a kdump.conf line by line; see confedit.h. */
#include "service/confedit.h"

#include <ctype.h>

#include "service/settings.h"

/* One line of the file, without its newline. */
struct conf_line {
	const char *at;
	size_t len;
	size_t key, key_len; /* where the key begins; len 0: no directive */
	size_t value, value_len;
	bool example; /* "#key ..." */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *at, size_t from, size_t len)
{
	while (from < len && is_blank(at[from]))
		from++;
	return from;
}

static struct conf_line split(const char *at, size_t len)
{
	struct conf_line l = { .at = at, .len = len };
	size_t i = skip_blanks(at, 0, len), end;

	if (i < len && at[i] == '#') {
		l.example = true;
		i = skip_blanks(at, i + 1, len);
	}
	l.key = i;
	while (i < len && !is_blank(at[i]) && at[i] != '#')
		i++;
	l.key_len = i - l.key;
	l.value = skip_blanks(at, i, len);
	for (end = l.value; end < len && at[end] != '#'; end++)
		;
	while (end > l.value && (is_blank(at[end - 1]) || at[end - 1] == '\r'))
		end--;
	l.value_len = end - l.value;
	return l;
}

static bool has_key(const struct conf_line *l, const char *key)
{
	return l->key_len == strlen(key) && !memcmp(l->at + l->key, key, l->key_len);
}

/* Whether the line is the directive, or another type of target where that is one. */
static bool is_replaced_by(const struct conf_line *l, const char *key)
{
	_cleanup_free_ char *own = NULL;

	if (l->example || !l->key_len)
		return false;
	if (has_key(l, key))
		return true;
	own = strndup(l->at + l->key, l->key_len);
	return own && settings_is_target(key) && settings_is_target(own);
}

static struct error *check(const struct conf_change *c)
{
	size_t len = c->value ? strlen(c->value) : 0;

	if (!*c->key || strpbrk(c->key, " \t\n#\""))
		return error_new(ERROR_USAGE, "\"%s\" is no name of a directive", c->key);
	if (c->value && strpbrk(c->value, "\n\r#"))
		return error_new(ERROR_USAGE, "%s: a value cannot hold a line end or \"#\", where a comment begins", c->key);
	if (c->value && (!len || isspace((unsigned char)c->value[0]) || isspace((unsigned char)c->value[len - 1])))
		return error_new(ERROR_USAGE, "%s: a value cannot be empty, or begin or end with a blank", c->key);
	return NULL;
}

/* The line with the new key and value, and the comment that followed the old ones. */
static void put_changed(const struct conf_line *l, const struct conf_change *c, struct strbuf *to)
{
	size_t rest = l->value + l->value_len;

	strbuf_add(to, l->at, l->key);
	strbuf_puts(to, c->key);
	if (l->value_len)
		strbuf_add(to, l->at + l->key + l->key_len, l->value - l->key - l->key_len);
	else
		strbuf_puts(to, " ");
	strbuf_puts(to, c->value);
	strbuf_add(to, l->at + rest, l->len - rest);
	strbuf_puts(to, "\n");
}

struct progress {
	const struct conf_change *changes;
	size_t n;
	bool *done;
};

/* True when the line was taken care of. */
static bool replace(struct progress *p, const struct conf_line *l, struct strbuf *to)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!is_replaced_by(l, p->changes[i].key))
			continue;
		if (p->changes[i].value && !p->done[i])
			put_changed(l, &p->changes[i], to);
		p->done[i] = true; /* a second line of it would be refused by the reader */
		return true;
	}
	return false;
}

/* Behind its example: a directive that the file does not have. */
static void insert_behind(struct progress *p, const struct conf_line *l, const bool *present, struct strbuf *to)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!l->example || p->done[i] || present[i] || !p->changes[i].value || !has_key(l, p->changes[i].key))
			continue;
		strbuf_printf(to, "%s %s\n", p->changes[i].key, p->changes[i].value);
		p->done[i] = true;
	}
}

/* The next line; false at the end. */
static bool next_line(const char *text, size_t len, size_t *at, struct conf_line *ret)
{
	const char *end;
	size_t n;

	if (*at >= len)
		return false;
	end = memchr(text + *at, '\n', len - *at);
	n = end ? (size_t)(end - text) - *at : len - *at;
	*ret = split(text + *at, n);
	*at += n + 1;
	return true;
}

struct error *confedit(const char *text, size_t len, const struct conf_change *changes, size_t n, struct strbuf *to)
{
	_cleanup_free_ bool *done = calloc(n + 1, sizeof(*done)), *present = calloc(n + 1, sizeof(*present));
	struct progress p = { changes, n, done };
	struct conf_line l;

	if (!done || !present)
		return error_nomem();
	for (size_t i = 0; i < n; i++)
		TRY(check(&changes[i]));
	for (size_t at = 0; next_line(text, len, &at, &l);)
		for (size_t i = 0; i < n; i++)
			present[i] |= is_replaced_by(&l, changes[i].key);
	for (size_t at = 0; next_line(text, len, &at, &l);) {
		if (replace(&p, &l, to))
			continue;
		strbuf_add(to, l.at, l.len);
		strbuf_puts(to, "\n");
		insert_behind(&p, &l, present, to);
	}
	for (size_t i = 0; i < n; i++)
		if (!done[i] && changes[i].value)
			strbuf_printf(to, "%s %s\n", changes[i].key, changes[i].value);
	return strbuf_error(to);
}
