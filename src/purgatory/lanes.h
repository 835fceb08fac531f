/*
 * The digest that guards a loaded kernel, made to be fast where SHA-256 is slow because each
 * step waits for the one before. The bytes are dealt in blocks of 64 to eight lanes in turn,
 * each lane is a SHA-256 of its own (FIPS 180-4), and the digest is the SHA-256 of the eight
 * lane digests. One thread keeps all lanes going at once: in vector registers, or two by two
 * in the CPU's SHA instructions. The result is the same on every CPU.
 *
 * Freestanding: the loader and purgatory build the same files.
 */
#pragma once

#include <stdbool.h>

#include "base/sha256.h"

#define LANES	    8
#define LANES_BLOCK 64
#define LANES_GROUP (LANES * LANES_BLOCK)

/* Ways to do it, the slowest first. */
enum lanes_unit {
	LANES_PLAIN,
	LANES_SSSE3,
	LANES_AVX2,
	LANES_SHA,
	LANES_UNITS
};

struct lanes {
	uint32_t h[8][LANES]; /* word by lane */
	uint64_t len;	      /* bytes so far */
	enum lanes_unit unit;
	unsigned char group[LANES_GROUP];
};

/* Whether this CPU has what the unit needs and its registers are switched on. */
bool lanes_can(enum lanes_unit unit);
enum lanes_unit lanes_best(void);
const char *lanes_unit_name(enum lanes_unit unit);

void lanes_init(struct lanes *l, enum lanes_unit unit);
void lanes_add(struct lanes *l, const void *bytes, size_t len);
void lanes_end(struct lanes *l, unsigned char digest[SHA256_DIGEST_LEN]);

/* One step of each lane for every group of LANES_GROUP bytes. */
typedef void lanes_step(uint32_t h[8][LANES], const unsigned char *p, size_t groups);
lanes_step lanes_step_plain, lanes_step_ssse3, lanes_step_avx2, lanes_step_sha;
