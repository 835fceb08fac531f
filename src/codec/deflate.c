/* Deflate for pages; see deflate.h. Numbers and tables are those of RFC 1951, 3.2.5 to 3.2.7. */
#include "codec/deflate.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/huffman.h"
#include "codec/match.h"

#define ZLIB_HEADER  0x7801 /* a window of 32 KiB, packed quickly; a multiple of 31 */
#define NR_LITLEN    286
#define NR_DIST	     30
#define NR_CLEN	     19
#define END_OF_BLOCK 256
#define LEN_MIN	     3u
#define LEN_MAX	     258u
#define DIST_MAX     32768u
#define FIXED_BELOW  1200u /* bits: nothing longer is worth a look at the fixed codes */
#define STORED	     0u	   /* block types */
#define FIXED	     1u
#define DYNAMIC	     2u

/* A code as it goes out: lowest bit first. */
struct code {
	uint16_t bits;
	uint8_t len;
	uint8_t extra; /* bits that follow */
};

struct code_set {
	struct code litlen[NR_LITLEN + 2], dist[NR_DIST + 2];
};

struct deflate {
	struct matches found;
	uint32_t litlen_freq[NR_LITLEN + 2], dist_freq[NR_DIST + 2];
	struct code_set dynamic, fixed;
	uint8_t len_slot[LEN_MAX + 1];
	uint16_t slot_base[NR_LITLEN - END_OF_BLOCK - 1]; /* shortest length */
};

/* ---- bits ---- */

struct bits {
	uint64_t held;
	unsigned n; /* at most 7 after bits_out() */
	unsigned char *p, *end;
};

static inline void bits_add(struct bits *b, uint64_t v, unsigned n)
{
	b->held |= v << b->n;
	b->n += n;
}

static inline void bits_add_if(struct bits *b, struct code c, bool yes)
{
	bits_add(b, yes ? c.bits : 0, yes ? c.len : 0);
}

/* There is room: sizes are known before anything is written. */
static inline void bits_out(struct bits *b)
{
	if (b->end - b->p >= 8) {
		put_u64(b->p, b->held, false);
		b->p += b->n / 8;
		b->held >>= b->n & ~7u;
		b->n &= 7;
		return;
	}
	for (; b->n >= 8; b->n -= 8) {
		*b->p++ = b->held;
		b->held >>= 8;
	}
}

/* ---- what there is to code ---- */

static unsigned dist_slot(uint32_t distance)
{
	uint32_t d = distance - 1;
	unsigned log;

	if (d < 4)
		return d;
	log = 31 - __builtin_clz(d);
	return 2 * log + (d >> (log - 1) & 1);
}

static uint32_t dist_base(unsigned slot)
{
	return slot < 4 ? slot + 1 : ((2 + (slot & 1)) << (slot / 2 - 1)) + 1;
}

/* The piece of a long match that one code says; what is left is never below LEN_MIN. */
static uint32_t piece_of(uint32_t len)
{
	if (len <= LEN_MAX)
		return len;
	return len - LEN_MAX < LEN_MIN ? len - LEN_MIN : LEN_MAX;
}

static void count_symbols(struct deflate *d)
{
	const struct matches *f = &d->found;
	uint32_t odd[256] = { 0 }; /* two counters: equal neighbours do not wait for each other */
	size_t i = 0;

	memset(d->litlen_freq, 0, sizeof(d->litlen_freq));
	memset(d->dist_freq, 0, sizeof(d->dist_freq));
	for (; i + 2 <= f->nr_literals; i += 2) {
		d->litlen_freq[f->literals[i]]++;
		odd[f->literals[i + 1]]++;
	}
	if (i < f->nr_literals)
		d->litlen_freq[f->literals[i]]++;
	for (i = 0; i < 256; i++)
		d->litlen_freq[i] += odd[i];
	for (i = 0; i < f->n; i++) {
		unsigned slot = dist_slot(f->v[i].distance);

		for (uint32_t left = f->v[i].len, piece; left; left -= piece) {
			piece = piece_of(left);
			d->litlen_freq[END_OF_BLOCK + 1 + d->len_slot[piece]]++;
			d->dist_freq[slot]++;
		}
	}
	d->litlen_freq[END_OF_BLOCK] = 1;
}

/* ---- codes ---- */

static uint16_t reversed(unsigned code, unsigned len)
{
	code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
	code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
	code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
	code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
	return code >> (16 - len);
}

static unsigned len_extra(unsigned slot)
{
	return slot < 8 || slot == 28 ? 0 : slot / 4 - 1;
}

static unsigned dist_extra(unsigned slot)
{
	return slot < 4 ? 0 : slot / 2 - 1;
}

static void set_codes(const uint8_t *lengths, unsigned n, struct code *ret)
{
	uint16_t codes[HUFFMAN_SYMBOLS_MAX];

	huffman_codes(lengths, n, codes);
	for (unsigned i = 0; i < n; i++) {
		ret[i].bits = reversed(codes[i], lengths[i]);
		ret[i].len = lengths[i];
	}
}

static void set_extra(struct code_set *c)
{
	for (unsigned i = 0; i < NR_LITLEN - END_OF_BLOCK - 1; i++)
		c->litlen[END_OF_BLOCK + 1 + i].extra = len_extra(i);
	for (unsigned i = 0; i < NR_DIST; i++)
		c->dist[i].extra = dist_extra(i);
}

static void set_fixed(struct code_set *c)
{
	uint8_t lengths[NR_LITLEN + 2];

	for (unsigned i = 0; i < sizeof(lengths); i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	set_codes(lengths, sizeof(lengths), c->litlen);
	memset(lengths, 5, NR_DIST + 2);
	set_codes(lengths, NR_DIST + 2, c->dist);
	set_extra(c);
}

/* Bits that everything takes behind the block's header. */
static uint64_t coded_bits(const struct deflate *d, const struct code_set *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < NR_LITLEN; i++)
		n += d->litlen_freq[i] * (c->litlen[i].len + c->litlen[i].extra);
	for (unsigned i = 0; i < NR_DIST; i++)
		n += d->dist_freq[i] * (c->dist[i].len + c->dist[i].extra);
	return n;
}

/* ---- the header of a dynamic block: code lengths, themselves coded ---- */

struct header {
	uint8_t symbols[NR_LITLEN + NR_DIST], extra[NR_LITLEN + NR_DIST];
	unsigned n; /* of the above */
	struct code codes[NR_CLEN];
	unsigned nr_litlen, nr_dist, nr_clen;
	uint64_t bits; /* all of it */
};

static const uint8_t clen_order[NR_CLEN] = { 16, 17, 18, 0, 8,	7, 9,  6, 10, 5,
					     11, 4,  12, 3, 13, 2, 14, 1, 15 };
/* bits behind the symbols that repeat: 16 the last length, 17 and 18 zero */
static const uint8_t clen_extra[NR_CLEN] = { [16] = 2, [17] = 3, [18] = 7 };

static void header_put(struct header *h, unsigned symbol, unsigned extra)
{
	h->symbols[h->n] = symbol;
	h->extra[h->n++] = extra;
}

static void header_put_run(struct header *h, unsigned len, unsigned run)
{
	if (len == 0) {
		for (; run >= 11; run -= MIN(run, 138u))
			header_put(h, 18, MIN(run, 138u) - 11);
		if (run >= 3) {
			header_put(h, 17, run - 3);
			run = 0;
		}
	} else if (run >= 4) {
		header_put(h, len, 0);
		for (run--; run >= 3; run -= MIN(run, 6u))
			header_put(h, 16, MIN(run, 6u) - 3);
	}
	while (run--)
		header_put(h, len, 0);
}

static void make_header(const uint8_t *litlen, const uint8_t *dist, struct header *h)
{
	uint8_t all[NR_LITLEN + NR_DIST], clen[NR_CLEN];
	uint32_t freq[NR_CLEN] = { 0 };
	unsigned n;

	h->nr_litlen = NR_LITLEN;
	while (!litlen[h->nr_litlen - 1]) /* never below the end of the block */
		h->nr_litlen--;
	h->nr_dist = NR_DIST;
	while (h->nr_dist > 1 && !dist[h->nr_dist - 1])
		h->nr_dist--;
	n = h->nr_litlen + h->nr_dist;
	memcpy(all, litlen, h->nr_litlen);
	memcpy(all + h->nr_litlen, dist, h->nr_dist);
	h->n = 0;
	for (unsigned i = 0, run; i < n; i += run) {
		for (run = 1; i + run < n && all[i + run] == all[i];)
			run++;
		header_put_run(h, all[i], run);
	}
	for (unsigned i = 0; i < h->n; i++)
		freq[h->symbols[i]]++;
	(void)huffman_lengths(freq, NR_CLEN, 7, clen); /* at least two are used */
	set_codes(clen, NR_CLEN, h->codes);
	h->nr_clen = NR_CLEN;
	while (h->nr_clen > 4 && !clen[clen_order[h->nr_clen - 1]])
		h->nr_clen--;
	h->bits = 5 + 5 + 4 + 3 * h->nr_clen;
	for (unsigned i = 0; i < NR_CLEN; i++)
		h->bits += freq[i] * (clen[i] + clen_extra[i]);
}

static void write_header(struct bits *b, const struct header *h)
{
	bits_add(b, h->nr_litlen - 257, 5);
	bits_add(b, h->nr_dist - 1, 5);
	bits_add(b, h->nr_clen - 4, 4);
	bits_out(b);
	for (unsigned i = 0; i < h->nr_clen; i++) {
		bits_add(b, h->codes[clen_order[i]].len, 3);
		bits_out(b);
	}
	for (unsigned i = 0; i < h->n; i++) {
		const struct code *c = &h->codes[h->symbols[i]];

		bits_add(b, c->bits, c->len);
		bits_add(b, h->extra[i], clen_extra[h->symbols[i]]);
		bits_out(b);
	}
}

/* ---- the block ---- */

/* Literals have at most 15 bits: three and what is held fit. Runs are short and their lengths
 * not to be foreseen, so there is no branch for each byte: the code of one too many has no bits. */
static void write_literals(struct bits *b, const struct code *codes, const unsigned char *p, size_t n)
{
	do {
		bits_add_if(b, codes[p[0]], n > 0);
		bits_add_if(b, codes[p[1]], n > 1);
		bits_add_if(b, codes[p[2]], n > 2);
		bits_out(b);
		p += 3;
		n = n > 3 ? n - 3 : 0;
	} while (n);
}

static void write_block(const struct deflate *d, const struct code_set *c, struct bits *to)
{
	const struct matches *f = &d->found;
	const unsigned char *literals = f->literals;
	struct bits b = *to; /* in registers */

	for (size_t i = 0; i < f->n; i++) {
		const struct match *m = &f->v[i];
		unsigned dslot = dist_slot(m->distance);
		struct code dist = c->dist[dslot];
		uint32_t dist_rest = m->distance - dist_base(dslot);

		write_literals(&b, c->litlen, literals, m->literals);
		literals += m->literals;
		for (uint32_t left = m->len, piece; left; left -= piece) {
			unsigned lslot;
			struct code l;

			piece = piece_of(left);
			lslot = d->len_slot[piece];
			l = c->litlen[END_OF_BLOCK + 1 + lslot];
			bits_add(&b, l.bits | (piece - d->slot_base[lslot]) << l.len, l.len + l.extra);
			bits_add(&b, dist.bits | dist_rest << dist.len, dist.len + dist.extra);
			bits_out(&b);
		}
	}
	write_literals(&b, c->litlen, literals, f->literals + f->nr_literals - literals);
	bits_add(&b, c->litlen[END_OF_BLOCK].bits, c->litlen[END_OF_BLOCK].len);
	bits_out(&b);
	*to = b;
}

static size_t stored_size(size_t len)
{
	return 2 + (len + UINT16_MAX - 1) / UINT16_MAX * 5 + len + 4;
}

static size_t store(const unsigned char *in, size_t len, unsigned char *out)
{
	unsigned char *p = out + 2;

	put_u16(out, ZLIB_HEADER, true);
	for (size_t at = 0, n; at < len; at += n) {
		n = MIN(len - at, (size_t)UINT16_MAX);
		*p = STORED << 1 | (at + n == len);
		put_u16(p + 1, n, false);
		put_u16(p + 3, ~n, false);
		memcpy(p + 5, in + at, n);
		p += 5 + n;
	}
	put_u32(p, libdeflate_adler32(1, in, len), true);
	return stored_size(len);
}

size_t deflate_pack(struct deflate *d, const unsigned char *in, size_t len, unsigned char *out,
		    size_t room)
{
	uint8_t litlen[NR_LITLEN], dist[NR_DIST];
	const struct code_set *c = &d->dynamic;
	uint64_t bits, fixed_bits;
	struct header h;
	struct bits b = { 0 };
	size_t size;

	match_find(&d->found, in, len, DIST_MAX);
	count_symbols(d);
	(void)huffman_lengths(d->litlen_freq, NR_LITLEN, 15, litlen); /* the end is one of them */
	(void)huffman_lengths(d->dist_freq, NR_DIST, 15, dist);
	set_codes(litlen, NR_LITLEN, d->dynamic.litlen);
	set_codes(dist, NR_DIST, d->dynamic.dist);
	make_header(litlen, dist, &h);
	bits = 3 + h.bits + coded_bits(d, &d->dynamic);
	fixed_bits = bits < FIXED_BELOW ? 3 + coded_bits(d, &d->fixed) : UINT64_MAX;
	if (fixed_bits <= bits) {
		bits = fixed_bits;
		c = &d->fixed;
	}
	size = 2 + (bits + 7) / 8 + 4;
	if (size > room || size > stored_size(len))
		return stored_size(len) <= room ? store(in, len, out) : 0;
	put_u16(out, ZLIB_HEADER, true);
	b.p = out + 2;
	b.end = out + size - 4;
	bits_add(&b, 1, 1); /* the last block */
	bits_add(&b, c == &d->fixed ? FIXED : DYNAMIC, 2);
	if (c != &d->fixed)
		write_header(&b, &h);
	write_block(d, c, &b);
	if (b.n)
		*b.p = b.held;
	put_u32(out + size - 4, libdeflate_adler32(1, in, len), true);
	return size;
}

struct deflate *deflate_new(void)
{
	struct deflate *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	for (unsigned len = LEN_MIN, slot = 0; slot < ARRAY_SIZE(d->slot_base); slot++) {
		d->slot_base[slot] = slot == 28 ? LEN_MAX : len;
		for (unsigned i = 0; i < 1u << len_extra(slot) && len <= LEN_MAX; i++)
			d->len_slot[len++] = slot;
	}
	d->len_slot[LEN_MAX] = 28; /* has a code of its own */
	set_fixed(&d->fixed);
	set_extra(&d->dynamic);
	return d;
}

void deflate_free(struct deflate *d)
{
	free(d);
}
