/*
 * Unaligned integers of a stated byte order in memory. `big` is true for big-endian.
 * The caller has checked the bounds; where it has not, use cursor.h.
 */
#pragma once

#include <endian.h>
#include <string.h>

#include "base/macro.h"

static inline uint16_t get_u16(const void *p, bool big)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return big ? be16toh(v) : le16toh(v);
}

static inline uint32_t get_u32(const void *p, bool big)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return big ? be32toh(v) : le32toh(v);
}

static inline uint64_t get_u64(const void *p, bool big)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return big ? be64toh(v) : le64toh(v);
}

/* An integer of 1, 2, 4 or 8 bytes; any other width reads as 0. */
static inline uint64_t get_uint(const void *p, size_t width, bool big)
{
	switch (width) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		return get_u16(p, big);
	case 4:
		return get_u32(p, big);
	case 8:
		return get_u64(p, big);
	default:
		return 0;
	}
}

static inline void put_u16(void *p, uint16_t v, bool big)
{
	v = big ? htobe16(v) : htole16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u32(void *p, uint32_t v, bool big)
{
	v = big ? htobe32(v) : htole32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void put_u64(void *p, uint64_t v, bool big)
{
	v = big ? htobe64(v) : htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* Whether all `len` bytes are zero. Fast for whole pages on any libc. */
bool bytes_are_zero(const void *p, size_t len);
