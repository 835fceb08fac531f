/*
 * A sink that remembers sums of what it hands on, so that some of it can be read back from the
 * medium when all is written: disks and controllers that lose writes without a word exist, and
 * after a crash nobody looks at the dump before it is needed.
 *
 * What is remembered: a copy of the first bytes (headers), which are rewritten at the end; the
 * sums of the pieces that the writer calls vital (bitmaps, descriptors) and of a random sample
 * of all others; and the last pieces of both kinds. A piece that is written over is forgotten.
 */
#include "dump/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/file.h"

#define HEAD	 65536 /* bytes of which a copy is kept */
#define PIECE	 16384 /* bytes under one sum */
#define VITAL	 4096  /* pieces */
#define SAMPLE	 1024  /* pieces */
#define LAST	 8     /* pieces of each kind */
#define LIMIT_MS 2000
#define LEAST	 (1 << 20) /* bytes that may be read whatever the share */
#define SHARE	 100	   /* of what was written, one part may be read */
#define ALIGN	 4096	   /* of O_DIRECT, on every disk that is known */

struct piece {
	uint64_t off, sum;
	uint32_t len; /* 0: none */
};

/* A uniform sample of all that was put in. */
struct sample {
	struct piece *v;
	size_t room;
	uint64_t seen;
};

struct checked_sink {
	struct sink sink;
	struct sink *under; /* borrowed */
	int fd;		    /* borrowed */
	unsigned char head[HEAD];
	struct sample vital, other;
	struct piece last[2][LAST]; /* of other, of vital pieces */
	unsigned nr_last[2];
	uint64_t end; /* of all that was written */
	uint64_t random;
};

static uint64_t rotate(uint64_t v, unsigned by)
{
	return v << by | v >> (64 - by);
}

/* Not against an adversary: against a disk. Two lanes, so that a core is not held up. */
static uint64_t sum_of(const unsigned char *p, size_t len)
{
	uint64_t a = 0x9e3779b97f4a7c15u ^ len, b = 0xc2b2ae3d27d4eb4fu, word;
	size_t i = 0;

	for (; i + 16 <= len; i += 16) {
		memcpy(&word, p + i, 8);
		a = rotate((a ^ word) * 0xff51afd7ed558ccdu, 29);
		memcpy(&word, p + i + 8, 8);
		b = rotate((b ^ word) * 0xc4ceb9fe1a85ec53u, 31);
	}
	for (; i < len; i++)
		a = rotate((a ^ p[i]) * 0xff51afd7ed558ccdu, 29);
	a = (a ^ b ^ b >> 32) * 0xff51afd7ed558ccdu;
	return a ^ a >> 33;
}

/* xorshift64*: which pieces are taken has no meaning beyond being spread. */
static uint64_t next_random(struct checked_sink *c)
{
	c->random ^= c->random >> 12;
	c->random ^= c->random << 25;
	c->random ^= c->random >> 27;
	return c->random * 0x2545f4914f6cdd1du;
}

/* ---- remembering ---- */

static void forget_in(struct piece *v, size_t n, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].len && v[i].off < end && v[i].off + v[i].len > start)
			v[i].len = 0;
}

static void forget(struct checked_sink *c, uint64_t start, uint64_t end)
{
	if (start >= c->end)
		return;
	forget_in(c->vital.v, MIN(c->vital.seen, (uint64_t)VITAL), start, end);
	forget_in(c->other.v, MIN(c->other.seen, (uint64_t)SAMPLE), start, end);
	forget_in(c->last[0], LAST, start, end);
	forget_in(c->last[1], LAST, start, end);
}

/* Where a piece goes in the sample; the sum is made only for those that have a place. */
static struct piece *place_in(struct checked_sink *c, struct sample *s)
{
	uint64_t at = s->seen++;

	if (at >= s->room)
		at = next_random(c) % s->seen;
	return at < s->room ? &s->v[at] : NULL;
}

static void remember(struct checked_sink *c, uint64_t off, const unsigned char *bytes, size_t len)
{
	struct sample *s = c->sink.vital ? &c->vital : &c->other;
	int kind = c->sink.vital ? 1 : 0;

	for (size_t done = 0; done < len; done += PIECE) {
		size_t n = MIN(len - done, (size_t)PIECE);
		bool is_last = len - done <= (size_t)PIECE * LAST / 2;
		struct piece *place = place_in(c, s), p;

		if (!place && !is_last)
			continue;
		p = (struct piece){ off + done, sum_of(bytes + done, n), n };
		if (place)
			*place = p;
		if (is_last)
			c->last[kind][c->nr_last[kind]++ % LAST] = p;
	}
}

static struct error *checked_write(struct sink *s, uint64_t off, const void *bytes, size_t len)
{
	struct checked_sink *c = container_of(s, struct checked_sink, sink);

	forget(c, off, off + len);
	if (off < HEAD)
		memcpy(c->head + off, bytes, MIN((uint64_t)len, HEAD - off));
	TRY(sink_write(c->under, off, bytes, len));
	remember(c, off, bytes, len);
	c->end = MAX(c->end, off + len);
	return NULL;
}

static struct error *checked_reserve(struct sink *s, uint64_t off, uint64_t len, bool *ret_done)
{
	return sink_reserve(container_of(s, struct checked_sink, sink)->under, off, len, ret_done);
}

static uint64_t checked_room(struct sink *s)
{
	return sink_room(container_of(s, struct checked_sink, sink)->under);
}

static struct error *checked_flush(struct sink *s)
{
	return sink_flush(container_of(s, struct checked_sink, sink)->under);
}

/* ---- reading back ---- */

struct reader {
	struct checked_sink *c;
	int fd;
	bool direct;
	unsigned char *buf; /* aligned; PIECE and what alignment adds */
	uint64_t read, deadline_ms, budget;
};

static void open_reader(struct reader *r, int fd)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r->fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	r->direct = r->fd >= 0;
	if (r->fd < 0)
		r->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0)
		r->fd = dup(fd); /* without /proc: it may be readable */
}

/* File systems that refuse O_DIRECT (tmpfs), and ends of files that it can't read. */
static void read_cached(struct reader *r)
{
	int flags = fcntl(r->fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(r->fd, F_SETFL, flags & ~O_DIRECT); /* the read that follows tells */
	r->direct = false;
}

static struct error *read_piece(struct reader *r, uint64_t off, size_t len, const unsigned char **ret)
{
	uint64_t start = off & ~(uint64_t)(ALIGN - 1), end = (off + len + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	size_t got = 0;
	ssize_t n;

	if (!r->direct)
		(void)posix_fadvise(r->fd, start, end - start, POSIX_FADV_DONTNEED); /* best effort */
	while (got < off + len - start) {
		n = pread(r->fd, r->buf + got, end - start - got, start + got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && r->direct) {
			read_cached(r);
			continue;
		}
		if (n < 0)
			return error_sys(errno, "%s: cannot read back at 0x%llx", r->c->sink.name,
					 (unsigned long long)off);
		if (n == 0)
			return error_new(ERROR_LOST, "%s: ends at 0x%llx, but was written up to 0x%llx",
					 r->c->sink.name, (unsigned long long)(start + got),
					 (unsigned long long)(off + len));
		got += n;
	}
	r->read += end - start;
	*ret = r->buf + (off - start);
	return NULL;
}

static struct error *differs(const struct reader *r, uint64_t off)
{
	return error_new(ERROR_LOST,
			 "%s: what is read back at 0x%llx is not what was written; the disk or its "
			 "controller loses data", r->c->sink.name, (unsigned long long)off);
}

static struct error *check_head(struct reader *r)
{
	uint64_t len = MIN(r->c->end, (uint64_t)HEAD);
	const unsigned char *bytes;

	for (uint64_t off = 0; off < len; off += PIECE) {
		size_t n = MIN(len - off, (uint64_t)PIECE);

		TRY(read_piece(r, off, n, &bytes));
		/* where nothing was written there may be anything: devices are not new */
		if (r->c->sink.gaps_are_zero && memcmp(bytes, r->c->head + off, n) != 0)
			return differs(r, off);
	}
	return NULL;
}

static int by_offset(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

/* In the order of the medium, until time or budget ends. Which were chosen is random; that the
 * last ones may be left out is not, so a sample that is too large is thinned out evenly. */
static struct error *check_pieces(struct reader *r, struct piece *v, size_t n)
{
	uint64_t wanted = 0, left = r->budget > r->read ? r->budget - r->read : 0;
	size_t step;

	for (size_t i = 0; i < n; i++)
		wanted += v[i].len + ALIGN;
	step = left && wanted > left ? (wanted + left - 1) / left : 1;
	qsort(v, n, sizeof(*v), by_offset);
	for (size_t i = 0; i < n && left; i += step) {
		const unsigned char *bytes;

		if (!v[i].len)
			continue;
		if (clock_now_ms() > r->deadline_ms)
			break;
		TRY(read_piece(r, v[i].off, v[i].len, &bytes));
		if (sum_of(bytes, v[i].len) != v[i].sum)
			return differs(r, v[i].off);
	}
	return NULL;
}

static struct error *check_all(struct reader *r)
{
	struct checked_sink *c = r->c;

	TRY(check_head(r));
	r->budget = r->read + MAX(c->end / SHARE, (uint64_t)LEAST);
	TRY(check_pieces(r, c->last[1], LAST));
	TRY(check_pieces(r, c->last[0], LAST));
	TRY(check_pieces(r, c->vital.v, MIN(c->vital.seen, (uint64_t)VITAL)));
	return check_pieces(r, c->other.v, MIN(c->other.seen, (uint64_t)SAMPLE));
}

static struct error *checked_finish(struct sink *s, uint64_t size)
{
	struct checked_sink *c = container_of(s, struct checked_sink, sink);
	struct reader r = { .c = c };
	struct error *e;

	TRY(sink_finish(c->under, size));
	forget(c, size, UINT64_MAX); /* what was cut off */
	c->end = MIN(c->end, size);
	r.deadline_ms = clock_now_ms() + LIMIT_MS;
	r.buf = aligned_alloc(ALIGN, PIECE + 2 * ALIGN);
	if (!r.buf)
		return error_nomem();
	open_reader(&r, c->fd);
	if (r.fd < 0) {
		free(r.buf);
		return error_sys(errno, "%s: cannot open it to read it back", s->name);
	}
	e = check_all(&r);
	s->bytes_checked = r.read;
	close(r.fd);
	free(r.buf);
	return e;
}

static void checked_close(struct sink *s)
{
	struct checked_sink *c = container_of(s, struct checked_sink, sink);

	free(c->vital.v);
	free(c->other.v);
	free(c);
}

static const struct sink_ops checked_ops = {
	.name = "checked",
	.write = checked_write,
	.reserve = checked_reserve,
	.room = checked_room,
	.flush = checked_flush,
	.finish = checked_finish,
	.close = checked_close,
};

struct error *sink_open_checked(struct sink *under, int fd, struct sink **ret)
{
	struct checked_sink *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem();
	c->sink = (struct sink){ .ops = &checked_ops, .name = under->name,
				 .gaps_are_zero = under->gaps_are_zero };
	c->under = under;
	c->fd = fd;
	c->vital = (struct sample){ calloc(VITAL, sizeof(struct piece)), VITAL, 0 };
	c->other = (struct sample){ calloc(SAMPLE, sizeof(struct piece)), SAMPLE, 0 };
	c->random = clock_us() | 1;
	if (!c->vital.v || !c->other.v) {
		checked_close(&c->sink);
		return error_nomem();
	}
	*ret = &c->sink;
	return NULL;
}
