/*
 * Page compression. One row per codec; a codec needs state per worker, never shared.
 * The flag is that of a kdump-compressed page descriptor (crash diskdump.h, makedumpfile
 * diskdump_mod.h: 1 zlib, 2 LZO, 4 snappy, 0x20 zstd).
 */
#pragma once

#include "base/error.h"

struct codec_state; /* opaque, per worker and codec */

struct codec {
	const char *name;    /* "zlib", "lzo", "snappy", "zstd" */
	uint32_t kdump_flag; /* page descriptor and header status bit */
	char option;	     /* makedumpfile's letter: c, l, p, z */
	int default_level;

	/* Null on out of memory. level 0 asks for default_level. `pack` false: only unpacking. */
	struct codec_state *(*open)(bool pack, int level);
	void (*close)(struct codec_state *s);
	/* Largest output of pack() for `len` bytes. */
	size_t (*bound)(size_t len);
	/* Packs; returns the packed length, or 0 when it does not fit into `room` or fails (the
	 * caller then stores the page raw). */
	size_t (*pack)(struct codec_state *s, const void *in, size_t len, void *out, size_t room);
	/* Unpacks exactly `len` bytes; anything else is ERROR_BAD_DATA. */
	struct error *(*unpack)(struct codec_state *s, const void *in, size_t in_len, void *out,
				size_t len);
};

extern const struct codec codec_zlib, codec_lzo, codec_snappy, codec_zstd;
/* All of them, null-terminated. */
extern const struct codec *const codecs[];
const struct codec *codec_by_flag(uint32_t kdump_flag);
const struct codec *codec_by_option(char letter);

/* Reader side: one state per codec, opened when first needed. Zero-initialised is empty. */
struct codec_set {
	struct codec_state *states[8]; /* in the order of codecs[] */
};
struct error *codec_set_unpack(struct codec_set *set, uint32_t kdump_flag, const void *in,
			       size_t in_len, void *out, size_t len) MUST_CHECK;
void codec_set_done(struct codec_set *set);
