/*
 * Where the pages of an LKCD dump are. Records stand in no order, may repeat, and only a walk
 * over all of them finds one. Kernels write mostly upwards, so records are kept in runs: up to
 * 16 that follow each other in file and memory cost 16 bytes, and inside a run their heads are
 * walked again.
 *
 * Runs of one page sort by place in the file. A page may be in several runs; since a run is
 * short, looking a page up meets those that start at most 15 pages below it.
 */
#include "dump/lkcd-priv.h"

#include "base/base.h"

#define HEAD_LEN   16
#define FLAG_RAW   1u
#define FLAG_PACKED 2u
#define FLAG_END   4u
#define FLAG_VENDOR 0xc0000000u /* the address is a page number */
#define SLACK	   512		/* stored bytes above the page size: the kernels' buffers */
#define RUN_MAX	   16
#define CHUNK	   (64u << 10)
#define KERNEL_BASE 0xc0000000u /* early i386 versions: addresses in the kernel's mapping */

/* A window of the file that moves forward. */
struct window {
	struct source *s;
	unsigned char *bytes;
	uint64_t off;
	size_t len;
};

static struct error *window_head(struct window *w, uint64_t off, const unsigned char **ret)
{
	if (off < w->off || off + HEAD_LEN > w->off + w->len) {
		w->len = 0;
		w->off = off;
		TRY(source_read(w->s, off, w->bytes, MIN((uint64_t)CHUNK, w->s->size - off)));
		w->len = MIN((uint64_t)CHUNK, w->s->size - off);
	}
	*ret = w->bytes + (off - w->off);
	return NULL;
}

struct head {
	uint64_t address;
	uint32_t len, flags;
};

static struct head take_head(const unsigned char *p, bool big)
{
	return (struct head){ get_u64(p, big), get_u32(p + 8, big), get_u32(p + 12, big) };
}

/* Whether the record ends the dump. zfcpdump wrote 0, 4, 0 for it (zgetdump, dfi_lkcd.c). */
static bool is_end(const struct head *h)
{
	return h->flags & FLAG_END || (!h->address && h->len == 4 && !h->flags);
}

/* Whether the record's length can be trusted, so that the next one is found. */
static bool can_follow(const struct lkcd_header *h, const struct head *head)
{
	return head->flags & (FLAG_RAW | FLAG_PACKED) && head->len <= h->page_size + SLACK;
}

static bool pfn_of(const struct lkcd_header *h, const struct lkcd_index *x,
		   const struct head *head, uint64_t *ret)
{
	uint64_t address = head->address - x->virtual_base;
	uint64_t limit = (1ull << h->arch->max_phys_bits) / h->page_size;

	if (head->flags & FLAG_VENDOR) {
		*ret = address;
	} else {
		if (address % h->page_size)
			return false;
		*ret = address / h->page_size;
	}
	return *ret < limit;
}

static struct error *add(struct lkcd_index *x, uint64_t pfn, uint64_t off, bool adjoins)
{
	struct lkcd_run *last = x->runs.n ? &x->runs.v[x->runs.n - 1] : NULL;

	if (last && adjoins && lkcd_run_len(last) < RUN_MAX &&
	    lkcd_run_pfn(last) + lkcd_run_len(last) == pfn) {
		last->pfn_n++;
		return NULL;
	}
	return vector_push(&x->runs, (struct lkcd_run){ pfn << 4, off }) ? NULL
									 : error_nomem();
}

static struct error *scan(struct window *w, const struct lkcd_header *h, struct lkcd_index *x)
{
	uint64_t off = h->first_record, size = w->s->size, last = 0;
	bool first = true, adjoins = false, repeated = false;

	x->ascending = true;
	while (range_fits(off, HEAD_LEN, size)) {
		const unsigned char *p;
		struct head head;
		uint64_t pfn;

		TRY(window_head(w, off, &p));
		head = take_head(p, h->big);
		if (is_end(&head)) {
			x->ended = true;
			break;
		}
		if (!can_follow(h, &head)) {
			x->damaged = true;
			break;
		}
		if (first && h->version == 1 && head.address == KERNEL_BASE)
			x->virtual_base = KERNEL_BASE;
		if (pfn_of(h, x, &head, &pfn)) {
			repeated = !first && pfn == last;
			last = pfn;
			x->ascending &= first || pfn >= x->highest;
			x->highest = MAX(x->highest, pfn);
			TRY(add(x, pfn, off, adjoins));
			adjoins = true;
			first = false;
		} else {
			x->damaged = true;
			adjoins = false;
		}
		off += HEAD_LEN + head.len;
	}
	/* vmconvert wrote the last page twice instead of an end (zgetdump, dfi_lkcd.c) */
	x->ended |= repeated && off == size;
	return NULL;
}

static int by_pfn(const void *a, const void *b)
{
	const struct lkcd_run *x = a, *y = b;
	uint64_t p = lkcd_run_pfn(x), q = lkcd_run_pfn(y);

	if (p != q)
		return p < q ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

/* Of runs that start at the same page, later ones count as far as they are longer. */
static void drop_covered(struct lkcd_index *x)
{
	size_t n = 0;
	unsigned longest = 0;

	for (size_t i = 0; i < x->runs.n; i++) {
		struct lkcd_run r = x->runs.v[i];

		if (n && lkcd_run_pfn(&x->runs.v[n - 1]) == lkcd_run_pfn(&r) &&
		    lkcd_run_len(&r) <= longest)
			continue;
		x->runs.v[n++] = r;
		longest = lkcd_run_len(&r);
	}
	x->runs.n = n;
}

struct error *lkcd_index_build(struct source *s, const struct lkcd_header *h,
			       struct lkcd_index *x)
{
	_cleanup_free_ unsigned char *bytes = malloc(CHUNK);
	struct window w = { .s = s, .bytes = bytes };

	if (!bytes)
		return error_nomem();
	TRY(scan(&w, h, x));
	if (!x->ascending)
		qsort(x->runs.v, x->runs.n, sizeof(*x->runs.v), by_pfn);
	drop_covered(x);
	return NULL;
}

/* The run that holds the page and comes first in the file, or null. */
static const struct lkcd_run *run_of(const struct lkcd_index *x, uint64_t pfn)
{
	size_t lo = 0, hi = x->runs.n;
	const struct lkcd_run *found = NULL;

	while (lo < hi) { /* the first run that starts above the page */
		size_t mid = lo + (hi - lo) / 2;

		if (lkcd_run_pfn(&x->runs.v[mid]) > pfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	while (lo-- && lkcd_run_pfn(&x->runs.v[lo]) + RUN_MAX > pfn) {
		const struct lkcd_run *r = &x->runs.v[lo];

		if (lkcd_run_pfn(r) + lkcd_run_len(r) > pfn && (!found || r->off < found->off))
			found = r;
	}
	return found;
}

bool lkcd_index_has(const struct lkcd_index *x, uint64_t pfn)
{
	return run_of(x, pfn) != NULL;
}

struct error *lkcd_index_find(struct source *s, const struct lkcd_header *h,
			      struct lkcd_index *x, uint64_t pfn, struct lkcd_record *ret)
{
	const struct lkcd_run *r = run_of(x, pfn);
	uint64_t at = lkcd_run_pfn(r), off = r->off;
	struct head head;

	/* going upwards, the record is the next one */
	if (x->last_off > off && x->last_pfn > at && x->last_pfn <= pfn) {
		at = x->last_pfn;
		off = x->last_off;
	}
	for (;; at++) {
		unsigned char raw[HEAD_LEN];

		TRY(source_read(s, off, raw, sizeof(raw)));
		head = take_head(raw, h->big);
		if (at == pfn)
			break;
		off += HEAD_LEN + head.len;
	}
	*ret = (struct lkcd_record){ pfn, off + HEAD_LEN, head.len,
				     !(head.flags & FLAG_RAW) };
	x->last_pfn = pfn + 1;
	x->last_off = ret->off + head.len;
	return NULL;
}

void lkcd_index_done(struct lkcd_index *x)
{
	vector_done(&x->runs);
}
