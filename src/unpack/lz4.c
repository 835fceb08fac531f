/*
 * lz4: the frame format by liblz4, and the legacy frame: after the magic, blocks of a little-
 * endian length and so many bytes, each 8 MiB unpacked but the last (lz4_Frame_format.md,
 * "Legacy frame"). The kernel's build puts the unpacked length behind it; zeros end it too.
 */
#include <string.h>
#include <lz4.h>
#include <lz4frame.h>

#include "base/bytes.h"
#include "unpack/internal.h"

#define LEGACY_MAGIC 0x184c2102u
#define LEGACY_BLOCK (8u << 20)

static struct error *decode_frame(LZ4F_dctx *d, const unsigned char *in, size_t in_len,
				  struct unpacked *u)
{
	size_t at = 0, r = 1;

	while (r && (u->len == u->room || at < in_len)) {
		size_t got, used = in_len - at;

		if (u->len == u->room)
			TRY(unpacked_grow(u, 0));
		got = u->room - u->len;
		r = LZ4F_decompress(d, u->bytes + u->len, &got, in + at, &used, NULL);
		if (LZ4F_isError(r))
			return unpacked_damaged(u);
		at += used;
		u->len += got;
	}
	return r ? unpacked_damaged(u) : NULL;
}

struct error *unpack_lz4(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	LZ4F_dctx *d;
	struct error *e;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
		return error_nomem();
	e = decode_frame(d, in, in_len, u);
	LZ4F_freeDecompressionContext(d);
	return e;
}

static struct error *decode_block(const unsigned char *in, size_t len, struct unpacked *u)
{
	int got;

	while (u->room - u->len < LEGACY_BLOCK)
		if (u->room < u->limit)
			TRY(unpacked_grow(u, LEGACY_BLOCK));
		else
			break;
	got = LZ4_decompress_safe((const char *)in, u->bytes + u->len, (int)len,
				  (int)MIN(u->room - u->len, (size_t)LEGACY_BLOCK));
	if (got < 0)
		return unpacked_damaged(u);
	u->len += (size_t)got;
	return NULL;
}

struct error *unpack_lz4_legacy(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	size_t at = 4;

	while (in_len - at >= 4) {
		uint32_t len = get_u32(in + at, false);

		at += 4;
		if (len == LEGACY_MAGIC) /* another frame follows */
			continue;
		if (!len || (at == in_len && u->len == len)) /* padding, or the kernel's length */
			return NULL;
		if (len > LZ4_COMPRESSBOUND(LEGACY_BLOCK) || len > in_len - at)
			return unpacked_damaged(u);
		TRY(decode_block(in + at, len, u));
		at += len;
	}
	return at == in_len ? NULL : unpacked_damaged(u);
}
