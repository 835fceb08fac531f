/* Huffman codes; see huffman.h. */
#include "codec/huffman.h"

#include <string.h>

#define LENGTH_MAX 16
#define SYMBOL	   0xfffu /* a key is the frequency above 12 bits of symbol */
#define SHIFT	   12

/* Sorts keys by counting frequencies; those too high to be counted are few. */
static unsigned sort_used(const uint32_t *freq, unsigned n, uint32_t *keys)
{
	uint16_t place[HUFFMAN_SYMBOLS_MAX + 1] = { 0 };
	unsigned used = 0, at = 0, high;

	for (unsigned i = 0; i < n; i++)
		place[MIN(freq[i], n)]++;
	place[0] = 0;
	for (unsigned f = 1; f <= n; f++) {
		unsigned here = place[f];

		place[f] = at;
		at += here;
	}
	high = place[n];
	used = at;
	for (unsigned i = 0; i < n; i++)
		if (freq[i])
			keys[place[MIN(freq[i], n)]++] = freq[i] << SHIFT | i;
	for (unsigned i = high + 1; i < used; i++) {
		uint32_t key = keys[i];
		unsigned k = i;

		for (; k > high && keys[k - 1] > key; k--)
			keys[k] = keys[k - 1];
		keys[k] = key;
	}
	return used;
}

/*
 * How many symbols get which length: the two lowest weights are joined until one is left. The
 * joined ones come out in ascending order, so that two queues take the place of a heap. `count`
 * has LENGTH_MAX + 1 entries; longer codes are counted as of length `limit`.
 */
static void count_lengths(const uint32_t *keys, unsigned n, unsigned limit, unsigned *count)
{
	uint32_t weight[HUFFMAN_SYMBOLS_MAX];
	uint16_t parent_leaf[HUFFMAN_SYMBOLS_MAX], parent_node[HUFFMAN_SYMBOLS_MAX];
	uint8_t depth[HUFFMAN_SYMBOLS_MAX];
	unsigned leaf = 0, node = 0;

	for (unsigned made = 0; made + 1 < n; made++) {
		weight[made] = 0;
		for (unsigned side = 0; side < 2; side++) {
			if (leaf < n && (node == made || keys[leaf] >> SHIFT <= weight[node])) {
				weight[made] += keys[leaf] >> SHIFT;
				parent_leaf[leaf++] = made;
			} else {
				weight[made] += weight[node];
				parent_node[node++] = made;
			}
		}
	}
	memset(count, 0, (LENGTH_MAX + 1) * sizeof(*count));
	depth[n - 2] = 0;
	for (unsigned i = n - 2; i-- > 0;)
		depth[i] = MIN(depth[parent_node[i]] + 1u, 250u);
	for (unsigned i = 0; i < n; i++)
		count[MIN(depth[parent_leaf[i]] + 1u, limit)]++;
}

/* Shortened codes take more than there is: for each too many, one of the longest goes one level
 * down beside a shorter one. */
static void fit_lengths(unsigned limit, unsigned *count)
{
	unsigned long taken = 0;

	for (unsigned l = 1; l <= limit; l++)
		taken += (unsigned long)count[l] << (limit - l);
	while (taken > 1ul << limit) {
		unsigned l = limit - 1;

		while (!count[l])
			l--;
		count[l]--;
		count[l + 1] += 2;
		count[limit]--;
		taken--;
	}
}

unsigned huffman_lengths(const uint32_t *freq, unsigned n, unsigned limit, uint8_t *ret_lengths)
{
	uint32_t keys[HUFFMAN_SYMBOLS_MAX];
	unsigned count[LENGTH_MAX + 1], used = sort_used(freq, n, keys), at = 0;

	memset(ret_lengths, 0, n);
	if (used < 2) {
		if (used)
			ret_lengths[keys[0] & SYMBOL] = 1;
		return used;
	}
	count_lengths(keys, used, limit, count);
	fit_lengths(limit, count);
	for (unsigned l = limit; l > 0; l--)
		for (unsigned i = count[l]; i > 0; i--)
			ret_lengths[keys[at++] & SYMBOL] = l;
	return used;
}

void huffman_codes(const uint8_t *lengths, unsigned n, uint16_t *ret_codes)
{
	unsigned count[LENGTH_MAX + 1] = { 0 }, next[LENGTH_MAX + 1], code = 0;

	for (unsigned i = 0; i < n; i++)
		count[lengths[i]]++;
	count[0] = 0;
	for (unsigned l = 1; l <= LENGTH_MAX; l++) {
		code = (code + count[l - 1]) << 1;
		next[l] = code;
	}
	for (unsigned i = 0; i < n; i++)
		ret_codes[i] = lengths[i] ? next[lengths[i]]++ : 0;
}
