/* The builder's inside, shared by its files. */
#pragma once

#include "initramfs/initramfs.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "base/vector.h"

#define SOURCE_LIMIT (256u << 20) /* bytes of one copied file */

struct entry {
	char *path; /* without leading slash */
	mode_t mode;
	char *bytes; /* null: none */
	size_t len;
	unsigned major, minor;
};

struct initramfs {
	int root; /* borrowed */
	VECTOR(struct entry) entries;
	/* program.c: libraries that are in, by name, and where the system keeps them */
	struct words libraries;
	struct words library_dirs;
	struct words needed; /* sources of what programs brought along */
	char *library_home; /* the image's folder for those that the loader would not find */
};

/* Opens a source by the rule of initramfs.h; links of a relative one stay below the root.
 * -1 and errno on failure. */
int initramfs_open_source(int root, const char *source);
struct error *initramfs_read_source(int root, const char *source, char **ret,
				    size_t *ret_len) MUST_CHECK;
/* Adds an entry and the folders above it. `bytes` (malloc'd or null) is consumed always. */
struct error *initramfs_put(struct initramfs *im, const char *path, mode_t mode, char *bytes,
			    size_t len, unsigned major, unsigned minor) MUST_CHECK;
/* Compresses; *ret is malloc'd. */
struct error *initramfs_pack(enum initramfs_packing packing, const void *in, size_t in_len,
			     char **ret, size_t *ret_len) MUST_CHECK;
