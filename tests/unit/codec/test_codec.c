/* Every codec: round trips of many kinds of pages, tight room, and damaged input. */
#include "../test.h"

#include <stdlib.h>

#include "codec/codec.h"

static uint32_t seed;

static uint32_t dice(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* Pages from "all the same" to "noise", with runs and repeats between. */
static void fill(unsigned char *p, size_t len, unsigned kind)
{
	size_t i = 0;

	memset(p, kind, len);
	while (i < len && kind) {
		size_t n = 1 + dice() % (kind * 16), back = 1 + dice() % 3000;

		n = MIN(n, len - i);
		for (size_t k = 0; k < n; k++, i++)
			p[i] = kind % 3 == 0 && i >= back ? p[i - back]
			       : kind % 3 == 1		  ? dice()
							  : n;
	}
}

static void test_round_trips(void **state)
{
	const size_t lens[] = { 1, 3, 15, 16, 17, 100, 4096, 16384, 65536, 100001 };
	unsigned char *in = malloc(100001), *out = malloc(100001), *packed = malloc(200000);

	for (const struct codec *const *p = codecs; *p; p++) {
		const struct codec *c = *p;
		struct codec_state *pack = c->open(true, 0), *unpack = c->open(false, 0);

		assert_non_null(pack);
		assert_non_null(unpack);
		for (unsigned i = 0; i < ARRAY_SIZE(lens) * 12; i++) {
			size_t len = lens[i / 12], n, bound = c->bound(len);

			seed = i;
			fill(in, len, i % 12);
			assert_true(bound <= 200000);
			n = c->pack(pack, in, len, packed, bound);
			assert_in_range(n, 1, bound);
			memset(out, 0x5a, len);
			assert_ok(c->unpack(unpack, packed, n, out, len));
			assert_memory_equal(in, out, len);
			/* a state that packs also unpacks */
			assert_ok(c->unpack(pack, packed, n, out, len));
			/* one byte less room: refused, and nothing behind it touched */
			packed[n - 1] = 0xa5;
			assert_int_equal(c->pack(pack, in, len, packed, n - 1), 0);
			assert_int_equal(packed[n - 1], 0xa5);
		}
		c->close(pack);
		c->close(unpack);
	}
	free(in);
	free(out);
	free(packed);
}

static void test_levels_and_names(void **state)
{
	assert_ptr_equal(codec_by_flag(1), &codec_zlib);
	assert_ptr_equal(codec_by_flag(2), &codec_lzo);
	assert_ptr_equal(codec_by_flag(4), &codec_snappy);
	assert_ptr_equal(codec_by_flag(0x20), &codec_zstd);
	assert_null(codec_by_flag(3));
	assert_ptr_equal(codec_by_option('l'), &codec_lzo);
	assert_null(codec_by_option('E'));
}

static void test_wrong_lengths(void **state)
{
	unsigned char in[4096], out[8192], packed[8192];
	struct codec_set set = { 0 };

	seed = 1;
	fill(in, sizeof(in), 6);
	for (const struct codec *const *c = codecs; *c; c++) {
		struct codec_state *s = (*c)->open(true, 0);
		size_t n = (*c)->pack(s, in, sizeof(in), packed, sizeof(packed));
		uint32_t flag = (*c)->kdump_flag;

		assert_true(n);
		assert_ok(codec_set_unpack(&set, flag, packed, n, out, 4096));
		assert_error(codec_set_unpack(&set, flag, packed, n, out, 4095), ERROR_BAD_DATA,
			     (*c)->name);
		assert_error(codec_set_unpack(&set, flag, packed, n, out, 4097), ERROR_BAD_DATA,
			     (*c)->name);
		assert_error(codec_set_unpack(&set, flag, packed, n - 1, out, 4096),
			     ERROR_BAD_DATA, (*c)->name);
		assert_error(codec_set_unpack(&set, flag, packed, 0, out, 4096), ERROR_BAD_DATA,
			     (*c)->name);
		(*c)->close(s);
	}
	assert_error(codec_set_unpack(&set, 8, packed, 1, out, 4096), ERROR_BAD_DATA, "0x8");
	codec_set_done(&set);
}

/* Whatever the damage: an answer, never a byte beyond the buffer (sanitizers look on). */
static void test_damage(void **state)
{
	struct codec_set set = { 0 };

	for (const struct codec *const *c = codecs; *c; c++) {
		struct codec_state *s = (*c)->open(true, 0);

		for (unsigned round = 0; round < 2000; round++) {
			unsigned char in[4096], packed[8192], *exact, *out = malloc(4096 + 1);
			size_t n;
			struct error *e;

			seed = round;
			fill(in, sizeof(in), round % 12);
			n = (*c)->pack(s, in, sizeof(in), packed, sizeof(packed));
			for (unsigned k = 1 + dice() % 4; k; k--)
				packed[dice() % n] ^= 1 << dice() % 8;
			n -= dice() % 3 ? 0 : dice() % n;
			exact = malloc(n);
			memcpy(exact, packed, n);
			out[4096] = 0x77;
			e = codec_set_unpack(&set, (*c)->kdump_flag, exact, n, out, 4096);
			if (e)
				assert_int_equal(error_kind(e), ERROR_BAD_DATA);
			error_free(e);
			assert_int_equal(out[4096], 0x77);
			free(exact);
			free(out);
		}
		(*c)->close(s);
	}
	codec_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_levels_and_names),
		cmocka_unit_test(test_wrong_lengths),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
