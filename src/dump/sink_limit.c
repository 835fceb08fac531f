/*
 * A sink that is full at a given number of bytes. What is written again (headers, bitmaps,
 * descriptors) counts once, so that a dump that fits can always be completed.
 */
#include "dump/sink.h"

#include "base/ranges.h"

#define NR_RANGES_MAX 4096 /* more pieces than that, and bytes written again may count twice */

struct limit_sink {
	struct sink sink;
	struct sink *under; /* borrowed */
	uint64_t limit, used;
	struct ranges written;
};

/* How many bytes of [start, end) were not written before. */
static uint64_t fresh_bytes(const struct limit_sink *l, uint64_t start, uint64_t end)
{
	uint64_t n = end - start;

	for (size_t i = 0; i < l->written.n; i++) {
		const struct range *r = &l->written.v[i];

		if (r->start < end && r->end > start)
			n -= MIN(r->end, end) - MAX(r->start, start);
	}
	return n;
}

static struct error *count(struct limit_sink *l, uint64_t off, uint64_t len)
{
	/* a stream carries every byte that is sent */
	uint64_t fresh = l->under->is_stream ? len : fresh_bytes(l, off, off + len);

	if (fresh > l->limit - l->used)
		return error_new(ERROR_NO_SPACE, "%s: the limit of %llu bytes is reached", l->sink.name,
				 (unsigned long long)l->limit);
	l->used += fresh;
	if (l->under->is_stream || l->written.n >= NR_RANGES_MAX)
		return NULL;
	return ranges_add(&l->written, off, off + len);
}

static struct error *limit_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct limit_sink *l = container_of(s, struct limit_sink, sink);

	TRY(count(l, off, len));
	return sink_write(l->under, off, bytes, len);
}

static struct error *limit_reserve(struct sink *s, uint64_t off, uint64_t len, bool *ret_done)
{
	struct limit_sink *l = container_of(s, struct limit_sink, sink);

	TRY(count(l, off, len));
	return sink_reserve(l->under, off, len, ret_done);
}

static uint64_t limit_room(struct sink *s)
{
	struct limit_sink *l = container_of(s, struct limit_sink, sink);

	return MIN(l->limit - l->used, sink_room(l->under));
}

static struct error *limit_flush(struct sink *s)
{
	return sink_flush(container_of(s, struct limit_sink, sink)->under);
}

static struct error *limit_finish(struct sink *s, uint64_t size)
{
	return sink_finish(container_of(s, struct limit_sink, sink)->under, size);
}

static void limit_close(struct sink *s)
{
	struct limit_sink *l = container_of(s, struct limit_sink, sink);

	ranges_done(&l->written);
	free(l);
}

static const struct sink_ops limit_ops = {
	.name = "limit",
	.write = limit_write,
	.reserve = limit_reserve,
	.room = limit_room,
	.flush = limit_flush,
	.finish = limit_finish,
	.close = limit_close,
};

struct error *sink_open_limited(struct sink *under, uint64_t limit, struct sink **ret)
{
	struct limit_sink *l = calloc(1, sizeof(*l));

	if (!l)
		return error_nomem();
	l->sink = (struct sink){ .ops = &limit_ops, .name = under->name,
				 .is_stream = under->is_stream, .gaps_are_zero = under->gaps_are_zero };
	l->under = under;
	l->limit = limit;
	*ret = &l->sink;
	return NULL;
}
