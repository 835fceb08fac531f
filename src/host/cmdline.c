/* Kernel command lines; see cmdline.h. */
#include "host/cmdline.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"

#define CMDLINE_LIMIT (1u << 20)

struct word {
	size_t start, end;
	size_t name_end; /* where '=' stands, or `end` */
};

/* The next word at or after `pos`; false at the end. */
static bool next_word(const char *line, size_t pos, struct word *w)
{
	bool quoted = false;
	size_t first;

	while (isspace((unsigned char)line[pos]))
		pos++;
	if (!line[pos])
		return false;
	w->start = pos;
	w->name_end = 0;
	first = pos + (line[pos] == '"');
	for (; line[pos] && (quoted || !isspace((unsigned char)line[pos])); pos++) {
		if (line[pos] == '=' && !w->name_end && pos > first) /* one in front is no sign */
			w->name_end = pos;
		if (line[pos] == '"')
			quoted = !quoted;
	}
	w->end = pos;
	if (!w->name_end)
		w->name_end = pos;
	return true;
}

static bool is_end_mark(const char *line, const struct word *w)
{
	return w->end - w->start == 2 && line[w->start] == '-' && line[w->start + 1] == '-';
}

static char dash(char c)
{
	return c == '-' ? '_' : c;
}

static bool is_named(const char *line, const struct word *w, const char *name)
{
	size_t start = w->start, len;

	/* "name=value with blanks" quoted as a whole */
	if (line[start] == '"')
		start++;
	len = w->name_end > start ? w->name_end - start : 0;
	if (len && w->name_end == w->end && line[w->end - 1] == '"' && start != w->start)
		len--;
	if (len != strlen(name))
		return false;
	for (size_t i = 0; i < len; i++)
		if (dash(line[start + i]) != dash(name[i]))
			return false;
	return true;
}

struct error *host_cmdline(int root, char **ret)
{
	_cleanup_free_ char *text = NULL;

	TRY(file_read(root, "proc/cmdline", CMDLINE_LIMIT, &text, NULL));
	text[strcspn(text, "\n")] = '\0';
	*ret = take_ptr(text);
	return NULL;
}

bool cmdline_word(const char *line, size_t *pos, const char **ret_word, size_t *ret_len)
{
	struct word w;

	if (!next_word(line, *pos, &w))
		return false;
	*pos = w.end;
	*ret_word = line + w.start;
	*ret_len = w.end - w.start;
	return true;
}

bool cmdline_next(const char *line, const char *name, size_t *pos, const char **ret_value,
		  size_t *ret_len)
{
	struct word w;

	while (next_word(line, *pos, &w)) {
		if (is_end_mark(line, &w))
			return false;
		*pos = w.end;
		if (!is_named(line, &w, name))
			continue;
		*ret_value = line + w.name_end + (w.name_end < w.end);
		*ret_len = (size_t)(line + w.end - *ret_value);
		return true;
	}
	return false;
}

struct error *cmdline_find(const char *line, const char *name, bool *ret_found, char **ret)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };
	const char *v = NULL, *last = NULL;
	size_t pos = 0, len = 0, last_len = 0;
	char *copy = NULL;

	while (cmdline_next(line, name, &pos, &v, &len)) {
		last = v;
		last_len = len;
	}
	if (last && ret) {
		strbuf_puts(&value, "");
		for (size_t i = 0; i < last_len; i++)
			if (last[i] != '"')
				strbuf_putc(&value, last[i]);
		TRY(strbuf_error(&value));
		copy = strdup(strbuf_str(&value));
		if (!copy)
			return error_nomem();
	}
	*ret_found = last;
	if (ret)
		*ret = copy;
	return NULL;
}

static struct error *replace(char **line, struct strbuf *b)
{
	char *text;

	strbuf_putc(b, '\0');
	TRY(strbuf_error(b));
	text = strbuf_take(b, NULL);
	if (!text)
		return error_nomem();
	free(*line);
	*line = text;
	return NULL;
}

static void add_words(struct strbuf *b, const char *words, size_t len)
{
	if (!len)
		return;
	if (b->len)
		strbuf_putc(b, ' ');
	strbuf_add(b, words, len);
}

struct error *cmdline_remove(char **line, const char *name)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	bool init = false;
	struct word w;

	for (size_t pos = 0; next_word(*line, pos, &w); pos = w.end) {
		init = init || is_end_mark(*line, &w);
		if (init || !is_named(*line, &w, name))
			add_words(&b, *line + w.start, w.end - w.start);
	}
	return replace(line, &b);
}

struct error *cmdline_append(char **line, const char *words)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	size_t head = strlen(*line), len;
	struct word w;

	for (size_t pos = 0; next_word(*line, pos, &w); pos = w.end)
		if (is_end_mark(*line, &w)) {
			head = w.start;
			break;
		}
	len = head;
	while (len && isspace((unsigned char)(*line)[len - 1]))
		len--;
	add_words(&b, *line, len);
	words += strspn(words, " \t\n");
	add_words(&b, words, strlen(words));
	add_words(&b, *line + head, strlen(*line + head));
	return replace(line, &b);
}

bool cmdline_open_quote(const char *line)
{
	bool quoted = false;

	for (; *line; line++)
		quoted ^= *line == '"';
	return quoted;
}
