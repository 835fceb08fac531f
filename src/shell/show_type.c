/* Definitions: what a structure is made of. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "shell/show.h"

#define DEPTH_MAX 16

static const char *keyword(const struct btf_type *b)
{
	return b->kind == BTF_UNION ? "union" : "struct";
}

/* Whether a member's own definition is written out: an anonymous struct, union or enum, perhaps
 * behind arrays and pointers. *ret: it; *ret_around: what is put on it, with the name. */
static bool is_anonymous(struct kernel *k, uint32_t id, struct btf_type *ret)
{
	struct btf_type b;
	uint32_t of, len;

	for (unsigned i = 0; i < 64 && btf_type_at(k->btf, id, &b); i++) {
		if (b.kind == BTF_PTR || b.kind == BTF_CONST || b.kind == BTF_VOLATILE)
			id = b.size;
		else if (btf_array_of(k->btf, &b, &of, &len))
			id = of;
		else
			break;
	}
	if (!btf_type_at(k->btf, id, &b) || b.name[0])
		return false;
	*ret = b;
	return b.kind == BTF_STRUCT || b.kind == BTF_UNION || b.kind == BTF_ENUM;
}

static void put_bits(const struct btf_elem *el, struct strbuf *out)
{
	if (el->bit_size)
		strbuf_printf(out, " : %u", el->bit_size);
}

/* "struct {...} name[2]" becomes the braces' contents and what stands after them. */
static void put_members(struct kernel *k, const struct btf_type *b, unsigned indent, unsigned depth,
			struct strbuf *out);

static void put_enum_body(struct kernel *k, const struct btf_type *b, struct strbuf *out)
{
	struct btf_elem el;

	strbuf_puts(out, "enum {");
	for (uint32_t i = 0; btf_elem_at(k->btf, b, i, &el); i++)
		strbuf_printf(out, "%s%s", i ? ", " : "", el.name);
	strbuf_putc(out, '}');
}

static void put_member(struct kernel *k, const struct btf_elem *el, unsigned indent, unsigned depth,
		       struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	struct btf_type inner;

	ctype_declare(k, ctype_of(el->type), el->name, &line);
	strbuf_fill(out, ' ', indent);
	if (depth < DEPTH_MAX && is_anonymous(k, el->type, &inner)) {
		const char *after = strstr(strbuf_str(&line), "{...}");

		if (inner.kind == BTF_ENUM) {
			put_enum_body(k, &inner, out);
		} else {
			strbuf_printf(out, "%s {\n", keyword(&inner));
			put_members(k, &inner, indent + 4, depth + 1, out);
			strbuf_fill(out, ' ', indent);
			strbuf_putc(out, '}');
		}
		strbuf_puts(out, after ? after + strlen("{...}") : "");
	} else {
		strbuf_puts(out, strbuf_str(&line));
	}
	put_bits(el, out);
	strbuf_puts(out, ";\n");
}

static void put_members(struct kernel *k, const struct btf_type *b, unsigned indent, unsigned depth,
			struct strbuf *out)
{
	struct btf_elem el;

	for (uint32_t i = 0; btf_elem_at(k->btf, b, i, &el); i++)
		put_member(k, &el, indent, depth, out);
}

static struct error *struct_of(struct shell *sh, struct ctype t, struct btf_type *ret)
{
	if (!ctype_base(sh->kernel, t, ret) || (ret->kind != BTF_STRUCT && ret->kind != BTF_UNION))
		return error_new(ERROR_USAGE, "not a structure or union with members");
	return NULL;
}

static void put_size(uint32_t size, bool hex, struct strbuf *out)
{
	strbuf_printf(out, hex ? "}\nSIZE: 0x%x\n" : "}\nSIZE: %u\n", size);
}

struct error *show_definition(struct shell *sh, struct ctype t, bool hex, struct strbuf *out)
{
	struct btf_type b;

	TRY(struct_of(sh, t, &b));
	strbuf_printf(out, "%s %s%s{\n", keyword(&b), b.name, b.name[0] ? " " : "");
	put_members(sh->kernel, &b, 4, 0, out);
	put_size(b.size, hex, out);
	return strbuf_error(out);
}

/* "   [8] " in front of members, blanks of that width in front of what only groups them. */
struct offsets {
	struct kernel *k;
	unsigned width; /* of "[...]" */
	bool hex;
	uint64_t va; /* 0: offsets, else addresses */
	struct strbuf *out;
};

static void offset_text(const struct offsets *o, uint64_t off, char *buf, size_t room)
{
	const char *fmt = o->va ? "[%" PRIx64 "]" : o->hex ? "[0x%" PRIx64 "]" : "[%" PRIu64 "]";

	snprintf(buf, room, fmt, o->va + off);
}

static void offset_members(const struct offsets *o, const struct btf_type *b, uint64_t base,
			   unsigned indent, unsigned depth)
{
	struct btf_elem el;
	char text[32];

	for (uint32_t i = 0; btf_elem_at(o->k->btf, b, i, &el); i++) {
		struct btf_type inner;
		uint64_t at = base + el.bits / 8;

		offset_text(o, at, text, sizeof(text));
		if (!el.name[0] && depth < DEPTH_MAX && is_anonymous(o->k, el.type, &inner) &&
		    inner.kind != BTF_ENUM) {
			strbuf_fill(o->out, ' ', o->width + 1 + indent);
			strbuf_printf(o->out, "%s {\n", keyword(&inner));
			offset_members(o, &inner, at, indent + 4, depth + 1);
			strbuf_fill(o->out, ' ', o->width + 1 + indent);
			strbuf_puts(o->out, "};\n");
			continue;
		}
		strbuf_printf(o->out, "%*s ", (int)o->width, text);
		put_member(o->k, &el, indent, depth, o->out);
	}
}

struct error *show_offsets(struct shell *sh, struct ctype t, const char *only, uint64_t va, bool hex,
			   struct strbuf *out)
{
	struct offsets o = {.k = sh->kernel, .hex = hex, .va = va, .out = out};
	struct btf_type b;
	char largest[32];

	TRY(struct_of(sh, t, &b));
	strbuf_printf(out, "%s %s {\n", keyword(&b), b.name);
	if (only) {
		struct member m;
		struct ctype type;
		struct btf_elem el = {.name = only};

		TRY(ctype_member(sh->kernel, t, only, &m, &type));
		el.type = type.id;
		el.bit_size = m.bit_size;
		offset_text(&o, m.off, largest, sizeof(largest));
		strbuf_printf(out, "  %s ", largest);
		put_member(sh->kernel, &el, 0, 0, out);
		strbuf_puts(out, "}\n");
		return strbuf_error(out);
	}
	offset_text(&o, b.size, largest, sizeof(largest));
	o.width = strlen(largest) + 2;
	offset_members(&o, &b, 0, 0, 0);
	put_size(b.size, hex, out);
	return strbuf_error(out);
}
