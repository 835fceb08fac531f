/* Boot Loader Specification entries; see bls.h. */
#include "service/bls.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "service/rootpath.h"

#define ENTRY_LIMIT (256u << 10)

static const char *const boot_folders[] = { "boot", "efi", "boot/efi" };

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || strchr("~-^.", c);
}

static int compare_digits(const char **a, const char **b)
{
	size_t n, m;
	int c;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	n = strspn(*a, "0123456789");
	m = strspn(*b, "0123456789");
	c = n != m ? (n < m ? -1 : 1) : strncmp(*a, *b, n);
	*a += n;
	*b += m;
	return c;
}

static int compare_letters(const char **a, const char **b)
{
	size_t n = 0, m = 0;
	int c;

	while (isalpha((unsigned char)(*a)[n]))
		n++;
	while (isalpha((unsigned char)(*b)[m]))
		m++;
	c = strncmp(*a, *b, MIN(n, m));
	if (!c && n != m)
		c = n < m ? -1 : 1;
	*a += n;
	*b += m;
	return c;
}

int version_compare(const char *a, const char *b)
{
	static const char marks[] = "~-^."; /* in their order: what begins with ~ is older than nothing */

	for (;;) {
		int c;

		while (*a && !is_part(*a))
			a++;
		while (*b && !is_part(*b))
			b++;
		for (size_t i = 0; marks[i]; i++) {
			bool in_a = *a == marks[i], in_b = *b == marks[i];

			if (in_a != in_b && (marks[i] == '~' || (*a && *b)))
				return in_a ? -1 : 1;
			if (in_a && in_b) {
				a++;
				b++;
			}
			if (marks[i] == '~' && (!*a || !*b) && *a != '~' && *b != '~')
				return *a ? 1 : *b ? -1 : 0;
		}
		if (isdigit((unsigned char)*a) || isdigit((unsigned char)*b))
			c = compare_digits(&a, &b);
		else
			c = compare_letters(&a, &b);
		if (c)
			return c < 0 ? -1 : 1;
	}
}

void bls_entry_done(struct bls_entry *e)
{
	free(e->id);
	free(e->title);
	free(e->version);
	free(e->machine_id);
	free(e->sort_key);
	free(e->kernel);
	free(e->options);
	free(e->file);
	words_done(&e->initrds);
	*e = (struct bls_entry){ 0 };
}

void bls_list_done(struct bls_list *l)
{
	for (size_t i = 0; i < l->v.n; i++)
		bls_entry_done(&l->v.v[i]);
	vector_done(&l->v);
}

static struct error *set(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? NULL : error_nomem();
}

/* Several lines of options are one line. */
static struct error *add_options(char **to, const char *value)
{
	char *longer = NULL;

	if (!*to)
		return set(to, value);
	if (asprintf(&longer, "%s %s", *to, value) < 0)
		return error_nomem();
	free(*to);
	*to = longer;
	return NULL;
}

static struct error *set_key(struct bls_entry *e, const char *key, char *value)
{
	const struct {
		const char *key;
		char **to;
	} texts[] = {
		{ "title", &e->title },	    { "version", &e->version }, { "machine-id", &e->machine_id },
		{ "sort-key", &e->sort_key }, { "linux", &e->kernel },	{ "efi", &e->kernel },
		{ "uki", &e->kernel },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!strcmp(texts[i].key, key))
			return set(texts[i].to, value);
	if (!strcmp(key, "options"))
		return add_options(&e->options, value);
	if (!strcmp(key, "initrd")) /* GRUB takes several in one line */
		return words_split(&e->initrds, value);
	return NULL;
}

/* "NAME+LEFT-DONE.conf" is NAME.conf with LEFT tries to go. */
static struct error *set_id(struct bls_entry *e, const char *name)
{
	const char *dot = strrchr(name, '.'), *plus = strrchr(name, '+');
	size_t len = plus && dot && plus < dot ? strspn(plus + 1, "0123456789-") : 0;

	free(e->id);
	if (len && plus + 1 + len == dot) {
		e->exhausted = plus[1] == '0';
		if (asprintf(&e->id, "%.*s%s", (int)(plus - name), name, dot) < 0)
			e->id = NULL;
	} else {
		e->id = strdup(name);
	}
	return e->id ? NULL : error_nomem();
}

static struct error *parse(const char *name, char *text, struct bls_entry *e)
{
	char *rest = text, *line;

	TRY(set_id(e, name));
	while ((line = text_next_line(&rest))) {
		char *key = text_strip(line), *value = key + strcspn(key, " \t");

		if (!*key || *key == '#' || !*value)
			continue;
		*value++ = '\0';
		TRY(set_key(e, key, text_strip(value)));
	}
	return e->kernel ? NULL :
			   error_new(ERROR_BAD_DATA, "%s: the entry names no kernel (linux, efi)", name);
}

struct error *bls_parse(const char *name, char *text, struct bls_entry *ret)
{
	struct bls_entry entry = { 0 };
	struct error *e = parse(name, text, &entry);

	if (e) {
		bls_entry_done(&entry);
		return e;
	}
	*ret = entry;
	return NULL;
}

static int compare_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) : !!a - !!b;
}

/* The best first: tries left, a sort key, its order, the machine, then the newest version. */
static int by_worth(const void *x, const void *y)
{
	const struct bls_entry *a = x, *b = y;
	int c = a->exhausted - b->exhausted;

	if (!c)
		c = !a->sort_key - !b->sort_key;
	if (!c && a->sort_key)
		c = compare_text(a->sort_key, b->sort_key);
	if (!c && a->sort_key)
		c = compare_text(a->machine_id, b->machine_id);
	if (!c && a->sort_key && a->version && b->version)
		c = version_compare(b->version, a->version);
	return c ? c : version_compare(b->id, a->id);
}

static struct error *read_one(int root, const char *folder, const char *name, struct bls_list *l)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	struct bls_entry entry = { 0 };
	struct error *e;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return error_nomem();
	TRY(file_read(root, path, ENTRY_LIMIT, &text, NULL));
	e = bls_parse(name, text, &entry);
	if (error_drop_if(&e, ERROR_BAD_DATA)) /* an entry for something else than a kernel */
		return NULL;
	TRY(e);
	if (asprintf(&entry.file, "/%s", path) < 0)
		entry.file = NULL;
	if (entry.file && vector_push(&l->v, entry))
		return NULL;
	bls_entry_done(&entry);
	return error_nomem();
}

/* A unified image brings everything along; its name stands for its version. */
static struct error *add_unified(const char *name, struct bls_list *l)
{
	struct bls_entry entry = { 0 };
	struct error *e = set_id(&entry, name);

	if (!e)
		e = set(&entry.title, name);
	if (!e && asprintf(&entry.kernel, "/EFI/Linux/%s", name) < 0) {
		entry.kernel = NULL;
		e = error_nomem();
	}
	if (!e && !vector_push(&l->v, entry))
		e = error_nomem();
	if (e)
		bls_entry_done(&entry);
	return e;
}

static struct error *read_folder(int root, const char *boot, const char *below, const char *suffix,
				 struct bls_list *l)
{
	_cleanup_words_ struct words names = { 0 };
	char folder[64];
	struct error *e;

	snprintf(folder, sizeof(folder), "%s/%s", boot, below);
	e = rootpath_list(root, folder, &names);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	for (size_t i = 0; i < names.n; i++)
		if (text_ends(names.v[i], suffix))
			TRY(!strcmp(suffix, ".efi") ? add_unified(names.v[i], l) :
						      read_one(root, folder, names.v[i], l));
	return NULL;
}

struct error *bls_read(int root, struct bls_list *ret)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(boot_folders); i++) {
		TRY(read_folder(root, boot_folders[i], "loader/entries", ".conf", &l));
		TRY(read_folder(root, boot_folders[i], "EFI/Linux", ".efi", &l));
	}
	if (l.v.n)
		qsort(l.v.v, l.v.n, sizeof(*l.v.v), by_worth);
	*ret = l;
	l = (struct bls_list){ 0 };
	return NULL;
}

const struct bls_entry *bls_find(const struct bls_list *l, const char *pattern)
{
	for (size_t i = 0; i < l->v.n; i++) {
		const char *id = l->v.v[i].id;
		_cleanup_free_ char *bare = text_ends(id, ".conf") ? strndup(id, strlen(id) - 5) : NULL;

		if (!fnmatch(pattern, id, 0) || (bare && !fnmatch(pattern, bare, 0)) ||
		    text_equal(l->v.v[i].title, pattern))
			return &l->v.v[i];
	}
	return NULL;
}
