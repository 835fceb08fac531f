/*
 * Arithmetic on numbers that come from outside. Each returns true when the result did not
 * fit; `*ret` is then not to be used.
 */
#pragma once

#include "base/macro.h"

#define add_overflows(a, b, ret) __builtin_add_overflow(a, b, ret)
#define sub_overflows(a, b, ret) __builtin_sub_overflow(a, b, ret)
#define mul_overflows(a, b, ret) __builtin_mul_overflow(a, b, ret)

/* Rounds `x` up to a multiple of the power of two `p2`. */
static inline bool round_up_overflows(uint64_t x, uint64_t p2, uint64_t *ret)
{
	uint64_t sum;

	if (add_overflows(x, p2 - 1, &sum))
		return true;
	*ret = ROUND_DOWN(sum, p2);
	return false;
}

/* Whether [off, off + len) lies inside [0, size). */
static inline bool range_fits(uint64_t off, uint64_t len, uint64_t size)
{
	return off <= size && len <= size - off;
}
