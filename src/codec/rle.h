/*
 * The run-length encoding of LKCD dumps (versions 1 to 3, and later ones that say so):
 *
 *	b	(not 0) the byte b
 *	0 0	one zero byte
 *	0 n b	(n not 0) n + 1 bytes b
 *
 * as the kernel's own encoder and crash's decoder (lkcd_common.c) have it.
 */
#pragma once

#include "base/error.h"

/* Unpacks exactly `len` bytes; anything else is ERROR_BAD_DATA. */
struct error *rle_unpack(const unsigned char *in, size_t in_len, unsigned char *out,
			 size_t len) MUST_CHECK;
