/*
 * Saving a dump: the frames that it will hold are known first, then their pages go through the
 * pipeline, once and in order. When the target is getting full, the rest is thinned.
 */
#include "collect/collect.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "collect/chosen.h"
#include "collect/facts.h"
#include "collect/first.h"
#include "collect/pipeline.h"
#include "collect/thin.h"
#include "kernel/freecount.h"

#define FIRST_MS_MAX 3000 /* to find what comes first */

struct collector {
	const struct collect_request *r;
	struct collect_result *ret;
	struct dump *d;
	struct keep keep;
	struct chosen *chosen;
	struct ranges first; /* frames that come before the others */
	bool has_free_counted;
	uint64_t free_counted, free_tolerance; /* by the dead kernel */
	struct thin thin;
	struct dump_writer *w; /* null: dry run */
	struct erase *erase;   /* null: nothing is erased */
	struct strbuf erased;  /* the input's lines about that, then ours */
	struct strbuf notes;   /* ELF: with these lines as a note; empty: as they were */

	struct pipeline *pipeline;
	uint64_t total, done; /* frames: chosen, and gone through */
	uint64_t reported_ms;
};

static void report_progress(struct collector *c, bool always)
{
	uint64_t now;

	if (!c->r->progress)
		return;
	now = clock_now_ms();
	if (!always && now - c->reported_ms < 200)
		return;
	c->reported_ms = now;
	c->r->progress(c->r->arg, "Copying data", always ? c->total : c->done, c->total);
}

/* ---- thinning ---- */

static struct error *thin_from(struct collector *c, uint64_t pfn, const struct thin_step *step)
{
	strbuf_printf(&c->ret->why, "The target is getting full: from page frame 0x%llx on the dump level "
				    "is %d instead of %d%s.\n",
		      (unsigned long long)pfn, step->level, c->ret->level,
		      step->allowed ? "" : ", so that the kernel's pages still find room");
	TRY(chosen_thin(c->chosen, pfn, step->level));
	c->ret->level = step->level;
	c->ret->thinned |= !step->allowed;
	return c->w ? writer_thin(c->w, pfn, step->level) : NULL;
}

/* Looks at the target's room before frame `pfn`, the next that the pipeline gets. */
static struct error *look_at_room(struct collector *c, uint64_t pfn)
{
	const struct thin_step *step = thin_needed(&c->thin, c->chosen, c->r, &c->ret->counts, c->done,
						   pfn, c->ret->level);

	return step ? thin_from(c, pfn, step) : NULL;
}

/* ---- copying ---- */

/* The first bit from `bit` on that is `set`; CHOSEN_BLOCK: none. */
static unsigned find_bit(const unsigned char *bits, unsigned bit, bool set)
{
	for (; bit < CHOSEN_BLOCK; bit++) {
		unsigned char byte = set ? bits[bit / 8] : (unsigned char)~bits[bit / 8];

		if (bit % 8 == 0 && !byte)
			bit += 7;
		else if (byte >> bit % 8 & 1)
			break;
	}
	return MIN(bit, CHOSEN_BLOCK);
}

/* Of a split dump only the own part, and not what is there already. */
static struct error *copy_run(struct collector *c, uint64_t pfn, uint64_t end)
{
	if (c->r->split) {
		pfn = MAX(pfn, c->r->start_pfn);
		end = MIN(end, c->r->end_pfn);
	}
	for (size_t i = ranges_search(&c->first, pfn); i < c->first.n && pfn < end; i++) {
		uint64_t until = MIN(MAX(c->first.v[i].start, pfn), end);

		if (until > pfn)
			TRY(pipeline_keep(c->pipeline, pfn, until));
		c->done += until - pfn;
		if (c->first.v[i].start >= end)
			return NULL;
		pfn = MAX(pfn, c->first.v[i].end);
	}
	if (pfn >= end)
		return NULL;
	c->done += end - pfn;
	return pipeline_keep(c->pipeline, pfn, end);
}

/* What a report needs, before all else. */
static struct error *copy_first(struct collector *c)
{
	if (!c->first.n)
		return NULL;
	for (size_t i = 0; i < c->first.n; i++) {
		TRY(pipeline_keep(c->pipeline, c->first.v[i].start, c->first.v[i].end));
		c->done += c->first.v[i].end - c->first.v[i].start;
		report_progress(c, false);
	}
	for (size_t i = 0; i < c->first.n; i++)
		chosen_written(c->chosen, c->first.v[i].start, c->first.v[i].end);
	TRY(pipeline_drain(c->pipeline));
	return c->w ? writer_rewind(c->w) : NULL;
}

static struct error *copy_block(struct collector *c, uint64_t block)
{
	uint64_t first = block * CHOSEN_BLOCK;
	const unsigned char *bits;

	for (unsigned bit = 0, next; bit < CHOSEN_BLOCK; bit = next) {
		/* each time anew: it may have been thinned, or the writer asked for other blocks */
		TRY(chosen_block(c->chosen, block, &bits));
		bit = find_bit(bits, bit, true);
		next = MIN(find_bit(bits, bit, false), bit + THIN_PIECE);
		TRY(copy_run(c, first + bit, first + next));
		TRY(look_at_room(c, first + next));
		report_progress(c, false);
	}
	return NULL;
}

static struct error *copy_all(struct collector *c)
{
	const struct ranges *m = &c->d->memory;
	uint64_t next = 0;

	TRY(copy_first(c));
	for (size_t i = 0; i < m->n; i++)
		for (next = MAX(next, m->v[i].start / CHOSEN_BLOCK); next * CHOSEN_BLOCK < m->v[i].end; next++)
			TRY(copy_block(c, next));
	TRY(pipeline_drain(c->pipeline));
	report_progress(c, true);
	return NULL;
}

/* ---- set-up ---- */

static struct error *open_pipeline(struct collector *c)
{
	return pipeline_new(&(struct pipeline_request){ .dump = c->d,
							.codec = c->r->codec,
							.codec_level = c->r->codec_level,
							.threads = c->r->threads,
							.erase = c->erase,
							.counts = &c->ret->counts },
			    &c->pipeline);
}

static struct error *open_chosen(struct collector *c)
{
	return chosen_new(&(struct chosen_request){ .dump = c->d,
						    .keep = &c->keep,
						    .start_pfn = c->r->split ? c->r->start_pfn : 0,
						    .end_pfn = c->r->split ? c->r->end_pfn : UINT64_MAX,
						    .counts = &c->ret->counts },
			  &c->chosen);
}

/* What is memory, and not left out by who wrote the input. */
static struct error *add_first(struct collector *c, uint64_t pfn, uint64_t end)
{
	for (; pfn < end; pfn++) {
		enum page_answer state = dump_page_state(c->d, pfn);

		if (state != PAGE_EXCLUDED && state != PAGE_HOLE)
			TRY(ranges_add(&c->first, pfn, pfn + 1));
	}
	return NULL;
}

/* Of what a report needs only what no thinning takes away. */
static struct error *find_first(struct collector *c, struct kernel *k)
{
	int least = c->thin.steps[c->thin.nr_steps - 1].level;
	_cleanup_ranges_ struct ranges found = { 0 };

	TRY(first_find(k, FIRST_MS_MAX, &found));
	for (size_t i = 0; i < found.n; i++) {
		uint64_t end = found.v[i].end;

		for (uint64_t pfn = found.v[i].start, n; pfn < end; pfn += n)
			if (keep_wants(keep_class(&c->keep, pfn, end, &n), least))
				TRY(add_first(c, pfn, pfn + n));
	}
	return NULL;
}

/* ---- erasing ---- */

static bool is_kept(void *arg, uint64_t pfn)
{
	struct collector *c = arg;
	uint64_t block = pfn / CHOSEN_BLOCK;
	const unsigned char *bits;
	struct error *e;

	/* damaged page tables lead anywhere */
	if (pfn >= c->d->max_pfn || (c->r->split && (pfn < c->r->start_pfn || pfn >= c->r->end_pfn)))
		return false;
	e = chosen_block(c->chosen, block, &bits);
	if (e) {
		error_free(e); /* the count of what was erased is wrong then; copying says why */
		return false;
	}
	return bits[pfn % CHOSEN_BLOCK / 8] >> pfn % 8 & 1;
}

/* With a view of its own on the kernel, as below. */
static struct error *find_what_to_erase(struct collector *c)
{
	_cleanup_kernel_ struct kernel *k = NULL;

	if (!c->r->erase)
		return NULL;
	TRY(kernel_open(c->d, &k));
	return erase_gather(&(struct erase_request){ .kernel = k,
						     .rules = c->r->erase,
						     .type_of = c->r->type_of,
						     .type_arg = c->r->type_arg,
						     .kept = is_kept,
						     .kept_arg = c },
			    &c->ret->why, &c->erase);
}

/* ELF files have a note for it (makedumpfile's ERASEINFO). */
static struct error *add_erase_note(struct collector *c, struct dump_facts *f)
{
	static const char name[] = "ERASEINFO\0\0"; /* padded to 4 */
	unsigned char head[12];
	size_t len;
	const char *lines = erase_lines(c->erase, &len);

	put_u32(head, 10, f->big);
	put_u32(head + 4, len, f->big);
	put_u32(head + 8, 0, f->big);
	strbuf_add(&c->notes, f->notes, f->notes_len);
	strbuf_fill(&c->notes, 0, -c->notes.len % 4);
	strbuf_add(&c->notes, head, sizeof(head));
	strbuf_add(&c->notes, name, sizeof(name));
	strbuf_add(&c->notes, lines, len);
	strbuf_fill(&c->notes, 0, -len % 4);
	TRY(strbuf_error(&c->notes));
	if (f->vmcoreinfo)
		f->vmcoreinfo = c->notes.s + (f->vmcoreinfo - (const char *)f->notes);
	f->notes = (const unsigned char *)c->notes.s;
	f->notes_len = c->notes.len;
	return NULL;
}

static struct error *record_erased(struct collector *c, struct dump_facts *f)
{
	size_t len = 0;
	const char *lines = c->erase ? erase_lines(c->erase, &len) : NULL;

	if (!len)
		return NULL;
	if (c->r->elf)
		return add_erase_note(c, f);
	strbuf_add(&c->erased, f->eraseinfo, f->eraseinfo_len);
	strbuf_add(&c->erased, lines, len);
	TRY(strbuf_error(&c->erased));
	f->eraseinfo = c->erased.s;
	f->eraseinfo_len = c->erased.len;
	return NULL;
}

/* Asks the dead kernel, with a view of its own on it, whose memory is given back before the copying. */
static struct error *look_into_kernel(struct collector *c)
{
	_cleanup_kernel_ struct kernel *k = NULL;
	struct error *e;

	if (!c->r->kernel)
		return NULL;
	TRY(kernel_open(c->d, &k));
	/* In an ELF file each piece would take headers of its own, and a part of a split dump is no dump
	 * alone. */
	if (c->r->sink && !c->r->elf && !c->r->split)
		TRY(find_first(c, k));
	if (!(c->keep.level & DROP_FREE) || c->r->split)
		return NULL;
	e = freecount_read(k, &c->free_counted, &c->free_tolerance);
	c->has_free_counted = !e;
	error_free(e); /* then there is nothing to compare with */
	return NULL;
}

/* What was decided from struct pages beside what the kernel knew of itself. */
static void check_classes(struct collector *c)
{
	uint64_t unknown = c->keep.classes ? chosen_of_class(c->chosen, CLASS_UNKNOWN) : 0;
	uint64_t free = c->ret->counts.dropped[CLASS_FREE], counted = c->free_counted;

	if (unknown)
		strbuf_printf(&c->ret->why, "%llu page frames have no struct page that can be read: they are "
					    "kept.\n",
			      (unsigned long long)unknown);
	if (c->has_free_counted && MAX(free, counted) - MIN(free, counted) > c->free_tolerance)
		strbuf_printf(&c->ret->why, "By their struct pages %llu page frames are free, but the kernel "
					    "counted %llu (up to %llu apart would be no wonder): what dump "
					    "level 16 leaves out may be wrong for this kernel.\n",
			      (unsigned long long)free, (unsigned long long)counted,
			      (unsigned long long)c->free_tolerance);
}

/* The most runs that an ELF file can have: those of every level that may come. */
static struct error *count_runs(struct collector *c, uint64_t *ret)
{
	*ret = 1;
	for (size_t i = 0; i < c->thin.nr_steps; i++) {
		uint64_t n;

		TRY(chosen_runs(c->chosen, c->thin.steps[i].level, &n));
		*ret += n;
	}
	return NULL;
}

static struct error *open_writer(struct collector *c, const struct dump_facts *f)
{
	if (!c->r->sink)
		return NULL;
	if (c->r->elf)
		return writer_open_elf(c->r->sink, f, &c->w);
	return writer_open_kdump(c->r->sink, f,
				 (c->r->codec ? c->r->codec->kdump_flag : 0) |
					 (c->keep.unused_map.n ? WRITER_UNUSED_MAP : 0),
				 &c->w);
}

/* Copies and ends the dump, whatever happened. */
static struct error *copy_and_end(struct collector *c)
{
	struct error *e = copy_all(c);

	if (c->w && !e)
		e = writer_end(c->w, !c->ret->thinned);
	if (c->w && e)
		error_free(writer_end(c->w, false)); /* the first error tells more */
	c->ret->complete = !e && c->ret->counts.lost == 0 && c->d->complete && !c->ret->thinned;
	if (c->ret->complete && c->w && !c->w->whole) {
		strbuf_puts(&c->ret->why, "Page frames were of another class when they were looked at again: "
					  "their pages are lost.\n");
		c->ret->complete = false;
	}
	return e;
}

/* What a dry run would have written: pages, descriptors, bitmaps, headers and the page of zeros. */
static uint64_t estimate_bytes(const struct collector *c, const struct dump_facts *f)
{
	const struct collect_counts *n = &c->ret->counts;
	uint64_t ps = f->page_size, head = ps + ROUND_UP(f->notes_len + f->eraseinfo_len + 104, ps);

	if (c->r->elf) /* at most: long runs of zeros are holes */
		return n->bytes + n->zero * ps + head;
	return head + 2 * ROUND_UP((f->max_pfn + 7) / 8, ps) + ps + n->bytes +
	       24 * (n->stored + n->zero + n->lost);
}

static struct error *run(struct collector *c)
{
	_cleanup_writer_ struct dump_writer *w = NULL;
	_cleanup_free_ struct dump_segment *segments = NULL;
	struct dump_facts f;
	uint64_t began = clock_now_ms();
	struct error *e;

	TRY(keep_open(c->r->kernel, c->r->level, &c->ret->why, &c->keep));
	if (c->r->drop_unused_map && c->r->kernel)
		TRY(keep_drop_unused_map(&c->keep, c->r->kernel, c->d, &c->ret->why));
	c->ret->level = c->keep.level;
	c->ret->counts.total = c->r->split ? c->r->end_pfn - c->r->start_pfn : c->d->max_pfn;
	TRY(open_chosen(c));
	TRY(find_what_to_erase(c));
	TRY(open_pipeline(c));
	TRY(facts_gather(c->d, c->r->kernel, c->keep.level, c->r->timestamp, &f, &segments));
	TRY(record_erased(c, &f));
	f.split = c->r->split;
	f.start_pfn = c->r->start_pfn;
	f.end_pfn = c->r->end_pfn;
	f.kept = chosen_kept;
	f.kept_arg = c->chosen;
	thin_init(&c->thin, c->r, &c->keep);
	error_free(look_into_kernel(c)); /* the dump does without: out of memory for one */
	f.two_goes = c->first.n != 0;
	if (c->r->elf)
		TRY(count_runs(c, &f.max_runs));
	TRY(open_writer(c, &f));
	w = c->w;
	c->thin.began_at = c->r->sink ? c->r->sink->bytes_written : 0;
	TRY(chosen_count(c->chosen));
	check_classes(c);
	c->total = chosen_left(c->chosen, 0, c->ret->level);
	pipeline_write_to(c->pipeline, w);
	c->ret->begun = w != NULL;
	c->ret->filter_ms = clock_now_ms() - began;
	began = clock_now_ms();
	e = copy_and_end(c);
	c->ret->copy_ms = clock_now_ms() - began;
	c->ret->bytes_written = c->r->sink ? c->r->sink->bytes_written : estimate_bytes(c, &f);
	return e;
}

struct error *collect_run(const struct collect_request *r, struct collect_result *ret)
{
	struct collector c = { .r = r, .ret = ret, .d = r->dump };
	struct error *e;

	*ret = (struct collect_result){ 0 };
	e = run(&c);
	pipeline_free(c.pipeline);
	chosen_free(c.chosen);
	erase_free(c.erase);
	strbuf_done(&c.erased);
	strbuf_done(&c.notes);
	ranges_done(&c.first);
	keep_done(&c.keep);
	return e;
}

void collect_result_done(struct collect_result *c)
{
	strbuf_done(&c->why);
}
