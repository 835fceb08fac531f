/*
 * Private to codec: packs a page in zlib's format (RFC 1950, RFC 1951) as one block. libdeflate
 * clears 128 KiB or more of tables for every call, which for a page is most of the time; and it
 * needs its level 2 to get below zlib's level 1.
 */
#pragma once

#include "base/error.h"

#define DEFLATE_INPUT_MAX ((size_t)1 << 16)

struct deflate; /* one a thread */

struct deflate *deflate_new(void); /* null: out of memory */
void deflate_free(struct deflate *d);
/* The packed length; 0 when it does not fit into `room`. `len` is 1 to DEFLATE_INPUT_MAX. */
size_t deflate_pack(struct deflate *d, const unsigned char *in, size_t len, unsigned char *out,
		    size_t room);
