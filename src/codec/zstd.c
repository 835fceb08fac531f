/* Zstandard, one frame a page, by libzstd with one context per worker. */
#include "codec/codec.h"

#include <stdlib.h>
#include <zstd.h>

struct codec_state {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
	int level;
};

static void zstd_close(struct codec_state *s)
{
	ZSTD_freeCCtx(s->pack);
	ZSTD_freeDCtx(s->unpack);
	free(s);
}

static struct codec_state *zstd_open(bool pack, int level)
{
	struct codec_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->level = level ? level : codec_zstd.default_level;
	if (pack)
		s->pack = ZSTD_createCCtx();
	else
		s->unpack = ZSTD_createDCtx();
	if (!s->pack && !s->unpack) {
		zstd_close(s);
		return NULL;
	}
	return s;
}

static size_t zstd_bound(size_t len)
{
	return ZSTD_compressBound(len);
}

static size_t zstd_pack(struct codec_state *s, const void *in, size_t len, void *out,
			size_t room)
{
	size_t n = s->pack ? ZSTD_compressCCtx(s->pack, out, room, in, len, s->level) : 0;

	return ZSTD_isError(n) ? 0 : n;
}

static struct error *zstd_unpack(struct codec_state *s, const void *in, size_t in_len,
				 void *out, size_t len)
{
	size_t n;

	if (!s->unpack && !(s->unpack = ZSTD_createDCtx()))
		return error_nomem();
	n = ZSTD_decompressDCtx(s->unpack, out, len, in, in_len);
	if (ZSTD_isError(n))
		return error_new(ERROR_BAD_DATA, "zstd: %s", ZSTD_getErrorName(n));
	if (n != len)
		return error_new(ERROR_BAD_DATA, "zstd: unpacks to %zu bytes, expected %zu", n,
				 len);
	return NULL;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.kdump_flag = 0x20,
	.option = 'z',
	.default_level = 1,
	.open = zstd_open,
	.close = zstd_close,
	.bound = zstd_bound,
	.pack = zstd_pack,
	.unpack = zstd_unpack,
};
