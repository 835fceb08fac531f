/* Code lengths and codes: optimal where they may be, never too long, always complete. */
#include "../test.h"

#include "codec/huffman.h"

/* In units of 2^-16; a complete code has 1 << 16. */
static unsigned long taken(const uint8_t *lengths, unsigned n)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lengths[i] ? 1ul << (16 - lengths[i]) : 0;
	return sum;
}

static void test_known(void **state)
{
	/* the example of RFC 1951, 3.2.2, as frequencies that give its lengths */
	const uint32_t freq[8] = { 4, 4, 4, 4, 4, 8, 2, 2 };
	const uint8_t want[8] = { 3, 3, 3, 3, 3, 2, 4, 4 };
	const uint16_t codes[8] = { 2, 3, 4, 5, 6, 0, 14, 15 };
	uint16_t got_codes[8];
	uint8_t got[8];

	assert_int_equal(huffman_lengths(freq, 8, 15, got), 8);
	assert_memory_equal(got, want, sizeof(want));
	huffman_codes(got, 8, got_codes);
	assert_memory_equal(got_codes, codes, sizeof(codes));
}

static void test_few(void **state)
{
	uint32_t freq[20] = { 0 };
	uint8_t got[20];

	assert_int_equal(huffman_lengths(freq, 20, 7, got), 0);
	assert_int_equal(taken(got, 20), 0);
	freq[19] = 77;
	assert_int_equal(huffman_lengths(freq, 20, 7, got), 1);
	assert_int_equal(got[19], 1);
	freq[3] = 1;
	assert_int_equal(huffman_lengths(freq, 20, 7, got), 2);
	assert_int_equal(got[3], 1);
	assert_int_equal(got[19], 1);
	assert_int_equal(taken(got, 20), 1 << 16);
}

/* Fibonacci's numbers give the longest codes that there can be. */
static void test_limit(void **state)
{
	for (unsigned limit = 5; limit <= 15; limit++) {
		uint32_t freq[28], a = 1, b = 1;
		uint8_t got[28];

		for (unsigned i = 0; i < ARRAY_SIZE(freq); i++) {
			freq[i] = a;
			b += a;
			a = b - a;
		}
		assert_int_equal(huffman_lengths(freq, 28, limit, got), 28);
		assert_int_equal(taken(got, 28), 1 << 16);
		for (unsigned i = 0; i < 28; i++) {
			assert_in_range(got[i], 1, limit);
			if (i)
				assert_true(got[i] <= got[i - 1]);
		}
	}
}

/* A heap's way to the same total, for any frequencies. */
static uint64_t optimal(const uint32_t *freq, unsigned n)
{
	uint64_t w[HUFFMAN_SYMBOLS_MAX], total = 0;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++)
		if (freq[i])
			w[left++] = freq[i];
	while (left > 1) {
		for (unsigned k = 0; k < 2; k++)
			for (unsigned i = k + 1; i < left; i++)
				if (w[i] < w[k]) {
					uint64_t t = w[i];

					w[i] = w[k];
					w[k] = t;
				}
		w[0] += w[1];
		total += w[0];
		w[1] = w[--left];
	}
	return total;
}

static void test_any(void **state)
{
	uint32_t x = 9;
	unsigned reached = 0;

	for (unsigned round = 0; round < 300; round++) {
		uint32_t freq[HUFFMAN_SYMBOLS_MAX];
		uint8_t got[HUFFMAN_SYMBOLS_MAX];
		unsigned n = 2 + round % (HUFFMAN_SYMBOLS_MAX - 1), used = 0, longest = 0;
		uint64_t total = 0;

		for (unsigned i = 0; i < n; i++) {
			x = x * 1664525 + 1013904223;
			freq[i] = x >> 28 < round % 13 ? (x >> 8) % (1 + round * 10) : i % 3;
			used += freq[i] != 0;
		}
		assert_int_equal(huffman_lengths(freq, n, 15, got), used);
		if (used < 2)
			continue;
		assert_int_equal(taken(got, n), 1 << 16);
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(freq[i] != 0, got[i] != 0);
			total += (uint64_t)freq[i] * got[i];
			longest = MAX(longest, (unsigned)got[i]);
		}
		if (longest < 15) /* nothing had to be shortened */
			assert_int_equal(total, optimal(freq, n));
		else
			assert_in_range(total, optimal(freq, n), optimal(freq, n) * 101 / 100);
		reached += longest < 15;
	}
	assert_true(reached > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
