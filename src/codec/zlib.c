/*
 * zlib format (RFC 1950). Pages are packed by deflate.c: smaller than zlib's level 1, which
 * makedumpfile -c uses, in a quarter of the time. Whoever asks for a level, and blocks longer
 * than any page, get libdeflate, which also unpacks.
 */
#include "codec/codec.h"

#include <libdeflate.h>
#include <stdlib.h>

#include "codec/deflate.h"

#define LONG_LEVEL 3 /* libdeflate's, where no level was asked for */

struct codec_state {
	struct deflate *quick;		    /* null: a level was asked for */
	struct libdeflate_compressor *pack; /* null until needed */
	int level;
	struct libdeflate_decompressor *unpack;
};

static void zlib_close(struct codec_state *s)
{
	deflate_free(s->quick);
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
	s->level = pack ? level ? level : LONG_LEVEL : 0;
	if (pack && !level)
		s->quick = deflate_new();
	if (!s->unpack || (pack && !level && !s->quick)) {
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
	if (s->quick && len && len <= DEFLATE_INPUT_MAX)
		return deflate_pack(s->quick, in, len, out, room);
	if (!s->pack && s->level)
		s->pack = libdeflate_alloc_compressor(s->level);
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
	.default_level = 0,
	.open = zlib_open,
	.close = zlib_close,
	.bound = zlib_bound,
	.pack = zlib_pack,
	.unpack = zlib_unpack,
};
