/* Builds BTF blobs. Types get ids in the order in which they are added, from 1 on. */
#pragma once

#include "base/base.h"
#include "kernel/btf.h"

struct btf_build {
	bool big;
	uint32_t nr;
	struct strbuf types, strings, layout, blob;
};

static inline void btf_word(struct btf_build *b, uint32_t v)
{
	unsigned char p[4];

	put_u32(p, v, b->big);
	strbuf_add(&b->types, p, 4);
}

static inline uint32_t btf_string(struct btf_build *b, const char *s)
{
	uint32_t at;

	if (!b->strings.len)
		strbuf_add(&b->strings, "", 1);
	if (!s || !s[0])
		return 0;
	at = b->strings.len;
	strbuf_add(&b->strings, s, strlen(s) + 1);
	return at;
}

/* The 12 bytes of a type; `info` is kind << 24 | vlen, with bit 31 for kind_flag. */
static inline uint32_t btf_add(struct btf_build *b, const char *name, uint32_t info, uint32_t size)
{
	btf_word(b, btf_string(b, name));
	btf_word(b, info);
	btf_word(b, size);
	return ++b->nr;
}

static inline uint32_t btf_add_int(struct btf_build *b, const char *name, uint32_t size)
{
	btf_add(b, name, BTF_INT << 24, size);
	btf_word(b, 8 * size);
	return b->nr;
}

static inline uint32_t btf_add_array(struct btf_build *b, uint32_t of, uint32_t n)
{
	btf_add(b, "", BTF_ARRAY << 24, 0);
	btf_word(b, of);
	btf_word(b, of);
	btf_word(b, n);
	return b->nr;
}

/* Members, constants, parameters and section variables: after btf_add() with their number. */
static inline void btf_elem(struct btf_build *b, const char *name, uint32_t a, uint32_t c)
{
	btf_word(b, btf_string(b, name));
	btf_word(b, a);
	btf_word(b, c);
}

static inline void btf_constant(struct btf_build *b, const char *name, uint32_t value)
{
	btf_word(b, btf_string(b, name));
	btf_word(b, value);
}

/* The blob: header of 24 bytes, or of 32 when there is a layout table. */
static inline const struct strbuf *btf_finish(struct btf_build *b)
{
	uint32_t words[] = { b->layout.len ? 32 : 24, 0, b->types.len, b->types.len,
			     b->strings.len, b->types.len + b->strings.len, b->layout.len };
	unsigned char head[4] = { 0, 0, 1, 0 }, p[4];

	btf_string(b, "");
	words[4] = b->strings.len;
	words[5] = b->types.len + b->strings.len;
	put_u16(head, BTF_MAGIC, b->big);
	strbuf_add(&b->blob, head, 4);
	for (size_t i = 0; i < (b->layout.len ? 7u : 5u); i++) {
		put_u32(p, words[i], b->big);
		strbuf_add(&b->blob, p, 4);
	}
	strbuf_add(&b->blob, b->types.s, b->types.len);
	strbuf_add(&b->blob, b->strings.s, b->strings.len);
	strbuf_add(&b->blob, b->layout.s, b->layout.len);
	return &b->blob;
}

static inline void btf_build_done(struct btf_build *b)
{
	strbuf_done(&b->types);
	strbuf_done(&b->strings);
	strbuf_done(&b->layout);
	strbuf_done(&b->blob);
}
