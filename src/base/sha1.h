/* SHA-1 (RFC 3174), for hashes that others defined with it; new ones take SHA-256. */
#pragma once

#include <stddef.h>

#define SHA1_DIGEST_LEN 20

void sha1(const void *bytes, size_t len, unsigned char digest[SHA1_DIGEST_LEN]);
