/* What the builders share; see make.h. */
#include "make/make.h"

#define IMAGE_LIMIT (1u << 30)

void image_done(struct image *im)
{
	free(im->bytes);
	words_done(&im->pokes);
	*im = (struct image){ .cut = SIZE_MAX };
}

struct error *image_put(struct image *im, uint64_t off, const void *bytes, size_t len)
{
	if (!range_fits(off, len, IMAGE_LIMIT))
		return error_new(ERROR_USAGE, "offset 0x%llx is beyond what a test file may be",
				 (unsigned long long)off);
	if (off + len > im->room) {
		size_t room = MAX(off + len, im->room * 2);
		unsigned char *p = realloc(im->bytes, room);

		if (!p)
			return error_nomem();
		im->bytes = p;
		im->room = room;
	}
	if (off + len > im->len) {
		memset(im->bytes + im->len, 0, off + len - im->len);
		im->len = off + len;
	}
	if (len)
		memcpy(im->bytes + off, bytes, len);
	return NULL;
}

struct error *image_put_uint(struct image *im, uint64_t off, size_t width, bool big,
			     uint64_t value)
{
	unsigned char raw[8];

	for (size_t i = 0; i < width; i++)
		raw[big ? width - 1 - i : i] = value >> (8 * i);
	return image_put(im, off, raw, width);
}

static struct error *take_common(struct image *im, struct words *w, bool *ret_mine)
{
	*ret_mine = true;
	if (!strcmp(w->v[0], "poke") && w->n == 3) {
		TRY(words_add(&im->pokes, w->v[1]));
		return words_add(&im->pokes, w->v[2]);
	}
	if (!strcmp(w->v[0], "cut") && w->n == 2) {
		uint64_t len;

		TRY(make_number(w, 1, &len));
		im->cut = len;
		return NULL;
	}
	*ret_mine = false;
	return NULL;
}

struct error *make_each_line(const char *text, struct image *im, void *arg,
			     struct error *(*take)(void *arg, struct words *w))
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	for (unsigned nr = 1; (line = text_next_line(&rest)); nr++) {
		struct words w = { 0 };
		struct error *e = NULL;
		bool common = false;

		/* not words_split(): backslashes belong to DATA */
		for (char *save, *s = strtok_r(line, " \t", &save); s && !e;
		     s = strtok_r(NULL, " \t", &save))
			e = words_add(&w, s);
		if (!e && w.n && w.v[0][0] != '#')
			e = take_common(im, &w, &common);
		if (!e && w.n && w.v[0][0] != '#' && !common)
			e = take(arg, &w);
		words_done(&w);
		if (e)
			return error_prefix(e, "line %u", nr);
	}
	return NULL;
}

struct error *make_finish(struct image *im)
{
	for (size_t i = 0; i + 1 < im->pokes.n; i += 2) {
		_cleanup_free_ char *word = NULL;
		struct strbuf bytes = { 0 };
		uint64_t off;
		struct error *e;

		if (!text_u64(im->pokes.v[i], &off))
			return error_new(ERROR_USAGE, "poke: bad offset %s", im->pokes.v[i]);
		if (asprintf(&word, "x:%s", im->pokes.v[i + 1]) < 0)
			return error_nomem();
		e = make_data(word, 0, &bytes);
		if (!e)
			e = image_put(im, off, strbuf_str(&bytes), bytes.len);
		strbuf_done(&bytes);
		TRY(e);
	}
	im->len = MIN(im->len, im->cut);
	return NULL;
}

struct error *make_file(const char *text, struct image *ret, void *arg, const bool *started,
			struct error *(*take)(void *arg, struct words *w),
			struct error *(*write)(void *arg, struct image *im))
{
	image_done(ret);
	TRY(make_each_line(text, ret, arg, take));
	if (!*started)
		return error_new(ERROR_USAGE, "nothing to make");
	TRY(write(arg, ret));
	return make_finish(ret);
}

struct error *make_take_field(const struct words *w, const struct make_field *fields, size_t n,
			      const struct make_field **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(w->v[0], fields[i].word)) {
			*ret = &fields[i];
			return make_number(w, 1, fields[i].to);
		}
	return NULL;
}

int make_find(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (!strcmp(list[i], word))
			return i;
	return -1;
}

struct error *make_bytes(const char *data, char *to, size_t len)
{
	_cleanup_strbuf_ struct strbuf s = { 0 };

	TRY(make_data(data, 0, &s));
	memset(to, 0, len);
	memcpy(to, strbuf_str(&s), MIN(s.len, len));
	return NULL;
}

struct error *make_uts(const struct words *w, char uts[6][65])
{
	static const char *const fields[] = { "sysname", "nodename",   "release", "version",
					      "machine", "domainname", NULL };
	int field = w->n == 3 ? make_find(fields, w->v[1]) : -1;

	if (field < 0)
		return error_new(ERROR_USAGE, "uts FIELD DATA");
	return make_bytes(w->v[2], uts[field], sizeof(uts[field]));
}

struct error *make_number(const struct words *w, size_t i, uint64_t *ret)
{
	if (i >= w->n || !text_u64(w->v[i], ret))
		return error_new(ERROR_USAGE, "%s: word %zu must be a number", w->v[0], i);
	return NULL;
}

const char *make_key(const struct words *w, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 1; i < w->n; i++)
		if (!strncmp(w->v[i], key, len) && w->v[i][len] == '=')
			return w->v[i] + len + 1;
	return NULL;
}

struct error *make_key_number(const struct words *w, const char *key, uint64_t otherwise,
			      uint64_t *ret)
{
	const char *value = make_key(w, key);

	*ret = otherwise;
	if (value && !text_u64(value, ret))
		return error_new(ERROR_USAGE, "%s: %s=%s is no number", w->v[0], key, value);
	return NULL;
}

static struct error *add_hex(const char *s, size_t len, struct strbuf *to)
{
	if (len % 2)
		return error_new(ERROR_USAGE, "odd number of hex digits");
	for (size_t i = 0; i < len; i += 2) {
		char pair[3] = { s[i], s[i + 1] };
		uint64_t v;

		if (!text_hex(pair, &v))
			return error_new(ERROR_USAGE, "\"%s\" is no hex byte", pair);
		strbuf_putc(to, v);
	}
	return NULL;
}

static void add_text(const char *s, size_t len, struct strbuf *to)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] != '\\' || i + 1 == len) {
			strbuf_putc(to, s[i]);
			continue;
		}
		i++;
		strbuf_putc(to, s[i] == 'n'   ? '\n'
				: s[i] == 's' ? ' '
				: s[i] == '0' ? 0
					      : s[i]);
	}
}

static void add_noise(uint32_t x, uint64_t len, unsigned mask, struct strbuf *to)
{
	while (len--) {
		x = x * 1664525u + 1013904223u;
		strbuf_putc(to, x >> 24 & mask);
	}
}

static struct error *add_piece(const char *s, size_t len, uint64_t step, struct strbuf *to)
{
	_cleanup_free_ char *args = strndup(s + 2, len - 2);
	uint64_t a = 0, b = 0;
	char *second;

	if (!args)
		return error_nomem();
	if (s[0] == 'x')
		return add_hex(s + 2, len - 2, to);
	if (s[0] == 't') {
		add_text(s + 2, len - 2, to);
		return NULL;
	}
	second = strchr(args, ':');
	if (second)
		*second++ = '\0';
	if (!text_u64(args, &a) || (second && !text_u64(second, &b)) ||
	    (s[0] == 'z') != !second || a > UINT32_MAX || b > IMAGE_LIMIT)
		return error_new(ERROR_USAGE, "bad numbers in \"%.*s\"", (int)len, s);
	if (s[0] == 'z')
		strbuf_fill(to, 0, a);
	else if (s[0] == 'b')
		strbuf_fill(to, a, b);
	else if (s[0] == 'r' || s[0] == 'v')
		add_noise(a + step, b, s[0] == 'r' ? 0xff : 0xf0, to);
	else
		return error_new(ERROR_USAGE, "unknown data \"%.*s\"", (int)len, s);
	return NULL;
}

struct error *make_data(const char *data, uint64_t step, struct strbuf *to)
{
	while (*data) {
		size_t len = strcspn(data, "+");

		if (len < 2 || data[1] != ':')
			return error_new(ERROR_USAGE, "unknown data \"%.*s\"", (int)len, data);
		TRY(add_piece(data, len, step, to));
		data += len;
		data += *data == '+';
	}
	return strbuf_error(to);
}

struct error *make_note(const struct words *w, size_t i, bool big, struct strbuf *to)
{
	struct strbuf desc = { 0 };
	unsigned char head[12];
	uint64_t type;
	struct error *e;

	if (w->n != i + 3)
		return error_new(ERROR_USAGE, "note NAME TYPE DATA");
	TRY(make_number(w, i + 1, &type));
	e = make_data(w->v[i + 2], 0, &desc);
	if (!e) {
		put_u32(head, strlen(w->v[i]) + 1, big);
		put_u32(head + 4, desc.len, big);
		put_u32(head + 8, type, big);
		strbuf_add(to, head, sizeof(head));
		strbuf_add(to, w->v[i], strlen(w->v[i]) + 1);
		strbuf_fill(to, 0, -to->len & 3);
		strbuf_add(to, strbuf_str(&desc), desc.len);
		strbuf_fill(to, 0, -to->len & 3);
		e = strbuf_error(to);
	}
	strbuf_done(&desc);
	return e;
}
