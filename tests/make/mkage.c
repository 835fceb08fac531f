/*
 * Encrypted files of age, version 1. Besides what make.h says:
 *
 *	age		first
 *	to mine|other	a recipient: the owner of MAKE_AGE_IDENTITY, or another
 *	line TEXT	a line of the header as it is (a stanza of another kind), DATA
 *	mac bad		the header's proof is wrong
 *	plain DATA	bytes of the payload
 *	no-last		no chunk is marked as the last
 *	last N		chunk N is marked as the last too
 *	empty-last	an empty last chunk behind full ones
 *	include flat	the lines up to `end` describe the payload
 *	...
 *	end
 *
 * Nothing in it is random: secrets are counted, so that the same text gives the same file.
 */
#include "make/make.h"

#include <sodium.h>

#define CHUNK 65536

struct maker {
	bool started, no_last, bad_mac, empty_last, in_include;
	uint64_t last; /* UINT64_MAX: the one behind which nothing comes */
	struct strbuf header, plain, inner_text;
	unsigned nr_shares, depth;
};

static const unsigned char file_key[16] = "a file's own key";

static void hmac(const void *key, size_t key_len, const void *a, size_t a_len, const void *b, size_t b_len,
		 unsigned char ret[32])
{
	crypto_auth_hmacsha256_state h;

	crypto_auth_hmacsha256_init(&h, key, key_len);
	crypto_auth_hmacsha256_update(&h, a, a_len);
	crypto_auth_hmacsha256_update(&h, b, b_len);
	crypto_auth_hmacsha256_final(&h, ret);
}

static void hkdf(const void *secret, size_t len, const void *salt, size_t salt_len, const char *info,
		 unsigned char ret[32])
{
	unsigned char first[32];

	hmac(salt, salt_len, secret, len, "", 0, first);
	hmac(first, 32, info, strlen(info), "\1", 1, ret);
}

static void add_base64(struct strbuf *to, const unsigned char *bytes, size_t len)
{
	char text[256];

	sodium_bin2base64(text, sizeof(text), bytes, len, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	strbuf_puts(to, text);
}

static struct error *take_to(struct maker *m, const char *who)
{
	unsigned char own[32], secret[32], public[32], shared[32], salt[64], key[32], body[32], nonce[12] = { 0 };

	memset(own, text_equal(who, "mine") ? 0x11 : 0x22, sizeof(own));
	memset(secret, 0x40 + m->nr_shares++, sizeof(secret));
	crypto_scalarmult_curve25519_base(public, own);
	crypto_scalarmult_curve25519_base(salt, secret);
	memcpy(salt + 32, public, 32);
	if (crypto_scalarmult_curve25519(shared, secret, public) != 0)
		return error_new(ERROR_OTHER, "curve25519");
	hkdf(shared, 32, salt, 64, "age-encryption.org/v1/X25519", key);
	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key, 16, NULL, 0, NULL, nonce, key);
	strbuf_puts(&m->header, "-> X25519 ");
	add_base64(&m->header, salt, 32);
	strbuf_putc(&m->header, '\n');
	add_base64(&m->header, body, 32);
	strbuf_putc(&m->header, '\n');
	return NULL;
}

static struct error *end_include(struct maker *m)
{
	struct image im = { .cut = SIZE_MAX };
	struct error *e = make_flat(strbuf_str(&m->inner_text), &im);

	strbuf_add(&m->plain, im.bytes, im.len);
	image_done(&im);
	return e;
}

/* The lines between include and its end; an include inside has an end of its own. */
static struct error *take_inner(struct maker *m, struct words *w)
{
	if (!strcmp(w->v[0], "end") && m->depth-- == 0) {
		m->in_include = false;
		return end_include(m);
	}
	m->depth += !strcmp(w->v[0], "include");
	for (size_t i = 0; i < w->n; i++)
		strbuf_printf(&m->inner_text, "%s%c", w->v[i], i + 1 < w->n ? ' ' : '\n');
	return strbuf_error(&m->inner_text);
}

static struct error *take_line(void *arg, struct words *w)
{
	struct maker *m = arg;
	const char *word = w->v[0];

	if (m->in_include)
		return take_inner(m, w);
	if (!m->started) {
		m->started = !strcmp(word, "age");
		return m->started ? NULL : error_new(ERROR_USAGE, "age comes first");
	}
	if (!strcmp(word, "to") && w->n > 1)
		return take_to(m, w->v[1]);
	if (!strcmp(word, "line") && w->n > 1) {
		TRY(make_data(w->v[1], 0, &m->header));
		strbuf_putc(&m->header, '\n');
		return NULL;
	}
	if (!strcmp(word, "plain") && w->n > 1)
		return make_data(w->v[1], 0, &m->plain);
	if (!strcmp(word, "last"))
		return make_number(w, 1, &m->last);
	if (!strcmp(word, "include")) {
		m->in_include = true;
		m->depth = 0;
		return NULL;
	}
	m->bad_mac |= !strcmp(word, "mac");
	m->no_last |= !strcmp(word, "no-last");
	m->empty_last |= !strcmp(word, "empty-last");
	return !strcmp(word, "mac") || !strcmp(word, "no-last") || !strcmp(word, "empty-last") ?
		       NULL : error_new(ERROR_USAGE, "unknown statement %s", word);
}

static void seal_all(const struct maker *m, struct strbuf *out)
{
	static unsigned char sealed[CHUNK + 16];
	unsigned char nonce[16], key[32];
	uint64_t number = 0;
	size_t at = 0;

	memset(nonce, 0x33, sizeof(nonce));
	strbuf_add(out, nonce, sizeof(nonce));
	hkdf(file_key, 16, nonce, 16, "payload", key);
	for (bool more = true; more; number++) {
		size_t n = MIN(m->plain.len - at, (size_t)CHUNK);
		unsigned char counter[12] = { 0 };

		more = at + n < m->plain.len || (m->empty_last && n);
		put_u64(counter + 3, number, true);
		counter[11] = (!more && !m->no_last) || number == m->last;
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL,
							  (const unsigned char *)strbuf_str(&m->plain) + at,
							  n, NULL, 0, NULL, counter, key);
		strbuf_add(out, sealed, n + 16);
		at += n;
	}
}

struct error *make_age(const char *text, struct image *ret)
{
	struct maker m = { .last = UINT64_MAX };
	struct strbuf out = { 0 };
	unsigned char mac_key[32], mac[32];
	struct error *e;

	image_done(ret);
	strbuf_puts(&m.header, "age-encryption.org/v1\n");
	e = make_each_line(text, ret, &m, take_line);
	if (!e && (!m.started || m.in_include))
		e = error_new(ERROR_USAGE, "nothing to make, or an include without end");
	strbuf_puts(&m.header, "---");
	hkdf(file_key, 16, "", 0, "header", mac_key);
	hmac(mac_key, 32, strbuf_str(&m.header), m.header.len, "", 0, mac);
	mac[0] ^= m.bad_mac;
	strbuf_add(&out, strbuf_str(&m.header), m.header.len);
	strbuf_putc(&out, ' ');
	add_base64(&out, mac, 32);
	strbuf_putc(&out, '\n');
	seal_all(&m, &out);
	if (!e)
		e = strbuf_error(&out);
	if (!e)
		e = image_put(ret, 0, strbuf_str(&out), out.len);
	if (!e)
		e = make_finish(ret);
	strbuf_done(&out);
	strbuf_done(&m.header);
	strbuf_done(&m.plain);
	strbuf_done(&m.inner_text);
	return e;
}
