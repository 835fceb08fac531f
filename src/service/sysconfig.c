/* /etc/sysconfig/kdump; see sysconfig.h. */
#include "service/sysconfig.h"

#include <ctype.h>

#define SYSCONFIG_LIMIT (1 << 20) /* bytes of the file */
#define VALUE_LIMIT	(64 << 10) /* bytes of one value, expansions included */

struct reader {
	struct sysconfig *s;
	const char *file;
	const char *p;
	const char *end;
	unsigned line;
};

static bool more(const struct reader *r)
{
	return r->p < r->end;
}

static char next(struct reader *r)
{
	char c = *r->p++;

	if (c == '\n')
		r->line++;
	return c;
}

static struct error *refuse(const struct reader *r, unsigned line, const char *what)
{
	return error_new(ERROR_USAGE, "%s line %u: %s", r->file, line, what);
}

static struct sysconfig_variable *find(const struct sysconfig *s, const char *name)
{
	for (size_t i = 0; i < s->variables.n; i++)
		if (strcmp(s->variables.v[i].name, name) == 0)
			return &s->variables.v[i];
	return NULL;
}

static bool name_char(char c, bool first)
{
	return c == '_' || (first ? isalpha((unsigned char)c) : isalnum((unsigned char)c));
}

static size_t name_len(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && name_char(p[n], n == 0))
		n++;
	return n;
}

/* What follows a `$`: a name assigned before, or something only a shell can do. */
static struct error *expand(struct reader *r, struct strbuf *value)
{
	bool braced = more(r) && *r->p == '{';
	size_t n = name_len(r->p + braced, r->end);
	_cleanup_free_ char *name = NULL;
	const struct sysconfig_variable *v;

	if (!n) {
		if (!braced && !(more(r) && (*r->p == '(' || *r->p == '\''))) {
			strbuf_putc(value, '$'); /* a lone dollar is a dollar */
			return NULL;
		}
		return refuse(r, r->line, "command substitution is not done here; write the value");
	}
	name = strndup(r->p + braced, n);
	if (!name)
		return error_nomem();
	r->p += braced + n;
	if (braced && !(more(r) && next(r) == '}'))
		return refuse(r, r->line, "only ${NAME} is understood of the ${...} forms");
	v = find(r->s, name);
	if (v)
		strbuf_puts(value, v->value);
	if (value->len > VALUE_LIMIT) /* a file can ask for gigabytes within one pair of quotes */
		return refuse(r, r->line, "a value is longer than 64 KiB");
	return NULL;
}

static struct error *backslash(struct reader *r, bool quoted, struct strbuf *value)
{
	char c;

	if (!more(r)) {
		strbuf_putc(value, '\\');
		return NULL;
	}
	c = next(r);
	if (c == '\n')
		return NULL; /* the line goes on */
	if (quoted && !strchr("$`\"\\", c))
		strbuf_putc(value, '\\');
	strbuf_putc(value, c);
	return NULL;
}

static struct error *double_quoted(struct reader *r, struct strbuf *value)
{
	unsigned began = r->line;

	while (more(r)) {
		char c = next(r);

		if (c == '"')
			return NULL;
		if (c == '`')
			return refuse(r, r->line,
				      "command substitution is not done here; write the value");
		if (c == '\\')
			TRY(backslash(r, true, value));
		else if (c == '$')
			TRY(expand(r, value));
		else
			strbuf_putc(value, c);
	}
	return refuse(r, began, "a double quote is not closed");
}

static struct error *single_quoted(struct reader *r, struct strbuf *value)
{
	unsigned began = r->line;

	while (more(r)) {
		char c = next(r);

		if (c == '\'')
			return NULL;
		strbuf_putc(value, c);
	}
	return refuse(r, began, "a single quote is not closed");
}

/* One word up to a blank, `;` or line end, quotes resolved. */
static struct error *read_value(struct reader *r, struct strbuf *value)
{
	while (more(r) && !isspace((unsigned char)*r->p) && *r->p != ';') {
		char c = next(r);

		if (c == '"')
			TRY(double_quoted(r, value));
		else if (c == '\'')
			TRY(single_quoted(r, value));
		else if (c == '\\')
			TRY(backslash(r, false, value));
		else if (c == '$')
			TRY(expand(r, value));
		else if (strchr("`&|<>()", c))
			return refuse(r, r->line,
				      "shell syntax is not understood here, only NAME=value; put "
				      "the value in quotes");
		else
			strbuf_putc(value, c);
		if (value->len > VALUE_LIMIT)
			return refuse(r, r->line, "a value is longer than 64 KiB");
	}
	return strbuf_error(value);
}

/* += of what the file has not assigned adds to the value that is in force without it. */
static const char *stock_of(const char *name)
{
	int key = sysconfig_find(name);

	return key < 0 ? "" : sysconfig_stock(NULL, key);
}

static struct error *put(struct sysconfig *s, const char *name, unsigned line, const char *value)
{
	struct sysconfig_variable *v = find(s, name), fresh = { .line = line };
	char *copy = strdup(value);

	if (!copy)
		return error_nomem();
	if (v) {
		free(v->value);
		v->value = copy;
		v->line = line;
		return NULL;
	}
	fresh.name = strdup(name);
	fresh.value = copy;
	if (!fresh.name || !vector_push(&s->variables, fresh)) {
		free(fresh.name);
		free(fresh.value);
		return error_nomem();
	}
	return NULL;
}

static struct error *assign(struct reader *r, const char *name, bool append, unsigned line,
			    struct strbuf *value)
{
	const struct sysconfig_variable *v = find(r->s, name);
	_cleanup_strbuf_ struct strbuf whole = { 0 };

	if (append)
		strbuf_puts(&whole, v ? v->value : stock_of(name));
	strbuf_puts(&whole, strbuf_str(value));
	TRY(strbuf_error(&whole));
	if (whole.len > VALUE_LIMIT)
		return refuse(r, line, "a value is longer than 64 KiB");
	return put(r->s, name, line, strbuf_str(&whole));
}

static void skip_blanks(struct reader *r)
{
	while (more(r) && (isspace((unsigned char)*r->p) || *r->p == ';'))
		(void)next(r);
}

static void skip_comment(struct reader *r)
{
	while (more(r) && *r->p != '\n')
		(void)next(r);
}

/* `NAME = VALUE`, which a shell would not take: quotes around the whole value go. False: it is not that. */
static struct error *read_spaced(struct reader *r, const char *name, size_t n, bool *ret)
{
	size_t left = r->end - r->p - n, blanks = 0, len;
	_cleanup_free_ char *line = NULL;
	char *value;

	while (blanks < left && isblank((unsigned char)r->p[n + blanks]))
		blanks++;
	*ret = r->s->spaced && n && blanks < left && r->p[n + blanks] == '=' &&
	       (blanks || (left > 1 && isblank((unsigned char)r->p[n + 1])));
	if (!*ret)
		return NULL;
	r->p += n + blanks + 1;
	for (len = 0; r->p + len < r->end && r->p[len] != '\n';)
		len++;
	if (len > VALUE_LIMIT)
		return refuse(r, r->line, "a value is longer than 64 KiB");
	line = strndup(r->p, len);
	if (!line)
		return error_nomem();
	r->p += len;
	value = text_strip(line);
	len = strlen(value);
	if (len > 1 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		value++;
	}
	return put(r->s, name, r->line, value);
}

static struct error *read_assignment(struct reader *r)
{
	_cleanup_strbuf_ struct strbuf value = { 0 };
	_cleanup_free_ char *name = NULL;
	unsigned line = r->line;
	size_t n = name_len(r->p, r->end);
	bool append, spaced;

	name = strndup(r->p, n);
	if (!name)
		return error_nomem();
	TRY(read_spaced(r, name, n, &spaced));
	if (spaced)
		return NULL;
	if (strcmp(name, "export") == 0 && r->p + n < r->end && isblank(r->p[n])) {
		r->p += n;
		return NULL; /* what follows is an assignment of its own */
	}
	append = r->end - r->p > (ptrdiff_t)n + 1 && r->p[n] == '+' && r->p[n + 1] == '=';
	if (!n || (!append && !(r->p + n < r->end && r->p[n] == '=')))
		return refuse(r, line, "expected NAME=value; this file is read, not run");
	r->p += n + append + 1;
	TRY(read_value(r, &value));
	return assign(r, name, append, line, &value);
}

bool sysconfig_is_suse(const struct sysconfig *s)
{
	return find(s, "KDUMP_SAVEDIR") || find(s, "KDUMP_DUMPFORMAT");
}

struct error *sysconfig_check_names(struct sysconfig *s, const char *file)
{
	for (size_t i = 0; i < s->variables.n; i++) {
		const struct sysconfig_variable *v = &s->variables.v[i];

		if ((text_starts(v->name, "KDUMP_") || text_starts(v->name, "KEXEC_")) &&
		    sysconfig_find(v->name) < 0)
			TRY(words_addf(&s->warnings, "%s line %u: %s is not known and has no effect",
				       file, v->line, v->name));
	}
	return NULL;
}

struct error *sysconfig_parse(struct sysconfig *s, const char *file, const char *text, size_t len)
{
	struct reader r = { .s = s, .file = file, .p = text, .end = text + len, .line = 1 };

	if (memchr(text, '\0', len))
		return error_new(ERROR_USAGE, "%s holds a NUL byte; it must be plain text", file);
	for (;;) {
		skip_blanks(&r);
		if (!more(&r))
			return NULL;
		if (*r.p == '#')
			skip_comment(&r);
		else
			TRY(read_assignment(&r));
	}
}

struct error *sysconfig_read(struct sysconfig *s, int root, const char *file)
{
	_cleanup_free_ char *text = NULL;
	struct error *e;
	size_t len;

	e = file_read(root, file + (file[0] == '/'), SYSCONFIG_LIMIT, &text, &len);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	return sysconfig_parse(s, file, text, len);
}

void sysconfig_done(struct sysconfig *s)
{
	for (size_t i = 0; i < s->variables.n; i++) {
		free(s->variables.v[i].name);
		free(s->variables.v[i].value);
	}
	vector_done(&s->variables);
	words_done(&s->warnings);
}

struct error *sysconfig_set(struct sysconfig *s, enum sysconfig_key key, const char *value)
{
	return put(s, sysconfig_name(key), 0, value);
}

const char *sysconfig_get(const struct sysconfig *s, enum sysconfig_key key)
{
	const struct sysconfig_variable *v = find(s, sysconfig_name(key));

	return v ? v->value : sysconfig_stock(NULL, key);
}

const char *sysconfig_assigned(const struct sysconfig *s, const char *name)
{
	const struct sysconfig_variable *v = find(s, name);

	return v ? v->value : NULL;
}

struct error *sysconfig_append(struct sysconfig *s, enum sysconfig_key key, const char *word, const char *more)
{
	struct reader r = { .s = s, .file = "the command line" };
	_cleanup_strbuf_ struct strbuf whole = { 0 };

	strbuf_printf(&whole, "%s%s%s", sysconfig_get(s, key), word, more);
	TRY(strbuf_error(&whole));
	return assign(&r, sysconfig_name(key), false, 0, &whole);
}
