/*
 * Encrypted dumps: the age v1 file format (doc/formats/age.md), which the `age` program reads and
 * writes too. Who writes needs public keys only; who reads needs the secret one.
 *
 * Programs that call none of this do not carry the library behind it: dump.c reaches it through
 * source_decrypt (source.h).
 */
#pragma once

#include "base/vector.h"
#include "dump/sink.h"
#include "dump/source.h"

#define AGE_KEY_LEN 32

struct age_recipients {
	VECTOR(struct age_recipient { unsigned char key[AGE_KEY_LEN]; }) list;
};

/* Adds an X25519 recipient, "age1...". */
struct error *age_add_recipient(struct age_recipients *r, const char *text) MUST_CHECK;
/* Adds those of a file: one a line, # begins a comment. */
struct error *age_read_recipients(struct age_recipients *r, const char *path) MUST_CHECK;
void age_recipients_done(struct age_recipients *r);

/* A sink for bytes in their order, encrypted for `r` (copied): the flattened sink goes over it.
 * `fd` is borrowed. What was written when it is closed without sink_finish() can be read, if it
 * reached the descriptor. */
struct error *sink_open_age(int fd, const char *name, const struct age_recipients *r,
			    struct sink **ret) MUST_CHECK;

/* From now on this process opens dumps that are encrypted for a key ("AGE-SECRET-KEY-1...") in
 * this file; may be called several times. */
struct error *age_use_identities(const char *path) MUST_CHECK;
void age_forget_identities(void);

/* Takes `under` over on success. *ret_complete false: the file is cut, and what its whole chunks
 * hold is there. */
struct error *source_open_age(struct source *under, struct source **ret, bool *ret_complete) MUST_CHECK;

/* An encrypted stream on a descriptor, from its beginning. */
struct age_stream;
/* `head`: bytes that were read from `fd` (borrowed) before. */
struct error *age_stream_open(int fd, const char *name, const void *head, size_t head_len,
			      struct age_stream **ret) MUST_CHECK;
/* *ret_len is less than `len` only at the end, which may be where the stream is cut: *ret_cut. */
struct error *age_stream_read(struct age_stream *s, void *buf, size_t len, size_t *ret_len,
			      bool *ret_cut) MUST_CHECK;
void age_stream_close(struct age_stream *s); /* null is fine */
