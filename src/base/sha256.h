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
