/*
 * Floor 1: whole files unpacked in memory: kernel modules, kernel images. The first bytes tell
 * the format: gzip 1f 8b (RFC 1952), xz fd "7zXZ" 00, lzma 5d 00 00 (the .lzma file of LZMA
 * Utils), zstd 28 b5 2f fd (RFC 8878), lz4 04 22 4d 18 (frame format 1.6) and 02 21 4c 18 (its
 * legacy frame, which the kernel's build uses). Only host tools link this.
 */
#pragma once

#include "base/error.h"

/* "gzip", "xz", "lzma", "zstd", "lz4"; null when the bytes begin like none of them. */
const char *unpack_format(const void *in, size_t in_len);
/* When `in` is packed, *ret is the malloc'd content of at most `limit` bytes; when it is not,
 * *ret is null and the bytes are good as they are. `name` is for messages. */
struct error *unpack_bytes(const char *name, const void *in, size_t in_len, size_t limit,
			   char **ret, size_t *ret_len) MUST_CHECK;
