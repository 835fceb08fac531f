/* Greedy search with one look ahead; see match.h. */
#include "codec/match.h"

#include <string.h>

#include "base/bytes.h"

#define TAIL	  12 /* bytes at the end where no match begins, so that whole words can be read */
#define STRIDE	  6  /* after 2^6 bytes without a match, positions are left out */
#define LONG_MATCH 16 /* good enough not to look ahead */

static uint32_t load32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t slot_of(uint32_t v)
{
	return v * 2654435761u >> 20; /* Knuth's multiplier; 12 bits */
}
static_assert(MATCH_TABLE == 1 << 12, "slot_of()");

/* How many bytes at `a` and `b` are equal; `end` bounds `b`, which is the later one. */
static size_t equal_bytes(const unsigned char *a, const unsigned char *b, const unsigned char *end)
{
	const unsigned char *start = b;

	while (end - b >= 8) {
		/* little-endian, so that the first byte is the lowest */
		uint64_t diff = get_u64(a, false) ^ get_u64(b, false);

		if (diff)
			return b - start + __builtin_ctzll(diff) / 8;
		a += 8;
		b += 8;
	}
	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return b - start;
}

/* The match of position `i` with the last one in its slot: its length, or 0. */
static size_t try_at(uint16_t *table, const unsigned char *in, size_t i, const unsigned char *end,
		     uint32_t max_distance, size_t *ret_earlier)
{
	uint32_t v = load32(in + i), slot = slot_of(v);
	size_t earlier = table[slot];

	table[slot] = i;
	if (load32(in + earlier) != v || i - earlier > max_distance)
		return 0;
	*ret_earlier = earlier;
	return 4 + equal_bytes(in + earlier + 4, in + i + 4, end);
}

size_t match_find(uint16_t table[MATCH_TABLE], const unsigned char *in, size_t len,
		  uint32_t max_distance, struct match *out)
{
	const unsigned char *end = in + len;
	size_t i = 1, pending = 0, n = 0, last = len > TAIL ? len - TAIL : 0;

	memset(table, 0, MATCH_TABLE * sizeof(*table));
	while (i < last) {
		size_t earlier, next, m = try_at(table, in, i, end, max_distance, &earlier), m2;

		if (!m) {
			i += 1 + ((i - pending) >> STRIDE);
			continue;
		}
		if (m < LONG_MATCH) {
			m2 = try_at(table, in, i + 1, end, max_distance, &next);
			if (m2 > m) {
				m = m2;
				earlier = next;
				i++;
			}
		}
		while (i > pending && earlier && in[i - 1] == in[earlier - 1]) {
			i--;
			earlier--;
			m++;
		}
		out[n++] = (struct match){ i - pending, m, i - earlier };
		i += m;
		pending = i;
		if (i < last)
			table[slot_of(load32(in + i - 2))] = i - 2;
	}
	return n;
}
