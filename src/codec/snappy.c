/*
 * Snappy raw blocks, both directions (google/snappy, format_description.txt). A block is the
 * unpacked length as a varint, then elements. The low two bits of an element's first byte say
 * what it is:
 *
 *	0  literal: length - 1 in the upper six bits, or 60..63 for 1..4 length bytes behind
 *	1  copy of 4..11 bytes, offset of 11 bits
 *	2  copy of 1..64 bytes, offset of 16 bits
 *	3  copy of 1..64 bytes, offset of 32 bits
 *
 * The packer works on fragments of 64 KiB, so that its table holds 16-bit positions.
 */
#include "codec/codec.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define FRAGMENT  65536u
#define TABLE_MAX 16384u
#define TABLE_MIN 256u
#define TAIL	  15u /* too short to be worth a search */
#define COPY1_LEN 12u /* first length and offset that COPY1 cannot say */
#define COPY1_OFF 2048u
#define COPY2_LEN 64u

struct codec_state {
	uint16_t table[TABLE_MAX];
};

static void snappy_close(struct codec_state *s)
{
	free(s);
}

static struct codec_state *snappy_open(bool pack, int level)
{
	return pack ? malloc(sizeof(struct codec_state)) : malloc(1);
}

/* One byte in 60 or fewer for literals, a few for the length. */
static size_t snappy_bound(size_t len)
{
	return 32 + len + len / 6;
}

/* Output that remembers when it was full. */
struct out {
	unsigned char *p, *end;
	bool full;
};

static void put(struct out *o, const void *bytes, size_t len)
{
	if ((size_t)(o->end - o->p) < len) {
		o->full = true;
		return;
	}
	memcpy(o->p, bytes, len);
	o->p += len;
}

static void put_byte(struct out *o, unsigned char b)
{
	put(o, &b, 1);
}

static void put_literal(struct out *o, const unsigned char *bytes, size_t len)
{
	size_t n = len - 1;

	if (!len)
		return;
	if (n < 60) {
		put_byte(o, n << 2);
	} else if (n < 256) {
		put_byte(o, 60 << 2);
		put_byte(o, n);
	} else {
		put_byte(o, 61 << 2); /* a fragment has no more than 65536 bytes */
		put_byte(o, n);
		put_byte(o, n >> 8);
	}
	put(o, bytes, len);
}

static void put_copy2(struct out *o, size_t off, size_t len)
{
	put_byte(o, 2 | (len - 1) << 2);
	put_byte(o, off);
	put_byte(o, off >> 8);
}

static void put_copy(struct out *o, size_t off, size_t len)
{
	/* never leaves a rest below 4, which the short form could not say */
	for (; len >= COPY2_LEN + 4; len -= COPY2_LEN)
		put_copy2(o, off, COPY2_LEN);
	if (len > COPY2_LEN) {
		put_copy2(o, off, 60);
		len -= 60;
	}
	if (len >= 4 && len < COPY1_LEN && off < COPY1_OFF) {
		put_byte(o, 1 | (len - 4) << 2 | (off >> 8) << 5);
		put_byte(o, off);
	} else {
		put_copy2(o, off, len);
	}
}

static uint32_t load32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static size_t match_len(const unsigned char *a, const unsigned char *b,
			const unsigned char *end)
{
	const unsigned char *start = b;

	while (end - b >= 8) {
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

static void pack_fragment(uint16_t *table, const unsigned char *in, size_t len, struct out *o)
{
	const unsigned char *at = in, *pending = in, *end = in + len;
	unsigned shift = 32 - __builtin_ctz(TABLE_MIN);
	size_t size = TABLE_MIN;
	uint32_t missed = 32;

	while (size < TABLE_MAX && size < len) {
		size *= 2;
		shift--;
	}
	memset(table, 0, size * sizeof(*table));
	if (len > TAIL) {
		const unsigned char *last = end - TAIL;

		for (at++; at < last;) {
			uint32_t word = load32(at), slot = (word * 0x1e35a7bdu) >> shift;
			const unsigned char *earlier = in + table[slot];
			size_t n;

			table[slot] = at - in;
			if (load32(earlier) != word || earlier == at) {
				/* the longer nothing matches, the larger the steps */
				at += missed++ >> 5;
				continue;
			}
			put_literal(o, pending, at - pending);
			n = 4 + match_len(earlier + 4, at + 4, end);
			put_copy(o, at - earlier, n);
			at += n;
			pending = at;
			missed = 32;
			if (at < last)
				table[(load32(at - 1) * 0x1e35a7bdu) >> shift] = at - 1 - in;
		}
	}
	put_literal(o, pending, end - pending);
}

static size_t snappy_pack(struct codec_state *s, const void *in, size_t len, void *out,
			  size_t room)
{
	struct out o = { out, (unsigned char *)out + room, false };
	const unsigned char *from = in;
	size_t n = len;

	if (len > UINT32_MAX)
		return 0;
	for (; n >= 0x80; n >>= 7)
		put_byte(&o, n | 0x80);
	put_byte(&o, n);
	while (len && !o.full) {
		size_t piece = len < FRAGMENT ? len : FRAGMENT;

		pack_fragment(s->table, from, piece, &o);
		from += piece;
		len -= piece;
	}
	return o.full ? 0 : (size_t)(o.p - (unsigned char *)out);
}

/* The unpacked length; false when the varint is not one of 32 bits. */
static bool take_length(const unsigned char **p, const unsigned char *end, uint32_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 35 && *p < end; shift += 7) {
		unsigned char b = *(*p)++;

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			*ret = v;
			return v <= UINT32_MAX;
		}
	}
	return false;
}

static void copy_back(unsigned char *to, size_t off, size_t len)
{
	const unsigned char *from = to - off;

	if (off >= len) {
		memcpy(to, from, len);
		return;
	}
	while (len--)
		*to++ = *from++;
}

/* One element; false when it is cut off, reaches back too far, or would pass the end. */
static bool take_element(const unsigned char **p, const unsigned char *end,
			 const unsigned char *start, unsigned char **to, size_t room)
{
	unsigned char tag = *(*p)++;
	/* bytes that follow the tag, by kind */
	size_t kind = tag & 3, extra = kind == 3 ? 4 : kind, len = (tag >> 2) + 1, off = 0;

	if (kind == 0)
		extra = len > 60 ? len - 60 : 0;
	if ((size_t)(end - *p) < extra)
		return false;
	for (size_t i = 0; i < extra; i++)
		off |= (size_t)(*p)[i] << (8 * i);
	*p += extra;
	if (kind == 0) {
		if (extra)
			len = off + 1;
		if (len > room || len > (size_t)(end - *p))
			return false;
		memcpy(*to, *p, len);
		*p += len;
	} else {
		if (kind == 1) {
			len = 4 + (tag >> 2 & 7);
			off |= (size_t)(tag >> 5) << 8;
		}
		if (!off || off > (size_t)(*to - start) || len > room)
			return false;
		copy_back(*to, off, len);
	}
	*to += len;
	return true;
}

static struct error *snappy_unpack(struct codec_state *s, const void *in, size_t in_len,
				   void *out, size_t len)
{
	const unsigned char *p = in, *end = p + in_len;
	unsigned char *to = out, *to_end = to + len;
	uint32_t said;

	if (!take_length(&p, end, &said))
		return error_new(ERROR_BAD_DATA, "snappy: no length at the start");
	if (said != len)
		return error_new(ERROR_BAD_DATA, "snappy: says %u bytes, expected %zu", said,
				 len);
	while (p < end)
		if (!take_element(&p, end, out, &to, to_end - to))
			return error_new(ERROR_BAD_DATA, "snappy: damaged at unpacked byte %zu",
					 (size_t)(to - (unsigned char *)out));
	if (to != to_end)
		return error_new(ERROR_BAD_DATA, "snappy: ends after %zu of %zu bytes",
				 (size_t)(to - (unsigned char *)out), len);
	return NULL;
}

const struct codec codec_snappy = {
	.name = "snappy",
	.kdump_flag = 0x4,
	.option = 'p',
	.default_level = 1,
	.open = snappy_open,
	.close = snappy_close,
	.bound = snappy_bound,
	.pack = snappy_pack,
	.unpack = snappy_unpack,
};
