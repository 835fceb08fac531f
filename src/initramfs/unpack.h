/* Whole-file decompression of module files: gzip, xz, zstd by their first bytes. */
#pragma once

#include "base/error.h"

#define UNPACK_LIMIT (128u << 20) /* bytes out; no module is longer */

/* When `in` is packed, *ret is the malloc'd content; when it is not, *ret is null and the bytes
 * are good as they are. `name` is for messages. */
struct error *unpack_file(const char *name, const void *in, size_t in_len, char **ret,
			  size_t *ret_len) MUST_CHECK;
