/*
 * A sink in memory for tests: a disk that allocates blocks when they are first written and can
 * be full, and that can fail from the N-th write on.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "dump/sink.h"

#define DISK_BLOCK  512u
#define DISK_BLOCKS (24u << 11) /* 24 MiB */

struct disk {
	struct sink sink;
	unsigned char *bytes;
	size_t len;
	bool allocated[DISK_BLOCKS]; /* by DISK_BLOCK */
	size_t used, capacity;	  /* blocks */
	long writes_left;	  /* then every write fails; -1: never */
	bool finished;
};

static inline struct error *disk_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct disk *d = container_of(s, struct disk, sink);
	const unsigned char *p = bytes;

	if (d->writes_left == 0)
		return error_sys(ENOSPC, "%s: killed", s->name);
	if (d->writes_left > 0 && --d->writes_left == 0)
		len /= 2; /* the last write is torn */
	for (size_t i = 0; i < len;) {
		size_t block = (off + i) / DISK_BLOCK, n = MIN(DISK_BLOCK - (off + i) % DISK_BLOCK, len - i);

		assert_true(block < ARRAY_SIZE(d->allocated));
		if (!d->allocated[block]) {
			if (d->used == d->capacity)
				return error_sys(ENOSPC, "%s: full", s->name);
			d->allocated[block] = true;
			d->used++;
		}
		memcpy(d->bytes + off + i, p + i, n);
		i += n;
		d->len = MAX(d->len, off + i);
	}
	return d->writes_left == 0 ? error_sys(ENOSPC, "%s: killed", s->name) : NULL;
}

static inline struct error *disk_finish(struct sink *s, uint64_t size)
{
	struct disk *d = container_of(s, struct disk, sink);

	assert_true(size <= ARRAY_SIZE(d->allocated) * (size_t)DISK_BLOCK);
	if (size < d->len)
		memset(d->bytes + size, 0, d->len - size);
	d->len = size;
	d->finished = true;
	return NULL;
}

static inline void disk_close(struct sink *s)
{
	struct disk *d = container_of(s, struct disk, sink);

	free(d->bytes);
	free(d);
}

static const struct sink_ops disk_ops = {
	.name = "disk", .write = disk_write, .finish = disk_finish, .close = disk_close,
};

/* `capacity` in blocks; `writes_left` -1: none fails. */
static inline struct disk *disk_new(size_t capacity, long writes_left)
{
	struct disk *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->bytes = calloc(ARRAY_SIZE(d->allocated), DISK_BLOCK);
	assert_non_null(d->bytes);
	d->sink = (struct sink){ .ops = &disk_ops, .name = "disk", .gaps_are_zero = true };
	d->capacity = capacity;
	d->writes_left = writes_left;
	return d;
}
