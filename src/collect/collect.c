/*
 * The way of a page: class, read, zero test, compression, writing. Frames are gone through once,
 * in order. Kept pages are gathered into batches; a batch is packed by whoever is free and
 * written in its turn, so that the file is the same for every number of threads.
 */
#include "collect/collect.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/pool.h"
#include "collect/facts.h"
#include "collect/keep.h"

#define BATCH_BYTES (128u << 10)

struct page {
	uint64_t pfn;
	enum { RAW, PACKED, ZERO, LOST } what;
	uint32_t len; /* PACKED */
};

struct batch {
	struct pool_job job;
	struct collector *c;
	struct page *pages;
	unsigned char *in;  /* page_size each */
	unsigned char *out; /* page_size each: packing must gain something */
	size_t n;
};

struct collector {
	const struct collect_request *r;
	struct collect_result *ret;
	struct dump *d;
	uint32_t page_size;
	struct keep keep;
	struct dump_writer *w; /* null: dry run */

	struct pool *pool;
	struct codec_state **codecs; /* one per worker */
	unsigned nr_codecs;
	struct batch *batches; /* a ring */
	size_t nr_batches, room; /* room: pages in each */
	size_t first, filled;	 /* submitted batches: [first, first + filled) */
	uint64_t memory; /* frames */
	uint64_t reported_ms;
};

/* ---- packing, in any thread ---- */

static void pack_batch(struct pool_job *job, unsigned worker)
{
	struct batch *b = container_of(job, struct batch, job);
	const struct codec *codec = b->c->r->codec;
	size_t ps = b->c->page_size;

	for (size_t i = 0; i < b->n; i++) {
		struct page *p = &b->pages[i];
		const unsigned char *in = b->in + i * ps;
		size_t len;

		if (p->what != RAW)
			continue;
		if (bytes_are_zero(in, ps)) {
			p->what = ZERO;
		} else if (codec) {
			len = codec->pack(b->c->codecs[worker], in, ps, b->out + i * ps, ps - 1);
			if (len) {
				p->what = PACKED;
				p->len = len;
			}
		}
	}
}

/* ---- writing, in order ---- */

static struct error *write_page(struct collector *c, const struct batch *b, size_t i)
{
	const struct page *p = &b->pages[i];
	struct collect_counts *n = &c->ret->counts;
	size_t ps = c->page_size;

	switch (p->what) {
	case ZERO:
		n->zero++;
		return c->w ? writer_page(c->w, p->pfn, NULL, 0, NULL, true) : NULL;
	case LOST:
		n->lost++;
		return c->w ? writer_page(c->w, p->pfn, NULL, 0, NULL, false) : NULL;
	case PACKED:
		n->stored++;
		return c->w ? writer_page(c->w, p->pfn, b->out + i * ps, p->len, c->r->codec, false)
			    : NULL;
	case RAW:
		n->stored++;
		return c->w ? writer_page(c->w, p->pfn, b->in + i * ps, ps, NULL, false) : NULL;
	}
	return NULL;
}

static struct error *write_batch(struct collector *c, struct batch *b)
{
	struct error *e = NULL;

	for (size_t i = 0; i < b->n && !e; i++)
		e = write_page(c, b, i);
	b->n = 0;
	return e;
}

static struct error *write_oldest(struct collector *c)
{
	struct batch *b = &c->batches[c->first];

	pool_wait(c->pool, &b->job);
	c->first = (c->first + 1) % c->nr_batches;
	c->filled--;
	return write_batch(c, b);
}

/* ---- reading ---- */

/* The batch that is being filled. */
static struct batch *open_batch(struct collector *c)
{
	return &c->batches[(c->first + c->filled) % c->nr_batches];
}

static struct error *close_batch(struct collector *c)
{
	struct batch *b = open_batch(c);

	if (b->n == 0)
		return NULL;
	if (!pool_threads(c->pool)) {
		pack_batch(&b->job, 0);
		return write_batch(c, b);
	}
	pool_submit(c->pool, &b->job);
	c->filled++;
	return c->filled == c->nr_batches ? write_oldest(c) : NULL;
}

static struct error *keep_page(struct collector *c, uint64_t pfn)
{
	struct batch *b = open_batch(c);
	struct page *p = &b->pages[b->n];

	*p = (struct page){ .pfn = pfn, .what = RAW };
	switch (dump_read_page(c->d, pfn, b->in + b->n * c->page_size, NULL)) {
	case PAGE_OK:
		break;
	case PAGE_ZERO:
		p->what = ZERO;
		break;
	case PAGE_EXCLUDED:
		c->ret->counts.already++;
		return NULL;
	case PAGE_HOLE: /* memory says that it exists */
	case PAGE_LOST:
		p->what = LOST;
		break;
	}
	b->n++;
	return b->n == c->room ? close_batch(c) : NULL;
}

static void report_progress(struct collector *c, uint64_t done, bool always)
{
	uint64_t now;

	if (!c->r->progress)
		return;
	now = clock_now_ms();
	if (!always && now - c->reported_ms < 200)
		return;
	c->reported_ms = now;
	c->r->progress(c->r->arg, "Copying data", done, c->memory);
}

/* Everything read so far is written. */
static struct error *drain(struct collector *c)
{
	TRY(close_batch(c));
	while (c->filled)
		TRY(write_oldest(c));
	return NULL;
}

/* The piece of [pfn, end) that this part of a split dump has. */
static struct range own_piece(const struct collector *c, uint64_t pfn, uint64_t end)
{
	const struct collect_request *r = c->r;
	struct range own = { pfn, end };

	if (r->split) {
		own.start = MIN(MAX(pfn, r->start_pfn), end);
		own.end = MAX(MIN(end, r->end_pfn), own.start);
	}
	return own;
}

/* Kept pages of other parts of a split dump. */
static struct error *note_run(struct collector *c, uint64_t pfn, uint64_t end)
{
	if (pfn == end || !c->w)
		return NULL;
	TRY(drain(c));
	for (; pfn < end; pfn++)
		if (dump_page_state(c->d, pfn) != PAGE_EXCLUDED)
			TRY(writer_page(c->w, pfn, NULL, 0, NULL, true));
	return NULL;
}

static struct error *keep_run(struct collector *c, uint64_t pfn, uint64_t end, uint64_t done)
{
	struct range own = own_piece(c, pfn, end);

	TRY(note_run(c, pfn, own.start));
	for (uint64_t at = own.start; at < own.end; at++) {
		TRY(keep_page(c, at));
		if ((at - pfn) % 1024 == 1023)
			report_progress(c, done + (at - pfn), false);
	}
	return note_run(c, own.end, end);
}

static struct error *copy_range(struct collector *c, const struct range *m, uint64_t *done)
{
	enum page_class class;

	for (uint64_t pfn = m->start, n; pfn < m->end; pfn += n) {
		bool kept = keep_at(&c->keep, pfn, m->end, &n, &class);
		struct range own = own_piece(c, pfn, pfn + n);

		if (kept)
			TRY(keep_run(c, pfn, pfn + n, *done));
		else
			c->ret->counts.dropped[class] += own.end - own.start;
		c->ret->counts.memory += own.end - own.start;
		*done += n;
		report_progress(c, *done, false);
	}
	return NULL;
}

static struct error *copy_all(struct collector *c)
{
	uint64_t done = 0;

	for (size_t i = 0; i < c->d->memory.n; i++)
		TRY(copy_range(c, &c->d->memory.v[i], &done));
	TRY(drain(c));
	report_progress(c, done, true);
	return NULL;
}

/* ---- counting runs, for ELF ---- */

/* Runs of frames [pfn, end) that the input does not have excluded; `in_run`: a run goes on. */
static uint64_t count_states(struct collector *c, uint64_t pfn, uint64_t end, bool *in_run)
{
	uint64_t n = 0;

	for (; pfn < end; pfn++) {
		bool kept = dump_page_state(c->d, pfn) != PAGE_EXCLUDED;

		n += kept && !*in_run;
		*in_run = kept;
	}
	return n;
}

/* Runs of consecutive pages that will be written: a pass over the classes alone. */
static uint64_t count_runs(struct collector *c)
{
	uint64_t runs = 0;

	for (size_t i = 0; i < c->d->memory.n; i++) {
		const struct range *m = &c->d->memory.v[i];
		bool in_run = false;

		for (uint64_t pfn = m->start, n; pfn < m->end; pfn += n) {
			if (keep_at(&c->keep, pfn, m->end, &n, NULL))
				runs += count_states(c, pfn, pfn + n, &in_run);
			else
				in_run = false;
		}
	}
	return runs;
}

/* ---- set-up ---- */

static struct error *open_workers(struct collector *c)
{
	unsigned threads = c->r->threads > 1 ? c->r->threads - 1 : 0;
	size_t ps = c->page_size;

	TRY(pool_new(threads, &c->pool));
	threads = pool_threads(c->pool);
	c->room = MAX(BATCH_BYTES / ps, (size_t)1);
	c->nr_batches = threads ? 2 * threads + 2 : 1;
	c->batches = calloc(c->nr_batches, sizeof(*c->batches));
	c->codecs = calloc(threads + 1, sizeof(struct codec_state *));
	if (!c->batches || !c->codecs)
		return error_nomem();
	for (size_t i = 0; i < c->nr_batches; i++) {
		struct batch *b = &c->batches[i];

		b->c = c;
		b->job.run = pack_batch;
		b->pages = calloc(c->room, sizeof(*b->pages));
		b->in = malloc(c->room * ps);
		b->out = c->r->codec ? malloc(c->room * ps) : NULL;
		if (!b->pages || !b->in || (c->r->codec && !b->out))
			return error_nomem();
	}
	c->nr_codecs = threads + 1;
	for (unsigned i = 0; i < c->nr_codecs && c->r->codec; i++) {
		c->codecs[i] = c->r->codec->open(true, c->r->codec_level);
		if (!c->codecs[i])
			return error_nomem();
	}
	return NULL;
}

static void close_workers(struct collector *c)
{
	pool_free(c->pool);
	for (size_t i = 0; c->batches && i < c->nr_batches; i++) {
		free(c->batches[i].pages);
		free(c->batches[i].in);
		free(c->batches[i].out);
	}
	free(c->batches);
	for (unsigned i = 0; c->codecs && i < c->nr_codecs; i++)
		if (c->codecs[i])
			c->r->codec->close(c->codecs[i]);
	free(c->codecs);
	keep_done(&c->keep);
}

static struct error *open_writer(struct collector *c, const struct dump_facts *f)
{
	if (!c->r->sink)
		return NULL;
	if (c->r->elf)
		return writer_open_elf(c->r->sink, f, &c->w);
	return writer_open_kdump(c->r->sink, f, c->r->codec ? c->r->codec->kdump_flag : 0, &c->w);
}

/* Copies and ends the dump, whatever happened. */
static struct error *copy_and_end(struct collector *c)
{
	struct error *e = copy_all(c);

	if (c->w && !e)
		e = writer_end(c->w, true);
	if (c->w && e)
		error_free(writer_end(c->w, false)); /* the first error tells more */
	c->ret->complete = !e && c->ret->counts.lost == 0 && c->d->complete;
	return e;
}

static struct error *run(struct collector *c)
{
	_cleanup_writer_ struct dump_writer *w = NULL;
	_cleanup_free_ struct dump_segment *segments = NULL;
	struct dump_facts f;
	uint64_t began = clock_now_ms();
	struct error *e;

	TRY(keep_open(c->r->kernel, c->r->level, &c->ret->why, &c->keep));
	TRY(open_workers(c));
	c->ret->level = c->keep.level;
	c->ret->counts.total = c->r->split ? c->r->end_pfn - c->r->start_pfn : c->d->max_pfn;
	c->memory = ranges_total(&c->d->memory);
	TRY(facts_gather(c->d, c->r->kernel, c->keep.level, c->r->timestamp, &f, &segments));
	f.split = c->r->split;
	f.start_pfn = c->r->start_pfn;
	f.end_pfn = c->r->end_pfn;
	if (c->r->elf)
		f.max_runs = MAX(count_runs(c), (uint64_t)1);
	TRY(open_writer(c, &f));
	w = c->w;
	c->ret->begun = w != NULL;
	c->ret->filter_ms = clock_now_ms() - began;
	began = clock_now_ms();
	e = copy_and_end(c);
	c->ret->copy_ms = clock_now_ms() - began;
	c->ret->bytes_written = c->r->sink ? c->r->sink->bytes_written : 0;
	return e;
}

struct error *collect_run(const struct collect_request *r, struct collect_result *ret)
{
	struct collector c = { .r = r, .ret = ret, .d = r->dump, .page_size = r->dump->page_size };
	struct error *e;

	*ret = (struct collect_result){ 0 };
	e = run(&c);
	close_workers(&c);
	return e;
}

void collect_result_done(struct collect_result *c)
{
	strbuf_done(&c->why);
}
