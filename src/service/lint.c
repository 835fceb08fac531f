/* Findings about configuration files; see lint.h. */
#include "service/lint.h"

#include "service/legacy.h"

static const char *const level_names[] = {
	[LINT_ERROR] = "error",
	[LINT_WARNING] = "warning",
	[LINT_NOTE] = "note",
};

static void finding_done(struct lint_finding *f)
{
	free(f->file);
	free(f->text);
	free(f->instead);
	free(f->where);
}

void lint_done(struct lint *l)
{
	for (size_t i = 0; i < l->v.n; i++)
		finding_done(&l->v.v[i]);
	vector_done(&l->v);
}

struct error *lint_add(struct lint *l, enum lint_level level, const char *file, unsigned line,
		       const char *fmt, ...)
{
	struct lint_finding f = {.level = level, .line = line};
	va_list ap;

	va_start(ap, fmt);
	f.text = text_vformat(fmt, ap);
	va_end(ap);
	f.file = file ? strdup(file) : NULL;
	if (!f.text || (file && !f.file) || !vector_push(&l->v, f)) {
		finding_done(&f);
		return error_nomem();
	}
	return NULL;
}

struct error *lint_add_words(struct lint *l, enum lint_level level, const char *file,
			     const struct words *sentences)
{
	for (size_t i = 0; i < sentences->n; i++)
		TRY(lint_add(l, level, file, 0, "%s", sentences->v[i]));
	return NULL;
}

static struct error *add_problem(struct lint *l, const struct settings *s,
				 const struct settings_problem *p)
{
	_cleanup_legacy_advice_ struct legacy_advice a = {0};
	struct lint_finding *f;

	if (p->key)
		TRY(legacy_advise(p->key, p->value,
				  p->unknown ? settings_nearest(p->key) : NULL, &a));
	TRY(lint_add(l, p->warning ? LINT_WARNING : LINT_ERROR, s->file, p->line, "%s%s%s%s",
		     p->text, a.why ? " (" : "", a.why ? a.why : "", a.why ? ")" : ""));
	f = &l->v.v[l->v.n - 1];
	f->instead = take_ptr(a.instead);
	f->where = take_ptr(a.where);
	return NULL;
}

struct error *lint_settings(struct lint *l, const struct settings *s)
{
	for (size_t i = 0; i < s->problems.n; i++)
		TRY(add_problem(l, s, &s->problems.v[i]));
	TRY(lint_add_words(l, LINT_WARNING, NULL, &s->warnings));
	TRY(lint_add_words(l, LINT_WARNING, s->file, &s->dracut.warnings));
	return lint_add_words(l, LINT_NOTE, s->file, &s->dracut.notes);
}

size_t lint_count(const struct lint *l, enum lint_level level)
{
	size_t n = 0;

	for (size_t i = 0; i < l->v.n; i++)
		n += l->v.v[i].level == level;
	return n;
}

static void write_one(const struct lint_finding *f, struct strbuf *to)
{
	if (f->file)
		strbuf_printf(to, "%s:", f->file);
	if (f->line)
		strbuf_printf(to, "%u:", f->line);
	strbuf_printf(to, "%s%s: %s", f->file ? " " : "", level_names[f->level], f->text);
	if (f->instead)
		strbuf_printf(to, "; write%s%s: %s", f->where ? " in " : "",
			      f->where ? f->where : "", f->instead);
	else if (f->where)
		strbuf_printf(to, "; see %s", f->where);
	strbuf_putc(to, '\n');
}

static void write_count(struct strbuf *to, size_t n, const char *what)
{
	strbuf_printf(to, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

struct error *lint_write(const struct lint *l, struct strbuf *to)
{
	for (size_t i = 0; i < l->v.n; i++)
		write_one(&l->v.v[i], to);
	write_count(to, lint_count(l, LINT_ERROR), "error");
	strbuf_puts(to, ", ");
	write_count(to, lint_count(l, LINT_WARNING), "warning");
	strbuf_putc(to, '\n');
	return strbuf_error(to);
}

void lint_write_json(const struct lint *l, struct json *j)
{
	json_bool(j, "valid", !lint_count(l, LINT_ERROR));
	json_open(j, "findings", '[');
	for (size_t i = 0; i < l->v.n; i++) {
		const struct lint_finding *f = &l->v.v[i];

		json_open(j, NULL, '{');
		json_string(j, "level", level_names[f->level]);
		json_string(j, "file", f->file);
		if (f->line)
			json_u64(j, "line", f->line);
		json_string(j, "text", f->text);
		if (f->instead)
			json_string(j, "instead", f->instead);
		if (f->where)
			json_string(j, "where", f->where);
		json_close(j, '}');
	}
	json_close(j, ']');
}
