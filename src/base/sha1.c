#include "base/sha1.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void add_block(uint32_t h[5], const unsigned char *block)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned i = 0; i < 16; i++)
		w[i] = get_u32(block + 4 * i, true);
	for (unsigned i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 80; i++) {
		static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
		uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
		uint32_t t = rotate(a, 5) + f + e + k[i / 20] + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

void sha1(const void *bytes, size_t len, unsigned char digest[SHA1_DIGEST_LEN])
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	unsigned char tail[128] = { 0 };
	const unsigned char *p = bytes;
	size_t left = len % 64, room = left < 56 ? 64 : 128;

	for (size_t i = 0; i + 64 <= len; i += 64)
		add_block(h, p + i);
	if (left)
		memcpy(tail, p + len - left, left);
	tail[left] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		tail[room - 1 - i] = (unsigned char)((uint64_t)len * 8 >> 8 * i);
	for (size_t i = 0; i < room; i += 64)
		add_block(h, tail + i);
	for (unsigned i = 0; i < SHA1_DIGEST_LEN; i++)
		digest[i] = (unsigned char)(h[i / 4] >> (24 - i % 4 * 8));
}
