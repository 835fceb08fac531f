/* Greedy search with one look ahead; see match.h. */
#include "codec/match.h"

#include <string.h>

#include "base/bytes.h"

#define TAIL	  12 /* bytes at the end where no match begins, so that whole words can be read */
#define STRIDE	  6  /* after 2^6 bytes without a match, positions are left out */
#define WORD	  8u
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
static inline size_t try_at(uint16_t *table, const unsigned char *in, size_t i, const unsigned char *end,
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

/* Tables of words, page tables first of all, differ in the low bytes of each: three bytes that the
 * word before has too are a match where nothing longer is. */
static inline size_t try_word_before(const unsigned char *in, size_t i, const unsigned char *end,
				     size_t *ret_earlier)
{
	if (i < WORD || ((get_u32(in + i - WORD, false) ^ get_u32(in + i, false)) & 0xffffff))
		return 0;
	*ret_earlier = i - WORD;
	return 3 + equal_bytes(in + i - WORD + 3, in + i + 3, end);
}

/* Most runs are short: sixteen bytes at once, where they are there to be read. */
static void add_literals(struct matches *m, const unsigned char *from, size_t n, const unsigned char *end)
{
	unsigned char *to = m->literals + m->nr_literals;

	if (n <= MATCH_SLACK && end - from >= MATCH_SLACK)
		memcpy(to, from, MATCH_SLACK);
	else
		memcpy(to, from, n);
	m->nr_literals += n;
}

void match_find(struct matches *m, const unsigned char *in, size_t len, uint32_t max_distance)
{
	const unsigned char *end = in + len;
	size_t i = 1, pending = 0, last = len > TAIL ? len - TAIL : 0;

	m->n = m->nr_literals = 0;
	memset(m->table, 0, sizeof(m->table));
	while (i < last) {
		size_t earlier, next, n2, n = try_at(m->table, in, i, end, max_distance, &earlier);

		if (!n)
			n = try_word_before(in, i, end, &earlier);
		if (!n) {
			i += 1 + ((i - pending) >> STRIDE);
			continue;
		}
		if (n < LONG_MATCH) {
			n2 = try_at(m->table, in, i + 1, end, max_distance, &next);
			if (n2 > n) {
				n = n2;
				earlier = next;
				i++;
			}
		}
		while (i > pending && earlier && in[i - 1] == in[earlier - 1]) {
			i--;
			earlier--;
			n++;
		}
		add_literals(m, in + pending, i - pending, end);
		m->v[m->n++] = (struct match){ i - pending, n, i - earlier };
		i += n;
		pending = i;
		if (i < last)
			m->table[slot_of(load32(in + i - 2))] = i - 2;
	}
	add_literals(m, in + pending, len - pending, end);
}
