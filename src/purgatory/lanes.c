/* Dealing bytes to lanes, and which unit does the work; see lanes.h. */
#include "purgatory/lanes.h"

#include "base/macro.h"

#define AT_ONCE 32 /* groups: 16 KiB, which stay in the first cache when read lane by lane */

#ifdef __x86_64__
#include <cpuid.h>

#define ECX1_SSSE3   (1u << 9)
#define ECX1_SSE41   (1u << 19)
#define ECX1_OSXSAVE (1u << 27)
#define EBX7_AVX2    (1u << 5)
#define EBX7_SHA     (1u << 29)
#define XCR0_SSE_AVX 6u

static unsigned features_7(void)
{
	unsigned a, b = 0, c, d;

	__cpuid(0, a, b, c, d);
	if (a < 7)
		return 0;
	__cpuid_count(7, 0, a, b, c, d);
	return b;
}

static unsigned features_1(void)
{
	unsigned a, b, c, d;

	__cpuid(1, a, b, c, d);
	return c;
}

static bool wide_registers_on(void)
{
	unsigned low, high;

	if (!(features_1() & ECX1_OSXSAVE))
		return false;
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & XCR0_SSE_AVX) == XCR0_SSE_AVX;
}

bool lanes_can(enum lanes_unit unit)
{
	switch (unit) {
	case LANES_PLAIN:
		return true;
	case LANES_SSSE3:
		return features_1() & ECX1_SSSE3;
	case LANES_AVX2:
		return (features_7() & EBX7_AVX2) && wide_registers_on();
	case LANES_SHA:
		return (features_7() & EBX7_SHA) && (features_1() & ECX1_SSE41);
	default:
		return false;
	}
}

static void step(enum lanes_unit unit, uint32_t h[8][LANES], const unsigned char *p, size_t groups)
{
	switch (unit) {
	case LANES_SHA:
		lanes_step_sha(h, p, groups);
		break;
	case LANES_AVX2:
		lanes_step_avx2(h, p, groups);
		break;
	case LANES_SSSE3:
		lanes_step_ssse3(h, p, groups);
		break;
	default:
		lanes_step_plain(h, p, groups);
	}
}
#else
bool lanes_can(enum lanes_unit unit)
{
	return unit == LANES_PLAIN;
}

static void step(enum lanes_unit unit, uint32_t h[8][LANES], const unsigned char *p, size_t groups)
{
	(void)unit;
	lanes_step_plain(h, p, groups);
}
#endif

enum lanes_unit lanes_best(void)
{
	enum lanes_unit unit = LANES_UNITS - 1;

	while (!lanes_can(unit))
		unit--;
	return unit;
}

const char *lanes_unit_name(enum lanes_unit unit)
{
	/* no table of pointers, which would need relocation */
	static const char names[LANES_UNITS][20] = {
		[LANES_PLAIN] = "plain code",
		[LANES_SSSE3] = "SSSE3",
		[LANES_AVX2] = "AVX2",
		[LANES_SHA] = "SHA instructions",
	};

	return names[unit];
}

static void one_block(uint32_t h[8][LANES], unsigned lane, const unsigned char *block)
{
	uint32_t own[8];

	for (int i = 0; i < 8; i++)
		own[i] = h[i][lane];
	sha256_compress(own, block);
	for (int i = 0; i < 8; i++)
		h[i][lane] = own[i];
}

void lanes_step_plain(uint32_t h[8][LANES], const unsigned char *p, size_t groups)
{
	for (; groups--; p += LANES_GROUP)
		for (unsigned lane = 0; lane < LANES; lane++)
			one_block(h, lane, p + lane * LANES_BLOCK);
}

void lanes_init(struct lanes *l, enum lanes_unit unit)
{
	for (int i = 0; i < 8; i++)
		for (int lane = 0; lane < LANES; lane++)
			l->h[i][lane] = sha256_start[i];
	l->len = 0;
	l->unit = unit;
}

/* memcpy() may not be there. */
static void copy(unsigned char *to, const unsigned char *from, size_t len)
{
	while (len--)
		*to++ = *from++;
}

void lanes_add(struct lanes *l, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	size_t have = l->len % LANES_GROUP;

	l->len += len;
	if (have) {
		size_t n = MIN(len, LANES_GROUP - have);

		copy(l->group + have, p, n);
		if (have + n < LANES_GROUP)
			return;
		step(l->unit, l->h, l->group, 1);
		p += n;
		len -= n;
	}
	while (len >= LANES_GROUP) {
		size_t groups = MIN(len / LANES_GROUP, (size_t)AT_ONCE);

		step(l->unit, l->h, p, groups);
		p += groups * LANES_GROUP;
		len -= groups * LANES_GROUP;
	}
	copy(l->group, p, len);
}

/* The lane's last bytes (fewer than two blocks), padded as FIPS 180-4 says. */
static void lane_end(struct lanes *l, unsigned lane, size_t have, struct sha256 *all)
{
	size_t from = MIN(have, (size_t)lane * LANES_BLOCK), to = MIN(have, from + LANES_BLOCK);
	uint64_t whole = l->len / LANES_GROUP * LANES_BLOCK;
	unsigned char digest[SHA256_DIGEST_LEN];
	struct sha256 s = { .len = whole };

	for (int i = 0; i < 8; i++)
		s.h[i] = l->h[i][lane];
	sha256_add(&s, l->group + from, to - from);
	sha256_end(&s, digest);
	sha256_add(all, digest, sizeof(digest));
}

void lanes_end(struct lanes *l, unsigned char digest[SHA256_DIGEST_LEN])
{
	struct sha256 all;

	sha256_init(&all);
	for (unsigned lane = 0; lane < LANES; lane++)
		lane_end(l, lane, l->len % LANES_GROUP, &all);
	sha256_end(&all, digest);
}
