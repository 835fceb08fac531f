/* Words of command lines; see bootedit.h. */
#include "service/bootedit.h"

#include <ctype.h>
#include <string.h>

void boot_edit_done(struct boot_edit *e)
{
	words_done(&e->set);
	words_done(&e->remove);
}

static struct error *check_words(const struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		for (const char *p = w->v[i]; *p; p++)
			if (!isalnum((unsigned char)*p) && !strchr("_.,:@=-+/", *p))
				return error_new(ERROR_USAGE,
						 "%s: the character '%c' would need quoting in a boot loader's file",
						 w->v[i], *p);
	return NULL;
}

struct error *boot_edit_check(const struct boot_edit *e)
{
	TRY(check_words(&e->set));
	return check_words(&e->remove);
}

static size_t name_len(const char *word, size_t len)
{
	const char *sign = memchr(word, '=', len);

	return sign ? (size_t)(sign - word) : len;
}

static bool same_name(const char *a, size_t n, const char *b, size_t m)
{
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && !(strchr("-_", a[i]) && strchr("-_", b[i])))
			return false;
	return true;
}

/* The row of `set` with this word's name; set.n: it is to go; -1: not concerned. */
static ptrdiff_t concerned(const struct boot_edit *e, const char *word, size_t len)
{
	size_t n = name_len(word, len);

	for (size_t i = 0; i < e->set.n; i++)
		if (same_name(word, n, e->set.v[i], name_len(e->set.v[i], strlen(e->set.v[i]))))
			return i;
	for (size_t i = 0; i < e->remove.n; i++)
		if (same_name(word, n, e->remove.v[i], name_len(e->remove.v[i], strlen(e->remove.v[i]))))
			return e->set.n;
	return -1;
}

/* A word ends at a blank outside of double quotes; \" is a quote too where a shell reads the text. */
static bool next_word(const char *args, size_t len, size_t *pos, size_t *ret_start)
{
	bool quoted = false;

	while (*pos < len && isspace((unsigned char)args[*pos]))
		++*pos;
	*ret_start = *pos;
	for (; *pos < len && (quoted || !isspace((unsigned char)args[*pos])); ++*pos)
		if (args[*pos] == '"')
			quoted = !quoted;
	return *pos > *ret_start;
}

bool boot_args_touch(const char *args, size_t len, const struct boot_edit *e)
{
	size_t pos = 0, start;

	while (next_word(args, len, &pos, &start))
		if (concerned(e, args + start, pos - start) >= 0)
			return true;
	return false;
}

static bool open_quote(const char *args, size_t len)
{
	bool open = false;

	for (size_t i = 0; i < len; i++)
		open ^= args[i] == '"';
	return open;
}

/* What is not there yet goes to the end, in front of "--". */
static void append_rest(struct strbuf *out, const struct words *set, const bool *done)
{
	_cleanup_free_ char *tail = NULL;
	const char *all = strbuf_str(out), *mark = NULL;
	size_t pos = 0, start;

	while (!mark && next_word(all, out->len, &pos, &start))
		if (pos - start == 2 && !memcmp(all + start, "--", 2))
			mark = all + start;
	if (mark) {
		tail = strdup(mark);
		if (!tail)
			out->failed = true;
		out->len = mark - all;
		out->s[out->len] = '\0';
	}
	for (size_t i = 0; i < set->n; i++) {
		if (done[i])
			continue;
		if (out->len && !isspace((unsigned char)out->s[out->len - 1]))
			strbuf_putc(out, ' ');
		strbuf_puts(out, set->v[i]);
	}
	if (tail) {
		if (!isspace((unsigned char)out->s[out->len - 1]))
			strbuf_putc(out, ' ');
		strbuf_puts(out, tail);
	}
}

struct error *boot_args_edit(const char *args, size_t len, const struct boot_edit *e, bool append, char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	_cleanup_free_ bool *done = calloc(e->set.n + 1, sizeof(*done));
	size_t pos = 0, copied = 0, start;

	*ret = NULL;
	if (!done)
		return error_nomem();
	while (next_word(args, len, &pos, &start)) {
		ptrdiff_t which = concerned(e, args + start, pos - start);

		if (which < 0)
			continue;
		if ((size_t)which < e->set.n && !done[which]) {
			strbuf_add(&out, args + copied, start - copied);
			strbuf_puts(&out, e->set.v[which]);
			done[which] = true;
		} else {
			size_t blank = start;

			while (blank > copied && isspace((unsigned char)args[blank - 1]))
				blank--;
			strbuf_add(&out, args + copied, blank - copied);
			if (!out.len) /* the first word: the blanks behind it go with it */
				while (pos < len && isspace((unsigned char)args[pos]))
					pos++;
		}
		copied = pos;
	}
	strbuf_add(&out, args + copied, len - copied);
	for (size_t i = 0; append && i < e->set.n; i++)
		if (!done[i] && open_quote(args, len)) /* it would become a part of that word */
			return error_new(ERROR_BAD_DATA, "a double quote in the kernel's arguments is not closed");
	if (append)
		append_rest(&out, &e->set, done);
	TRY(strbuf_error(&out));
	if (out.len == len && !memcmp(strbuf_str(&out), args, len))
		return NULL;
	*ret = strdup(strbuf_str(&out));
	return *ret ? NULL : error_nomem();
}

struct boot_span boot_span_strip(const char *text, size_t start, size_t end)
{
	while (start < end && isspace((unsigned char)text[start]))
		start++;
	while (end > start && isspace((unsigned char)text[end - 1]))
		end--;
	return (struct boot_span){ start, end };
}

struct error *boot_spans_edit(const char *text, size_t len, const struct boot_spans *spans,
			      const struct boot_edit *e, bool append, char **ret)
{
	const struct boot_edit removal = { .remove = e->set }, *what = e;
	_cleanup_strbuf_ struct strbuf out = { 0 };
	size_t copied = 0, home = spans->v.n - 1; /* which span gets the values */
	bool changed = false;

	*ret = NULL;
	for (size_t i = spans->v.n; i-- > 0;)
		if (boot_args_touch(text + spans->v.v[i].start, spans->v.v[i].end - spans->v.v[i].start, e)) {
			home = i;
			append = true;
		}
	for (size_t i = 0; i < spans->v.n; i++) {
		const struct boot_span *s = &spans->v.v[i];
		_cleanup_free_ char *now = NULL;

		if (i != home && !boot_args_touch(text + s->start, s->end - s->start, e))
			continue;
		what = i == home ? e : &removal;
		TRY(boot_args_edit(text + s->start, s->end - s->start, what, append && i == home, &now));
		if (!now)
			continue;
		strbuf_add(&out, text + copied, s->start - copied);
		strbuf_puts(&out, now);
		copied = s->end;
		changed = true;
	}
	strbuf_add(&out, text + copied, len - copied);
	TRY(strbuf_error(&out));
	if (!changed)
		return NULL;
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}
