/*
 * Module files may be stored as .ko.gz, .ko.xz or .ko.zst. The first bytes tell which:
 * gzip 1f 8b (RFC 1952), xz fd "7zXZ" 00, zstd 28 b5 2f fd (RFC 8878).
 */
#include "initramfs/unpack.h"

#include <string.h>
#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

#include "base/bytes.h"

#define XZ_MEMORY_LIMIT (256u << 20)

static struct error *damaged(const char *name, const char *format)
{
	return error_new(ERROR_BAD_DATA, "%s: the %s stream is damaged, or longer than %u MiB", name,
			 format, UNPACK_LIMIT >> 20);
}

/* Grows `*to`; the limit is kept by the caller. */
static struct error *grow(char **to, size_t *room)
{
	size_t more = *room ? *room * 2 : 1 << 20;
	char *p = realloc(*to, more);

	if (!p)
		return error_nomem();
	*to = p;
	*room = more;
	return NULL;
}

static struct error *unpack_gzip(const char *name, const void *in, size_t in_len, char **ret,
				 size_t *ret_len)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	_cleanup_free_ char *out = NULL;
	enum libdeflate_result r = LIBDEFLATE_INSUFFICIENT_SPACE;
	size_t room = 0, len = 0;
	struct error *e = d ? NULL : error_nomem();

	while (!e && r == LIBDEFLATE_INSUFFICIENT_SPACE && room < UNPACK_LIMIT) {
		e = grow(&out, &room);
		if (!e)
			r = libdeflate_gzip_decompress(d, in, in_len, out, room, &len);
	}
	libdeflate_free_decompressor(d);
	if (e)
		return e;
	if (r != LIBDEFLATE_SUCCESS)
		return damaged(name, "gzip");
	*ret = take_ptr(out);
	*ret_len = len;
	return NULL;
}

static struct error *unpack_xz(const char *name, const void *in, size_t in_len, char **ret,
			       size_t *ret_len)
{
	lzma_stream s = LZMA_STREAM_INIT;
	_cleanup_free_ char *out = NULL;
	lzma_ret r = lzma_stream_decoder(&s, XZ_MEMORY_LIMIT, LZMA_CONCATENATED);
	size_t room = 0;
	struct error *e = NULL;

	if (r != LZMA_OK)
		return error_nomem();
	s.next_in = in;
	s.avail_in = in_len;
	while (!e && r == LZMA_OK && room < UNPACK_LIMIT) {
		e = grow(&out, &room);
		if (e)
			break;
		s.next_out = (uint8_t *)out + s.total_out;
		s.avail_out = room - s.total_out;
		while (r == LZMA_OK && s.avail_out)
			r = lzma_code(&s, LZMA_FINISH);
	}
	*ret_len = s.total_out;
	lzma_end(&s);
	if (e)
		return e;
	if (r != LZMA_STREAM_END)
		return damaged(name, "xz");
	*ret = take_ptr(out);
	return NULL;
}

static struct error *unpack_zstd(const char *name, const void *in, size_t in_len, char **ret,
				 size_t *ret_len)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer from = { in, in_len, 0 };
	_cleanup_free_ char *out = NULL;
	size_t room = 0, len = 0, r = 1;
	struct error *e = d ? NULL : error_nomem();

	/* a round that leaves room in the output and has no input left has nothing more to give */
	while (!e && r != 0 && !ZSTD_isError(r) && room < UNPACK_LIMIT &&
	       (len == room || from.pos < from.size)) {
		ZSTD_outBuffer to;

		if (len == room)
			e = grow(&out, &room);
		to = (ZSTD_outBuffer){ out, room, len };
		if (!e)
			r = ZSTD_decompressStream(d, &to, &from);
		len = to.pos;
	}
	ZSTD_freeDCtx(d);
	if (e)
		return e;
	if (r != 0)
		return damaged(name, "zstd");
	*ret = take_ptr(out);
	*ret_len = len;
	return NULL;
}

struct error *unpack_file(const char *name, const void *in, size_t in_len, char **ret,
			  size_t *ret_len)
{
	static const struct {
		const char *magic;
		size_t len;
		struct error *(*unpack)(const char *name, const void *in, size_t in_len,
					char **ret, size_t *ret_len);
	} formats[] = {
		{ "\x1f\x8b", 2, unpack_gzip },
		{ "\xfd"
		  "7zXZ\0",
		  6, unpack_xz },
		{ "\x28\xb5\x2f\xfd", 4, unpack_zstd },
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (in_len > formats[i].len && memcmp(in, formats[i].magic, formats[i].len) == 0)
			return formats[i].unpack(name, in, in_len, ret, ret_len);
	*ret = NULL;
	*ret_len = 0;
	return NULL;
}
