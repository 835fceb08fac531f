/*
 * The flattened stream: seekable output over something that cannot seek. Layout (makedumpfile
 * IMPLEMENTATION, "flattened format"; integers are big-endian on every machine):
 *
 *	4096 bytes	"makedumpfile" and NULs to 16, i64 type 1, i64 version 1, zeros
 *	records		i64 offset, i64 length > 0, that many bytes
 *	end record	i64 -1, i64 -1
 */
#include "dump/sink.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/bytes.h"
#include "base/file.h"
#include "dump/pace.h"

#define FLAT_HEADER_LEN 4096

struct flat_sink {
	struct sink sink;
	struct sink *under; /* ours; null: straight to the descriptor */
	int fd;		    /* borrowed */
	bool begun;
	bool broken; /* a record is torn: nothing can follow it */
	uint64_t at; /* bytes sent */
	struct pace pace;
};

static struct error *send_under(struct flat_sink *f, const void *bytes, size_t len)
{
	TRY(sink_write(f->under, f->at, bytes, len));
	f->at += len;
	return NULL;
}

static struct error *send_record(struct flat_sink *f, const void *head, size_t head_len,
				 const void *bytes, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)head, .iov_len = head_len },
		{ .iov_base = (void *)bytes, .iov_len = len },
	};
	uint64_t start = f->at;

	if (f->broken)
		return error_new(ERROR_OTHER, "%s: the stream broke off before", f->sink.name);
	if (f->under) {
		TRY(send_under(f, head, head_len));
		return send_under(f, bytes, len);
	}
	while (iov[0].iov_len + iov[1].iov_len) {
		ssize_t n = writev(f->fd, iov, 2);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			f->broken = true;
			return error_sys(n < 0 ? errno : EIO,
					 "%s: cannot write the flattened stream after %llu bytes",
					 f->sink.name, (unsigned long long)f->at);
		}
		f->at += n;
		for (int i = 0; i < 2; i++) {
			size_t took = MIN((size_t)n, iov[i].iov_len);

			iov[i].iov_base = (char *)iov[i].iov_base + took;
			iov[i].iov_len -= took;
			n -= took;
		}
	}
	return pace_wrote(&f->pace, start, f->at - start);
}

static struct error *flat_begin(struct flat_sink *f)
{
	unsigned char head[FLAT_HEADER_LEN] = "makedumpfile";

	if (f->begun)
		return NULL;
	put_u64(head + 16, 1, true);
	put_u64(head + 24, 1, true);
	f->begun = true;
	return send_record(f, head, sizeof(head), NULL, 0);
}

static struct error *flat_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct flat_sink *f = container_of(s, struct flat_sink, sink);
	unsigned char head[16];

	TRY(flat_begin(f));
	put_u64(head, off, true);
	put_u64(head + 8, len, true);
	return send_record(f, head, sizeof(head), bytes, len);
}

static struct error *flat_finish(struct sink *s, uint64_t size)
{
	struct flat_sink *f = container_of(s, struct flat_sink, sink);
	unsigned char end[16];

	(void)size; /* writers end their files with bytes, never with a gap */
	TRY(flat_begin(f));
	memset(end, 0xff, sizeof(end));
	TRY(send_record(f, end, sizeof(end), NULL, 0));
	if (f->under)
		return sink_finish(f->under, f->at);
	if (fsync(f->fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return error_sys(errno, "%s: cannot sync", s->name);
	return NULL;
}

static void flat_close(struct sink *s)
{
	struct flat_sink *f = container_of(s, struct flat_sink, sink);

	sink_close(f->under);
	free(f);
}

static const struct sink_ops flat_ops = {
	.name = "flattened",
	.write = flat_write,
	.finish = flat_finish,
	.close = flat_close,
};

struct error *sink_open_flattened(int fd, const char *name, struct sink **ret)
{
	struct flat_sink *f = calloc(1, sizeof(*f));

	if (!f)
		return error_nomem();
	f->sink = (struct sink){ .ops = &flat_ops, .name = name, .is_stream = true,
				 .gaps_are_zero = true };
	f->fd = fd;
	pace_init(&f->pace, fd, name);
	*ret = &f->sink;
	return NULL;
}

struct error *sink_open_flattened_over(struct sink *under, struct sink **ret)
{
	TRY(sink_open_flattened(-1, under->name, ret));
	container_of(*ret, struct flat_sink, sink)->under = under;
	return NULL;
}
