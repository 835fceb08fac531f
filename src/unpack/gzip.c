/* gzip by libdeflate, which unpacks a whole member at once into room that must suffice. */
#include <libdeflate.h>

#include "base/bytes.h"
#include "unpack/internal.h"

#define RATIO_MAX 1032 /* deflate packs no tighter */

/* The member's length modulo 4 GiB stands at its end; a lie costs a retry, no more. */
static size_t length_hint(const unsigned char *in, size_t in_len)
{
	size_t said = in_len < 18 ? 0 : get_u32(in + in_len - 4, false);

	return said / RATIO_MAX <= in_len ? said : 0;
}

struct error *unpack_gzip(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	enum libdeflate_result r = LIBDEFLATE_INSUFFICIENT_SPACE;
	struct error *e = d ? NULL : error_nomem();

	while (!e && r == LIBDEFLATE_INSUFFICIENT_SPACE) {
		e = unpacked_grow(u, length_hint(in, in_len));
		if (!e)
			r = libdeflate_gzip_decompress(d, in, in_len, u->bytes, u->room, &u->len);
	}
	libdeflate_free_decompressor(d);
	return e || r == LIBDEFLATE_SUCCESS ? e : unpacked_damaged(u);
}
