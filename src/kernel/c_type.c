#include "kernel/c_type.h"

#include <ctype.h>
#include <string.h>

#include "base/base.h"

#define MAX_CHAIN 64  /* typedefs of typedefs, pointers to pointers */
#define NAME_MAX_ 128 /* bytes of a type's name */

/* gcc's names of integers beside those that people (and clang) write. */
static const struct {
	const char *gcc, *common;
} int_names[] = {
	{"short int", "short"},		{"short unsigned int", "unsigned short"},
	{"long int", "long"},		{"long unsigned int", "unsigned long"},
	{"long long int", "long long"}, {"long long unsigned int", "unsigned long long"},
};

const char *ctype_int_name(const char *btf_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(int_names); i++)
		if (text_equal(int_names[i].gcc, btf_name))
			return int_names[i].common;
	return btf_name;
}

/* ---- reading the text of a type ---- */

struct words_of_int {
	unsigned longs, shorts, chars, ints, is_unsigned, is_signed;
};

static bool take_int_word(struct words_of_int *w, const char *word)
{
	static const char *const names[] = {"long", "short",	"char",
					    "int",  "unsigned", "signed"};
	unsigned *const counts[] = {&w->longs, &w->shorts,	&w->chars,
				    &w->ints,  &w->is_unsigned, &w->is_signed};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], word) != 0)
			continue;
		++*counts[i];
		return true;
	}
	return false;
}

static bool name_int(const struct words_of_int *w, char *buf, size_t room)
{
	const char *u = w->is_unsigned ? "unsigned " : "";

	if (w->longs > 2 || w->shorts > 1 || w->chars > 1 || w->ints > 1 ||
	    w->is_unsigned + w->is_signed > 1 || (w->longs != 0) + w->shorts + w->chars > 1)
		return false;
	if (w->chars)
		snprintf(buf, room, "%schar", w->is_signed ? "signed " : u);
	else if (w->shorts)
		snprintf(buf, room, "%sshort", u);
	else if (w->longs)
		snprintf(buf, room, "%slong%s", u, w->longs == 2 ? " long" : "");
	else
		snprintf(buf, room, "%sint", u);
	return true;
}

/* The next identifier at `s`; its length, 0 when there is none. */
static size_t identifier(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static bool is_kind(const struct btf_type *t, const char *keyword)
{
	if (!keyword)
		return t->kind != BTF_STRUCT && t->kind != BTF_UNION && t->kind != BTF_ENUM &&
		       t->kind != BTF_ENUM64;
	if (strcmp(keyword, "struct") == 0)
		return t->kind == BTF_STRUCT;
	if (strcmp(keyword, "union") == 0)
		return t->kind == BTF_UNION;
	return t->kind == BTF_ENUM || t->kind == BTF_ENUM64;
}

/* Of several types of one name the first of that kind. */
static uint32_t find_named(struct kernel *k, const char *keyword, const char *name)
{
	struct btf_type t;
	uint32_t id = 0;

	while (btf_next_named(k->btf, name, &id))
		if (btf_type_at(k->btf, id, &t) && is_kind(&t, keyword))
			return id;
	return 0;
}

static uint32_t find_int(struct kernel *k, const struct words_of_int *w)
{
	char name[32];
	uint32_t id;

	if (!name_int(w, name, sizeof(name)))
		return 0;
	id = find_named(k, NULL, name);
	for (size_t i = 0; i < ARRAY_SIZE(int_names) && !id; i++)
		if (strcmp(int_names[i].common, name) == 0)
			id = find_named(k, NULL, int_names[i].gcc);
	return id;
}

static bool is_qualifier(const char *word)
{
	return strcmp(word, "const") == 0 || strcmp(word, "volatile") == 0 ||
	       strcmp(word, "restrict") == 0;
}

static bool is_keyword(const char *word)
{
	return strcmp(word, "struct") == 0 || strcmp(word, "union") == 0 ||
	       strcmp(word, "enum") == 0;
}

/* The words before stars and brackets. */
static struct error *parse_base(struct kernel *k, const char **text, struct ctype *ret)
{
	struct words_of_int ints = {0};
	char word[NAME_MAX_], keyword[8] = "";
	const char *s = skip_blanks(*text);
	bool any_int = false, found = false;
	size_t n;

	while ((n = identifier(s)) != 0) {
		if (n >= sizeof(word))
			return error_new(ERROR_USAGE, "\"%.40s...\" is no name of a type", s);
		memcpy(word, s, n);
		word[n] = '\0';
		if (is_qualifier(word)) {
			s = skip_blanks(s + n);
			continue;
		}
		if (found || (any_int && !take_int_word(&(struct words_of_int){0}, word)))
			break;
		if (!keyword[0] && take_int_word(&ints, word)) {
			any_int = true;
		} else if (!keyword[0] && is_keyword(word)) {
			strcpy(keyword, word);
		} else if (!keyword[0] && strcmp(word, "void") == 0) {
			ret->id = 0;
			found = true;
		} else {
			ret->id = find_named(k, keyword[0] ? keyword : NULL, word);
			if (!ret->id)
				return error_new(ERROR_NOT_FOUND,
						 "this kernel has no type %s%s%s", keyword,
						 keyword[0] ? " " : "", word);
			found = true;
		}
		s = skip_blanks(s + n);
	}
	if (any_int) {
		ret->id = find_int(k, &ints);
		if (!ret->id)
			return error_new(ERROR_NOT_FOUND,
					 "this kernel has no such integer: \"%.*s\"",
					 (int)(s - *text), *text);
		found = true;
	}
	if (!found)
		return error_new(ERROR_USAGE, "\"%.40s\": expected the name of a type", *text);
	*text = s;
	return NULL;
}

static bool put_on(struct ctype *t, uint32_t how)
{
	if (t->n == CTYPE_DEPTH)
		return false;
	t->how[t->n++] = how;
	return true;
}

/* "[4][2]": four of two, so the last one is put on first. */
static bool parse_arrays(const char **text, struct ctype *t)
{
	uint32_t dims[CTYPE_DEPTH];
	const char *s = *text;
	unsigned n = 0;

	while (*s == '[') {
		uint64_t len = 0;

		s = skip_blanks(s + 1);
		for (; isdigit((unsigned char)*s) && len < INT32_MAX; s++)
			len = len * 10 + (*s - '0');
		s = skip_blanks(s);
		if (*s++ != ']' || n == CTYPE_DEPTH || len >= INT32_MAX)
			return false;
		dims[n++] = len;
		s = skip_blanks(s);
	}
	while (n)
		if (!put_on(t, dims[--n]))
			return false;
	*text = s;
	return true;
}

struct error *ctype_parse_part(struct kernel *k, const char *text, const char **ret_rest,
			       struct ctype *ret)
{
	const char *s = text;
	bool fits = true;
	size_t n;

	*ret = (struct ctype){0};
	TRY(types_load(k));
	TRY(parse_base(k, &s, ret));
	for (;;) {
		if (*s == '*') {
			fits &= put_on(ret, CTYPE_POINTER);
			s = skip_blanks(s + 1);
		} else if ((n = identifier(s)) == 5 && strncmp(s, "const", n) == 0) {
			s = skip_blanks(s + n);
		} else {
			break;
		}
	}
	fits &= parse_arrays(&s, ret);
	if (!fits)
		return error_new(ERROR_USAGE,
				 "\"%s\": more pointers and arrays than fit, or a bad length",
				 text);
	*ret_rest = s;
	return NULL;
}

struct error *ctype_parse(struct kernel *k, const char *text, struct ctype *ret)
{
	const char *rest;

	TRY(ctype_parse_part(k, text, &rest, ret));
	if (*rest)
		return error_new(ERROR_USAGE, "\"%s\": \"%s\" does not belong to a type", text,
				 rest);
	return NULL;
}

/* ---- asking ---- */

/* Without typedefs and qualifiers at the top. */
static bool top_of(struct kernel *k, struct ctype t, struct btf_type *ret)
{
	return !t.n && btf_type_at(k->btf, btf_strip(k->btf, t.id), ret);
}

bool ctype_base(struct kernel *k, struct ctype t, struct btf_type *ret)
{
	return top_of(k, t, ret) && ret->kind != BTF_PTR && ret->kind != BTF_ARRAY;
}

enum ctype_kind ctype_kind(struct kernel *k, struct ctype t)
{
	struct btf_type b;

	if (t.n)
		return t.how[t.n - 1] == CTYPE_POINTER ? CTYPE_PTR : CTYPE_ARRAY;
	if (!top_of(k, t, &b)) {
		/* const void, or a chain that ends nowhere */
		return t.id == 0 || btf_type_at(k->btf, t.id, &b) ? CTYPE_VOID : CTYPE_BAD;
	}
	switch (b.kind) {
	case BTF_INT:
		return CTYPE_INT;
	case BTF_ENUM:
	case BTF_ENUM64:
		return CTYPE_ENUM;
	case BTF_FLOAT:
		return CTYPE_FLOAT;
	case BTF_PTR:
		return CTYPE_PTR;
	case BTF_ARRAY:
		return CTYPE_ARRAY;
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_FWD:
		return CTYPE_STRUCT;
	case BTF_FUNC_PROTO:
	case BTF_FUNC:
		return CTYPE_FUNC;
	}
	return CTYPE_BAD;
}

bool ctype_target(struct kernel *k, struct ctype t, struct ctype *ret, uint64_t *ret_len)
{
	struct btf_type b;
	uint32_t of, len;

	if (t.n) {
		len = t.how[--t.n];
		if (ret_len)
			*ret_len = len == CTYPE_POINTER ? 1 : len;
		*ret = t;
		return true;
	}
	if (!top_of(k, t, &b))
		return false;
	if (b.kind == BTF_PTR) {
		of = b.size;
		len = 1;
	} else if (!btf_array_of(k->btf, &b, &of, &len)) {
		return false;
	}
	if (ret_len)
		*ret_len = len;
	*ret = ctype_of(of);
	return true;
}

bool ctype_size(struct kernel *k, struct ctype t, uint64_t *ret)
{
	uint64_t times = 1, size;

	while (t.n) {
		uint32_t how = t.how[--t.n];

		if (how == CTYPE_POINTER)
			return !mul_overflows(times, (uint64_t)k->long_size, ret);
		if (mul_overflows(times, (uint64_t)how, &times))
			return false;
	}
	return btf_size(k->btf, t.id, &size) && !mul_overflows(times, size, ret);
}

bool ctype_pointer_to(struct ctype t, struct ctype *ret)
{
	*ret = t;
	return put_on(ret, CTYPE_POINTER);
}

struct error *ctype_member(struct kernel *k, struct ctype t, const char *path,
			   struct member *ret, struct ctype *ret_type)
{
	struct btf_type b;
	struct error *e;

	if (!ctype_base(k, t, &b) || (b.kind != BTF_STRUCT && b.kind != BTF_UNION))
		return error_new(ERROR_USAGE, "%s: asked of something that is no struct", path);
	e = btf_member(k->btf, t.id, path, ret);
	if (!e) {
		*ret_type = ctype_of(ret->type_id);
		return NULL;
	}
	error_free(e); /* it speaks of ids; people want names */
	return error_new(ERROR_NOT_FOUND, "%s %s has no member %s",
			 b.kind == BTF_UNION ? "union" : "struct",
			 b.name[0] ? b.name : "without name", path);
}

/* ---- writing declarations ---- */

/* A declarator grows around the name: arrays and parameters behind it, stars before. */
struct declarator {
	char text[512];
	bool pointer; /* a star was put on last: arrays and functions need parentheses */
	bool cut;
};

static void wrap(struct declarator *d, const char *before, const char *after)
{
	char grown[sizeof(d->text)];
	int n = snprintf(grown, sizeof(grown), "%s%s%s", before, d->text, after);

	if (n < 0 || (size_t)n >= sizeof(grown)) {
		d->cut = true;
		return;
	}
	memcpy(d->text, grown, n + 1);
}

static void wrap_pointer(struct declarator *d, const char *words)
{
	wrap(d, words, "");
	d->pointer = true;
}

static void wrap_array(struct declarator *d, uint32_t len)
{
	char dim[16] = "[]";

	if (d->pointer)
		wrap(d, "(", ")");
	if (len)
		snprintf(dim, sizeof(dim), "[%u]", len);
	else
		strcpy(dim, "[0]");
	wrap(d, "", dim);
	d->pointer = false;
}

static void declare(struct kernel *k, struct ctype t, const char *name, unsigned depth,
		    struct strbuf *out);

static void wrap_function(struct kernel *k, struct declarator *d, const struct btf_type *t,
			  unsigned depth)
{
	_cleanup_strbuf_ struct strbuf args = {0};
	struct btf_elem el;

	if (d->pointer)
		wrap(d, "(", ")");
	strbuf_putc(&args, '(');
	for (uint32_t i = 0; btf_elem_at(k->btf, t, i, &el); i++) {
		if (i)
			strbuf_puts(&args, ", ");
		if (!el.type && i + 1 == t->vlen)
			strbuf_puts(&args, "...");
		else
			declare(k, ctype_of(el.type), "", depth + 1, &args);
	}
	if (!t->vlen)
		strbuf_puts(&args, "void");
	strbuf_putc(&args, ')');
	wrap(d, "", strbuf_str(&args));
	d->pointer = false;
}

static void put_base(struct kernel *k, uint32_t id, const char *qualifiers,
		     const struct declarator *d, struct strbuf *out)
{
	static const char *const keywords[] = {[BTF_STRUCT] = "struct ",
					       [BTF_UNION] = "union ",
					       [BTF_ENUM] = "enum ",
					       [BTF_ENUM64] = "enum "};
	const char *keyword = "", *name = "void";
	struct btf_type t;

	if (btf_type_at(k->btf, id, &t)) {
		if (t.kind < ARRAY_SIZE(keywords) && keywords[t.kind])
			keyword = keywords[t.kind];
		if (t.kind == BTF_FWD)
			keyword = t.flag ? "union " : "struct ";
		name = t.name[0] ? t.name : "{...}";
		if (t.kind == BTF_INT)
			name = ctype_int_name(name);
	}
	strbuf_puts(out, qualifiers);
	strbuf_puts(out, keyword);
	strbuf_add_clean(out, name, strlen(name));
	if (d->text[0])
		strbuf_printf(out, " %s", d->text);
}

static void declare(struct kernel *k, struct ctype t, const char *name, unsigned depth,
		    struct strbuf *out)
{
	struct declarator d = {.text = ""};
	char qualifiers[32] = "";
	uint32_t id = t.id, of, len;
	struct btf_type b;

	snprintf(d.text, sizeof(d.text), "%s", name);
	if (depth > 8) {
		strbuf_puts(out, "...");
		return;
	}
	while (t.n) {
		uint32_t how = t.how[--t.n];

		if (how == CTYPE_POINTER)
			wrap_pointer(&d, "*");
		else
			wrap_array(&d, how);
	}
	for (unsigned i = 0; i < MAX_CHAIN && btf_type_at(k->btf, id, &b); i++) {
		if (b.kind == BTF_PTR) {
			char star[32];

			/* a qualified pointer: "*const p" */
			snprintf(star, sizeof(star), "*%s", qualifiers);
			wrap_pointer(&d, star);
			qualifiers[0] = '\0';
			id = b.size;
		} else if (btf_array_of(k->btf, &b, &of, &len)) {
			wrap_array(&d, len);
			id = of;
		} else if (b.kind == BTF_FUNC_PROTO) {
			wrap_function(k, &d, &b, depth);
			id = b.size;
		} else if (b.kind == BTF_CONST || b.kind == BTF_VOLATILE) {
			const char *word = b.kind == BTF_CONST ? "const " : "volatile ";

			if (strlen(qualifiers) + strlen(word) < sizeof(qualifiers))
				strcat(qualifiers, word);
			id = b.size;
		} else if (b.kind == BTF_RESTRICT || b.kind == BTF_TYPE_TAG) {
			id = b.size;
		} else {
			break;
		}
	}
	put_base(k, id, qualifiers, &d, out);
}

void ctype_declare(struct kernel *k, struct ctype t, const char *name, struct strbuf *out)
{
	declare(k, t, name, 0, out);
}
