/* The way of a kept page; see pipeline.h. */
#include "collect/pipeline.h"

#include <string.h>

#include "base/bytes.h"
#include "base/pool.h"
#include "collect/erase.h"

#define BATCH_BYTES (128u << 10)
#define SPARE	    6 /* batches beyond one a thread: work for the others while one is written */
#define SPAN	    (4u << 20) /* most that is mapped for one batch */

struct page {
	uint64_t pfn;
	uint64_t off;		    /* UNREAD: in the dump's source */
	const unsigned char *bytes; /* READ: the page; STORED: what goes into the file */
	uint32_t len;		    /* STORED */
	enum { UNREAD, READ, STORED, ZERO, LOST } what;
	bool packed; /* STORED */
};

struct batch {
	struct pool_job job;
	struct pipeline *p;
	struct page *pages;
	size_t n;
	unsigned char *out; /* what is stored, one page behind the other; room for all of them raw */
	unsigned char *in;  /* pages that only the caller's thread can read; made when needed */
};

/* What one thread has to itself. */
struct worker {
	struct codec_state *codec;
	unsigned char *in; /* a batch of pages */
	unsigned char *erased; /* a page to erase in: what was read may not be written to; or null */
	struct source_view view;
};

struct pipeline {
	struct pipeline_request r;
	struct dump_writer *w;
	size_t page_size;
	struct pool *pool;
	struct worker *workers;
	unsigned nr_workers;
	struct batch *batches; /* a ring */
	size_t nr_batches, room; /* room: pages in each */
	size_t first, filled;	 /* submitted batches: [first, first + filled) */
};

/* ---- reading and packing, in any thread ---- */

/* How much of the source the batch needs from page `i` on, within a window. */
static size_t span_from(const struct batch *b, size_t i)
{
	uint64_t start = b->pages[i].off, end = start;

	for (; i < b->n; i++) {
		const struct page *p = &b->pages[i];

		if (p->what != UNREAD || p->off < end || p->off - start > SPAN - b->p->page_size)
			break;
		end = p->off + b->p->page_size;
	}
	return end - start;
}

static bool read_piece(struct batch *b, struct worker *w, size_t i, size_t n)
{
	size_t ps = b->p->page_size;
	unsigned char *to = w->in + i * ps;
	struct error *e = source_read(b->p->r.dump->source, b->pages[i].off, to, n * ps);

	for (size_t k = 0; k < n && !e; k++) {
		b->pages[i + k].bytes = to + k * ps;
		b->pages[i + k].what = READ;
	}
	if (!e)
		return true;
	error_free(e); /* the page counts as lost, with every other */
	return false;
}

/* Pages [i, i + n), whose bytes adjoin: mapped, read at once, or one by one. */
static void read_run(struct batch *b, struct worker *w, size_t i, size_t n)
{
	size_t ps = b->p->page_size;
	const unsigned char *mapped = source_look(b->p->r.dump->source, &w->view, b->pages[i].off,
						  n * ps, span_from(b, i));

	if (mapped) {
		for (size_t k = 0; k < n; k++) {
			b->pages[i + k].bytes = mapped + k * ps;
			b->pages[i + k].what = READ;
		}
		return;
	}
	if (read_piece(b, w, i, n))
		return;
	for (size_t k = 0; k < n; k++)
		if (n == 1 || !read_piece(b, w, i + k, 1))
			b->pages[i + k].what = LOST;
}

static void erase_in_page(struct batch *b, struct worker *w, struct page *p)
{
	if (!erase_touches(b->p->r.erase, p->pfn))
		return;
	memcpy(w->erased, p->bytes, b->p->page_size);
	erase_page(b->p->r.erase, p->pfn, w->erased);
	p->bytes = w->erased;
}

/* Stores page `p` at `out`; returns how much that took. */
static size_t pack_page(struct batch *b, struct worker *w, struct page *p, unsigned char *out)
{
	const struct codec *codec = b->p->r.codec;
	size_t ps = b->p->page_size;

	if (p->what != READ)
		return 0;
	if (b->p->r.erase)
		erase_in_page(b, w, p);
	if (bytes_are_zero(p->bytes, ps)) {
		p->what = ZERO;
		return 0;
	}
	/* packing must gain something */
	p->len = codec ? codec->pack(w->codec, p->bytes, ps, out, ps - 1) : 0;
	p->packed = p->len != 0;
	if (!p->packed) {
		memcpy(out, p->bytes, ps);
		p->len = ps;
	}
	p->bytes = out;
	p->what = STORED;
	return p->len;
}

static void work_on_batch(struct pool_job *job, unsigned worker)
{
	struct batch *b = container_of(job, struct batch, job);
	struct worker *w = &b->p->workers[worker];
	unsigned char *out = b->out;
	size_t ps = b->p->page_size;

	for (size_t i = 0, n; i < b->n; i += n) {
		n = 1;
		if (b->pages[i].what == UNREAD) {
			while (i + n < b->n && b->pages[i + n].what == UNREAD &&
			       b->pages[i + n].off == b->pages[i].off + n * ps)
				n++;
			read_run(b, w, i, n);
		}
		/* at once: the next run may move the window */
		for (size_t k = 0; k < n; k++)
			out += pack_page(b, w, &b->pages[i + k], out);
	}
}

/* ---- writing, in order ---- */

static struct error *write_page(struct pipeline *p, const struct page *page)
{
	struct collect_counts *n = p->r.counts;

	n->zero += page->what == ZERO;
	n->lost += page->what == LOST;
	n->stored += page->what == STORED;
	n->bytes += page->what == STORED ? page->len : 0;
	if (!p->w)
		return NULL;
	if (page->what != STORED)
		return writer_page(p->w, page->pfn, NULL, 0, NULL, page->what == ZERO);
	return writer_page(p->w, page->pfn, page->bytes, page->len,
			   page->packed ? p->r.codec : NULL, false);
}

static struct error *write_batch(struct pipeline *p, struct batch *b)
{
	struct error *e = NULL;

	for (size_t i = 0; i < b->n && !e; i++)
		e = write_page(p, &b->pages[i]);
	b->n = 0;
	return e;
}

static struct error *write_oldest(struct pipeline *p)
{
	struct batch *b = &p->batches[p->first];

	pool_wait(p->pool, &b->job);
	p->first = (p->first + 1) % p->nr_batches;
	p->filled--;
	return write_batch(p, b);
}

/* ---- gathering ---- */

/* The batch that is being filled. */
static struct batch *open_batch(struct pipeline *p)
{
	return &p->batches[(p->first + p->filled) % p->nr_batches];
}

static struct error *close_batch(struct pipeline *p)
{
	struct batch *b = open_batch(p);

	if (b->n == 0)
		return NULL;
	if (!pool_threads(p->pool)) {
		work_on_batch(&b->job, 0);
		return write_batch(p, b);
	}
	pool_submit(p->pool, &b->job);
	p->filled++;
	return p->filled == p->nr_batches ? write_oldest(p) : NULL;
}

static struct error *add_page(struct pipeline *p, struct page page)
{
	struct batch *b = open_batch(p);

	b->pages[b->n++] = page;
	return b->n == p->room ? close_batch(p) : NULL;
}

/* A page that cannot be read by offset: decompressed, patched together, or not there. */
static struct error *keep_odd_page(struct pipeline *p, uint64_t pfn)
{
	struct batch *b = open_batch(p);
	struct page page = { .pfn = pfn, .what = READ };

	if (!b->in && !(b->in = malloc(p->room * p->page_size)))
		return error_nomem();
	page.bytes = b->in + b->n * p->page_size;
	switch (dump_read_page(p->r.dump, pfn, (void *)page.bytes, NULL)) {
	case PAGE_OK:
		break;
	case PAGE_ZERO:
		page.what = p->r.erase && erase_touches(p->r.erase, pfn) ? READ : ZERO;
		break;
	case PAGE_EXCLUDED:
		p->r.counts->already++;
		return NULL;
	case PAGE_HOLE: /* memory says that it exists */
	case PAGE_LOST:
		page.what = LOST;
		break;
	}
	return add_page(p, page);
}

struct error *pipeline_keep(struct pipeline *p, uint64_t pfn, uint64_t end)
{
	uint64_t off, n;

	for (; pfn < end; pfn += n) {
		n = 1;
		if (!dump_locate(p->r.dump, pfn, end, &off, &n)) {
			TRY(keep_odd_page(p, pfn));
			continue;
		}
		for (uint64_t i = 0; i < n; i++)
			TRY(add_page(p, (struct page){ .pfn = pfn + i, .what = UNREAD,
						       .off = off + i * p->page_size }));
	}
	return NULL;
}

struct error *pipeline_drain(struct pipeline *p)
{
	TRY(close_batch(p));
	while (p->filled)
		TRY(write_oldest(p));
	return NULL;
}

/* ---- set-up ---- */

static struct error *open_batches(struct pipeline *p, unsigned threads)
{
	p->nr_batches = threads ? threads + SPARE : 1;
	p->batches = calloc(p->nr_batches, sizeof(*p->batches));
	if (!p->batches)
		return error_nomem();
	for (size_t i = 0; i < p->nr_batches; i++) {
		struct batch *b = &p->batches[i];

		b->p = p;
		b->job.run = work_on_batch;
		b->pages = calloc(p->room, sizeof(*b->pages));
		b->out = aligned_alloc(p->page_size, p->room * p->page_size);
		if (!b->pages || !b->out)
			return error_nomem();
	}
	return NULL;
}

static struct error *open_workers(struct pipeline *p, unsigned threads)
{
	p->workers = calloc(threads + 1, sizeof(*p->workers));
	if (!p->workers)
		return error_nomem();
	p->nr_workers = threads + 1;
	for (unsigned i = 0; i < p->nr_workers; i++) {
		struct worker *w = &p->workers[i];

		/* not 16 bytes off, as malloc's: copying into such a place takes some processors
		 * four times as long */
		w->in = aligned_alloc(p->page_size, p->room * p->page_size);
		if (p->r.erase)
			w->erased = malloc(p->page_size);
		if (p->r.codec)
			w->codec = p->r.codec->open(true, p->r.codec_level);
		if (!w->in || (p->r.codec && !w->codec) || (p->r.erase && !w->erased))
			return error_nomem();
	}
	return NULL;
}

struct error *pipeline_new(const struct pipeline_request *r, struct pipeline **ret)
{
	_cleanup_pipeline_ struct pipeline *p = calloc(1, sizeof(*p));
	unsigned threads;

	if (!p)
		return error_nomem();
	p->r = *r;
	p->page_size = r->dump->page_size;
	p->room = MAX(BATCH_BYTES / p->page_size, (size_t)1);
	TRY(pool_new(r->threads > 1 ? r->threads - 1 : 0, &p->pool));
	threads = pool_threads(p->pool);
	TRY(open_batches(p, threads));
	TRY(open_workers(p, threads));
	*ret = take_ptr(p);
	return NULL;
}

void pipeline_write_to(struct pipeline *p, struct dump_writer *w)
{
	p->w = w;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pool_free(p->pool);
	for (size_t i = 0; p->batches && i < p->nr_batches; i++) {
		free(p->batches[i].pages);
		free(p->batches[i].out);
		free(p->batches[i].in);
	}
	free(p->batches);
	for (unsigned i = 0; i < p->nr_workers; i++) {
		free(p->workers[i].in);
		free(p->workers[i].erased);
		if (p->workers[i].codec)
			p->r.codec->close(p->workers[i].codec);
		source_view_done(&p->workers[i].view);
	}
	free(p->workers);
	free(p);
}
