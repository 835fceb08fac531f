/* SHA-256; no library calls, so that it also runs in purgatory. */
#include "base/sha256.h"

const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

const uint32_t sha256_start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static uint32_t rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* One round. The eight words are not moved along but renamed from round to round, which
 * is more than twice as fast as the plain loop. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                        \
	do {                                                                                    \
		uint32_t t = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) + \
			     sha256_k[i] + w[i];                                                \
		d += t;                                                                         \
		h = t + (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));   \
	} while (0)

static void rounds(uint32_t h[8], const uint32_t w[64])
{
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], l = h[7];

	for (int i = 0; i < 64; i += 8) {
		ROUND(a, b, c, d, e, f, g, l, i);
		ROUND(l, a, b, c, d, e, f, g, i + 1);
		ROUND(g, l, a, b, c, d, e, f, i + 2);
		ROUND(f, g, l, a, b, c, d, e, i + 3);
		ROUND(e, f, g, l, a, b, c, d, i + 4);
		ROUND(d, e, f, g, l, a, b, c, i + 5);
		ROUND(c, d, e, f, g, l, a, b, i + 6);
		ROUND(b, c, d, e, f, g, l, a, i + 7);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += l;
}

void sha256_compress(uint32_t h[8], const unsigned char *p)
{
	uint32_t w[64];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[i - 7] +
		       (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
	}
	rounds(h, w);
}

void sha256_init(struct sha256 *s)
{
	for (int i = 0; i < 8; i++)
		s->h[i] = sha256_start[i];
	s->len = 0;
}

void sha256_add(struct sha256 *s, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t have = s->len % 64;

	s->len += len;
	for (; have && len; len--) {
		s->block[have++] = *p++;
		if (have == 64) {
			sha256_compress(s->h, s->block);
			have = 0;
		}
	}
	for (; len >= 64; p += 64, len -= 64)
		sha256_compress(s->h, p);
	for (; len; len--)
		s->block[have++] = *p++;
}

void sha256_zeros(struct sha256 *s, size_t len)
{
	static const unsigned char zeros[256];

	for (; len >= sizeof(zeros); len -= sizeof(zeros))
		sha256_add(s, zeros, sizeof(zeros));
	sha256_add(s, zeros, len);
}

void sha256_end(struct sha256 *s, unsigned char digest[SHA256_DIGEST_LEN])
{
	static const unsigned char mark = 0x80;
	uint64_t bits = s->len * 8;
	unsigned char tail[8];

	sha256_add(s, &mark, 1);
	sha256_zeros(s, (64 + 56 - s->len % 64) % 64);
	for (int i = 0; i < 8; i++)
		tail[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(s, tail, 8);
	for (int i = 0; i < 32; i++)
		digest[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}
