#include "shell/line.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

static struct error *not_closed(char what)
{
	return error_new(ERROR_USAGE, "%c is not closed", what);
}

/* Up to the closing quote. Double ones are taken off, single ones stay: they mark a regular
 * expression. */
static struct error *take_quoted(const char **at, struct strbuf *word)
{
	bool keep = **at == '\'';
	const char *end = strchr(*at + 1, **at);

	if (!end)
		return not_closed(**at);
	strbuf_add(word, *at + !keep, end - *at - 1 + 2 * keep);
	*at = end + 1;
	return NULL;
}

/* "(...)", with what is nested in it, as it stands. */
static struct error *take_group(const char **at, struct strbuf *word)
{
	unsigned depth = 0;
	const char *s = *at;

	do {
		if (!*s)
			return not_closed('(');
		depth += *s == '(';
		depth -= *s == ')';
		strbuf_putc(word, *s++);
	} while (depth);
	*at = s;
	return NULL;
}

static bool redirects(const char *line, const char *at)
{
	return *at == '|' || (*at == '>' && (at == line || at[-1] != '-'));
}

static struct error *take_word(const char *line, const char **at, struct words *w)
{
	_cleanup_strbuf_ struct strbuf word = { 0 };

	while (**at && !isspace((unsigned char)**at) && !redirects(line, *at)) {
		if (**at == '"' || **at == '\'')
			TRY(take_quoted(at, &word));
		else if (**at == '(')
			TRY(take_group(at, &word));
		else
			strbuf_putc(&word, *(*at)++);
	}
	TRY(strbuf_error(&word));
	return words_add(w, strbuf_str(&word));
}

static struct error *take_target(const char *at, struct line *l)
{
	char *copy, *text;

	l->to = *at == '|' ? LINE_PIPE : at[1] == '>' ? LINE_APPEND : LINE_WRITE;
	at += l->to == LINE_APPEND ? 2 : 1;
	copy = strdup(at);
	if (!copy)
		return error_nomem();
	text = text_strip(copy);
	memmove(copy, text, strlen(text) + 1);
	l->target = copy;
	if (!copy[0])
		return error_new(ERROR_USAGE, "%s: expected %s after it",
				 l->to == LINE_PIPE ? "|" : l->to == LINE_WRITE ? ">" : ">>",
				 l->to == LINE_PIPE ? "a command" : "a file");
	return NULL;
}

static struct error *parse(const char *text, struct line *l)
{
	const char *at = text;

	for (;;) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at || *at == '#')
			return NULL;
		if (redirects(text, at))
			return take_target(at, l);
		TRY(take_word(text, &at, &l->words));
	}
}

struct error *line_parse(const char *text, struct line *ret)
{
	struct error *e;

	*ret = (struct line){ 0 };
	e = parse(text, ret);
	if (e)
		line_done(ret);
	return e;
}

void line_done(struct line *l)
{
	words_done(&l->words);
	free(l->target);
	l->target = NULL;
}
