/*
 * The encrypting sink: age's payload is chunks of 64 KiB, each sealed by itself, and the last one
 * says that it is. Chunks go out in writes of half a MiB.
 */
#include "dump/age-priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "dump/pace.h"

#define NR_SEALED 8

struct age_sink {
	struct sink sink;
	int fd; /* borrowed */
	struct age_recipients to;
	unsigned char key[AGE_KEY_LEN];
	bool begun, broken, finished;
	uint64_t taken;	  /* bytes that came in */
	uint64_t written; /* bytes on the descriptor */
	uint64_t number;  /* of the next chunk */
	struct pace pace;
	size_t plain_len, out_len;
	unsigned char plain[AGE_CHUNK];
	unsigned char out[NR_SEALED * AGE_SEALED];
};

/* A chunk that is torn makes what would follow unreadable. */
static struct error *put(struct age_sink *a, const void *bytes, size_t len)
{
	struct error *e;

	if (a->broken)
		return error_new(ERROR_OTHER, "%s: the stream broke off before", a->sink.name);
	e = file_write_fd(a->fd, a->sink.name, bytes, len);
	if (e) {
		a->broken = true;
		return error_prefix(e, "after %llu encrypted bytes", (unsigned long long)a->written);
	}
	a->written += len;
	return pace_wrote(&a->pace, a->written - len, len);
}

static struct error *put_sealed(struct age_sink *a)
{
	size_t len = a->out_len;

	a->out_len = 0;
	return len ? put(a, a->out, len) : NULL;
}

static struct error *begin(struct age_sink *a)
{
	_cleanup_strbuf_ struct strbuf header = { 0 };

	if (a->begun)
		return NULL;
	TRY(age_start(true));
	TRY(age_make_header(&a->to, &header, a->key));
	a->begun = true;
	return put(a, header.s, header.len);
}

static struct error *seal(struct age_sink *a, bool last)
{
	if (a->out_len + AGE_SEALED > sizeof(a->out))
		TRY(put_sealed(a));
	age_seal(a->key, a->number++, last, a->plain, a->plain_len, a->out + a->out_len);
	a->out_len += a->plain_len + AGE_TAG;
	a->plain_len = 0;
	return NULL;
}

static struct error *age_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct age_sink *a = container_of(s, struct age_sink, sink);
	const unsigned char *from = bytes;

	if (off != a->taken)
		return error_new(ERROR_OTHER, "%s: encrypted bytes go out in their order; 0x%llx comes after "
					      "0x%llx", s->name, (unsigned long long)off,
				 (unsigned long long)a->taken);
	TRY(begin(a));
	while (len) {
		size_t n = MIN(len, sizeof(a->plain) - a->plain_len);

		/* only when more comes: a full chunk may be the last one */
		if (!n) {
			TRY(seal(a, false));
			continue;
		}
		memcpy(a->plain + a->plain_len, from, n);
		a->plain_len += n;
		a->taken += n;
		from += n;
		len -= n;
	}
	return NULL;
}

static struct error *end_stream(struct age_sink *a)
{
	TRY(begin(a));
	TRY(seal(a, true));
	a->finished = true;
	return put_sealed(a);
}

static struct error *age_finish(struct sink *s, uint64_t size)
{
	struct age_sink *a = container_of(s, struct age_sink, sink);

	(void)size; /* it is what was written */
	TRY(end_stream(a));
	if (fsync(a->fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return error_sys(errno, "%s: cannot sync", s->name);
	return NULL;
}

/* What is inside says itself that it is not whole: the envelope is closed all the same, as well as
 * that can be done, so that all of it can be read. */
static void age_close(struct sink *s)
{
	struct age_sink *a = container_of(s, struct age_sink, sink);

	if (a->begun && !a->finished && !a->broken)
		error_free(end_stream(a));
	age_recipients_done(&a->to);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

static const struct sink_ops age_ops = {
	.name = "age",
	.write = age_write,
	.finish = age_finish,
	.close = age_close,
};

struct error *sink_open_age(int fd, const char *name, const struct age_recipients *r, struct sink **ret)
{
	struct age_sink *a = calloc(1, sizeof(*a));

	if (!a)
		return error_nomem();
	for (size_t i = 0; i < r->list.n; i++)
		if (!vector_push(&a->to.list, r->list.v[i])) {
			age_close(&a->sink);
			return error_nomem();
		}
	a->sink = (struct sink){ .ops = &age_ops, .name = name, .is_stream = true, .gaps_are_zero = true };
	a->fd = fd;
	pace_init(&a->pace, fd, name);
	*ret = &a->sink;
	return NULL;
}
