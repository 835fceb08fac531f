/* The keys of encrypted dumps: their text, what is derived from them, and the payload's chunks. */
#include "dump/age-priv.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/random.h>

#include "base/base.h"
#include "dump/bech32-priv.h"

#define RANDOM_WAIT_MS 30000
#define KEY_FILE_MAX   (1u << 20)
#define NR_KEYS_MAX    1024u
#define X25519_PURPOSE "age-encryption.org/v1/X25519"

struct identity {
	unsigned char secret[AGE_KEY_LEN], public[AGE_KEY_LEN];
};

/* Of the process: dumps are opened in many places, keys are named once, on the command line. */
static VECTOR(struct identity) identities;

/* ---- random numbers ---- */

/* The kernel that saves a dump is seconds old; one before 5.6 may wait for random numbers for ever. */
struct error *age_random(void *buf, size_t len)
{
	uint64_t until = clock_now_ms() + RANDOM_WAIT_MS;

	while (getrandom(buf, len, GRND_NONBLOCK) != (ssize_t)len) {
		if (errno != EAGAIN && errno != EINTR)
			return error_sys(errno, "no random numbers to encrypt with");
		if (clock_now_ms() >= until)
			return error_new(ERROR_TIMEOUT, "the kernel has no random numbers to encrypt with "
							"after %u s", RANDOM_WAIT_MS / 1000);
		clock_sleep_ms(100);
	}
	return NULL;
}

struct error *age_start(bool random)
{
	unsigned char any;

	/* the library would wait for the first ones without a limit */
	if (random)
		TRY(age_random(&any, sizeof(any)));
	if (sodium_init() < 0)
		return error_new(ERROR_OTHER, "libsodium does not start");
	return NULL;
}

/* ---- derivation ---- */

void age_derive(const void *secret, size_t secret_len, const void *salt, size_t salt_len,
		const char *purpose, unsigned char ret[AGE_KEY_LEN])
{
	crypto_auth_hmacsha256_state h;
	unsigned char first[AGE_KEY_LEN];

	crypto_auth_hmacsha256_init(&h, salt, salt_len);
	crypto_auth_hmacsha256_update(&h, secret, secret_len);
	crypto_auth_hmacsha256_final(&h, first);
	crypto_auth_hmacsha256_init(&h, first, sizeof(first));
	crypto_auth_hmacsha256_update(&h, (const unsigned char *)purpose, strlen(purpose));
	crypto_auth_hmacsha256_update(&h, (const unsigned char *)"\1", 1);
	crypto_auth_hmacsha256_final(&h, ret);
	sodium_memzero(first, sizeof(first));
	sodium_memzero(&h, sizeof(h));
}

static const unsigned char zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

/* The key around the file's key; false: `point` is one that gives everybody the same. */
static bool wrapping_key(const unsigned char *secret, const unsigned char *point,
			 const unsigned char *share, const unsigned char *recipient,
			 unsigned char ret[AGE_KEY_LEN])
{
	unsigned char shared[AGE_KEY_LEN], salt[2 * AGE_KEY_LEN];

	if (crypto_scalarmult_curve25519(shared, secret, point) != 0)
		return false;
	memcpy(salt, share, AGE_KEY_LEN);
	memcpy(salt + AGE_KEY_LEN, recipient, AGE_KEY_LEN);
	age_derive(shared, sizeof(shared), salt, sizeof(salt), X25519_PURPOSE, ret);
	sodium_memzero(shared, sizeof(shared));
	return true;
}

struct error *age_wrap(const unsigned char *file_key, const struct age_recipient *recipient,
		       unsigned char share[AGE_KEY_LEN], unsigned char body[AGE_KEY_LEN])
{
	unsigned char secret[AGE_KEY_LEN], key[AGE_KEY_LEN];
	bool good;

	TRY(age_random(secret, sizeof(secret)));
	crypto_scalarmult_curve25519_base(share, secret);
	good = wrapping_key(secret, recipient->key, share, recipient->key, key);
	sodium_memzero(secret, sizeof(secret));
	if (!good)
		return error_new(ERROR_USAGE, "a recipient's key is one that everybody can open");
	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key, AGE_FILE_KEY_LEN, NULL, 0, NULL,
						  zero_nonce, key);
	sodium_memzero(key, sizeof(key));
	return NULL;
}

bool age_unwrap(const unsigned char share[AGE_KEY_LEN], const unsigned char body[AGE_KEY_LEN],
		unsigned char *ret_file_key)
{
	unsigned char key[AGE_KEY_LEN];
	bool opened = false;

	for (size_t i = 0; i < identities.n && !opened; i++) {
		const struct identity *id = &identities.v[i];

		opened = wrapping_key(id->secret, share, share, id->public, key) &&
			 crypto_aead_chacha20poly1305_ietf_decrypt(ret_file_key, NULL, NULL, body,
								   AGE_KEY_LEN, NULL, 0, zero_nonce,
								   key) == 0;
	}
	sodium_memzero(key, sizeof(key));
	return opened;
}

size_t age_nr_identities(void)
{
	return identities.n;
}

/* ---- chunks ---- */

/* A counter of 11 bytes, and whether it is the last one. */
static void chunk_nonce(uint64_t number, bool last, unsigned char nonce[12])
{
	memset(nonce, 0, 12);
	put_u64(nonce + 3, number, true);
	nonce[11] = last;
}

void age_seal(const unsigned char *key, uint64_t number, bool last, const void *plain, size_t len,
	      void *out)
{
	unsigned char nonce[12];

	chunk_nonce(number, last, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain, len, NULL, 0, NULL, nonce, key);
}

bool age_unseal(const unsigned char *key, uint64_t number, bool last, const void *sealed, size_t len,
		void *out)
{
	unsigned char nonce[12];

	chunk_nonce(number, last, nonce);
	return len >= AGE_TAG && crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, len,
									    NULL, 0, nonce, key) == 0;
}

/* ---- files of keys ---- */

/* Calls `take` for each line that is one; it gives false for what is no key. */
static struct error *each_key(const char *path, const char *expected,
			      struct error *(*take)(void *arg, const char *text, bool *ret_good), void *arg)
{
	char *text, *rest, *line;
	size_t len, n = 0, nr_keys = 0;
	struct error *e = file_read(AT_FDCWD, path, KEY_FILE_MAX, &text, &len);

	if (e)
		return e;
	rest = text;
	while (!e && (line = text_next_line(&rest))) {
		bool good = true;

		n++;
		line = text_strip(line);
		if (!*line || *line == '#')
			continue;
		nr_keys++;
		e = nr_keys > NR_KEYS_MAX ? error_new(ERROR_USAGE, "more than %u keys", NR_KEYS_MAX) :
					    take(arg, line, &good);
		if (!e && !good)
			e = error_new(ERROR_USAGE, "line %zu: expected %s", n, expected);
	}
	sodium_memzero(text, len);
	free(text);
	if (!e && !nr_keys)
		e = error_new(ERROR_USAGE, "no key in it: expected %s", expected);
	return error_prefix(e, "%s", path);
}

static struct error *take_recipient(void *arg, const char *text, bool *ret_good)
{
	struct age_recipients *r = arg;
	struct age_recipient new;

	*ret_good = bech32_decode(text, "age", new.key, sizeof(new.key));
	return *ret_good && !vector_push(&r->list, new) ? error_nomem() : NULL;
}

struct error *age_add_recipient(struct age_recipients *r, const char *text)
{
	bool good;

	TRY(take_recipient(r, text, &good));
	if (good)
		return NULL;
	if (text_starts(text, "AGE-SECRET-KEY-"))
		return error_new(ERROR_USAGE, "that is a secret key: give the public one (age-keygen -y "
					      "prints it), and keep this one away from the machine");
	return error_new(ERROR_USAGE, "\"%s\" is no age recipient: expected age1 and 58 characters, as "
				      "age-keygen prints it", text);
}

struct error *age_read_recipients(struct age_recipients *r, const char *path)
{
	return each_key(path, "an age recipient (age1...)", take_recipient, r);
}

void age_recipients_done(struct age_recipients *r)
{
	vector_done(&r->list);
}

static struct error *take_identity(void *arg, const char *text, bool *ret_good)
{
	struct identity id;

	*ret_good = bech32_decode(text, "AGE-SECRET-KEY-", id.secret, sizeof(id.secret));
	if (!*ret_good)
		return text_starts(text, "age-encryption.org/") || text_starts(text, "-----BEGIN AGE") ?
			       error_new(ERROR_UNSUPPORTED, "the key is itself encrypted: give the output of "
							    "age -d, for one as /dev/stdin") :
			       NULL;
	crypto_scalarmult_curve25519_base(id.public, id.secret);
	if (!vector_push(&identities, id))
		return error_nomem();
	sodium_memzero(&id, sizeof(id));
	return NULL;
}

struct error *age_use_identities(const char *path)
{
	TRY(age_start(false));
	source_decrypt = source_open_age;
	return each_key(path, "a secret key of age (AGE-SECRET-KEY-1...)", take_identity, NULL);
}

void age_forget_identities(void)
{
	if (identities.n)
		sodium_memzero(identities.v, identities.n * sizeof(*identities.v));
	vector_done(&identities);
}
