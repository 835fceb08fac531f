/* Output that grows up to a limit, for the decoders of this folder. */
#pragma once

#include "unpack/unpack.h"

struct unpacked {
	const char *name;   /* of the input, for messages */
	const char *format;
	char *bytes;
	size_t len;
	size_t room;
	size_t limit;
};

/* Makes room for at least one more byte, `hint` bytes at the first time. */
struct error *unpacked_grow(struct unpacked *u, size_t hint) MUST_CHECK;
struct error *unpacked_damaged(const struct unpacked *u) MUST_CHECK;

struct error *unpack_gzip(const unsigned char *in, size_t in_len, struct unpacked *u) MUST_CHECK;
struct error *unpack_xz(const unsigned char *in, size_t in_len, struct unpacked *u) MUST_CHECK;
struct error *unpack_lzma(const unsigned char *in, size_t in_len, struct unpacked *u) MUST_CHECK;
struct error *unpack_zstd(const unsigned char *in, size_t in_len, struct unpacked *u) MUST_CHECK;
struct error *unpack_lz4(const unsigned char *in, size_t in_len, struct unpacked *u) MUST_CHECK;
struct error *unpack_lz4_legacy(const unsigned char *in, size_t in_len,
				struct unpacked *u) MUST_CHECK;
