/* What an image was made of; see inputs.h. */
#include "service/inputs.h"

#include <errno.h>
#include <string.h>

#include "service/rootpath.h"

#define HEADER	    "inputs 1"
#define DIGEST_TEXT (2 * SHA256_DIGEST_LEN)

static const struct {
	const char *word;
	bool digest;
} kinds[] = {
	[INPUT_FILE] = { "file", true },   [INPUT_MODULE] = { "module", false },
	[INPUT_PLACE] = { "place", false }, [INPUT_FACT] = { "fact", false },
	[INPUT_NEEDED] = { "needed", true }, [INPUT_IMAGE] = { "image", true },
};

static struct error *push(struct inputs *in, enum input_kind kind, char *digest, char *text)
{
	if (!text || (kinds[kind].digest && !digest) ||
	    !vector_push(&in->v, (struct input){ kind, digest, text })) {
		free(digest);
		free(text);
		return error_nomem();
	}
	return NULL;
}

struct error *inputs_add(struct inputs *in, enum input_kind kind, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = text_vformat(fmt, ap);
	va_end(ap);
	for (char *p = text; p && *p; p++) /* one item, one line */
		if (*p == '\n')
			*p = ' ';
	return push(in, kind, NULL, text);
}

static struct error *digest_file(int fd, const char *name, char ret[DIGEST_TEXT + 1])
{
	unsigned char digest[SHA256_DIGEST_LEN];
	_cleanup_free_ char *buf = malloc(1 << 16);
	struct sha256 sha;
	size_t n;

	if (!buf)
		return error_nomem();
	sha256_init(&sha);
	do {
		TRY(file_read_part_fd(fd, name, buf, 1 << 16, &n));
		sha256_add(&sha, buf, n);
	} while (n);
	sha256_end(&sha, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return NULL;
}

struct error *inputs_add_file(struct inputs *in, enum input_kind kind, int root,
			      const char *path, bool below)
{
	_cleanup_close_ int fd = openat(root, below ? rootpath_below(path) : path,
					O_RDONLY | O_CLOEXEC);
	char digest[DIGEST_TEXT + 1], *shown = NULL;

	if (fd < 0)
		return error_sys(errno, "%s: cannot open", path);
	TRY(digest_file(fd, path, digest));
	if (asprintf(&shown, "/%s", rootpath_below(path)) < 0)
		shown = NULL;
	return push(in, kind, strdup(digest), shown);
}

struct error *inputs_write(const struct inputs *in, struct strbuf *to)
{
	strbuf_puts(to, HEADER "\n");
	for (size_t i = 0; i < in->v.n; i++) {
		const struct input *one = &in->v.v[i];

		strbuf_puts(to, kinds[one->kind].word);
		if (one->digest)
			strbuf_printf(to, " %s", one->digest);
		strbuf_printf(to, " %s\n", one->text);
	}
	return strbuf_error(to);
}

static struct error *parse_line(struct inputs *in, char *line)
{
	char *word = strsep(&line, " "), *digest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].word, word))
			continue;
		if (kinds[i].digest) {
			digest = strsep(&line, " ");
			if (!digest || strlen(digest) != DIGEST_TEXT)
				break;
		}
		if (!line)
			break;
		return push(in, i, digest ? strdup(digest) : NULL, strdup(line));
	}
	return error_new(ERROR_BAD_DATA, "not a list of inputs");
}

struct error *inputs_parse(struct inputs *in, const char *name, const char *text, size_t len)
{
	_cleanup_free_ char *copy = strndup(text, len);
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	line = text_next_line(&rest);
	if (!line || strcmp(line, HEADER))
		return error_new(ERROR_BAD_DATA, "%s: not a list of inputs", name);
	while ((line = text_next_line(&rest)))
		TRY(error_prefix(parse_line(in, line), "%s", name));
	return NULL;
}

void inputs_done(struct inputs *in)
{
	for (size_t i = 0; i < in->v.n; i++) {
		free(in->v.v[i].digest);
		free(in->v.v[i].text);
	}
	vector_done(&in->v);
}

static bool has(const struct inputs *in, const struct input *wanted)
{
	for (size_t i = 0; i < in->v.n; i++) {
		const struct input *one = &in->v.v[i];

		if (one->kind == wanted->kind && text_equal(one->text, wanted->text) &&
		    text_equal(one->digest, wanted->digest))
			return true;
	}
	return false;
}

/* Adds what `a` holds of a kind and `b` does not, each text once. */
static struct error *missing(const struct inputs *a, const struct inputs *b,
			     enum input_kind kind, struct words *ret)
{
	for (size_t i = 0; i < a->v.n; i++)
		if (a->v.v[i].kind == kind && !has(b, &a->v.v[i]) &&
		    !words_have(ret, a->v.v[i].text))
			TRY(words_add(ret, a->v.v[i].text));
	return NULL;
}

static struct error *add_reason(const char *sentence, const struct words *list,
				struct words *reasons)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	if (!list->n)
		return NULL;
	strbuf_puts(&b, sentence);
	for (size_t i = 0; i < list->n; i++)
		strbuf_printf(&b, " %s", list->v[i]);
	TRY(strbuf_error(&b));
	return words_add(reasons, strbuf_str(&b));
}

struct error *inputs_compare(const struct inputs *old, const struct inputs *now,
			     struct words *ret_reasons)
{
	_cleanup_words_ struct words files = { 0 }, fresh = { 0 }, gone = { 0 }, places = { 0 },
				     facts = { 0 };

	TRY(missing(now, old, INPUT_FILE, &files));
	TRY(missing(old, now, INPUT_FILE, &files));
	TRY(missing(now, old, INPUT_MODULE, &fresh));
	TRY(missing(old, now, INPUT_MODULE, &gone));
	TRY(missing(now, old, INPUT_PLACE, &places));
	TRY(missing(now, old, INPUT_FACT, &facts));
	TRY(missing(old, now, INPUT_FACT, &facts));
	TRY(add_reason("Detected change(s) in the following file(s):", &files, ret_reasons));
	if (places.n)
		TRY(words_add(ret_reasons, "Detected change in File System"));
	TRY(add_reason("Detected change in block device driver, new loaded module:", &fresh,
		       ret_reasons));
	TRY(add_reason("Detected modules that are not needed any more:", &gone, ret_reasons));
	if (facts.n)
		TRY(words_add(ret_reasons, "Detected change in the settings of the image"));
	return NULL;
}

struct error *inputs_check_needed(const struct inputs *old, int root, struct words *ret_reasons)
{
	_cleanup_words_ struct words changed = { 0 };

	for (size_t i = 0; i < old->v.n; i++) {
		const struct input *one = &old->v.v[i];
		_cleanup_inputs_ struct inputs now = { 0 };
		struct error *e = NULL;

		if (one->kind != INPUT_NEEDED)
			continue;
		e = inputs_add_file(&now, INPUT_NEEDED, root, one->text, true);
		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		if (e || !text_equal(now.v.v[0].digest, one->digest))
			TRY(words_add(&changed, one->text));
		error_free(e); /* gone is changed */
	}
	return add_reason("Detected change(s) in the following file(s):", &changed, ret_reasons);
}

const struct input *inputs_image(const struct inputs *in)
{
	for (size_t i = in->v.n; i-- > 0;)
		if (in->v.v[i].kind == INPUT_IMAGE)
			return &in->v.v[i];
	return NULL;
}
