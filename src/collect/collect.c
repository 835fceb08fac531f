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

#define BATCH_BYTES (128u << 10)

enum { DROP_ZERO = 1, DROP_CACHE_PRIVATE = 4 };

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
	struct pageclass *classes; /* null: unknown */
	int level;
	struct dump_writer *w; /* null: dry run */

	struct pool *pool;
	struct codec_state **codecs; /* one per worker */
	unsigned nr_codecs;
	struct batch *batches; /* a ring */
	size_t nr_batches, room; /* room: pages in each */
	size_t first, filled;	 /* submitted batches: [first, first + filled) */
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
	c->r->progress(c->r->arg, "Copying data", done, c->ret->counts.memory);
}

static struct error *keep_run(struct collector *c, uint64_t pfn, uint64_t end, uint64_t done)
{
	for (uint64_t at = pfn; at < end; at++) {
		TRY(keep_page(c, at));
		if ((at - pfn) % 1024 == 1023)
			report_progress(c, done + (at - pfn), false);
	}
	return NULL;
}

static enum page_class class_at(struct collector *c, uint64_t pfn, uint64_t end, uint64_t *ret_n)
{
	if (c->classes)
		return pageclass_at(c->classes, pfn, end, ret_n);
	*ret_n = end - pfn;
	return CLASS_UNKNOWN;
}

/* Poisoned memory must not be touched, and what is unplugged is not there. */
static bool is_kept(struct collector *c, enum page_class class)
{
	return class != CLASS_HWPOISON && class != CLASS_OFFLINE && !pageclass_dropped(class, c->level);
}

static struct error *copy_range(struct collector *c, const struct range *m, uint64_t *done)
{
	for (uint64_t pfn = m->start, n; pfn < m->end; pfn += n) {
		enum page_class class = class_at(c, pfn, m->end, &n);

		if (is_kept(c, class))
			TRY(keep_run(c, pfn, pfn + n, *done));
		else
			c->ret->counts.dropped[class] += n;
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
	TRY(close_batch(c));
	while (c->filled)
		TRY(write_oldest(c));
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
			if (is_kept(c, class_at(c, pfn, m->end, &n)))
				runs += count_states(c, pfn, pfn + n, &in_run);
			else
				in_run = false;
		}
	}
	return runs;
}

/* ---- set-up ---- */

/* What the level can be with what is known of this kernel. */
static struct error *open_classes(struct collector *c)
{
	int want = c->r->level | (c->r->level & DROP_CACHE_PRIVATE ? 2 : 0);
	struct error *e;

	c->level = want & DROP_ZERO;
	if (!(want & ~DROP_ZERO) && !c->r->kernel)
		return NULL;
	if (!c->r->kernel) {
		strbuf_puts(&c->ret->why, "Nothing is known of the kernel in the dump: all pages "
					  "but those of zeros are kept.\n");
		return NULL;
	}
	/* also at level 0: poisoned and unplugged pages must not be touched */
	e = pageclass_open(c->r->kernel, &c->classes);
	if (e) {
		strbuf_printf(&c->ret->why, "%s: all pages but those of zeros are kept.\n",
			      error_message(e));
		error_free(e);
		return NULL;
	}
	c->level |= want & pageclass_can(c->classes, want & ~DROP_ZERO ? &c->ret->why : NULL);
	return NULL;
}

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
	pageclass_close(c->classes);
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

	TRY(open_classes(c));
	TRY(open_workers(c));
	c->ret->level = c->level;
	c->ret->counts.total = c->d->max_pfn;
	c->ret->counts.memory = ranges_total(&c->d->memory);
	TRY(facts_gather(c->d, c->r->kernel, c->level, &f, &segments));
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
