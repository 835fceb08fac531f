/*
 * zlib format (RFC 1950) by libdeflate, which packs a page several times as quickly as zlib.
 * Level 3: over kernel memory it comes out a little smaller than zlib's level 1, which
 * makedumpfile -c uses, at a quarter of the time. Levels 1 and 2 are larger on page tables.
 */
#include "codec/codec.h"

#include <libdeflate.h>
#include <stdlib.h>

struct codec_state {
	struct libdeflate_compressor *pack;
	struct libdeflate_decompressor *unpack;
};

static void zlib_close(struct codec_state *s)
{
	libdeflate_free_compressor(s->pack);
	libdeflate_free_decompressor(s->unpack);
	free(s);
}

static struct codec_state *zlib_open(bool pack, int level)
{
	struct codec_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->unpack = libdeflate_alloc_decompressor();
	if (pack)
		s->pack = libdeflate_alloc_compressor(level ? level : codec_zlib.default_level);
	if (!s->unpack || (pack && !s->pack)) {
		zlib_close(s);
		return NULL;
	}
	return s;
}

static size_t zlib_bound(size_t len)
{
	return libdeflate_zlib_compress_bound(NULL, len);
}

static size_t zlib_pack(struct codec_state *s, const void *in, size_t len, void *out,
			size_t room)
{
	return s->pack ? libdeflate_zlib_compress(s->pack, in, len, out, room) : 0;
}

static struct error *zlib_unpack(struct codec_state *s, const void *in, size_t in_len,
				 void *out, size_t len)
{
	/* without a place for the length, libdeflate insists on exactly `len` bytes */
	switch (libdeflate_zlib_decompress(s->unpack, in, in_len, out, len, NULL)) {
	case LIBDEFLATE_SUCCESS:
		return NULL;
	case LIBDEFLATE_SHORT_OUTPUT:
		return error_new(ERROR_BAD_DATA, "zlib: unpacks to less than %zu bytes", len);
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return error_new(ERROR_BAD_DATA, "zlib: unpacks to more than %zu bytes", len);
	case LIBDEFLATE_BAD_DATA:
		break;
	}
	return error_new(ERROR_BAD_DATA, "zlib: the %zu packed bytes are damaged", in_len);
}

const struct codec codec_zlib = {
	.name = "zlib",
	.kdump_flag = 0x1,
	.option = 'c',
	.default_level = 3,
	.open = zlib_open,
	.close = zlib_close,
	.bound = zlib_bound,
	.pack = zlib_pack,
	.unpack = zlib_unpack,
};
