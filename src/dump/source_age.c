/*
 * Encrypted dumps as a byte source: each chunk of 64 KiB is opened by itself, so that reading
 * anywhere costs one chunk; the last ones stay in memory. Of a file that is cut the whole chunks
 * count.
 */
#include "dump/age-priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define NR_SLOTS 32

struct age_source {
	struct source source;
	struct source *under;
	unsigned char key[AGE_KEY_LEN];
	uint64_t payload;  /* where it begins */
	uint64_t nr;	   /* chunks that can be used */
	bool has_last;	   /* the last of them is the file's last */
	uint64_t in_slot[NR_SLOTS]; /* number of the chunk; UINT64_MAX: none */
	unsigned char slots[NR_SLOTS][AGE_CHUNK];
	unsigned char sealed[AGE_SEALED];
};

/* Bytes of chunk `number` in the file. */
static size_t sealed_len(const struct age_source *a, uint64_t number)
{
	return MIN(a->under->size - (a->payload + number * AGE_SEALED), (uint64_t)AGE_SEALED);
}

/* Opens a chunk as one in the middle, or as the last. */
static struct error *open_chunk(struct age_source *a, uint64_t number, bool last, unsigned char *out,
				bool *ret_good)
{
	size_t len = sealed_len(a, number);

	TRY(source_read(a->under, a->payload + number * AGE_SEALED, a->sealed, len));
	*ret_good = age_unseal(a->key, number, last, a->sealed, len, out);
	return NULL;
}

/* Looks at the end of the file: is its last chunk the last one? */
static struct error *find_end(struct age_source *a)
{
	uint64_t len = a->under->size - a->payload, nr = len / AGE_SEALED;
	size_t rest = len % AGE_SEALED;

	if (nr || rest >= AGE_TAG)
		TRY(open_chunk(a, rest ? nr : nr - 1, true, a->slots[0], &a->has_last));
	/* an empty last chunk would be one too many, unless all is empty */
	if (a->has_last && rest == AGE_TAG && nr)
		return error_new(ERROR_BAD_DATA, "%s: the encrypted file ends with an empty chunk", a->under->name);
	a->nr = nr + (a->has_last && rest);
	a->source.size = nr * AGE_CHUNK + (a->has_last && rest ? rest - AGE_TAG : 0);
	return NULL;
}

static struct error *chunk_at(struct age_source *a, uint64_t number, const unsigned char **ret)
{
	size_t slot = number % NR_SLOTS;
	bool good;

	*ret = a->slots[slot];
	if (a->in_slot[slot] == number)
		return NULL;
	a->in_slot[slot] = UINT64_MAX;
	TRY(open_chunk(a, number, a->has_last && number + 1 == a->nr, a->slots[slot], &good));
	if (!good)
		return error_new(ERROR_BAD_DATA, "%s: offset 0x%llx: the encrypted chunk there is damaged or was "
						 "altered", a->under->name,
				 (unsigned long long)(a->payload + number * AGE_SEALED));
	a->in_slot[slot] = number;
	return NULL;
}

static struct error *age_read(struct source *s, uint64_t off, void *buf, size_t len)
{
	struct age_source *a = (struct age_source *)s;
	unsigned char *to = buf;

	while (len) {
		size_t skip = off % AGE_CHUNK, n = MIN(len, AGE_CHUNK - skip);
		const unsigned char *chunk;

		TRY(chunk_at(a, off / AGE_CHUNK, &chunk));
		memcpy(to, chunk + skip, n);
		to += n;
		off += n;
		len -= n;
	}
	return NULL;
}

static void age_close(struct source *s)
{
	struct age_source *a = (struct age_source *)s;

	source_close(a->under);
	free(s->name);
	explicit_bzero(a->key, sizeof(a->key));
	free(a);
}

static const struct source_ops age_ops = {
	.name = "age",
	.read = age_read,
	.close = age_close,
};

static struct error *read_header(struct age_source *a)
{
	size_t len = MIN(a->under->size, (uint64_t)AGE_HEADER_MAX), payload;
	_cleanup_free_ char *bytes = malloc(len + 1);

	if (!bytes)
		return error_nomem();
	TRY(source_read(a->under, 0, bytes, len));
	TRY(age_open_header(a->under->name, bytes, len, a->key, &payload));
	a->payload = payload;
	return find_end(a);
}

struct error *source_open_age(struct source *under, struct source **ret, bool *ret_complete)
{
	struct age_source *a = calloc(1, sizeof(*a));
	struct error *e;

	if (!a)
		return error_nomem();
	a->source.ops = &age_ops;
	a->source.name = strdup(under->name);
	a->under = under;
	memset(a->in_slot, 0xff, sizeof(a->in_slot));
	e = a->source.name ? read_header(a) : error_nomem();
	if (e) {
		a->under = NULL; /* stays the caller's */
		age_close(&a->source);
		return e;
	}
	*ret_complete = a->has_last;
	*ret = &a->source;
	return NULL;
}

/* ---- from a pipe ---- */

struct age_stream {
	int fd;
	const char *name;
	unsigned char key[AGE_KEY_LEN];
	uint64_t number;
	bool ended, cut;
	size_t plain_at, plain_len;   /* of `plain`: what was not given out yet */
	size_t ahead_at, ahead_len;   /* of `ahead`: bytes that came with the header */
	unsigned char plain[AGE_CHUNK];
	unsigned char sealed[AGE_SEALED];
	unsigned char ahead[AGE_HEADER_MAX];
};

static struct error *stream_bytes(struct age_stream *s, void *buf, size_t len, size_t *ret)
{
	size_t n = MIN(len, s->ahead_len - s->ahead_at), more = 0;

	memcpy(buf, s->ahead + s->ahead_at, n);
	s->ahead_at += n;
	if (n < len)
		TRY(file_read_part_fd(s->fd, s->name, (char *)buf + n, len - n, &more));
	*ret = n + more;
	return NULL;
}

static struct error *next_chunk(struct age_stream *s)
{
	size_t len, more;
	bool good;

	TRY(stream_bytes(s, s->sealed, sizeof(s->sealed), &len));
	good = len == sizeof(s->sealed) && age_unseal(s->key, s->number, false, s->sealed, len, s->plain);
	if (!good) {
		s->ended = true;
		good = age_unseal(s->key, s->number, true, s->sealed, len, s->plain);
		TRY(stream_bytes(s, s->sealed, 1, &more));
		if (more)
			return error_new(ERROR_BAD_DATA, "%s: chunk %llu of the encrypted stream is damaged, was "
							 "altered, or should be the last", s->name,
					 (unsigned long long)s->number);
		s->cut = !good;
	}
	s->number++;
	s->plain_at = 0;
	s->plain_len = good ? len - AGE_TAG : 0;
	return NULL;
}

struct error *age_stream_read(struct age_stream *s, void *buf, size_t len, size_t *ret_len, bool *ret_cut)
{
	char *to = buf;

	*ret_len = 0;
	while (*ret_len < len) {
		size_t n = MIN(len - *ret_len, s->plain_len - s->plain_at);

		memcpy(to + *ret_len, s->plain + s->plain_at, n);
		s->plain_at += n;
		*ret_len += n;
		if (n)
			continue;
		if (s->ended)
			break;
		TRY(next_chunk(s));
	}
	*ret_cut = s->cut;
	return NULL;
}

static struct error *stream_header(struct age_stream *s, const void *head, size_t head_len)
{
	size_t more;

	memcpy(s->ahead, head, head_len);
	TRY(file_read_part_fd(s->fd, s->name, s->ahead + head_len, sizeof(s->ahead) - head_len, &more));
	s->ahead_len = head_len + more;
	return age_open_header(s->name, (const char *)s->ahead, s->ahead_len, s->key, &s->ahead_at);
}

struct error *age_stream_open(int fd, const char *name, const void *head, size_t head_len,
			      struct age_stream **ret)
{
	struct age_stream *s = calloc(1, sizeof(*s));
	struct error *e;

	if (!s)
		return error_nomem();
	s->fd = fd;
	s->name = name;
	e = stream_header(s, head, head_len);
	if (e)
		age_stream_close(s);
	else
		*ret = s;
	return e;
}

void age_stream_close(struct age_stream *s)
{
	if (s)
		explicit_bzero(s->key, sizeof(s->key));
	free(s);
}
