/* xz and its elder lzma by liblzma. */
#include <lzma.h>

#include "unpack/internal.h"

#define MEMORY_LIMIT (256u << 20)

static struct error *decode(lzma_stream *s, struct unpacked *u)
{
	lzma_ret r = LZMA_OK;

	while (r == LZMA_OK) {
		if (u->len == u->room)
			TRY(unpacked_grow(u, 0));
		s->next_out = (uint8_t *)u->bytes + u->len;
		s->avail_out = u->room - u->len;
		r = lzma_code(s, LZMA_FINISH);
		u->len = s->total_out;
	}
	return r == LZMA_STREAM_END ? NULL : unpacked_damaged(u);
}

static struct error *run(lzma_stream *s, lzma_ret ready, const unsigned char *in, size_t in_len,
			 struct unpacked *u)
{
	struct error *e;

	if (ready != LZMA_OK)
		return error_nomem();
	s->next_in = in;
	s->avail_in = in_len;
	e = decode(s, u);
	lzma_end(s);
	return e;
}

struct error *unpack_xz(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return run(&s, lzma_stream_decoder(&s, MEMORY_LIMIT, LZMA_CONCATENATED), in, in_len, u);
}

struct error *unpack_lzma(const unsigned char *in, size_t in_len, struct unpacked *u)
{
	lzma_stream s = LZMA_STREAM_INIT;

	return run(&s, lzma_alone_decoder(&s, MEMORY_LIMIT), in, in_len, u);
}
