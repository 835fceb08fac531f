/*
 * The flattened stream of makedumpfile -F and QEMU as a byte source: a 4096-byte header, then
 * records (target offset, length, bytes), then an end record of two -1; all numbers are
 * big-endian. Records go back and overlap, and the later one counts; gaps read as zeros
 * (doc/formats/flattened.md).
 *
 * On opening, the records are brought into disjoint pieces sorted by target offset, so that
 * reading is a binary search.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "dump/source.h"

#define SIGNATURE      "makedumpfile"
#define HEADER_LEN     4096
#define RECORD_LEN     16
#define NR_RECORDS_MAX (1u << 27)

/* A record's bytes, or the part of them that no later record replaced. */
struct piece {
	uint64_t start, end; /* target offsets */
	uint64_t off;	     /* in the stream: rises with the order of records */
};

struct flat {
	struct source source;
	struct source *under;
	struct piece *pieces;
	size_t nr_pieces;
};

typedef VECTOR(struct piece) pieces_t;

bool source_is_flattened(struct source *s)
{
	char magic[16];
	_cleanup_error_ struct error *e = source_read(s, 0, magic, sizeof(magic));

	return !e && !memcmp(magic, SIGNATURE "\0\0\0", sizeof(magic));
}

static struct error *check_header(struct source *s)
{
	unsigned char raw[32];
	uint64_t type, version;

	TRY(source_read(s, 0, raw, sizeof(raw)));
	type = get_u64(raw + 16, true);
	version = get_u64(raw + 24, true);
	if (type != 1 || version != 1)
		return error_new(ERROR_UNSUPPORTED,
				 "%s: flattened stream of type %llu, version "
				 "%llu; only 1 and 1 are known",
				 s->name, (unsigned long long)type,
				 (unsigned long long)version);
	return NULL;
}

/* All records up to the end record, or as far as they make sense. */
static struct error *read_records(struct source *s, pieces_t *list, bool *ret_complete)
{
	uint64_t at = HEADER_LEN;

	*ret_complete = false;
	while (range_fits(at, RECORD_LEN, s->size)) {
		unsigned char raw[RECORD_LEN];
		uint64_t target, len;

		TRY(source_read(s, at, raw, sizeof(raw)));
		target = get_u64(raw, true);
		len = get_u64(raw + 8, true);
		at += RECORD_LEN;
		if (target == UINT64_MAX && len == UINT64_MAX) {
			*ret_complete = true;
			return NULL;
		}
		if (target > INT64_MAX || !len || len > INT64_MAX - target) {
			log_debug("%s: record at 0x%llx makes no sense, the rest is left out",
				  s->name, (unsigned long long)(at - RECORD_LEN));
			return NULL;
		}
		if (list->n == NR_RECORDS_MAX)
			return error_new(ERROR_BAD_DATA, "%s: more than %u records", s->name,
					 NR_RECORDS_MAX);
		len = MIN(len, s->size - at);
		if (len && !vector_push(list, (struct piece){ target, target + len, at }))
			return error_nomem();
		at += len;
	}
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* A heap of pieces whose top is the latest record. */
static bool heap_push(pieces_t *h, struct piece p)
{
	size_t i = h->n;

	if (!vector_push(h, p))
		return false;
	while (i && h->v[(i - 1) / 2].off < p.off) {
		h->v[i] = h->v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->v[i] = p;
	return true;
}

static void heap_pop(pieces_t *h)
{
	struct piece p = h->v[--h->n];
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && h->v[child + 1].off > h->v[child].off)
			child++;
		if (child >= h->n || h->v[child].off <= p.off)
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	h->v[i] = p;
}

/* The bytes [start, end) of record `p`; joined to the piece before where that goes on. */
static bool emit(pieces_t *out, const struct piece *p, uint64_t start, uint64_t end)
{
	uint64_t off = p->off + (start - p->start);
	struct piece *last = out->n ? &out->v[out->n - 1] : NULL;

	if (last && last->end == start && last->off + (last->end - last->start) == off) {
		last->end = end;
		return true;
	}
	return vector_push(out, (struct piece){ start, end, off });
}

/*
 * One pass over sorted records with a heap of those that cover the current place: each step
 * ends where a record begins or the topmost one ends, so there are at most two per record.
 */
static bool flatten_overlaps(const pieces_t *in, pieces_t *out, pieces_t *heap)
{
	uint64_t at = 0, next;
	size_t i = 0;

	for (;;) {
		while (heap->n && heap->v[0].end <= at)
			heap_pop(heap);
		if (!heap->n) {
			if (i == in->n)
				return true;
			at = in->v[i].start;
		}
		while (i < in->n && in->v[i].start <= at)
			if (!heap_push(heap, in->v[i++]))
				return false;
		while (heap->v[0].end <= at)
			heap_pop(heap);
		next = heap->v[0].end;
		if (i < in->n)
			next = MIN(next, in->v[i].start);
		if (!emit(out, &heap->v[0], at, next))
			return false;
		at = next;
	}
}

static struct error *build_index(struct flat *f, bool *ret_complete)
{
	pieces_t records = { 0 }, out = { 0 }, heap = { 0 };
	struct error *e = read_records(f->under, &records, ret_complete);
	bool overlap = false;

	if (!e && records.n)
		qsort(records.v, records.n, sizeof(*records.v), by_start);
	for (size_t i = 1; !e && i < records.n; i++)
		overlap |= records.v[i].start < records.v[i - 1].end;
	if (!e && overlap) {
		if (!flatten_overlaps(&records, &out, &heap))
			e = error_nomem();
		vector_done(&heap);
		vector_done(&records);
		records = out;
	}
	f->pieces = records.v;
	f->nr_pieces = records.n;
	if (records.n)
		f->source.size = records.v[records.n - 1].end;
	return e;
}

/* Index of the first piece that ends above `off` (or the number of pieces). */
static size_t piece_at(const struct flat *f, uint64_t off)
{
	size_t lo = 0, hi = f->nr_pieces;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->pieces[mid].end > off)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static struct error *flat_read(struct source *s, uint64_t off, void *buf, size_t len)
{
	struct flat *f = (struct flat *)s;
	unsigned char *to = buf;

	for (size_t i = piece_at(f, off); len; i++) {
		const struct piece *p = f->pieces + i;
		size_t gap = len, n;

		if (i < f->nr_pieces)
			gap = p->start > off ? MIN((uint64_t)len, p->start - off) : 0;
		memset(to, 0, gap);
		to += gap;
		off += gap;
		len -= gap;
		if (!len)
			break;
		n = MIN((uint64_t)len, p->end - off);
		TRY(source_read(f->under, p->off + (off - p->start), to, n));
		to += n;
		off += n;
		len -= n;
	}
	return NULL;
}

/* Where the bytes stand together in the stream; false when they do not. */
static bool locate(const struct flat *f, uint64_t off, size_t len, uint64_t *ret)
{
	size_t i = piece_at(f, off);

	if (i == f->nr_pieces || f->pieces[i].start > off || f->pieces[i].end - off < len)
		return false;
	*ret = f->pieces[i].off + (off - f->pieces[i].start);
	return true;
}

static const void *flat_map(struct source *s, uint64_t off, size_t len)
{
	struct flat *f = (struct flat *)s;

	return locate(f, off, len, &off) ? source_map(f->under, off, len) : NULL;
}

static const void *flat_map_forever(struct source *s, uint64_t off, size_t len)
{
	struct flat *f = (struct flat *)s;

	return locate(f, off, len, &off) ? source_map_forever(f->under, off, len) : NULL;
}

static uint64_t flat_next_data(struct source *s, uint64_t off)
{
	const struct flat *f = (const struct flat *)s;
	size_t i = piece_at(f, off);

	return i < f->nr_pieces ? MAX(off, f->pieces[i].start) : s->size;
}

static void flat_close(struct source *s)
{
	struct flat *f = (struct flat *)s;

	source_close(f->under);
	free(f->pieces);
	free(s->name);
	free(f);
}

static const struct source_ops flat_ops = {
	.name = "flattened",
	.read = flat_read,
	.map = flat_map,
	.map_forever = flat_map_forever,
	.next_data = flat_next_data,
	.close = flat_close,
};

struct error *source_open_flattened(struct source *under, struct source **ret,
				    bool *ret_complete)
{
	struct flat *f;
	struct error *e;

	TRY(check_header(under));
	f = calloc(1, sizeof(*f));
	if (!f)
		return error_nomem();
	f->source.ops = &flat_ops;
	f->source.name = strdup(under->name);
	f->under = under;
	e = f->source.name ? build_index(f, ret_complete) : error_nomem();
	if (e) {
		f->under = NULL; /* stays the caller's */
		flat_close(&f->source);
		return e;
	}
	*ret = &f->source;
	return NULL;
}
