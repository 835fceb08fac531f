/* Four lanes in a register of 16 bytes; built with -mssse3. See lanes_vector.h. */
#include <tmmintrin.h>

#include "purgatory/lanes.h"

#define VECTOR_LANES 4
#define VECTOR_STEP  lanes_step_ssse3

typedef __m128i wide;

#define low_32	_mm_unpacklo_epi32
#define high_32 _mm_unpackhi_epi32
#define low_64	_mm_unpacklo_epi64
#define high_64 _mm_unpackhi_epi64

static inline wide load(const unsigned char *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static inline wide swap_bytes(wide x)
{
	return _mm_shuffle_epi8(x, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

#include "purgatory/lanes_vector.h"
