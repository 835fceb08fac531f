/* Round trips through each format's own library, and damage to what it packed. */
#include "../test.h"

#include <libdeflate.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zstd.h>

#include "base/bytes.h"
#include "unpack/unpack.h"

#define PLAIN_LEN (9u << 20) /* more than one lz4 legacy block and several growths */
#define ROOM	  (12u << 20)
#define LIMIT	  (64u << 20)

static unsigned char *plain, *packed;

static size_t pack_gzip(void)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);
	size_t n = libdeflate_gzip_compress(c, plain, PLAIN_LEN, packed, ROOM);

	libdeflate_free_compressor(c);
	return n;
}

static size_t pack_zstd(void)
{
	return ZSTD_compress(packed, ROOM, plain, PLAIN_LEN, 1);
}

static size_t pack_xz(void)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, plain, PLAIN_LEN, packed,
						 &n, ROOM), LZMA_OK);
	return n;
}

static size_t pack_lzma(void)
{
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma o;
	size_t n;

	assert_false(lzma_lzma_preset(&o, 0));
	assert_int_equal(lzma_alone_encoder(&s, &o), LZMA_OK);
	s.next_in = plain;
	s.avail_in = PLAIN_LEN;
	s.next_out = packed;
	s.avail_out = ROOM;
	assert_int_equal(lzma_code(&s, LZMA_FINISH), LZMA_STREAM_END);
	n = s.total_out;
	lzma_end(&s);
	return n;
}

static size_t pack_lz4(void)
{
	return LZ4F_compressFrame(packed, ROOM, plain, PLAIN_LEN, NULL);
}

static size_t pack_lz4_legacy(void)
{
	const size_t block = 8u << 20;
	size_t n = 4;

	put_u32(packed, 0x184c2102, false);
	for (size_t at = 0; at < PLAIN_LEN; at += block) {
		int got = LZ4_compress_default((char *)plain + at, (char *)packed + n + 4,
					       (int)MIN(block, PLAIN_LEN - at), (int)(ROOM - n - 4));

		assert_true(got > 0);
		put_u32(packed + n, (uint32_t)got, false);
		n += 4 + (size_t)got;
	}
	return n;
}

static const struct {
	const char *name;
	size_t (*pack)(void);
} formats[] = {
	{ "gzip", pack_gzip }, { "zstd", pack_zstd }, { "xz", pack_xz },
	{ "lzma", pack_lzma }, { "lz4", pack_lz4 },   { "lz4", pack_lz4_legacy },
};

static int make(void **state)
{
	(void)state;
	plain = malloc(PLAIN_LEN);
	packed = malloc(ROOM);
	for (size_t i = 0; plain && i < PLAIN_LEN; i++)
		plain[i] = (unsigned char)((i >> 6) * 131 >> (i & 3));
	return !plain || !packed;
}

static int drop(void **state)
{
	(void)state;
	free(plain);
	free(packed);
	return 0;
}

static void every_format_is_unpacked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t n = formats[i].pack(), len;
		char *out;

		assert_string_equal(unpack_format(packed, n), formats[i].name);
		assert_ok(unpack_bytes("kernel", packed, n, LIMIT, &out, &len));
		assert_int_equal(len, PLAIN_LEN);
		assert_memory_equal(out, plain, PLAIN_LEN);
		free(out);
	}
}

static void other_bytes_are_left_alone(void **state)
{
	size_t len;
	char *out;

	(void)state;
	assert_null(unpack_format(plain, PLAIN_LEN));
	assert_ok(unpack_bytes("kernel", plain, PLAIN_LEN, LIMIT, &out, &len));
	assert_null(out);
	assert_ok(unpack_bytes("kernel", "\x1f", 1, LIMIT, &out, &len));
	assert_null(out);
}

static void cut_and_changed_streams_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t n = formats[i].pack(), len;
		char *out;

		assert_error(unpack_bytes("kernel", packed, n - 9, LIMIT, &out, &len),
			     ERROR_BAD_DATA, formats[i].name);
		assert_null(out);
		assert_error(unpack_bytes("kernel", packed, n / 2, LIMIT, &out, &len),
			     ERROR_BAD_DATA, "damaged");
	}
	{
		size_t len;
		char *out;

		assert_error(unpack_bytes("x.gz", "\x1f\x8b\x08zzzzzzzzzzzzzzzzzzzz", 20, LIMIT, &out, &len),
			     ERROR_BAD_DATA, "gzip");
	}
}

static void the_limit_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		size_t n = formats[i].pack(), len;
		char *out;

		assert_error(unpack_bytes("kernel", packed, n, PLAIN_LEN - 1, &out, &len),
			     ERROR_BAD_DATA, "longer than 8 MiB");
		assert_ok(unpack_bytes("kernel", packed, n, PLAIN_LEN + 1, &out, &len));
		free(out);
	}
}

/* What the kernel's build leaves behind a legacy frame: the unpacked length, or zeros. */
static void a_legacy_frame_ends_at_its_length_or_padding(void **state)
{
	size_t n = pack_lz4_legacy(), len;
	char *out;

	(void)state;
	put_u32(packed + n, PLAIN_LEN, false);
	assert_ok(unpack_bytes("kernel", packed, n + 4, LIMIT, &out, &len));
	assert_int_equal(len, PLAIN_LEN);
	free(out);
	memset(packed + n, 0, 16);
	assert_ok(unpack_bytes("kernel", packed, n + 16, LIMIT, &out, &len));
	assert_int_equal(len, PLAIN_LEN);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_is_unpacked),
		cmocka_unit_test(other_bytes_are_left_alone),
		cmocka_unit_test(cut_and_changed_streams_are_refused),
		cmocka_unit_test(the_limit_is_kept),
		cmocka_unit_test(a_legacy_frame_ends_at_its_length_or_padding),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
