/*
 * A byte source: something with a size and bytes at offsets. Layers (flattened) are sources
 * over sources; formats never know what they read from. Not shared between threads unless
 * said so; source_file and source_memory are (reads carry their offset).
 */
#pragma once

#include "base/error.h"

struct source;

/* One thread's own window onto a source; zero-initialised is closed. */
struct source_view {
	void *p; /* null: closed */
	uint64_t off;
	size_t len;
};

struct source_ops {
	const char *name;
	/* Reads exactly `len` bytes inside [0, size); sparse gaps read as zeros. */
	struct error *(*read)(struct source *s, uint64_t off, void *buf, size_t len);
	/* Optional. A borrowed pointer to at least `len` bytes at `off`, valid until the next
	 * map of the same source or source_close(); null when it cannot be mapped (then read).
	 */
	const void *(*map)(struct source *s, uint64_t off, size_t len);
	/* Optional. As map, but the pointer stays valid until source_close(). Sources count
	 * their lasting mappings and refuse (null) beyond a limit. */
	const void *(*map_forever)(struct source *s, uint64_t off, size_t len);
	/* Optional. The first offset from `off` on where bytes may not be zero; at most size.
	 */
	uint64_t (*next_data)(struct source *s, uint64_t off);
	/* Optional: see source_look(). */
	const void *(*look)(struct source *s, struct source_view *v, uint64_t off, size_t len,
			    size_t span);
	void (*close)(struct source *s); /* frees `s` */
	bool concurrent; /* read and look may be called from several threads at once */
};

struct source {
	const struct source_ops *ops;
	uint64_t size;
	char *name; /* for messages; owned */
};

/* Bounds are checked here: reading past the end is ERROR_BAD_DATA ("NAME: offset ...: the
 * file ends at ..."). */
struct error *source_read(struct source *s, uint64_t off, void *buf, size_t len) MUST_CHECK;
const void *source_map(struct source *s, uint64_t off, size_t len);
/* A pointer that stays valid until source_close(); null when that is impossible (then read). */
const void *source_map_forever(struct source *s, uint64_t off, size_t len);
/* A pointer to [off, off + len) through the thread's own view, valid until the next look through
 * it; null where reading is better, or the only way. `span` >= len: how much from `off` on will be
 * looked at next. To be closed before the source is. */
const void *source_look(struct source *s, struct source_view *v, uint64_t off, size_t len,
			size_t span);
void source_view_done(struct source_view *v);
/* Skips a gap: the first offset from `off` on whose bytes may be other than zero, the size of
 * the source when there is none. Sources that cannot tell answer `off`. */
uint64_t source_next_data(struct source *s, uint64_t off);
void source_close(struct source *s); /* null is fine */

/* A file, /proc/vmcore and block devices included (size found by seeking). Uses mmap windows
 * where the file allows it, pread otherwise. */
struct error *source_open_file(const char *path, struct source **ret) MUST_CHECK;
/* Bytes in memory: borrowed, must outlive the source. */
struct error *source_open_memory(const char *name, const void *bytes, size_t len,
				 struct source **ret) MUST_CHECK;
/* True when `s` starts like makedumpfile's flattened stream. */
bool source_is_flattened(struct source *s);
/* Takes `under` over on success. A stream without end record opens (*ret_complete false) and
 * what is there reads; missing bytes read as zeros; later records win. */
struct error *source_open_flattened(struct source *under, struct source **ret,
				    bool *ret_complete) MUST_CHECK;

#define AGE_MAGIC     "age-encryption.org/v1\n"
#define AGE_MAGIC_LEN (sizeof(AGE_MAGIC) - 1)
/* True when `s` starts like an encrypted file of age. */
bool source_is_age(struct source *s);
/* Takes the encryption off (age.h: source_open_age); null in programs and as long as nobody gave a
 * key. */
extern struct error *(*source_decrypt)(struct source *under, struct source **ret, bool *ret_complete);

DEFINE_CLEANUP(struct source *, source_close)
#define _cleanup_source_ CLEANUP(source_close)
