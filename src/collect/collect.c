/*
 * Saving a dump: page frames are gone through once, in order, and those that the level keeps
 * go through the pipeline.
 */
#include "collect/collect.h"

#include <string.h>

#include "base/clock.h"
#include "collect/facts.h"
#include "collect/keep.h"
#include "collect/pipeline.h"

#define PROGRESS_STEP 1024u /* frames between two looks at the clock */

struct collector {
	const struct collect_request *r;
	struct collect_result *ret;
	struct dump *d;
	struct keep keep;
	struct dump_writer *w; /* null: dry run */

	struct pipeline *pipeline;
	uint64_t memory; /* frames */
	uint64_t reported_ms;
};

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
	TRY(pipeline_drain(c->pipeline));
	for (; pfn < end; pfn++)
		if (dump_page_state(c->d, pfn) != PAGE_EXCLUDED)
			TRY(writer_page(c->w, pfn, NULL, 0, NULL, true));
	return NULL;
}

static struct error *keep_run(struct collector *c, uint64_t pfn, uint64_t end, uint64_t done)
{
	struct range own = own_piece(c, pfn, end);

	TRY(note_run(c, pfn, own.start));
	for (uint64_t at = own.start, next; at < own.end; at = next) {
		next = MIN(at + PROGRESS_STEP, own.end);
		TRY(pipeline_keep(c->pipeline, at, next));
		report_progress(c, done + (next - pfn), false);
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
	TRY(pipeline_drain(c->pipeline));
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

static struct error *open_pipeline(struct collector *c)
{
	return pipeline_new(&(struct pipeline_request){ .dump = c->d,
							.codec = c->r->codec,
							.codec_level = c->r->codec_level,
							.threads = c->r->threads,
							.counts = &c->ret->counts },
			    &c->pipeline);
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
	TRY(open_pipeline(c));
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
	pipeline_write_to(c->pipeline, w);
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
	struct collector c = { .r = r, .ret = ret, .d = r->dump };
	struct error *e;

	*ret = (struct collect_result){ 0 };
	e = run(&c);
	pipeline_free(c.pipeline);
	keep_done(&c.keep);
	return e;
}

void collect_result_done(struct collect_result *c)
{
	strbuf_done(&c->why);
}
