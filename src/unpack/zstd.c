/* zstd, all frames of the file. */
#include <zstd.h>

#include "unpack/internal.h"

static struct error *decode(ZSTD_DCtx *d, ZSTD_inBuffer *from, struct unpacked *u)
{
	size_t r = 1;

	/* a round that leaves room in the output and has no input left has nothing more to give */
	while (r && (u->len == u->room || from->pos < from->size)) {
		ZSTD_outBuffer to;

		if (u->len == u->room)
			TRY(unpacked_grow(u, 0));
		to = (ZSTD_outBuffer){ u->bytes, u->room, u->len };
		r = ZSTD_decompressStream(d, &to, from);
		if (ZSTD_isError(r))
			return unpacked_damaged(u);
		u->len = to.pos;
	}
	return r ? unpacked_damaged(u) : NULL;
}

struct error *unpack_zstd(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer from = { in, in_len, 0 };
	struct error *e = d ? decode(d, &from, u) : error_nomem();

	ZSTD_freeDCtx(d);
	return e;
}
