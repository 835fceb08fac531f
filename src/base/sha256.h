/* SHA-256 (FIPS 180-4). Freestanding: purgatory builds the same file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_DIGEST_LEN 32

struct sha256 {
	uint32_t h[8];
	uint64_t len; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t len);
void sha256_zeros(struct sha256 *s, size_t len); /* as if `len` zero bytes were added */
void sha256_end(struct sha256 *s, unsigned char digest[SHA256_DIGEST_LEN]);

/* The parts, for those who arrange blocks themselves: the rounds' constants, the value to start
 * from, and the step over one block of 64 bytes. */
extern const uint32_t sha256_k[64];
extern const uint32_t sha256_start[8];
void sha256_compress(uint32_t h[8], const unsigned char *block);
