/* Variables, tokens and words of grub.cfg; see grub_words.h. */
#include "service/grub_words.h"

#include <ctype.h>
#include <string.h>

#include "base/strbuf.h"

#define WORDS_MAX  4096	      /* in one statement */
#define LINE_LIMIT (1u << 20) /* bytes of one expanded word */

const char *grub_variable(const struct words *vars, const char *name, size_t len)
{
	for (size_t i = 0; i + 1 < vars->n; i += 2)
		if (strlen(vars->v[i]) == len && !memcmp(vars->v[i], name, len))
			return vars->v[i + 1];
	return "";
}

struct error *grub_set_variable(struct words *vars, const char *name, const char *value)
{
	for (size_t i = 0; i + 1 < vars->n; i += 2)
		if (!strcmp(vars->v[i], name)) {
			char *copy = strdup(value);

			if (!copy)
				return error_nomem();
			free(vars->v[i + 1]);
			vars->v[i + 1] = copy;
			return NULL;
		}
	TRY(words_add(vars, name));
	return words_add(vars, value);
}

static void skip_blanks(struct grub_reader *r)
{
	for (;;) {
		if (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')
			r->at++;
		else if (r->at[0] == '\\' && r->at[1] == '\n')
			r->at += 2;
		else if (*r->at == '#')
			r->at += strcspn(r->at, "\n");
		else
			return;
	}
}

static const char *end_of_word(const char *at)
{
	while (*at && !strchr(" \t\r\n;", *at)) {
		if (*at == '\'') {
			at++;
			at += strcspn(at, "'");
			at += !!*at;
		} else if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				at += *at == '\\' && at[1];
			at += !!*at;
		} else if (at[0] == '$' && at[1] == '{') {
			at += strcspn(at, "}\n");
			at += *at == '}';
		} else {
			at += at[0] == '\\' && at[1] ? 2 : 1;
		}
	}
	return at;
}

enum grub_token grub_peek(struct grub_reader *r, const char **ret_end)
{
	skip_blanks(r);
	*ret_end = r->at + !!*r->at;
	if (!*r->at)
		return GRUB_END;
	if (*r->at == '\n' || *r->at == ';')
		return GRUB_SEPARATOR;
	*ret_end = end_of_word(r->at);
	if (*ret_end - r->at == 1 && *r->at == '{')
		return GRUB_OPEN;
	if (*r->at == '}') {
		*ret_end = r->at + 1;
		return GRUB_CLOSE;
	}
	return GRUB_WORD;
}

/* A variable's value where `at` stands at its '$'; returns where it ends. */
static const char *expand_variable(const struct words *vars, const char *at, const char *end,
				   struct strbuf *to)
{
	const char *name = at + 1;
	size_t len = 0;

	if (name < end && *name == '{') {
		name++;
		while (name + len < end && name[len] != '}')
			len++;
		strbuf_puts(to, grub_variable(vars, name, len));
		return MIN(name + len + 1, end);
	}
	while (name + len < end && (isalnum((unsigned char)name[len]) || strchr("_?@*#", name[len])))
		len++;
	if (!len)
		strbuf_putc(to, '$');
	else
		strbuf_puts(to, grub_variable(vars, name, len));
	return name + len;
}

static const char *expand_quoted(const struct words *vars, const char *at, const char *end,
				 struct strbuf *to)
{
	for (at++; at < end && *at != '"';) {
		if (*at == '$') {
			at = expand_variable(vars, at, end, to);
			continue;
		}
		if (*at == '\\' && at + 1 < end && strchr("\\\"$\n", at[1]))
			at++;
		strbuf_putc(to, *at++);
	}
	return MIN(at + 1, end);
}

/* One word becomes one word: an unquoted variable is split at blanks by the caller. */
static struct error *expand(const struct words *vars, const char *at, const char *end, char **ret,
			    bool *ret_split)
{
	_cleanup_strbuf_ struct strbuf to = { 0 };

	*ret_split = false;
	while (at < end && to.len < LINE_LIMIT) {
		if (*at == '\'') {
			const char *close = memchr(at + 1, '\'', (size_t)(end - at - 1));

			close = close ? close : end;
			strbuf_add(&to, at + 1, (size_t)(close - at - 1));
			at = MIN(close + 1, end);
		} else if (*at == '"') {
			at = expand_quoted(vars, at, end, &to);
		} else if (*at == '$') {
			*ret_split = true;
			at = expand_variable(vars, at, end, &to);
		} else {
			at += *at == '\\' && at + 1 < end;
			strbuf_putc(&to, *at++);
		}
	}
	if (to.len >= LINE_LIMIT)
		return error_new(ERROR_BAD_DATA, "a word of over %u bytes", LINE_LIMIT);
	TRY(strbuf_error(&to));
	*ret = to.s ? strbuf_take(&to, NULL) : strdup("");
	return *ret ? NULL : error_nomem();
}

static struct error *add_split(struct words *w, char *text)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest))
		TRY(words_add(w, word));
	return NULL;
}

struct error *grub_read_words(const struct words *vars, struct grub_reader *r, struct words *w)
{
	const char *end;

	while (grub_peek(r, &end) == GRUB_WORD) {
		_cleanup_free_ char *word = NULL;
		bool split;

		if (w->n > WORDS_MAX)
			return error_new(ERROR_BAD_DATA, "a command of over %d words", WORDS_MAX);
		TRY(expand(vars, r->at, end, &word, &split));
		r->at = end;
		TRY(split && w->n ? add_split(w, word) : words_add(w, word));
	}
	return NULL;
}

bool grub_at_word(struct grub_reader *r, const char *word)
{
	const char *end;

	return grub_peek(r, &end) == GRUB_WORD && (size_t)(end - r->at) == strlen(word) &&
	       !memcmp(r->at, word, strlen(word));
}

bool grub_at_any(struct grub_reader *r, const char *const *stops)
{
	for (; stops && *stops; stops++)
		if (grub_at_word(r, *stops))
			return true;
	return false;
}

void grub_take(struct grub_reader *r)
{
	const char *end;

	(void)grub_peek(r, &end); /* for where it ends */
	r->at = end;
}
