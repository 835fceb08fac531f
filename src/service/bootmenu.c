/* Readers of menus; see bootmenu.h. */
#include "service/bootmenu.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define KERNELS_LIMIT 1000

/* A line cut into its first word and the rest, both without blanks around. */
struct row {
	struct boot_span word, rest;
	size_t end; /* of the line, without the newline */
};

static bool next_row(const char *text, size_t len, size_t *pos, const char *separators, struct row *ret)
{
	struct boot_span line;
	size_t p;

	if (*pos >= len)
		return false;
	p = *pos;
	while (p < len && text[p] != '\n')
		p++;
	line = boot_span_strip(text, *pos, p);
	ret->end = p;
	*pos = p + 1;
	for (p = line.start; p < line.end && !isspace((unsigned char)text[p]) && !strchr(separators, text[p]);)
		p++;
	ret->word = (struct boot_span){ line.start, p };
	while (p < line.end && (isspace((unsigned char)text[p]) || strchr(separators, text[p])))
		p++;
	ret->rest = (struct boot_span){ p, line.end };
	return true;
}

static bool is(const char *text, struct boot_span s, const char *word)
{
	return s.end - s.start == strlen(word) && !strncasecmp(text + s.start, word, s.end - s.start);
}

static bool same(const char *text, struct boot_span a, struct boot_span b)
{
	return a.end - a.start == b.end - b.start && !memcmp(text + a.start, text + b.start, a.end - a.start);
}

static struct error *add(struct menu *m, struct menu_kernel k)
{
	if (k.kernel.start == k.kernel.end)
		return NULL; /* the keyword alone */
	if (m->v.n == KERNELS_LIMIT)
		return error_new(ERROR_BAD_DATA, "more than %d kernels", KERNELS_LIMIT);
	return vector_push(&m->v, k) ? NULL : error_nomem();
}

/* PATH ARGUMENTS: the path is cut off; options of GRUB's own (--type=) stay with it. */
static struct boot_span cut_path(const char *text, struct boot_span *rest)
{
	struct boot_span path;

	do {
		path = (struct boot_span){ rest->start, rest->start };
		while (path.end < rest->end && !isspace((unsigned char)text[path.end]))
			path.end++;
		rest->start = path.end;
		while (rest->start < rest->end && isspace((unsigned char)text[rest->start]))
			rest->start++;
	} while (path.end - path.start > 2 && !strncmp(text + path.start, "--", 2) && rest->start < rest->end);
	if (rest->start == rest->end)
		rest->start = rest->end = path.end;
	if (path.end - path.start > 2 && !strncmp(text + path.start, "--", 2))
		path.end = path.start; /* nothing but options */
	return path;
}

/* The hypervisor comes as the kernel, Linux as its first module. */
static bool is_hypervisor(const char *text, struct boot_span path)
{
	size_t p = path.end;

	while (p > path.start && text[p - 1] != '/')
		p--;
	return path.end - p >= 3 && !strncmp(text + p, "xen", 3);
}

struct error *menu_legacy(const char *text, size_t len, struct menu *ret)
{
	struct boot_span title = { 0 };
	bool in_entry = false, want_module = false;
	size_t pos = 0, entry = 0, chosen = 0;
	struct row r;

	while (next_row(text, len, &pos, "=", &r)) {
		if (is(text, r.word, "default")) {
			chosen = strtoul(text + r.rest.start, NULL, 10); /* `saved` is 0 too */
		} else if (is(text, r.word, "title")) {
			entry += in_entry;
			title = r.rest;
			in_entry = true;
			want_module = false;
		} else if (in_entry && (is(text, r.word, "kernel") || (want_module && is(text, r.word, "module")))) {
			struct menu_kernel k = { .title = title };

			k.kernel = cut_path(text, &r.rest);
			k.args = r.rest;
			if (is(text, r.word, "kernel") && is_hypervisor(text, k.kernel)) {
				want_module = true;
				continue;
			}
			want_module = false;
			k.is_default = entry == chosen;
			TRY(add(ret, k));
		}
	}
	return NULL;
}

/* LABEL … LINUX path … APPEND arguments; the keys in any case. An APPEND above the first label is for
 * the entries that have none; an entry then gets one of its own, with a copy of those words. */
struct error *menu_extlinux(const char *text, size_t len, struct menu *ret)
{
	struct boot_span chosen = { 0 }, label = { 0 };
	struct menu_kernel k = { 0 };
	bool open = false;
	size_t pos = 0;
	struct row r;

	for (;;) {
		bool more = next_row(text, len, &pos, "", &r), begins = more && is(text, r.word, "label");

		if ((!more || begins) && open) {
			k.is_default = same(text, label, chosen);
			TRY(add(ret, k));
		}
		if (!more)
			break;
		if (begins) {
			k = (struct menu_kernel){ .title = r.rest };
			label = r.rest;
			open = false;
		} else if (is(text, r.word, "default")) {
			chosen = r.rest;
		} else if (is(text, r.word, "menu") && label.end && r.rest.end - r.rest.start > 6 &&
			   !strncasecmp(text + r.rest.start, "label ", 6)) {
			k.title = boot_span_strip(text, r.rest.start + 6, r.rest.end);
		} else if (label.end && (is(text, r.word, "linux") || is(text, r.word, "kernel"))) {
			struct boot_span rest = r.rest;

			open = true;
			k.kernel = cut_path(text, &rest);
			if (!k.args.end) {
				k.args = (struct boot_span){ r.end, r.end };
				k.bare = true;
				k.line = "\n\tappend ";
			}
		} else if (label.end && is(text, r.word, "append") && r.rest.start < r.rest.end) {
			k.args = r.rest;
			k.bare = false;
		}
	}
	return NULL;
}

/* [section] with image= and parameters="…"; [defaultboot] or a menu's default= names one. */
struct error *menu_zipl(const char *text, size_t len, struct menu *ret)
{
	struct boot_span chosen = { 0 }, section = { 0 };
	struct menu_kernel k = { 0 };
	bool open = false;
	size_t pos = 0;
	struct row r;

	for (;;) {
		bool more = next_row(text, len, &pos, "=", &r);
		bool begins = more && r.word.end > r.word.start && strchr("[:", text[r.word.start]);

		if ((!more || begins) && open)
			TRY(add(ret, k));
		if (!more)
			break;
		if (begins) {
			section = (struct boot_span){ r.word.start + 1, r.word.end };
			if (section.end > section.start && text[section.end - 1] == ']')
				section.end--;
			k = (struct menu_kernel){ .title = section };
			open = false;
		} else if (is(text, r.word, "default") && !chosen.end) {
			chosen = r.rest;
		} else if (is(text, r.word, "image")) {
			struct boot_span rest = r.rest;

			open = true;
			k.kernel = cut_path(text, &rest);
			for (size_t i = k.kernel.start; i < k.kernel.end; i++)
				if (text[i] == ',') /* an address to load it at */
					k.kernel.end = i;
			if (!k.args.end) {
				k.args = (struct boot_span){ r.end, r.end };
				k.bare = true;
				k.line = "\n\tparameters=\"";
				k.quote = '"';
			}
		} else if (is(text, r.word, "parameters")) {
			k.args = r.rest;
			k.bare = false;
			k.quote = 0;
			if (r.rest.end - r.rest.start >= 2 && strchr("\"'", text[r.rest.start])) {
				k.quote = text[r.rest.start];
				k.args = (struct boot_span){ r.rest.start + 1, r.rest.end - 1 };
			}
		}
	}
	for (size_t i = 0; i < ret->v.n; i++)
		ret->v.v[i].is_default = same(text, ret->v.v[i].title, chosen);
	return NULL;
}

static struct error *new_line(const char *text, size_t len, const struct menu_kernel *k, const struct boot_edit *e,
			      char **ret)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	strbuf_add(&out, text, k->args.start);
	strbuf_puts(&out, k->line);
	for (size_t i = 0; i < e->set.n; i++)
		strbuf_printf(&out, "%s%s", i ? " " : "", e->set.v[i]);
	if (k->quote)
		strbuf_putc(&out, k->quote);
	strbuf_add(&out, text + k->args.end, len - k->args.end);
	*ret = strbuf_take(&out, NULL);
	return *ret ? NULL : error_nomem();
}

struct error *menu_edit(const char *text, size_t len, const struct menu_kernel *k, const struct boot_edit *e,
			char **ret)
{
	_cleanup_boot_spans_ struct boot_spans spans = { 0 };
	_cleanup_free_ char *spaced = NULL;
	struct boot_span args = k->args;

	*ret = NULL;
	if (k->bare)
		return e->set.n ? new_line(text, len, k, e, ret) : NULL;
	if (args.start == args.end && !k->quote && e->set.n) { /* right behind the path */
		if (asprintf(&spaced, "%.*s %s", (int)args.start, text, text + args.start) < 0) {
			spaced = NULL;
			return error_nomem();
		}
		args.start = ++args.end;
		text = spaced;
		len++;
	}
	if (!vector_push(&spans.v, args))
		return error_nomem();
	return boot_spans_edit(text, len, &spans, e, true, ret);
}
