/* LKCD's run-length encoding, by hand-made bytes: the encoder of the tests' builder proves
 * nothing about what the kernel's meant. */
#include "../test.h"

#include "codec/rle.h"

static void test_unpack(void **state)
{
	/* literal, literal zero, a run of two, one of 256, a run of zeros */
	static const unsigned char in[] = { 'a', 0, 0, 0, 1, 'b', 0, 255, 'c', 0, 2, 0, 'd' };
	unsigned char out[2 + 2 + 256 + 3 + 1], want[sizeof(out)];

	memcpy(want, "a\0bb", 4);
	memset(want + 4, 'c', 256);
	memcpy(want + 260, "\0\0\0d", 4);
	assert_ok(rle_unpack(in, sizeof(in), out, sizeof(out)));
	assert_memory_equal(out, want, sizeof(out));
	assert_ok(rle_unpack(in, 0, out, 0));
}

static void test_damaged(void **state)
{
	static const unsigned char run[] = { 0, 9, 'x' };
	unsigned char out[64] = { 0 };

	assert_ok(rle_unpack(run, 3, out, 10));
	assert_error(rle_unpack(run, 3, out, 9), ERROR_BAD_DATA, "more than 9");
	assert_error(rle_unpack(run, 3, out, 11), ERROR_BAD_DATA, "10 bytes, expected 11");
	assert_error(rle_unpack(run, 2, out, 10), ERROR_BAD_DATA, "inside a run at byte 2");
	assert_error(rle_unpack(run, 1, out, 10), ERROR_BAD_DATA, "inside a run at byte 1");
	assert_error(rle_unpack(run, 0, out, 1), ERROR_BAD_DATA, "expected 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
