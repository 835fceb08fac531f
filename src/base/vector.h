/*
 * Growing arrays of one element type:
 *
 *	VECTOR(struct load) loads = { 0 };
 *	if (!vector_push(&loads, (struct load){ ... })) return error_nomem();
 *	for (size_t i = 0; i < loads.n; i++) ... loads.v[i] ...
 *	vector_done(&loads);
 */
#pragma once

#include <stdlib.h>

#include "base/macro.h"

#define VECTOR(type)                                                                            \
	struct {                                                                                \
		type *v;                                                                        \
		size_t n;                                                                       \
		size_t room;                                                                    \
	}

/* Makes room for at least `want` elements; false when out of memory. */
#define vector_reserve(vec, want)                                                               \
	vector_reserve_bytes((void **)&(vec)->v, &(vec)->room, (want), sizeof(*(vec)->v))
#define vector_push(vec, ...)                                                                   \
	(vector_reserve(vec, (vec)->n + 1) && ((vec)->v[(vec)->n++] = (__VA_ARGS__), true))
#define vector_done(vec)                                                                        \
	do {                                                                                    \
		free((vec)->v);                                                                 \
		(vec)->v = NULL;                                                                \
		(vec)->n = (vec)->room = 0;                                                     \
	} while (0)

static inline bool vector_reserve_bytes(void **v, size_t *room, size_t want, size_t each)
{
	size_t grown = *room, bytes;
	void *p;

	if (want <= *room)
		return true;
	grown = MAX(want, MAX((size_t)8, grown > SIZE_MAX / 2 ? SIZE_MAX : grown * 2));
	if (__builtin_mul_overflow(grown, each, &bytes))
		return false;
	p = realloc(*v, bytes);
	if (!p)
		return false;
	*v = p;
	*room = grown;
	return true;
}
