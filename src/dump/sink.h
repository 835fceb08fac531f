/*
 * A byte sink: where a dump writer's bytes go. A seekable file, or a pipe as the flattened
 * stream. Writers write at offsets; a sink that cannot seek records them.
 */
#pragma once

#include "base/error.h"

struct sink;

struct sink_ops {
	const char *name;
	struct error *(*write)(struct sink *s, uint64_t off, const void *bytes, size_t len);
	/* optional: gives [off, off + len), where nothing was written, its place on the medium. *ret_done
	 * false: this sink cannot. */
	struct error *(*reserve)(struct sink *s, uint64_t off, uint64_t len, bool *ret_done);
	/* optional: how many bytes more there is room for; UINT64_MAX: not known */
	uint64_t (*room)(struct sink *s);
	/* Everything handed over so far is on the medium (files), or on its way (pipes). */
	struct error *(*flush)(struct sink *s);
	/* Ends the output (end record, ftruncate to `size`, fsync). Called by the writer. */
	struct error *(*finish)(struct sink *s, uint64_t size);
	void (*close)(struct sink *s); /* frees `s`; does not close a borrowed descriptor */
};

struct sink {
	const struct sink_ops *ops;
	const char *name;
	uint64_t bytes_written; /* payload bytes handed to the kernel */
	bool is_stream;	    /* going back costs a record more, and readers of streams that know no
			       overlaps (crash) may see the older one: write each byte once */
	bool gaps_are_zero; /* what is never written reads as zeros */
	bool vital;	    /* set by a writer around what all else hangs on: bitmaps, descriptors */
	uint64_t bytes_checked; /* by sink_finish(): read back and found as written */
};

struct error *sink_write(struct sink *s, uint64_t off, const void *bytes, size_t len) MUST_CHECK;
struct error *sink_reserve(struct sink *s, uint64_t off, uint64_t len, bool *ret_done) MUST_CHECK;
uint64_t sink_room(struct sink *s);
struct error *sink_flush(struct sink *s) MUST_CHECK;
struct error *sink_finish(struct sink *s, uint64_t size) MUST_CHECK;
void sink_close(struct sink *s); /* null is fine */

/* `fd` is borrowed and must be seekable. Dirty page cache is kept bounded (about 8 MiB) by
 * sync_file_range() and posix_fadvise(). */
struct error *sink_open_file(int fd, const char *name, struct sink **ret) MUST_CHECK;
/* The flattened stream (collector.md 2.4) onto `fd`: pipe, socket, block device or file. */
struct error *sink_open_flattened(int fd, const char *name, struct sink **ret) MUST_CHECK;
/* The same into another sink, in the order of its bytes; takes `under` over on success. */
struct error *sink_open_flattened_over(struct sink *under, struct sink **ret) MUST_CHECK;
/* Onto `under` (borrowed), which must be new: ERROR_NO_SPACE once `limit` bytes are written. */
struct error *sink_open_limited(struct sink *under, uint64_t limit, struct sink **ret) MUST_CHECK;

/* Onto `under` (borrowed), which writes the regular file `fd` (borrowed). sink_finish() reads headers, a
 * part of the bitmaps and descriptors, what came last and a sample of the rest back, past the page
 * cache where the file system can: at most a hundredth (or 1 MiB) and 2 s. ERROR_LOST when it is not
 * what was written. */
struct error *sink_open_checked(struct sink *under, int fd, struct sink **ret) MUST_CHECK;
/* sink_write() of what all else hangs on. */
struct error *sink_write_vital(struct sink *s, uint64_t off, const void *bytes, size_t len) MUST_CHECK;

DEFINE_CLEANUP(struct sink *, sink_close)
#define _cleanup_sink_ CLEANUP(sink_close)
