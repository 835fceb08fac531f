/* LZO1X-1 blocks by liblzo2. There are no levels. */
#include "codec/codec.h"

#include <lzo/lzo1x.h>
#include <stdlib.h>
#include <string.h>

struct codec_state {
	void *work; /* packing only */
	unsigned char *out;
	size_t out_room;
};

static void lzo_close(struct codec_state *s)
{
	free(s->work);
	free(s->out);
	free(s);
}

static struct codec_state *lzo_open(bool pack, int level)
{
	struct codec_state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (pack)
		s->work = malloc(LZO1X_1_15_MEM_COMPRESS);
	if (lzo_init() != LZO_E_OK || (pack && !s->work)) {
		lzo_close(s);
		return NULL;
	}
	return s;
}

static size_t lzo_bound(size_t len)
{
	return len + len / 16 + 64 + 3;
}

/* The packer does not know how much room there is, so it needs a place of its own. */
static size_t lzo_pack(struct codec_state *s, const void *in, size_t len, void *out,
		       size_t room)
{
	bool direct = room >= lzo_bound(len);
	lzo_uint n = 0;

	if (!s->work)
		return 0;
	if (!direct && s->out_room < lzo_bound(len)) {
		unsigned char *p = realloc(s->out, lzo_bound(len));

		if (!p)
			return 0;
		s->out = p;
		s->out_room = lzo_bound(len);
	}
	if (lzo1x_1_15_compress(in, len, direct ? out : s->out, &n, s->work) != LZO_E_OK ||
	    n > room)
		return 0;
	if (!direct)
		memcpy(out, s->out, n);
	return n;
}

static struct error *lzo_unpack(struct codec_state *s, const void *in, size_t in_len, void *out,
				size_t len)
{
	lzo_uint n = len;
	int r = lzo1x_decompress_safe(in, in_len, out, &n, NULL);

	/* NOT_CONSUMED: the block ended early and something stands behind it */
	if (r != LZO_E_OK && r != LZO_E_INPUT_NOT_CONSUMED)
		return error_new(ERROR_BAD_DATA, "lzo: the %zu packed bytes are damaged (%d)",
				 in_len, r);
	if (n != len)
		return error_new(ERROR_BAD_DATA, "lzo: unpacks to %zu bytes, expected %zu",
				 (size_t)n, len);
	return NULL;
}

const struct codec codec_lzo = {
	.name = "lzo",
	.kdump_flag = 0x2,
	.option = 'l',
	.default_level = 1,
	.open = lzo_open,
	.close = lzo_close,
	.bound = lzo_bound,
	.pack = lzo_pack,
	.unpack = lzo_unpack,
};
