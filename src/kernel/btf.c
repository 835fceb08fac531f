#include "kernel/btf.h"

#include "base/base.h"

#define MAX_TYPES   (1u << 24)
#define MAX_CHAIN   64	       /* typedefs of typedefs */
#define MAX_NESTING 16	       /* anonymous structs in structs */
#define MAX_LOOKS   (1u << 17) /* members looked at for one question */
#define MAX_PROBES  256ull
#define SLOT_NONE   0xffffffffu
#define TAG_SHIFT   24

struct btf {
	struct vmem_block block; /* when the bytes are ours */
	bool big;
	unsigned long_size;
	const unsigned char *types;
	size_t types_len;
	const char *strings; /* ends with a NUL */
	size_t strings_len;
	const unsigned char
		*layout; /* 4 bytes a kind: info size, element size, flags; or null */
	size_t nr_layout;
	uint32_t *at; /* offset of each type; [0] unused */
	uint32_t nr;  /* ids, void included */
	uint32_t *slots;
	uint32_t slot_mask;
};

/* ---- header ---- */

struct header {
	bool big;
	uint32_t len, type_off, type_len, str_off, str_len, layout_off, layout_len;
};

static bool read_header(const void *bytes, size_t len, struct header *h)
{
	struct cursor c;
	_cleanup_error_ struct error *e = NULL;

	*h = (struct header){0};
	if (len < 24)
		return false;
	h->big = get_u16(bytes, true) == BTF_MAGIC;
	cursor_init(&c, "BTF", bytes, len, h->big);
	if (cursor_u16(&c) != BTF_MAGIC || cursor_u8(&c) != 1)
		return false;
	cursor_skip(&c, 1);
	h->len = cursor_u32(&c);
	h->type_off = cursor_u32(&c);
	h->type_len = cursor_u32(&c);
	h->str_off = cursor_u32(&c);
	h->str_len = cursor_u32(&c);
	if (h->len >= 32 && len >= 32) {
		h->layout_off = cursor_u32(&c);
		h->layout_len = cursor_u32(&c);
	}
	e = cursor_error(&c);
	return !e && h->len >= 24 && h->len <= 4096 && h->type_len >= 12 && h->str_len >= 1 &&
	       h->type_off % 4 == 0;
}

uint64_t btf_blob_length(const void *bytes, size_t len)
{
	struct header h;
	uint64_t end;

	if (!read_header(bytes, len, &h))
		return 0;
	end = MAX((uint64_t)h.type_off + h.type_len, (uint64_t)h.str_off + h.str_len);
	end = MAX(end, (uint64_t)h.layout_off + h.layout_len);
	return h.len + end;
}

/* ---- the table of types ---- */

/* Bytes that follow the 12 of the type itself. False: a kind that nobody describes. */
static bool rest_length(const struct btf *b, uint32_t kind, uint32_t vlen, uint64_t *ret)
{
	switch (kind) {
	case BTF_INT:
	case BTF_VAR:
	case BTF_DECL_TAG:
		*ret = 4;
		return true;
	case BTF_ARRAY:
		*ret = 12;
		return true;
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_DATASEC:
	case BTF_ENUM64:
		*ret = 12ull * vlen;
		return true;
	case BTF_ENUM:
	case BTF_FUNC_PROTO:
		*ret = 8ull * vlen;
		return true;
	case BTF_PTR:
	case BTF_FWD:
	case BTF_TYPEDEF:
	case BTF_VOLATILE:
	case BTF_CONST:
	case BTF_RESTRICT:
	case BTF_FUNC:
	case BTF_FLOAT:
	case BTF_TYPE_TAG:
		*ret = 0;
		return true;
	}
	if (kind >= b->nr_layout)
		return false;
	*ret = b->layout[4 * kind] + (uint64_t)b->layout[4 * kind + 1] * vlen;
	return true;
}

/*
 * The info word: vlen in the low bits, kind from bit 24, kind_flag at 31. Up to 7.0 vlen had
 * 16 bits and kind 5, and kernels refused anything in the bits between; later ones widened
 * both into these. So the wide masks read either.
 */
static void decode_type(const struct btf *b, uint32_t off, struct btf_type *t)
{
	const unsigned char *p = b->types + off;
	uint32_t name = get_u32(p, b->big), info = get_u32(p + 4, b->big);

	t->kind = info >> 24 & 0x7f;
	t->vlen = info & 0xffffff;
	t->flag = info >> 31;
	t->size = get_u32(p + 8, b->big);
	t->name = name < b->strings_len ? b->strings + name : "";
	t->rest = p + 12;
}

bool btf_type_at(const struct btf *b, uint32_t id, struct btf_type *ret)
{
	if (!id || id >= b->nr)
		return false;
	decode_type(b, b->at[id], ret);
	return true;
}

static bool can_be_asked_for(const struct btf_type *t)
{
	switch (t->kind) {
	case BTF_INT:
	case BTF_STRUCT:
	case BTF_UNION:
	case BTF_ENUM:
	case BTF_ENUM64:
	case BTF_TYPEDEF:
	case BTF_FLOAT:
		return t->name[0];
	default:
		return false;
	}
}

/* Goes through all types; fills `at` when it is there. */
static struct error *walk_types(struct btf *b, uint32_t *ret_nr, uint32_t *ret_named)
{
	uint32_t nr = 1, named = 0;
	uint64_t off = 0, rest;
	struct btf_type t;

	while (off < b->types_len) {
		if (!range_fits(off, 12, b->types_len))
			return error_new(ERROR_BAD_DATA, "BTF: type %u is cut off", nr);
		decode_type(b, off, &t);
		if (!rest_length(b, t.kind, t.vlen, &rest))
			return error_new(
				ERROR_UNSUPPORTED,
				"BTF: type %u is of kind %u, which is unknown here and not described in the header",
				nr, t.kind);
		if (!range_fits(off + 12, rest, b->types_len))
			return error_new(ERROR_BAD_DATA,
					 "BTF: type %u (kind %u, %u elements) is cut off", nr,
					 t.kind, t.vlen);
		if (nr >= MAX_TYPES)
			return error_new(ERROR_BAD_DATA, "BTF: more than %u types", MAX_TYPES);
		if (b->at)
			b->at[nr] = off;
		named += can_be_asked_for(&t);
		nr++;
		off += 12 + rest;
	}
	*ret_nr = nr;
	*ret_named = named;
	return NULL;
}

static uint32_t hash_name(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h ^ h >> 15;
}

static struct error *index_names(struct btf *b, uint32_t named)
{
	uint64_t probes = 0;
	size_t room = 64;
	struct btf_type t;

	while (room < (size_t)named + named / 2)
		room *= 2;
	b->slots = malloc(room * sizeof(*b->slots));
	if (!b->slots)
		return error_nomem();
	memset(b->slots, 0xff, room * sizeof(*b->slots));
	b->slot_mask = room - 1;
	for (uint32_t id = 1; id < b->nr; id++) {
		uint32_t h, slot;

		btf_type_at(b, id, &t);
		if (!can_be_asked_for(&t))
			continue;
		h = hash_name(t.name);
		for (slot = h; b->slots[slot & b->slot_mask] != SLOT_NONE; slot++)
			probes++;
		if (probes > MAX_PROBES * b->nr)
			return error_new(ERROR_BAD_DATA, "BTF: the same names over and over");
		b->slots[slot & b->slot_mask] = id | h >> TAG_SHIFT << TAG_SHIFT;
	}
	return NULL;
}

bool btf_next_named(const struct btf *b, const char *name, uint32_t *id)
{
	uint32_t h = hash_name(name), best = 0;
	struct btf_type t;

	/* the chain holds them by rising id; an earlier answer is skipped */
	for (uint32_t i = 0; i <= b->slot_mask; i++) {
		uint32_t v = b->slots[(h + i) & b->slot_mask];

		if (v == SLOT_NONE)
			break;
		if (v >> TAG_SHIFT != h >> TAG_SHIFT || (v & (MAX_TYPES - 1)) <= *id)
			continue;
		v &= MAX_TYPES - 1;
		btf_type_at(b, v, &t);
		if (strcmp(t.name, name) == 0) {
			best = v;
			break;
		}
	}
	if (!best)
		return false;
	*id = best;
	return true;
}

/* ---- sizes ---- */

uint32_t btf_strip(const struct btf *b, uint32_t id)
{
	struct btf_type t;

	for (unsigned i = 0; i < MAX_CHAIN; i++) {
		if (!btf_type_at(b, id, &t))
			return 0;
		switch (t.kind) {
		case BTF_TYPEDEF:
		case BTF_VOLATILE:
		case BTF_CONST:
		case BTF_RESTRICT:
		case BTF_TYPE_TAG:
			id = t.size;
			break;
		default:
			return id;
		}
	}
	return 0;
}

static uint32_t array_word(const struct btf *b, const struct btf_type *t, unsigned i)
{
	return get_u32(t->rest + 4 * i, b->big); /* element type, index type, elements */
}

bool btf_size(const struct btf *b, uint32_t id, uint64_t *ret)
{
	uint64_t times = 1;
	struct btf_type t;

	for (unsigned i = 0; i < MAX_CHAIN; i++) {
		if (!btf_type_at(b, btf_strip(b, id), &t))
			return false;
		switch (t.kind) {
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
		case BTF_DATASEC:
			return !mul_overflows(times, (uint64_t)t.size, ret);
		case BTF_PTR:
			return !mul_overflows(times, (uint64_t)b->long_size, ret);
		case BTF_VAR:
			id = t.size;
			break;
		case BTF_ARRAY:
			if (mul_overflows(times, (uint64_t)array_word(b, &t, 2), &times))
				return false;
			id = array_word(b, &t, 0);
			break;
		default:
			return false;
		}
	}
	return false;
}

/* ---- members ---- */

struct place {
	uint32_t type; /* as declared */
	uint64_t bits; /* from the start of the outermost struct */
	uint32_t bit_size;
};

static struct place member_place(const struct btf *b, const struct btf_type *s, uint32_t i)
{
	const unsigned char *m = s->rest + 12 * (size_t)i;
	uint32_t off = get_u32(m + 8, b->big);
	struct place p = {.type = get_u32(m + 4, b->big), .bits = off};

	if (s->flag) {
		p.bits = off & 0xffffff;
		p.bit_size = off >> 24;
	}
	return p;
}

/* One name inside struct `id`, through its anonymous members. */
static bool find_name(const struct btf *b, uint32_t id, const char *name, size_t len,
		      unsigned depth, uint32_t *looks, struct place *ret)
{
	struct btf_type s;

	if (depth > MAX_NESTING || !btf_type_at(b, btf_strip(b, id), &s) ||
	    (s.kind != BTF_STRUCT && s.kind != BTF_UNION))
		return false;
	for (uint32_t i = 0; i < s.vlen; i++) {
		uint32_t off = get_u32(s.rest + 12 * (size_t)i, b->big);
		const char *has = off < b->strings_len ? b->strings + off : "";

		if (++*looks > MAX_LOOKS)
			return false;
		if (strncmp(has, name, len) == 0 && has[len] == '\0') {
			*ret = member_place(b, &s, i);
			return true;
		}
		if (!has[0]) {
			struct place outer = member_place(b, &s, i);

			if (find_name(b, outer.type, name, len, depth + 1, looks, ret)) {
				ret->bits += outer.bits;
				return true;
			}
		}
	}
	return false;
}

/* "[N]" after a name: element N of the array found so far. */
static bool take_index(const struct btf *b, const char **path, struct place *p)
{
	uint64_t n = 0, size;
	struct btf_type t;
	const char *s = *path + 1;

	if (!btf_type_at(b, btf_strip(b, p->type), &t) || t.kind != BTF_ARRAY)
		return false;
	for (; *s >= '0' && *s <= '9' && n < UINT32_MAX; s++)
		n = n * 10 + (*s - '0');
	if (*s != ']' || s == *path + 1 || n >= array_word(b, &t, 2))
		return false;
	p->type = array_word(b, &t, 0);
	if (!btf_size(b, p->type, &size) || mul_overflows(n * 8, size, &size) ||
	    add_overflows(p->bits, size, &p->bits))
		return false;
	*path = s + 1;
	return true;
}

/* A bit field is read as its base type where it lies in one, else from its first byte. */
static bool place_to_member(const struct btf *b, const struct place *p, struct member *ret)
{
	uint64_t size = 0, bits = p->bits, bit_size = p->bit_size;
	uint32_t id = btf_strip(b, p->type);
	struct btf_type t;

	*ret = (struct member){.type_id = p->type};
	if (id && btf_size(b, id, &size) && size > UINT32_MAX)
		return false;
	if (btf_type_at(b, id, &t) && t.kind == BTF_ARRAY)
		ret->array_len = array_word(b, &t, 2);
	if (btf_type_at(b, id, &t) && t.kind == BTF_INT && !bit_size) {
		/* before kind_flag (4.20) the integer itself said how many bits it has */
		uint32_t word = get_u32(t.rest, b->big);

		if ((word & 0xff) && (word & 0xff) != 8 * size) {
			bit_size = word & 0xff;
			bits += word >> 16 & 0xff;
		}
	}
	ret->size = size;
	if (bit_size) {
		uint64_t unit = size && size <= 8 ? 8 * size : 8;

		if (bits % unit + bit_size > unit) {
			unit = 8;
			for (ret->size = 1;
			     ret->size < 8 && bits % 8 + bit_size > 8ull * ret->size;)
				ret->size *= 2;
		}
		ret->bit_size = bit_size;
		ret->bit_off = bits % unit;
		bits -= ret->bit_off;
	}
	if (bits % 8 || bits / 8 > UINT32_MAX)
		return false;
	ret->off = bits / 8;
	return true;
}

struct error *btf_member(const struct btf *b, uint32_t id, const char *path, struct member *ret)
{
	struct place whole = {.type = id}, p;
	const char *at = path;
	uint32_t looks = 0;

	for (;;) {
		size_t len = strcspn(at, ".[");

		if (whole.bit_size || !len ||
		    !find_name(b, whole.type, at, len, 0, &looks, &p) ||
		    add_overflows(whole.bits, p.bits, &p.bits))
			goto missing;
		whole = p;
		at += len;
		while (*at == '[')
			if (!take_index(b, &at, &whole))
				goto missing;
		if (!*at)
			break;
		if (*at++ != '.')
			goto missing;
	}
	if (place_to_member(b, &whole, ret))
		return NULL;
missing:
	return error_new(ERROR_NOT_FOUND, "BTF: type %u has no member %s", id, path);
}

/* ---- enums, sections ---- */

static bool enum_constant(const struct btf *b, const struct btf_type *t, const char *name,
			  int64_t *ret)
{
	struct btf_elem el;

	for (uint32_t i = 0; btf_elem_at(b, t, i, &el); i++) {
		if (strcmp(el.name, name) != 0)
			continue;
		*ret = el.value;
		return true;
	}
	return false;
}

bool btf_enum_value(const struct btf *b, const char *name, int64_t *ret)
{
	struct btf_type t;

	for (uint32_t id = 1; id < b->nr; id++) {
		btf_type_at(b, id, &t);
		if ((t.kind == BTF_ENUM || t.kind == BTF_ENUM64) &&
		    enum_constant(b, &t, name, ret))
			return true;
	}
	return false;
}

bool btf_section_var(const struct btf *b, const char *section, const char *name,
		     uint64_t *ret_off, uint32_t *ret_type)
{
	struct btf_type t, var;

	for (uint32_t id = b->nr; id-- > 1;) {
		btf_type_at(b, id, &t);
		if (t.kind != BTF_DATASEC || strcmp(t.name, section) != 0)
			continue;
		for (uint32_t i = 0; i < t.vlen; i++) {
			const unsigned char *p = t.rest + 12 * (size_t)i;

			if (!btf_type_at(b, get_u32(p, b->big), &var) || var.kind != BTF_VAR ||
			    strcmp(var.name, name) != 0)
				continue;
			*ret_off = get_u32(p + 4, b->big);
			*ret_type = var.size;
			return true;
		}
	}
	return false;
}

/* ---- life ---- */

static struct error *load(struct btf *b, const unsigned char *bytes, size_t len)
{
	struct header h;
	uint32_t named, nr;

	if (!read_header(bytes, len, &h))
		return error_new(ERROR_BAD_DATA, "BTF: no header of version 1 at the start");
	if (h.len > len || !range_fits(h.type_off, h.type_len, len - h.len) ||
	    !range_fits(h.str_off, h.str_len, len - h.len) ||
	    !range_fits(h.layout_off, h.layout_len, len - h.len))
		return error_new(ERROR_BAD_DATA,
				 "BTF: the header speaks of %llu bytes, %zu are there",
				 (unsigned long long)btf_blob_length(bytes, len), len);
	b->big = h.big;
	b->types = bytes + h.len + h.type_off;
	b->types_len = h.type_len;
	b->strings = (const char *)bytes + h.len + h.str_off;
	b->strings_len = h.str_len;
	b->layout = bytes + h.len + h.layout_off;
	b->nr_layout = h.layout_len / 4;
	if (b->strings[0] != '\0' || b->strings[b->strings_len - 1] != '\0')
		return error_new(ERROR_BAD_DATA,
				 "BTF: the strings do not begin and end with NUL");
	TRY(walk_types(b, &nr, &named));
	b->at = calloc(nr, sizeof(*b->at));
	if (!b->at)
		return error_nomem();
	TRY(walk_types(b, &nr, &named));
	b->nr = nr;
	return index_names(b, named);
}

struct error *btf_open(const void *bytes, size_t len, unsigned long_size, struct btf **ret)
{
	_cleanup_btf_ struct btf *b = calloc(1, sizeof(*b));

	if (!b)
		return error_nomem();
	b->long_size = long_size;
	TRY(load(b, bytes, len));
	*ret = take_ptr(b);
	return NULL;
}

void btf_own(struct btf *b, struct vmem_block *block)
{
	b->block = *block;
	*block = (struct vmem_block){0};
}

void btf_free(struct btf *b)
{
	if (!b)
		return;
	free(b->at);
	free(b->slots);
	vmem_block_done(&b->block);
	free(b);
}

uint32_t btf_count(const struct btf *b)
{
	return b->nr;
}

const char *btf_string_at(const struct btf *b, uint32_t off)
{
	return off < b->strings_len ? b->strings + off : "";
}

bool btf_is_big(const struct btf *b)
{
	return b->big;
}
