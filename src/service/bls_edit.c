/* Changing Boot Loader Specification entries; see bls_edit.h. */
#include "service/bls_edit.h"

#include <ctype.h>
#include <string.h>

#include "service/bls.h"
#include "service/grub.h"
#include "service/rootpath.h"
#include "service/shellvar.h"

#define VARIABLE "kernelopts"

static const char *const grubenvs[] = { "/boot/grub2/grubenv", "/boot/grub/grubenv" };

/* What $kernelopts stands for; null where grubenv does not say. */
static struct error *kernelopts(int root, char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(grubenvs) && !*ret; i++) {
		_cleanup_boot_file_ struct boot_file f = { 0 };
		_cleanup_words_ struct words vars = { 0 };
		struct error *e = boot_file_read(root, grubenvs[i], &f);

		if (error_drop_if(&e, ERROR_NOT_FOUND))
			continue;
		TRY(e);
		TRY(grubenv_parse(f.text, &vars));
		for (size_t j = 0; j + 1 < vars.n; j += 2)
			if (!strcmp(vars.v[j], VARIABLE)) {
				free(*ret);
				*ret = strdup(vars.v[j + 1]);
				if (!*ret)
					return error_nomem();
			}
	}
	return NULL;
}

/* The variable's place in the text, "$kernelopts" or "${kernelopts}". */
static bool find_variable(const char *text, struct boot_span *ret)
{
	static const char *const forms[] = { "$" VARIABLE, "${" VARIABLE "}" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t n = strlen(forms[i]);
		const char *at = strstr(text, forms[i]);

		if (at && !(isalnum((unsigned char)at[n]) || at[n] == '_')) {
			*ret = (struct boot_span){ at - text, at - text + n };
			return true;
		}
	}
	return false;
}

static struct error *expand(const char *text, const char *value, char **ret)
{
	struct boot_span at;

	if (value && find_variable(text, &at)) {
		if (asprintf(ret, "%.*s%s%s", (int)at.start, text, value, text + at.end) < 0)
			*ret = NULL;
	} else {
		*ret = strdup(text);
	}
	return *ret ? NULL : error_nomem();
}

static struct error *options_lines(const char *text, size_t len, struct boot_spans *ret)
{
	for (size_t p = 0; p < len;) {
		const char *newline = memchr(text + p, '\n', len - p);
		size_t end = newline ? (size_t)(newline - text) : len, key = p;

		while (key < end && (text[key] == ' ' || text[key] == '\t'))
			key++;
		if (end - key > 7 && !memcmp(text + key, "options", 7) && isblank((unsigned char)text[key + 7]) &&
		    !vector_push(&ret->v, boot_span_strip(text, key + 7, end)))
			return error_nomem();
		p = end + 1;
	}
	return NULL;
}

static struct error *with_options_line(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	if (!e->set.n)
		return NULL;
	strbuf_add(&out, text, len);
	if (len && text[len - 1] != '\n')
		strbuf_putc(&out, '\n');
	strbuf_puts(&out, "options");
	for (size_t i = 0; i < e->set.n; i++)
		strbuf_printf(&out, " %s", e->set.v[i]);
	strbuf_putc(&out, '\n');
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}

struct error *bls_edit_entry(const char *text, size_t len, const char *value, const struct boot_edit *e, char **ret)
{
	_cleanup_boot_spans_ struct boot_spans lines = { 0 }, own = { 0 };
	_cleanup_free_ char *whole = NULL;
	bool touched = false;

	*ret = NULL;
	TRY(options_lines(text, len, &own));
	for (size_t i = 0; i < own.v.n; i++)
		touched |= boot_args_touch(text + own.v.v[i].start, own.v.v[i].end - own.v.v[i].start, e);
	if (touched) /* what is in the variable comes with it, in front or behind; the entry's own is changed */
		return boot_spans_edit(text, len, &own, e, true, ret);
	/* a variable that has the word must go: it is of all entries */
	TRY(expand(text, value && boot_args_touch(value, strlen(value), e) ? value : NULL, &whole));
	TRY(options_lines(whole, strlen(whole), &lines));
	if (!lines.v.n)
		return with_options_line(text, len, e, ret);
	return boot_spans_edit(whole, strlen(whole), &lines, e, true, ret);
}

struct error *grubenv_edit(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	_cleanup_boot_spans_ struct boot_spans spans = { 0 };
	_cleanup_free_ char *now = NULL;
	const char *line = text_starts(text, VARIABLE "=") ? text : strstr(text, "\n" VARIABLE "=");
	size_t start, end, used;

	*ret = NULL;
	if (!line)
		return NULL;
	start = strchr(line, '=') + 1 - text;
	end = start + strcspn(text + start, "\n");
	if (!vector_push(&spans.v, (struct boot_span){ start, end }))
		return error_nomem();
	TRY(boot_spans_edit(text, len, &spans, e, true, &now));
	if (!now)
		return NULL;
	/* the rest of the block is '#', behind the last line */
	used = strlen(now);
	while (used && now[used - 1] == '#')
		used--;
	if (used > len)
		return error_new(ERROR_NO_SPACE, "grubenv: its %zu bytes do not hold the longer " VARIABLE, len);
	*ret = malloc(len + 1);
	if (!*ret)
		return error_nomem();
	memset(*ret, '#', len);
	memcpy(*ret, now, used);
	(*ret)[len] = '\0';
	return NULL;
}

struct error *cmdline_file_edit(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	_cleanup_boot_spans_ struct boot_spans spans = { 0 };

	for (size_t p = 0; p < len;) {
		size_t end = p + strcspn(text + p, "\n");
		struct boot_span s = boot_span_strip(text, p, end);

		if (s.start < s.end && text[s.start] != '#' && !vector_push(&spans.v, s))
			return error_nomem();
		p = end + 1;
	}
	*ret = NULL;
	return spans.v.n ? boot_spans_edit(text, len, &spans, e, true, ret) : NULL;
}

/* Entries of one kernel may be several: by title too. */
static bool is_default(const struct boot_entry *d, const struct bls_entry *b)
{
	return text_equal(d->id, b->id) || (text_ends(d->kernel, b->kernel) && text_equal(d->title, b->title));
}

static struct error *default_entry(int root, const struct bootcfg *loader, struct boot_entry *ret)
{
	struct error *e = loader->entry(root, NULL, ret);

	if (e && error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e); /* it does not know; then the first */
	return NULL;
}

struct error *bls_edit_list(int root, const struct bootcfg *loader, struct boot_kernels *ret)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };
	_cleanup_boot_entry_ struct boot_entry d = { 0 };
	_cleanup_free_ char *value = NULL;
	bool found = false;

	TRY(bls_read(root, &l));
	TRY(default_entry(root, loader, &d));
	TRY(kernelopts(root, &value));
	for (size_t i = 0; i < l.v.n; i++) {
		const struct bls_entry *b = &l.v.v[i];
		_cleanup_free_ char *args = NULL;

		TRY(expand(b->options ? b->options : "", value, &args));
		TRY(boot_kernels_add(ret, b->kernel, b->title, args, b->file ? b->file : b->kernel));
		ret->v.v[i].fixed = !b->file;
		ret->v.v[i].is_default = d.kernel && is_default(&d, b);
		found |= ret->v.v[i].is_default;
	}
	if (ret->v.n && !found)
		ret->v.v[0].is_default = true;
	return NULL;
}

struct error *bls_edit_one(struct boot_changes *c, const struct boot_kernel *k, const struct boot_edit *e)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *value = NULL, *now = NULL;

	if (k->fixed)
		return error_new(ERROR_UNSUPPORTED, "%s brings its arguments along", k->kernel);
	TRY(kernelopts(c->root, &value));
	TRY(boot_file_read(c->root, k->file, &f));
	TRY(bls_edit_entry(f.text, f.len, value, e, &now));
	return now ? boot_file_write(c, &f, now, strlen(now)) : NULL;
}

/* A file that need not be there. */
static struct error *edit_file(struct boot_changes *c, const char *path,
			       struct error *(*how)(const char *, size_t, const struct boot_edit *, char **),
			       const struct boot_edit *e)
{
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *now = NULL;
	struct error *err = boot_file_read(c->root, path, &f);

	if (error_drop_if(&err, ERROR_NOT_FOUND))
		return NULL;
	TRY(err);
	TRY(error_prefix(how(f.text, f.len, e, &now), "%s", path));
	return now ? boot_file_write(c, &f, now, strlen(now)) : NULL;
}

static struct error *grub_defaults_edit(const char *text, size_t len, const struct boot_edit *e, char **ret)
{
	return shellvar_edit_last(text, len, "GRUB_CMDLINE_LINUX", e, ret);
}

struct error *bls_edit_new(struct boot_changes *c, const struct boot_edit *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(grubenvs); i++)
		TRY(edit_file(c, grubenvs[i], grubenv_edit, e));
	TRY(edit_file(c, "/etc/kernel/cmdline", cmdline_file_edit, e));
	return edit_file(c, "/etc/default/grub", grub_defaults_edit, e);
}
