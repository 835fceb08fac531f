/*
 * The header of an encrypted dump: lines of text that hold the file's key once for each recipient,
 * and a proof by that key that nobody changed them.
 */
#include "dump/age-priv.h"

#include <sodium.h>
#include <string.h>

#include "base/base.h"

#define BASE64		sodium_base64_VARIANT_ORIGINAL_NO_PADDING
#define KEY_CHARS	43 /* of AGE_KEY_LEN bytes, without padding */
#define LINE_CHARS	64 /* of a stanza's body; a shorter line ends it */
#define NR_STANZAS_MAX	1024
#define X25519_STANZA	"-> X25519 "
#define MAC_LINE	"---"

static void add_base64(struct strbuf *out, const unsigned char bytes[AGE_KEY_LEN])
{
	char text[KEY_CHARS + 1];

	sodium_bin2base64(text, sizeof(text), bytes, AGE_KEY_LEN, BASE64);
	strbuf_puts(out, text);
}

/* Exactly one key, and nothing else. */
static bool read_base64(const char *text, size_t len, unsigned char ret[AGE_KEY_LEN])
{
	const char *end;
	size_t n;

	return len == KEY_CHARS && sodium_base642bin(ret, AGE_KEY_LEN, text, len, NULL, &n, &end, BASE64) == 0 &&
	       n == AGE_KEY_LEN && end == text + len;
}

static void header_mac(const unsigned char *file_key, const char *header, size_t len,
		       unsigned char ret[AGE_KEY_LEN])
{
	unsigned char key[AGE_KEY_LEN];

	age_derive(file_key, AGE_FILE_KEY_LEN, NULL, 0, "header", key);
	crypto_auth_hmacsha256(ret, (const unsigned char *)header, len, key);
	sodium_memzero(key, sizeof(key));
}

/* ---- making one ---- */

static struct error *fill_header(const struct age_recipients *r, const unsigned char *file_key,
				 struct strbuf *out, unsigned char ret_key[AGE_KEY_LEN])
{
	unsigned char share[AGE_KEY_LEN], body[AGE_KEY_LEN], mac[AGE_KEY_LEN], nonce[AGE_NONCE_LEN];

	strbuf_puts(out, AGE_MAGIC);
	for (size_t i = 0; i < r->list.n; i++) {
		TRY(age_wrap(file_key, &r->list.v[i], share, body));
		strbuf_puts(out, X25519_STANZA);
		add_base64(out, share);
		strbuf_putc(out, '\n');
		add_base64(out, body);
		strbuf_putc(out, '\n');
	}
	strbuf_puts(out, MAC_LINE);
	TRY(strbuf_error(out));
	header_mac(file_key, out->s, out->len, mac);
	strbuf_putc(out, ' ');
	add_base64(out, mac);
	strbuf_putc(out, '\n');
	TRY(age_random(nonce, sizeof(nonce)));
	strbuf_add(out, nonce, sizeof(nonce));
	age_derive(file_key, AGE_FILE_KEY_LEN, nonce, sizeof(nonce), "payload", ret_key);
	return strbuf_error(out);
}

struct error *age_make_header(const struct age_recipients *r, struct strbuf *out,
			      unsigned char ret_key[AGE_KEY_LEN])
{
	unsigned char file_key[AGE_FILE_KEY_LEN];
	struct error *e;

	TRY(age_random(file_key, sizeof(file_key)));
	e = fill_header(r, file_key, out, ret_key);
	sodium_memzero(file_key, sizeof(file_key));
	return e;
}

/* ---- reading one ---- */

struct lines {
	const char *name; /* of the file */
	const char *begin, *at, *end;
};

static struct error *bad_header(const struct lines *l, const char *what)
{
	return error_new(ERROR_BAD_DATA, "%s: the header of the encrypted file is damaged: %s", l->name, what);
}

/* What there is of the file ends inside the header. */
static struct error *cut_header(const struct lines *l)
{
	if (l->end - l->begin >= AGE_HEADER_MAX)
		return bad_header(l, "it is longer than 64 KiB");
	return error_new(ERROR_UNSUPPORTED, "%s: is cut inside the header of an encrypted file: nothing of a dump "
					    "is in it", l->name);
}

static struct error *next_line(struct lines *l, const char **ret, size_t *ret_len)
{
	const char *newline = memchr(l->at, '\n', l->end - l->at);

	if (!newline)
		return cut_header(l);
	*ret = l->at;
	*ret_len = newline - l->at;
	l->at = newline + 1;
	return NULL;
}

static bool line_starts(const char *line, size_t len, const char *word)
{
	return len >= strlen(word) && !memcmp(line, word, strlen(word));
}

/* One recipient's part. What is of another kind than X25519 is passed over. */
static struct error *read_stanza(struct lines *l, const char *line, size_t len, unsigned char *file_key,
				 bool *opened)
{
	unsigned char share[AGE_KEY_LEN], body[AGE_KEY_LEN];
	bool known = line_starts(line, len, X25519_STANZA);
	const size_t skip = strlen(X25519_STANZA);

	if (known && !read_base64(line + skip, len - skip, share))
		return bad_header(l, "a recipient's share is no key");
	do
		TRY(next_line(l, &line, &len));
	while (!known && len == LINE_CHARS);
	if (len >= LINE_CHARS)
		return bad_header(l, "a recipient's line is too long");
	if (known && !read_base64(line, len, body))
		return bad_header(l, "a recipient's part is of the wrong length");
	if (known && !*opened)
		*opened = age_unwrap(share, body, file_key);
	return NULL;
}

static struct error *read_header(struct lines *l, unsigned char *file_key, unsigned char *ret_key)
{
	const char *line = NULL;
	unsigned char said[AGE_KEY_LEN], mac[AGE_KEY_LEN];
	bool opened = false;
	size_t len = 0;

	TRY(next_line(l, &line, &len)); /* the magic */
	for (unsigned n = 0;; n++) {
		TRY(next_line(l, &line, &len));
		if (!line_starts(line, len, "-> "))
			break;
		if (n == NR_STANZAS_MAX)
			return bad_header(l, "too many recipients");
		TRY(read_stanza(l, line, len, file_key, &opened));
	}
	if (!line_starts(line, len, MAC_LINE " ") || !read_base64(line + 4, len - 4, said))
		return bad_header(l, "it does not end as it must");
	if (!opened)
		return error_new(ERROR_NOT_PERMITTED, "%s: is encrypted, and for none of the %zu keys that "
						      "--identity gave", l->name, age_nr_identities());
	header_mac(file_key, l->begin, line + strlen(MAC_LINE) - l->begin, mac);
	if (sodium_memcmp(mac, said, sizeof(mac)) != 0)
		return bad_header(l, "it was altered");
	if (l->end - l->at < AGE_NONCE_LEN)
		return cut_header(l);
	age_derive(file_key, AGE_FILE_KEY_LEN, l->at, AGE_NONCE_LEN, "payload", ret_key);
	l->at += AGE_NONCE_LEN;
	return NULL;
}

struct error *age_open_header(const char *name, const char *bytes, size_t len,
			      unsigned char ret_key[AGE_KEY_LEN], size_t *ret_len)
{
	struct lines l = { .name = name, .begin = bytes, .at = bytes, .end = bytes + len };
	unsigned char file_key[AGE_FILE_KEY_LEN];
	struct error *e;

	if (!line_starts(bytes, len, AGE_MAGIC))
		return error_new(ERROR_BAD_DATA, "%s: not an encrypted file of age, version 1", name);
	e = read_header(&l, file_key, ret_key);
	sodium_memzero(file_key, sizeof(file_key));
	*ret_len = l.at - bytes;
	return e;
}
