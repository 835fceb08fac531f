/* Snappy blocks written out by hand from the format's description. */
#include "../test.h"

#include "codec/codec.h"

static struct codec_set set;

static struct error *unpack(const char *bytes, size_t len, char *out, size_t want)
{
	return codec_set_unpack(&set, 4, bytes, len, out, want);
}

#define GOOD(block, text)                                                                      \
	do {                                                                                   \
		char out_[400];                                                                \
		assert_ok(unpack(block, sizeof(block) - 1, out_, sizeof(text) - 1));           \
		assert_memory_equal(out_, text, sizeof(text) - 1);                             \
	} while (0)

#define BAD(block, want, words)                                                                \
	do {                                                                                   \
		char out_[400];                                                                \
		assert_error(unpack(block, sizeof(block) - 1, out_, want), ERROR_BAD_DATA,     \
			     words);                                                           \
	} while (0)

static void test_elements(void **state)
{
	GOOD("\x00", "");
	GOOD("\x03\x08"
	     "abc",
	     "abc");
	/* literal with one, two and four length bytes */
	GOOD("\x03\xf0\x02"
	     "abc",
	     "abc");
	GOOD("\x03\xf4\x02\x00"
	     "abc",
	     "abc");
	GOOD("\x03\xfc\x02\x00\x00\x00"
	     "abc",
	     "abc");
	/* copies with 11, 16 and 32 bits of offset; the first one overlaps itself */
	GOOD("\x08\x04"
	     "ab"
	     "\x09\x02",
	     "abababab");
	GOOD("\x05\x08"
	     "abc"
	     "\x06\x03\x00",
	     "abcab");
	GOOD("\x05\x08"
	     "abc"
	     "\x07\x03\x00\x00\x00",
	     "abcab");
}

static void test_bad(void **state)
{
	BAD("", 0, "no length");
	BAD("\x80\x80\x80\x80\x80\x01", 1, "no length");
	BAD("\x04\x0c"
	    "abcd",
	    5, "expected 5");
	BAD("\x04\x0c"
	    "abc",
	    4, "damaged at unpacked byte 0"); /* literal cut off */
	BAD("\x04\x10"
	    "abcde",
	    4, "damaged"); /* literal too long */
	BAD("\x06\x04"
	    "ab"
	    "\x01\x00",
	    6, "damaged at unpacked byte 2"); /* offset 0 */
	BAD("\x06\x04"
	    "ab"
	    "\x01\x03",
	    6, "damaged"); /* before the start */
	BAD("\x06\x04"
	    "ab"
	    "\x0e\x02\x00",
	    5, "expected 5");
	BAD("\x05\x04"
	    "ab"
	    "\x0e\x02\x00\x00",
	    5, "damaged"); /* past the end by literal */
	BAD("\x06\x04"
	    "ab"
	    "\x0a\x02",
	    6, "damaged"); /* offset cut off */
	BAD("\x06\x04"
	    "ab",
	    6, "ends after 2 of 6");
	BAD("\x03\xfc\xff\xff\xff\xff"
	    "abc",
	    3, "damaged");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_bad),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	codec_set_done(&set);
	return failed;
}
