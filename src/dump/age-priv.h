/*
 * What the age_*.c files share. Layout and derivations: C2SP age.md (the format's specification),
 * in own words in doc/formats/age.md.
 */
#pragma once

#include "base/strbuf.h"
#include "dump/age.h"

#define AGE_FILE_KEY_LEN 16
#define AGE_NONCE_LEN	 16
#define AGE_CHUNK	 65536
#define AGE_TAG		 16
#define AGE_SEALED	 (AGE_CHUNK + AGE_TAG)
#define AGE_HEADER_MAX	 (64u << 10) /* bytes that we look through */

/* --- age_keys.c --- */

/* Once before anything else; waits for random numbers, with a limit, when `random` are wanted. */
struct error *age_start(bool random) MUST_CHECK;
struct error *age_random(void *buf, size_t len) MUST_CHECK;
/* HKDF-SHA256 of `salt` and `secret` for `purpose`. */
void age_derive(const void *secret, size_t secret_len, const void *salt, size_t salt_len,
		const char *purpose, unsigned char ret[AGE_KEY_LEN]);
/* A recipient's part of the header: the file's key, for whoever has the secret of `recipient`. */
struct error *age_wrap(const unsigned char *file_key, const struct age_recipient *recipient,
		       unsigned char share[AGE_KEY_LEN], unsigned char body[AGE_KEY_LEN]) MUST_CHECK;
/* False: it is for somebody else. Tries every identity. */
bool age_unwrap(const unsigned char share[AGE_KEY_LEN], const unsigned char body[AGE_KEY_LEN],
		unsigned char *ret_file_key);
size_t age_nr_identities(void);

/* One chunk of the payload; `out` gets `len` + AGE_TAG bytes. */
void age_seal(const unsigned char *key, uint64_t number, bool last, const void *plain, size_t len,
	      void *out);
/* `len` with the tag. False: it was not sealed so, or is damaged. */
bool age_unseal(const unsigned char *key, uint64_t number, bool last, const void *sealed, size_t len,
		void *out);

/* --- age_header.c --- */

/* A new file's header and nonce appended to `out`, and the key of its payload. */
struct error *age_make_header(const struct age_recipients *r, struct strbuf *out,
			      unsigned char ret_key[AGE_KEY_LEN]) MUST_CHECK;
/* Reads the header at the beginning of `bytes` (the file's first AGE_HEADER_MAX, or all of it).
 * *ret_len: where the payload begins. */
struct error *age_open_header(const char *name, const char *bytes, size_t len,
			      unsigned char ret_key[AGE_KEY_LEN], size_t *ret_len) MUST_CHECK;
