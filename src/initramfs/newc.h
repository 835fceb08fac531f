/*
 * The cpio "newc" archive that the kernel unpacks as initramfs
 * (Documentation/driver-api/early-userspace/buffer-format.rst): per entry a header of 110
 * ASCII bytes (magic 070701 and 13 fields of 8 hex digits), the name with its NUL, padded so
 * that header and name end on a multiple of 4, then the bytes, padded to 4. The archive ends
 * with an entry named TRAILER!!!. Written only; the kernel is the reader.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

#define NEWC_HEADER_LEN 110

struct newc_entry {
	const char *name; /* without leading slash */
	mode_t mode;	  /* type and permissions */
	const void *bytes; /* of a file, or a link's target */
	size_t len;
	unsigned rdev_major, rdev_minor;
};

/* Appends one entry; `ino` must be unique. ERROR_USAGE for a name that is empty or longer
 * than the kernel's PATH_MAX, or a file of 4 GiB. */
struct error *newc_add(struct strbuf *to, unsigned ino, const struct newc_entry *entry) MUST_CHECK;
/* Appends the trailer and pads to a block of 512 bytes. */
struct error *newc_end(struct strbuf *to) MUST_CHECK;
