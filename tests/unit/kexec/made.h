/* Images from the builder for the tests of image types. */
#pragma once

#include "../test.h"

#include <libdeflate.h>

#include "make/mkimage.h"

/* made(&b, "bzimage", "xload=0x7e", NULL): *b is emptied first. */
static inline void made(struct strbuf *b, const char *kind, ...)
{
	_cleanup_words_ struct words keys = { 0 };
	const char *word;
	va_list ap;

	va_start(ap, kind);
	while ((word = va_arg(ap, const char *)))
		assert_ok(words_add(&keys, word));
	va_end(ap);
	strbuf_done(b);
	*b = (struct strbuf){ 0 };
	assert_ok(mkimage(kind, &keys, b));
	assert_ok(strbuf_error(b));
}

/* Packs what is in `b` with gzip, in place. */
static inline void gzipped(struct strbuf *b)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
	size_t room = libdeflate_gzip_compress_bound(c, b->len), n;
	char *out = malloc(room);

	assert_non_null(out);
	n = libdeflate_gzip_compress(c, b->s, b->len, out, room);
	libdeflate_free_compressor(c);
	assert_true(n > 0);
	b->len = 0;
	strbuf_add(b, out, n);
	free(out);
}

/* `KEY=x:HEX` of the bytes in `b`, for a content key; malloc'd. */
static inline char *as_key(const char *key, const struct strbuf *b)
{
	struct strbuf out = { 0 };

	strbuf_printf(&out, "%s=x:", key);
	for (size_t i = 0; i < b->len; i++)
		strbuf_printf(&out, "%02x", (unsigned char)b->s[i]);
	return strbuf_take(&out, NULL);
}
