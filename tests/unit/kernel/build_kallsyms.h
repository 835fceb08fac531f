/* Builds kallsyms tables as scripts/kallsyms.c lays them out. */
#pragma once

#include "base/base.h"
#include "kernel/kallsyms.h"

struct sym {
	char type;
	const char *name;
	uint64_t va;
};

struct kallsyms_shape {
	enum kallsyms_encoding how;
	bool long_names;     /* two-byte lengths from 128 tokens on */
	unsigned marker_width; /* 4 or 8; 0: no markers */
	unsigned align;	     /* of the markers */
	uint64_t base, entries_va;
};

struct kallsyms_build {
	struct strbuf names, tokens, index, entries;
	struct kallsyms_tables t;
};

static const char *const digrams[] = { "sys_", "init", "__" };

/* Tokens 0 to 31 are words, the others the character itself. */
static inline void build_tokens(struct kallsyms_build *b)
{
	for (unsigned i = 0; i < 256; i++) {
		unsigned char off[2];

		put_u16(off, b->tokens.len, false);
		strbuf_add(&b->index, off, 2);
		if (i < ARRAY_SIZE(digrams))
			strbuf_puts(&b->tokens, digrams[i]);
		else if (i >= 32 && i < 127)
			strbuf_putc(&b->tokens, i);
		strbuf_add(&b->tokens, "", 1);
	}
}

static inline void build_name(struct kallsyms_build *b, const struct kallsyms_shape *s,
			      const struct sym *sym)
{
	unsigned char codes[2048];
	const char *p = sym->name;
	size_t n = 0;

	codes[n++] = sym->type;
	while (*p && n < sizeof(codes)) {
		unsigned i = 0;

		while (i < ARRAY_SIZE(digrams) && !text_starts(p, digrams[i]))
			i++;
		if (i < ARRAY_SIZE(digrams)) {
			codes[n++] = i;
			p += strlen(digrams[i]);
		} else {
			codes[n++] = *p++;
		}
	}
	if (s->long_names && n > 127) {
		strbuf_putc(&b->names, 0x80 | (n & 0x7f));
		strbuf_putc(&b->names, n >> 7);
	} else {
		strbuf_putc(&b->names, n);
	}
	strbuf_add(&b->names, codes, n);
}

static inline uint64_t encode_va(const struct kallsyms_shape *s, uint64_t va, size_t i)
{
	switch (s->how) {
	case KALLSYMS_ABSOLUTE:
		return va;
	case KALLSYMS_PERCPU:
		return va < 0x80000000 ? va : s->base - 1 - va;
	case KALLSYMS_BASE:
		return va - s->base;
	default:
		return va - (s->entries_va + 4 * i);
	}
}

static inline void build_kallsyms(struct kallsyms_build *b, const struct kallsyms_shape *s,
				  const struct sym *syms, size_t n)
{
	uint64_t markers[64];
	unsigned char buf[8];

	*b = (struct kallsyms_build){ 0 };
	build_tokens(b);
	for (size_t i = 0; i < n; i++) {
		if (i % 256 == 0 && i / 256 < ARRAY_SIZE(markers))
			markers[i / 256] = b->names.len;
		build_name(b, s, &syms[i]);
		put_u64(buf, encode_va(s, syms[i].va, i), false);
		strbuf_add(&b->entries, buf, s->how == KALLSYMS_ABSOLUTE ? 8 : 4);
	}
	if (s->marker_width) {
		while (b->names.len % s->align)
			strbuf_add(&b->names, "", 1);
		for (size_t i = 0; i * 256 < n; i++) {
			put_u64(buf, markers[i], false);
			strbuf_add(&b->names, buf, s->marker_width);
		}
	}
	b->t = (struct kallsyms_tables){
		.num = n,
		.names = (const unsigned char *)b->names.s,
		.names_len = b->names.len,
		.token_table = (const unsigned char *)b->tokens.s,
		.token_table_len = b->tokens.len,
		.token_index = (const unsigned char *)b->index.s,
		.entries = (const unsigned char *)b->entries.s,
		.entries_len = b->entries.len,
		.entries_va = s->entries_va,
		.absolute = s->how == KALLSYMS_ABSOLUTE,
		.has_base = s->how == KALLSYMS_PERCPU || s->how == KALLSYMS_BASE,
		.base = s->base,
	};
}

static inline void build_kallsyms_done(struct kallsyms_build *b)
{
	strbuf_done(&b->names);
	strbuf_done(&b->tokens);
	strbuf_done(&b->index);
	strbuf_done(&b->entries);
}
