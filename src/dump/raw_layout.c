/* Names and layout texts of raw memory; see raw.h. */
#include "dump/raw.h"

#include <string.h>

#include "base/base.h"

#define PREFIX	      "raw:"
#define LAYOUT_MAX    (1u << 20)
#define NR_PIECES_MAX 4096

void raw_layout_done(struct raw_layout *l)
{
	for (size_t i = 0; i < l->pieces.n; i++)
		free(l->pieces.v[i].file);
	vector_done(&l->pieces);
	free(l->vmcoreinfo);
	*l = (struct raw_layout){0};
}

/* FILE@ADDRESS: the last @ counts, file names may have some. */
static const char *address_of(const char *item, size_t len, uint64_t *ret)
{
	_cleanup_free_ char *word = strndup(item, len);
	char *at = word ? strrchr(word, '@') : NULL;

	if (!at || at == word || !text_u64(at + 1, ret))
		return NULL;
	return item + (at - word);
}

bool raw_is_name(const char *name)
{
	uint64_t pa;

	if (file_exists(AT_FDCWD, name))
		return false;
	return text_starts(name, PREFIX) || address_of(name, strcspn(name, ","), &pa);
}

/* Relative names of a layout text are below its folder. Null: no memory. */
static char *place_file(const char *folder, const char *file, size_t len)
{
	bool relative = folder && file[0] != '/';
	char *path;

	if (asprintf(&path, "%s%s%.*s", relative ? folder : "", relative ? "/" : "", (int)len,
		     file) < 0)
		return NULL;
	return path;
}

static struct error *add_piece(struct raw_layout *l, const char *folder, const char *file,
			       size_t file_len, struct raw_piece p)
{
	if (l->pieces.n == NR_PIECES_MAX)
		return error_new(ERROR_USAGE, "more than %u pieces of raw memory",
				 NR_PIECES_MAX);
	p.file = place_file(folder, file, file_len);
	if (p.file && vector_push(&l->pieces, p))
		return NULL;
	free(p.file);
	return error_nomem();
}

static struct error *take_setting(struct raw_layout *l, const char *folder, const char *key,
				  const char *value)
{
	uint64_t n;

	if (text_equal(key, "arch")) {
		l->arch = arch_by_machine_name(value);
		return l->arch ? NULL
			       : error_new(ERROR_USAGE, "arch: \"%s\" is not known", value);
	}
	if (text_equal(key, "byte-order") &&
	    (text_equal(value, "big") || text_equal(value, "little"))) {
		l->big = value[0] == 'b';
		return NULL;
	}
	if (text_equal(key, "page-size") && text_size(value, &n) && n <= UINT32_MAX) {
		l->page_size = n;
		return NULL;
	}
	if (text_equal(key, "vmcoreinfo")) {
		free(l->vmcoreinfo);
		l->vmcoreinfo = place_file(folder, value, strlen(value));
		return l->vmcoreinfo ? NULL : error_nomem();
	}
	return error_new(
		ERROR_USAGE,
		"\"%s\" \"%s\" is not understood; expected arch NAME, byte-order little or big, "
		"page-size N, vmcoreinfo FILE",
		key, value);
}

/* memory ADDRESS FILE [OFFSET [LENGTH]] */
static struct error *take_memory(struct raw_layout *l, const char *folder,
				 const struct words *w)
{
	struct raw_piece p = {.len = UINT64_MAX};

	if (w->n < 3 || w->n > 5 || !text_u64(w->v[1], &p.pa) ||
	    (w->n > 3 && !text_size(w->v[3], &p.off)) ||
	    (w->n > 4 && !text_size(w->v[4], &p.len)))
		return error_new(ERROR_USAGE, "expected memory ADDRESS FILE [OFFSET [LENGTH]]");
	return add_piece(l, folder, w->v[2], strlen(w->v[2]), p);
}

static struct error *take_line(struct raw_layout *l, const char *folder, const char *line)
{
	_cleanup_words_ struct words w = {0};

	TRY(words_split(&w, line));
	if (!w.n || w.v[0][0] == '#')
		return NULL;
	if (text_equal(w.v[0], "memory"))
		return take_memory(l, folder, &w);
	return take_setting(l, folder, w.v[0], w.n == 2 ? w.v[1] : "");
}

struct error *raw_parse_layout(const char *text, const char *folder, struct raw_layout *ret)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	for (unsigned nr = 1; (line = text_next_line(&rest)); nr++)
		TRY(error_prefix(take_line(ret, folder, line), "layout of raw memory, line %u",
				 nr));
	return NULL;
}

static struct error *parse_layout_file(const char *path, struct raw_layout *ret)
{
	_cleanup_free_ char *text = NULL, *folder = NULL;
	const char *slash = strrchr(path, '/');

	folder = slash ? strndup(path, slash - path) : strdup(".");
	if (!folder)
		return error_nomem();
	TRY(file_read(AT_FDCWD, path, LAYOUT_MAX, &text, NULL));
	return error_prefix(raw_parse_layout(text, folder, ret), "%s", path);
}

/* Items between commas: FILE@ADDRESS or KEY=VALUE. */
static struct error *parse_name(const char *name, struct raw_layout *ret)
{
	while (*name) {
		size_t len = strcspn(name, ",");
		struct raw_piece p = {.len = UINT64_MAX};
		const char *at = address_of(name, len, &p.pa), *equals = memchr(name, '=', len);

		if (at) {
			TRY(add_piece(ret, NULL, name, at - name, p));
		} else if (equals) {
			_cleanup_free_ char *key = strndup(name, equals - name);
			_cleanup_free_ char *value =
				strndup(equals + 1, len - (equals + 1 - name));

			if (!key || !value)
				return error_nomem();
			TRY(take_setting(ret, NULL, key, value));
		} else {
			return error_new(ERROR_USAGE,
					 "\"%.*s\" is neither FILE@ADDRESS nor KEY=VALUE",
					 (int)len, name);
		}
		name += len;
		name += *name == ',';
	}
	return NULL;
}

struct error *raw_parse_names(char *const *names, size_t n, struct raw_layout *ret)
{
	for (size_t i = 0; i < n; i++) {
		const char *layout = text_after(names[i], PREFIX);

		if (!raw_is_name(names[i]))
			return error_new(
				ERROR_USAGE,
				"%s: no raw memory (FILE@ADDRESS), but %s is; they are not parts of one dump",
				names[i], names[0]);
		TRY(layout ? parse_layout_file(layout, ret) : parse_name(names[i], ret));
	}
	return NULL;
}
