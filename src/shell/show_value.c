/* Values: what is in memory, by its type. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/show.h"
#include "shell/value.h"

#define OBJECT_MAX (16u << 20) /* bytes of one object */
#define DEPTH_MAX  32
#define TEXT_MAX   4096 /* characters of an array of them */
#define OUTPUT_MAX (64u << 20) /* bytes printed for one object */

struct printer {
	struct shell *sh;
	struct kernel *k;
	struct show_how how;
	struct strbuf *out;
	const unsigned char *bytes; /* of the whole object */
	size_t len;
	uint64_t va;
};

struct show_how show_defaults(const struct shell *sh)
{
	return (struct show_how){.radix = sh->set.radix, .print_max = sh->set.print_max};
}

static void put_indent(struct printer *p, unsigned indent)
{
	strbuf_fill(p->out, ' ', indent);
}

/* ---- characters and strings ---- */

static void put_char(struct strbuf *out, unsigned char c, char quote)
{
	static const char letters[] = {['\a'] = 'a', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',
				       ['\r'] = 'r', ['\t'] = 't', ['\v'] = 'v'};

	if (c == (unsigned char)quote || c == '\\')
		strbuf_printf(out, "\\%c", c);
	else if (c < sizeof(letters) && letters[c])
		strbuf_printf(out, "\\%c", letters[c]);
	else if (c < 0x20 || c >= 0x7f)
		strbuf_printf(out, "\\%03o", c);
	else
		strbuf_putc(out, (char)c);
}

/* An array of characters: all of it, but for one NUL at its end. */
static void put_text(struct printer *p, const unsigned char *s, size_t len)
{
	size_t max = MAX((size_t)p->how.print_max, (size_t)TEXT_MAX), n = MIN(len, max);

	if (n == len && n && s[n - 1] == '\0')
		n--;
	strbuf_putc(p->out, '"');
	for (size_t i = 0; i < n; i++)
		put_char(p->out, s[i], '"');
	strbuf_putc(p->out, '"');
	if (len > max)
		strbuf_puts(p->out, "...");
}

/* What a char * points to, up to its NUL. */
static void put_string_at(struct printer *p, uint64_t va)
{
	char text[4096];
	size_t room = sizeof(text);
	struct error *e = vmem_read_string(p->k, va, text, room);

	if (e)
		strbuf_printf(p->out, "<error: Cannot access memory at address 0x%" PRIx64 ">", va);
	if (!e) {
		strbuf_putc(p->out, '"');
		for (const char *s = text; *s; s++)
			put_char(p->out, (unsigned char)*s, '"');
		strbuf_puts(p->out, strlen(text) == room - 1 ? "\"..." : "\"");
	}
	error_free(e);
}

/* ---- scalars ---- */

static bool is_char(struct kernel *k, struct ctype t)
{
	struct btf_type b;

	return ctype_base(k, t, &b) && b.kind == BTF_INT && b.size == 1 &&
	       (strcmp(b.name, "char") == 0 || strcmp(b.name, "unsigned char") == 0 ||
		strcmp(b.name, "signed char") == 0);
}

static bool is_bool(struct kernel *k, struct ctype t)
{
	struct btf_type b;
	struct btf_int i;

	return ctype_base(k, t, &b) && btf_int_of(k->btf, &b, &i) && i.is_bool;
}

static uint64_t sign_extended(struct kernel *k, struct ctype t, uint64_t v, unsigned bits, bool *ret)
{
	struct btf_type b;
	struct btf_int i;

	*ret = ctype_base(k, t, &b) && btf_int_of(k->btf, &b, &i) && i.is_signed;
	if (*ret && bits < 64 && v >> (bits - 1) & 1)
		v |= ~0ull << bits;
	return v;
}

static void put_int(struct printer *p, struct ctype t, uint64_t v, unsigned bits)
{
	bool is_signed;
	uint64_t s = sign_extended(p->k, t, v, bits, &is_signed);

	if (is_bool(p->k, t) && v <= 1) {
		strbuf_puts(p->out, v ? "true" : "false");
		return;
	}
	if (p->how.radix == 16)
		strbuf_printf(p->out, "0x%" PRIx64, v);
	else if (is_signed)
		strbuf_printf(p->out, "%" PRId64, (int64_t)s);
	else
		strbuf_printf(p->out, "%" PRIu64, v);
	if (is_char(p->k, t) && p->how.radix != 16) {
		strbuf_puts(p->out, " '");
		put_char(p->out, (unsigned char)v, '\'');
		strbuf_putc(p->out, '\'');
	}
}

/* The constant of that value; else, when all are single bits, their names put together. */
static void put_enum(struct printer *p, struct ctype t, uint64_t v, unsigned bits)
{
	struct btf_type b;
	struct btf_elem el;
	uint64_t left = v, mask = bits < 64 ? (1ull << bits) - 1 : UINT64_MAX;
	bool flags = true, any = false;

	if (!ctype_base(p->k, t, &b))
		return;
	for (uint32_t i = 0; btf_elem_at(p->k->btf, &b, i, &el); i++) {
		if (((uint64_t)el.value & mask) == v) {
			strbuf_puts(p->out, el.name);
			return;
		}
		flags &= el.value == 0 || IS_POW2((uint64_t)el.value);
	}
	if (!flags || !v) {
		strbuf_printf(p->out, p->how.radix == 16 ? "0x%" PRIx64 : "%" PRIu64, v);
		return;
	}
	strbuf_putc(p->out, '(');
	for (uint32_t i = 0; btf_elem_at(p->k->btf, &b, i, &el); i++) {
		if (!el.value || !(left & (uint64_t)el.value))
			continue;
		strbuf_printf(p->out, "%s%s", any ? " | " : "", el.name);
		left &= ~(uint64_t)el.value;
		any = true;
	}
	if (left)
		strbuf_printf(p->out, "%sunknown: 0x%" PRIx64, any ? " | " : "", left);
	strbuf_putc(p->out, ')');
}

static void put_symbol(struct printer *p, uint64_t va)
{
	char name[600];

	value_symbol_text(p->sh, va, 10, name, sizeof(name));
	if (name[0])
		strbuf_printf(p->out, " <%s>", name);
}

static void put_pointer(struct printer *p, struct ctype t, uint64_t v)
{
	struct ctype target;

	strbuf_printf(p->out, "0x%" PRIx64, v);
	if (!v)
		return;
	put_symbol(p, v);
	if (ctype_target(p->k, t, &target, NULL) && is_char(p->k, target)) {
		strbuf_putc(p->out, ' ');
		put_string_at(p, v);
	}
}

static void put_scalar(struct printer *p, struct ctype t, uint64_t v, unsigned bits)
{
	switch (ctype_kind(p->k, t)) {
	case CTYPE_PTR:
		put_pointer(p, t, v);
		break;
	case CTYPE_ENUM:
		put_enum(p, t, v, bits);
		break;
	default:
		put_int(p, t, v, bits);
	}
}

/* ---- what is made of others ---- */

static struct error *put_value(struct printer *p, struct ctype t, size_t off, unsigned indent,
			       unsigned depth) MUST_CHECK;

static struct error *put_bits(struct printer *p, const struct btf_elem *el, size_t off)
{
	uint64_t first = 8 * (uint64_t)off + el->bits, v = 0;

	/* by the bit: fields may straddle the units that they are declared with */
	if (el->bit_size > 64 || (first + el->bit_size + 7) / 8 > p->len)
		return error_new(ERROR_BAD_DATA, "a bit field of %u bits lies outside of its structure",
				 el->bit_size);
	for (uint32_t i = 0; i < el->bit_size; i++) {
		uint64_t at = first + i;
		unsigned in = p->k->big ? 7 - at % 8 : at % 8;
		uint64_t bit = p->bytes[at / 8] >> in & 1;

		v |= p->k->big ? bit << (el->bit_size - 1 - i) : bit << i;
	}
	put_scalar(p, ctype_of(el->type), v, el->bit_size);
	return NULL;
}

/* Bit fields of old (before kind_flag): the integer itself says how many bits it has. */
static void find_old_bits(struct kernel *k, struct btf_elem *el)
{
	struct btf_type t;
	struct btf_int i;

	if (el->bit_size || !ctype_base(k, ctype_of(el->type), &t) || !btf_int_of(k->btf, &t, &i))
		return;
	if (i.bits && i.bits != 8 * t.size) {
		el->bit_size = i.bits;
		el->bits += i.bit_off;
	}
}

static struct error *put_one_member(struct printer *p, struct btf_elem el, size_t off, unsigned indent,
				    unsigned depth)
{
	find_old_bits(p->k, &el);
	if (el.name[0])
		strbuf_printf(p->out, "%s = ", el.name);
	if (el.bit_size)
		return put_bits(p, &el, off);
	return put_value(p, ctype_of(el.type), off + el.bits / 8, indent, depth + 1);
}

static struct error *put_struct(struct printer *p, struct ctype t, size_t off, unsigned indent,
				unsigned depth)
{
	struct btf_type b;
	struct btf_elem el;

	if (!ctype_base(p->k, t, &b) || b.kind == BTF_FWD) {
		strbuf_puts(p->out, "<incomplete type>");
		return NULL;
	}
	strbuf_puts(p->out, b.vlen ? "{" : "{<No data fields>");
	for (uint32_t i = 0; btf_elem_at(p->k->btf, &b, i, &el); i++) {
		strbuf_puts(p->out, i ? ",\n" : "\n");
		put_indent(p, indent + 2);
		TRY(put_one_member(p, el, off, indent + 2, depth));
	}
	if (b.vlen) {
		strbuf_putc(p->out, '\n');
		put_indent(p, indent);
	}
	strbuf_putc(p->out, '}');
	return NULL;
}

static struct error *put_array(struct printer *p, struct ctype t, size_t off, unsigned indent,
			       unsigned depth)
{
	struct ctype of;
	uint64_t n, size;

	if (!ctype_target(p->k, t, &of, &n) || !ctype_size(p->k, of, &size))
		return error_new(ERROR_BAD_DATA, "an array of elements without a size");
	if (n == 0) { /* what follows the structure: only where it begins is known */
		strbuf_printf(p->out, "0x%" PRIx64, p->va + off);
		put_symbol(p, p->va + off);
		if (is_char(p->k, of)) {
			strbuf_putc(p->out, ' ');
			put_string_at(p, p->va + off);
		}
		return NULL;
	}
	if (is_char(p->k, of)) {
		if (!range_fits(off, n, p->len))
			return error_new(ERROR_BAD_DATA, "an array lies outside of its structure");
		put_text(p, p->bytes + off, n);
		return NULL;
	}
	strbuf_putc(p->out, '{');
	for (uint64_t i = 0; i < n; i++) {
		if (i)
			strbuf_puts(p->out, ", ");
		if (i == p->how.print_max) {
			strbuf_puts(p->out, "...");
			break;
		}
		TRY(put_value(p, of, off + i * size, indent + 2, depth + 1));
	}
	strbuf_putc(p->out, '}');
	return NULL;
}

static struct error *put_value(struct printer *p, struct ctype t, size_t off, unsigned indent,
			       unsigned depth)
{
	uint64_t size = 0;

	if (depth > DEPTH_MAX || p->out->len > OUTPUT_MAX || shell_interrupted()) {
		strbuf_puts(p->out, "...");
		return NULL;
	}
	switch (ctype_kind(p->k, t)) {
	case CTYPE_STRUCT:
		return put_struct(p, t, off, indent, depth);
	case CTYPE_ARRAY:
		return put_array(p, t, off, indent, depth);
	case CTYPE_FUNC:
	case CTYPE_VOID:
	case CTYPE_BAD:
		strbuf_printf(p->out, "0x%" PRIx64, p->va + off);
		return NULL;
	case CTYPE_FLOAT:
	case CTYPE_INT:
	case CTYPE_ENUM:
	case CTYPE_PTR:
		break;
	}
	if (!ctype_size(p->k, t, &size) || !range_fits(off, size, p->len))
		return error_new(ERROR_BAD_DATA, "a member lies outside of its structure");
	if (size > 8 || !IS_POW2(size)) { /* __int128, long double */
		strbuf_puts(p->out, "0x");
		for (uint64_t i = 0; i < size; i++)
			strbuf_printf(p->out, "%02x", p->bytes[off + (p->k->big ? i : size - 1 - i)]);
		return NULL;
	}
	put_scalar(p, t, get_uint(p->bytes + off, size, p->k->big), 8 * size);
	return NULL;
}

static struct error *load(struct printer *p, struct ctype t, unsigned char **ret)
{
	uint64_t size = 0;

	if (!ctype_size(p->k, t, &size) && ctype_kind(p->k, t) == CTYPE_STRUCT)
		return error_new(ERROR_NOT_FOUND, "the structure is only declared in this kernel");
	if (size > OBJECT_MAX)
		return error_new(ERROR_USAGE, "an object of %" PRIu64 " bytes is too much to print", size);
	*ret = malloc(MAX(size, (uint64_t)1));
	if (!*ret)
		return error_nomem();
	p->len = size;
	p->bytes = *ret;
	return size ? vmem_read(p->k, p->va, *ret, size) : NULL;
}

/* "char []": text whose length nobody declared. */
static bool is_open_text(struct kernel *k, struct ctype t)
{
	struct ctype of;
	uint64_t n;

	return ctype_kind(k, t) == CTYPE_ARRAY && ctype_target(k, t, &of, &n) && n == 0 && is_char(k, of);
}

struct error *show_object(struct shell *sh, struct ctype t, uint64_t va, const struct show_how *how,
			  struct strbuf *out)
{
	struct printer p = {.sh = sh, .k = sh->kernel, .how = *how, .out = out, .va = va};
	_cleanup_free_ unsigned char *bytes = NULL;

	if (is_open_text(sh->kernel, t)) {
		put_string_at(&p, va);
		return strbuf_error(out);
	}
	TRY(load(&p, t, &bytes));
	TRY(put_value(&p, t, 0, how->indent, 0));
	return strbuf_error(out);
}

void show_number(struct shell *sh, struct ctype t, uint64_t number, const struct show_how *how,
		 struct strbuf *out)
{
	struct printer p = {.sh = sh, .k = sh->kernel, .how = *how, .out = out};
	uint64_t size;

	if (!ctype_size(sh->kernel, t, &size) || size > 8 || !size)
		size = 8;
	put_scalar(&p, t, size < 8 ? number & ((1ull << 8 * size) - 1) : number, 8 * size);
}

/* Whether the member that `path` begins with is the last of its structure: then no comma. */
static bool is_last(struct kernel *k, const struct btf_type *b, const char *path)
{
	struct btf_elem el;

	return b->vlen && btf_elem_at(k->btf, b, b->vlen - 1, &el) && strcmp(el.name, path) == 0;
}

struct error *show_member(struct shell *sh, struct ctype t, const char *path, uint64_t va,
			  const struct show_how *how, struct strbuf *out)
{
	struct kernel *k = sh->kernel;
	struct show_how inner = *how;
	struct ctype type;
	struct member m;
	struct btf_type b;

	TRY(ctype_member(k, t, path, &m, &type));
	inner.indent += 2;
	strbuf_fill(out, ' ', inner.indent);
	strbuf_printf(out, "%s = ", path);
	if (m.bit_size) {
		uint64_t v;

		TRY(type_read(k, va, &m, &v));
		show_number(sh, type, v, &inner, out);
	} else {
		TRY(show_object(sh, type, va + m.off, &inner, out));
	}
	strbuf_puts(out, ctype_base(k, t, &b) && is_last(k, &b, path) ? "\n" : ",\n");
	return strbuf_error(out);
}
