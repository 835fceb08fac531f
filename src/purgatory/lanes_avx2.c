/* Eight lanes in a register of 32 bytes; built with -mavx2. See lanes_vector.h. */
#include <immintrin.h>

#include "purgatory/lanes.h"

#define VECTOR_LANES 8
#define VECTOR_STEP  lanes_step_avx2

typedef __m256i wide;

#define low_32	_mm256_unpacklo_epi32
#define high_32 _mm256_unpackhi_epi32
#define low_64	_mm256_unpacklo_epi64
#define high_64 _mm256_unpackhi_epi64

/* The unpacking instructions work on each half by itself: the lane four further on goes into
 * the upper one. */
static inline wide load(const unsigned char *p)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)p)),
		_mm_loadu_si128((const __m128i *)(p + 4 * LANES_BLOCK)), 1);
}

static inline wide swap_bytes(wide x)
{
	return _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(_mm_set_epi64x(
					      0x0c0d0e0f08090a0b, 0x0405060700010203)));
}

#include "purgatory/lanes_vector.h"
