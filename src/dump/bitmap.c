/* Bitmaps of page frames inside a dump file; see bitmap-priv.h. */
#include "dump/bitmap-priv.h"

#include "base/base.h"
#include "dump/pfn_bits.h"

#define BLOCK	      4096 /* bytes of a bitmap read at once */
#define RANK_BYTES    1024 /* per entry of the rank index; divides BLOCK */
#define NR_RANGES_MAX (1u << 20)

struct error *area_init(struct area *a, struct source *s, uint64_t off, uint64_t len,
			uint32_t block)
{
	a->source = s;
	a->off = off;
	a->len = len;
	a->block = block;
	a->bytes = malloc((size_t)AREA_NR_BLOCKS * block);
	return a->bytes ? NULL : error_nomem();
}

struct error *area_block(struct area *a, uint64_t i, const unsigned char **ret)
{
	size_t slot = i % AREA_NR_BLOCKS;
	unsigned char *p = a->bytes + slot * a->block;
	uint64_t off = a->off + i * a->block, size = a->source->size,
		 len = MIN((uint64_t)a->block, a->len - i * a->block);

	if (a->index[slot] != i + 1) {
		uint64_t there = off < size ? MIN(len, size - off) : 0;

		a->index[slot] = 0;
		if (there)
			TRY(source_read(a->source, off, p, there));
		memset(p + there, 0, a->block - there);
		a->index[slot] = i + 1;
	}
	*ret = p;
	return NULL;
}

void area_done(struct area *a)
{
	free(a->bytes);
	a->bytes = NULL;
}

struct error *bitmap_init(struct bitmap *b, struct source *s, uint64_t off, uint64_t len,
			  bool high_first)
{
	b->high_first = high_first;
	return area_init(&b->area, s, off, len, BLOCK);
}

void bitmap_done(struct bitmap *b)
{
	area_done(&b->area);
	free(b->rank);
	b->rank = NULL;
}

static bool bit_of(const struct bitmap *b, const unsigned char *block, unsigned bit)
{
	return block[bit / 8] >> (b->high_first ? 7 - (bit & 7) : bit & 7) & 1;
}

struct error *bitmap_test(struct bitmap *b, uint64_t pfn, bool *ret)
{
	const unsigned char *p;

	TRY(area_block(&b->area, pfn / 8 / BLOCK, &p));
	*ret = bit_of(b, p, pfn % (BLOCK * 8));
	return NULL;
}

struct error *bitmap_rank(struct bitmap *b, uint64_t pfn, uint64_t *ret)
{
	uint64_t byte = pfn / 8, start = ROUND_DOWN(byte, (uint64_t)RANK_BYTES);
	unsigned below = pfn & 7, mask = b->high_first ? 0xff00u >> below : (1u << below) - 1;
	const unsigned char *p;

	TRY(area_block(&b->area, byte / BLOCK, &p));
	*ret = b->rank[(byte - b->rank_start) / RANK_BYTES] +
	       pfn_bits_count(p + start % BLOCK, 0, 8 * (byte - start)) +
	       __builtin_popcount(p[byte % BLOCK] & mask & 0xff);
	return NULL;
}

/* The first block from `i` on that may have bits set. */
static uint64_t skip_gap(const struct area *a, uint64_t i)
{
	uint64_t off = a->off + i * BLOCK, data = source_next_data(a->source, off);

	if (off >= a->source->size || data >= a->off + a->len)
		return UINT64_MAX;
	return data > off ? (data - a->off) / BLOCK : i;
}

struct error *bitmap_index(struct bitmap *b, uint64_t start, uint64_t end)
{
	uint64_t nr_bytes = (end + 7) / 8, total = 0, skipped = 0;
	const unsigned char *p = NULL;

	b->rank_start = ROUND_DOWN(start / 8, (uint64_t)BLOCK);
	b->rank = malloc(((nr_bytes - b->rank_start) / RANK_BYTES + 1) * sizeof(*b->rank));
	if (!b->rank)
		return error_nomem();
	for (uint64_t at = b->rank_start; at <= nr_bytes; at += RANK_BYTES) {
		b->rank[(at - b->rank_start) / RANK_BYTES] = total;
		if (at == nr_bytes)
			break;
		if (at / BLOCK < skipped)
			continue;
		if (at % BLOCK == 0) {
			skipped = skip_gap(&b->area, at / BLOCK);
			if (at / BLOCK < skipped)
				continue;
			TRY(area_block(&b->area, at / BLOCK, &p));
		}
		total += pfn_bits_count(p + at % BLOCK, 0, 8 * MIN((uint64_t)RANK_BYTES, nr_bytes - at));
	}
	return NULL;
}

/* Length of the run of equal bits from `bit` on, inside [bit, end) of one block. */
static unsigned run_length(const struct bitmap *b, const unsigned char *p, unsigned bit,
			   unsigned end)
{
	unsigned start = bit;
	bool set = bit_of(b, p, bit);

	while (bit < end) {
		uint64_t word = get_u64(p + bit / 64 * 8, b->high_first);
		unsigned left = 64 - (bit & 63), n = left;

		word = set ? ~word : word;
		if (b->high_first) {
			word <<= bit & 63;
			n = word ? __builtin_clzll(word) : left;
		} else {
			word >>= bit & 63;
			n = word ? __builtin_ctzll(word) : left;
		}
		bit += MIN(n, left);
		if (n < left)
			break;
	}
	return MIN(bit, end) - start;
}

struct error *bitmap_list(struct bitmap *b, uint64_t all, struct ranges *ret)
{
	uint64_t pfn = 0, start = 0;
	bool inside = false;

	while (pfn < all) {
		unsigned bit = pfn % (BLOCK * 8), n;
		unsigned end = MIN((uint64_t)BLOCK * 8, all - (pfn - bit));
		const unsigned char *p;
		bool set;

		if (!inside && !bit) {
			uint64_t block = skip_gap(&b->area, pfn / 8 / BLOCK);

			if (block > (all - 1) / 8 / BLOCK)
				break;
			pfn = block * BLOCK * 8;
			end = MIN((uint64_t)BLOCK * 8, all - pfn);
		}
		TRY(area_block(&b->area, pfn / 8 / BLOCK, &p));
		set = bit_of(b, p, bit);
		n = run_length(b, p, bit, end);
		if (set && !inside)
			start = pfn;
		/* a hostile bitmap only: the rest becomes one range */
		if (!set && inside && ret->n < NR_RANGES_MAX) {
			TRY(ranges_add(ret, start, pfn));
			inside = false;
		}
		inside |= set;
		pfn += n;
	}
	return inside ? ranges_add(ret, start, all) : NULL;
}
