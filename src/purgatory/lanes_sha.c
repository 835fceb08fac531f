/*
 * Lanes two by two in the CPU's SHA instructions, which take four cycles each but can be begun
 * every two; built with -msha -msse4.1. Intel SDM volume 2, SHA256RNDS2, SHA256MSG1, SHA256MSG2.
 */
#include <immintrin.h>

#include "purgatory/lanes.h"

struct state {
	__m128i abef, cdgh; /* the order that the instructions want */
};

static inline __m128i load(const unsigned char *p)
{
	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p),
				_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

static inline struct state get(uint32_t h[8][LANES], unsigned lane)
{
	return (struct state){
		_mm_set_epi32((int)h[0][lane], (int)h[1][lane], (int)h[4][lane], (int)h[5][lane]),
		_mm_set_epi32((int)h[2][lane], (int)h[3][lane], (int)h[6][lane], (int)h[7][lane]),
	};
}

static inline void put(uint32_t h[8][LANES], unsigned lane, const struct state *s)
{
	h[0][lane] = (uint32_t)_mm_extract_epi32(s->abef, 3);
	h[1][lane] = (uint32_t)_mm_extract_epi32(s->abef, 2);
	h[4][lane] = (uint32_t)_mm_extract_epi32(s->abef, 1);
	h[5][lane] = (uint32_t)_mm_extract_epi32(s->abef, 0);
	h[2][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 3);
	h[3][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 2);
	h[6][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 1);
	h[7][lane] = (uint32_t)_mm_extract_epi32(s->cdgh, 0);
}

static inline void four_rounds(struct state *s, __m128i w, int i)
{
	__m128i wk = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)&sha256_k[i]));

	s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
	s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* Words i..i+3 out of the sixteen before; `a` is the oldest four. */
static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));

	return _mm_sha256msg2_epu32(sum, d);
}


static inline void next_sixteen(__m128i w[4])
{
	w[0] = next_words(w[0], w[1], w[2], w[3]);
	w[1] = next_words(w[1], w[2], w[3], w[0]);
	w[2] = next_words(w[2], w[3], w[0], w[1]);
	w[3] = next_words(w[3], w[0], w[1], w[2]);
}

/* Both lanes in step, so that one's instructions fill the other's waits. */
#define ROUNDS(i)                                                                               \
	do {                                                                                    \
		four_rounds(x, u[0], i);                                                        \
		four_rounds(y, v[0], i);                                                        \
		four_rounds(x, u[1], i + 4);                                                    \
		four_rounds(y, v[1], i + 4);                                                    \
		four_rounds(x, u[2], i + 8);                                                    \
		four_rounds(y, v[2], i + 8);                                                    \
		four_rounds(x, u[3], i + 12);                                                   \
		four_rounds(y, v[3], i + 12);                                                   \
	} while (0)

/* One block of two lanes that lie side by side. */
static inline void two_blocks(struct state *x, struct state *y, const unsigned char *p)
{
	struct state x0 = *x, y0 = *y;
	__m128i u[4] = { load(p), load(p + 16), load(p + 32), load(p + 48) };
	__m128i v[4] = { load(p + 64), load(p + 80), load(p + 96), load(p + 112) };

	ROUNDS(0);
	for (int i = 16; i < 64; i += 16) {
		next_sixteen(u);
		next_sixteen(v);
		ROUNDS(i);
	}
	x->abef = _mm_add_epi32(x->abef, x0.abef);
	x->cdgh = _mm_add_epi32(x->cdgh, x0.cdgh);
	y->abef = _mm_add_epi32(y->abef, y0.abef);
	y->cdgh = _mm_add_epi32(y->cdgh, y0.cdgh);
}

void lanes_step_sha(uint32_t h[8][LANES], const unsigned char *p, size_t groups)
{
	for (unsigned lane = 0; lane < LANES; lane += 2) {
		struct state x = get(h, lane), y = get(h, lane + 1);

		for (size_t g = 0; g < groups; g++)
			two_blocks(&x, &y, p + g * LANES_GROUP + lane * LANES_BLOCK);
		put(h, lane, &x);
		put(h, lane + 1, &y);
	}
}
