/*
 * Lanes side by side in vector registers. Included once per register width, with these defined:
 * VECTOR_LANES, VECTOR_STEP (name of the function), and the six operations on `wide` below.
 */
#include "base/macro.h"

typedef uint32_t words __attribute__((vector_size(VECTOR_LANES * 4)));

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))

/* The lanes' next 16 bytes become four vectors, each with one word of every lane. */
static inline void load_four(words w[4], const unsigned char *p)
{
	wide a = swap_bytes(load(p)), b = swap_bytes(load(p + LANES_BLOCK));
	wide c = swap_bytes(load(p + 2 * LANES_BLOCK)), d = swap_bytes(load(p + 3 * LANES_BLOCK));
	wide ab = low_32(a, b), cd = low_32(c, d), ab2 = high_32(a, b), cd2 = high_32(c, d);

	w[0] = (words)low_64(ab, cd);
	w[1] = (words)high_64(ab, cd);
	w[2] = (words)low_64(ab2, cd2);
	w[3] = (words)high_64(ab2, cd2);
}

static inline void schedule(words w[64], const unsigned char *p)
{
	for (int i = 0; i < 16; i += 4)
		load_four(w + i, p + 4 * i);
	for (int i = 16; i < 64; i++) {
		words a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ROTR(a, 7) ^ ROTR(a, 18) ^ a >> 3) + w[i - 7] +
		       (ROTR(b, 17) ^ ROTR(b, 19) ^ b >> 10);
	}
}

/* The words are renamed from round to round, not moved; see sha256.c. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                        \
	do {                                                                                    \
		words t = h + (ROTR(e, 6) ^ ROTR(e, 11) ^ ROTR(e, 25)) + (g ^ (e & (f ^ g))) +   \
			  sha256_k[i] + w[i];                                                   \
		d += t;                                                                         \
		h = t + (ROTR(a, 2) ^ ROTR(a, 13) ^ ROTR(a, 22)) + ((a & b) | (c & (a | b)));   \
	} while (0)

static inline void one_step(words s[8], const unsigned char *p)
{
	words a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7], w[64];

	schedule(w, p);
	for (int i = 0; i < 64; i += 8) {
		ROUND(a, b, c, d, e, f, g, h, i);
		ROUND(h, a, b, c, d, e, f, g, i + 1);
		ROUND(g, h, a, b, c, d, e, f, i + 2);
		ROUND(f, g, h, a, b, c, d, e, i + 3);
		ROUND(e, f, g, h, a, b, c, d, i + 4);
		ROUND(d, e, f, g, h, a, b, c, i + 5);
		ROUND(c, d, e, f, g, h, a, b, i + 6);
		ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
	s[4] += e;
	s[5] += f;
	s[6] += g;
	s[7] += h;
}

void VECTOR_STEP(uint32_t h[8][LANES], const unsigned char *p, size_t groups)
{
	for (unsigned lane = 0; lane < LANES; lane += VECTOR_LANES) {
		words s[8];

		for (int i = 0; i < 8; i++)
			__builtin_memcpy(&s[i], &h[i][lane], sizeof(words));
		for (size_t g = 0; g < groups; g++)
			one_step(s, p + g * LANES_GROUP + lane * LANES_BLOCK);
		for (int i = 0; i < 8; i++)
			__builtin_memcpy(&h[i][lane], &s[i], sizeof(words));
	}
}
