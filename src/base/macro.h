/* Small compile-time helpers that every floor uses. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))
#define NORETURN __attribute__((noreturn))

/* Each argument is evaluated once; nesting is fine. */
#define MIN(a, b)	    MINMAX_(<, a, b, __COUNTER__)
#define MAX(a, b)	    MINMAX_(>, a, b, __COUNTER__)
#define MINMAX_(op, a, b, n)  MINMAX__(op, a, b, n)
#define MINMAX__(op, a, b, n)                                                                   \
	({                                                                                      \
		__typeof__(a) minmax_a_##n = (a);                                               \
		__typeof__(b) minmax_b_##n = (b);                                               \
		minmax_a_##n op minmax_b_##n ? minmax_a_##n : minmax_b_##n;                     \
	})

/* Round to a power of two. ROUND_UP wraps at the end of the type: use checked.h for
 * numbers that come from outside. */
#define ROUND_DOWN(x, p2) ((x) & ~((__typeof__(x))(p2) - 1))
#define ROUND_UP(x, p2)	  ROUND_DOWN((x) + (__typeof__(x))(p2) - 1, p2)
#define IS_POW2(x)	  ((x) != 0 && ((x) & ((x) - 1)) == 0)

#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
