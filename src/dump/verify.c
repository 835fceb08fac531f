/* Verifying a dump of any format; see verify.h. */
#include "dump/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define PROGRESS_STEP 1024u /* frames */

void verify_found(struct verifier *v, const struct finding *f)
{
	if (f->kind == FINDING_DAMAGED)
		v->counts->damaged_findings++;
	else
		v->counts->incomplete_findings++;
	v->r->found(v->r->arg, f);
}

static void found(struct verifier *v, enum finding_kind kind, const char *fmt, ...) PRINTF(3, 4);
static void found(struct verifier *v, enum finding_kind kind, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	verify_found(v, &(struct finding){ .kind = kind, .what = what });
}

void verify_bytes(struct verifier *v, enum finding_kind kind, uint64_t off, uint64_t len,
		  const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	verify_found(v, &(struct finding){ .kind = kind, .has_bytes = true, .start = off,
					   .end = off + len, .what = what });
}

/* ---- notes ---- */

/* What follows the last note that makes sense must be padding. */
static void verify_notes(struct verifier *v)
{
	const struct dump *d = v->r->dump;
	const unsigned char *end = d->raw_notes;
	size_t done;

	if (!d->raw_notes_len)
		return;
	if (d->nr_notes) {
		const struct dump_note *last = &d->notes[d->nr_notes - 1];

		end = last->desc + ROUND_UP(last->desc_len, (size_t)4);
	}
	done = MIN((size_t)(end - d->raw_notes), d->raw_notes_len);
	if (!bytes_are_zero(d->raw_notes + done, d->raw_notes_len - done))
		found(v, FINDING_DAMAGED, "notes: behind %zu notes come %zu bytes that are none",
		      d->nr_notes, d->raw_notes_len - done);
}

static void verify_vmcoreinfo(struct verifier *v)
{
	const struct dump *d = v->r->dump;
	const char *line = d->vmcoreinfo;
	uint64_t page_size;
	unsigned nr = 0, bad = 0;

	while (line && *line) {
		size_t len = strcspn(line, "\n");

		nr++;
		bad += len == 0 || !memchr(line, '=', len) || line[0] == '=';
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)line[i] < ' ' && line[i] != '\t') {
				bad++;
				break;
			}
		line += len;
		line += *line == '\n';
	}
	if (bad)
		found(v, FINDING_DAMAGED, "VMCOREINFO: %u of %u lines are not KEY=VALUE", bad, nr);
	if (dump_vmcoreinfo_u64(d, "PAGESIZE", &page_size) && page_size != d->page_size)
		found(v, FINDING_DAMAGED, "VMCOREINFO tells of pages of %llu bytes, the header of %u",
		      (unsigned long long)page_size, d->page_size);
}

static void verify_segments(struct verifier *v)
{
	struct dump *d = v->r->dump;
	uint64_t size = d->source ? d->source->size : UINT64_MAX;

	for (size_t i = 0; i < dump_nr_segments(d); i++) {
		struct dump_segment s = dump_segment_at(d, i);
		uint64_t end, pa_end;

		if (add_overflows(s.pa, s.len, &pa_end) || add_overflows(s.file_off, s.file_len, &end))
			found(v, FINDING_DAMAGED, "segment %zu at 0x%llx ends beyond all addresses", i,
			      (unsigned long long)s.pa);
		else if (s.file_len && end > size)
			found(v, FINDING_INCOMPLETE, "segment %zu at 0x%llx: its bytes end at 0x%llx of "
						     "the file, which ends at 0x%llx",
			      i, (unsigned long long)s.pa, (unsigned long long)end,
			      (unsigned long long)size);
	}
}

/* ---- pages ---- */

/* Consecutive pages with one kind of finding. */
struct page_run {
	uint64_t start, end; /* empty: none */
	enum finding_kind kind;
	struct error *why; /* of the first */
};

static void end_run(struct verifier *v, struct page_run *run)
{
	if (run->start < run->end)
		verify_found(v, &(struct finding){ .kind = run->kind, .has_pages = true,
						   .start = run->start, .end = run->end,
						   .what = run->why ? error_message(run->why)
								    : "not in the dump" });
	error_free(run->why);
	*run = (struct page_run){ 0 };
}

/* Takes `why` over. */
static void bad_page(struct verifier *v, struct page_run *run, uint64_t pfn, struct error *why)
{
	enum finding_kind kind = why && error_kind(why) != ERROR_LOST ? FINDING_DAMAGED
								      : FINDING_INCOMPLETE;

	if (kind == FINDING_DAMAGED)
		v->counts->damaged++;
	else
		v->counts->lost++;
	if (run->start < run->end && run->end == pfn && run->kind == kind) {
		run->end = pfn + 1;
		error_free(why);
		return;
	}
	end_run(v, run);
	*run = (struct page_run){ pfn, pfn + 1, kind, why };
}

static struct error *verify_pages(struct verifier *v)
{
	struct dump *d = v->r->dump;
	_cleanup_free_ unsigned char *page = malloc(d->page_size);
	uint64_t total = ranges_total(&d->memory), done = 0;
	struct page_run run = { 0 };

	if (!page)
		return error_nomem();
	v->counts->frames = total;
	for (size_t i = 0; i < d->memory.n; i++)
		for (uint64_t pfn = d->memory.v[i].start; pfn < d->memory.v[i].end; pfn++) {
			struct error *why = NULL;

			switch (dump_read_page(d, pfn, page, &why)) {
			case PAGE_OK:
				v->counts->stored++;
				break;
			case PAGE_ZERO:
				v->counts->zero++;
				break;
			case PAGE_EXCLUDED:
				v->counts->left_out++;
				break;
			case PAGE_HOLE: /* memory says that it exists */
			case PAGE_LOST:
				bad_page(v, &run, pfn, why);
				break;
			}
			if (++done % PROGRESS_STEP == 0 && v->r->progress)
				v->r->progress(v->r->arg, done, total);
		}
	end_run(v, &run);
	if (v->r->progress)
		v->r->progress(v->r->arg, total, total);
	return NULL;
}

struct error *dump_verify(const struct verify_request *r, struct verify_counts *ret)
{
	struct verifier v = { .r = r, .counts = ret };
	struct dump *d = r->dump;
	bool said_complete = d->complete; /* reading finds out more */

	*ret = (struct verify_counts){ 0 };
	verify_notes(&v);
	verify_vmcoreinfo(&v);
	verify_segments(&v);
	if (d->source && text_equal(d->format, "kdump-compressed"))
		TRY(verify_kdump(&v));
	TRY(verify_pages(&v));
	if (!said_complete)
		found(&v, FINDING_INCOMPLETE, "%s", d->parts_missing ?
		      "only some parts of a split set are there" :
		      "the dump is marked incomplete, or cut off");
	else if (ret->lost)
		found(&v, FINDING_DAMAGED, "the dump seems complete, but %llu pages are lost",
		      (unsigned long long)ret->lost);
	return NULL;
}
