/* One kdump-compressed file out of the parts of a split set; pages stay packed as they are. */
#include "collect/collect.h"

#include "base/clock.h"
#include "collect/chosen.h"
#include "collect/facts.h"

struct joiner {
	struct dump *d;
	struct dump_writer *w;
	const struct collect_request *r;
	struct collect_result *ret;
	unsigned char *page;
	uint64_t reported_ms;
};

static const struct codec *codec_of(uint32_t flag)
{
	for (size_t i = 0; codecs[i]; i++)
		if (codecs[i]->kdump_flag == flag)
			return codecs[i];
	return NULL;
}

static struct error *copy_page(struct joiner *jn, uint64_t pfn)
{
	struct collect_counts *n = &jn->ret->counts;
	uint32_t flag;
	size_t len;

	switch (dump_read_stored(jn->d, pfn, jn->page, &len, &flag, NULL)) {
	case PAGE_OK:
		if (flag && !codec_of(flag))
			break;
		n->stored++;
		return writer_page(jn->w, pfn, jn->page, len, codec_of(flag), false);
	case PAGE_ZERO:
		n->zero++;
		return writer_page(jn->w, pfn, NULL, 0, NULL, true);
	case PAGE_EXCLUDED: /* counted by what chooses */
		return NULL;
	case PAGE_HOLE: /* memory says that it exists */
	case PAGE_LOST:
		break;
	}
	n->lost++;
	return writer_page(jn->w, pfn, NULL, 0, NULL, false);
}

static void report(struct joiner *jn, uint64_t done, bool always)
{
	uint64_t now;

	if (!jn->r->progress)
		return;
	now = clock_now_ms();
	if (!always && now - jn->reported_ms < 200)
		return;
	jn->reported_ms = now;
	jn->r->progress(jn->r->arg, "Copying data", done, jn->ret->counts.memory);
}

static struct error *copy_all(struct joiner *jn)
{
	uint64_t done = 0;

	for (size_t i = 0; i < jn->d->memory.n; i++) {
		const struct range *m = &jn->d->memory.v[i];

		for (uint64_t pfn = m->start; pfn < m->end; pfn++) {
			TRY(copy_page(jn, pfn));
			if (++done % 1024 == 0)
				report(jn, done, false);
		}
	}
	report(jn, done, true);
	return NULL;
}

static struct error *join(struct joiner *jn)
{
	_cleanup_writer_ struct dump_writer *w = NULL;
	_cleanup_free_ struct dump_segment *segments = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	CLEANUP(chosen_free) struct chosen *chosen = NULL;
	struct keep all = { 0 };
	struct dump_facts f;
	struct error *e;

	error_free(kernel_open(jn->d, &k)); /* the headers tell what it would */
	TRY(facts_gather(jn->d, k, 0, 0, &f, &segments));
	TRY(chosen_new(&(struct chosen_request){ .dump = jn->d, .keep = &all, .end_pfn = UINT64_MAX,
						 .counts = &jn->ret->counts }, &chosen));
	f.kept = chosen_kept;
	f.kept_arg = chosen;
	TRY(writer_open_kdump(jn->r->sink, &f, jn->d->codec_flag, &w));
	jn->w = w;
	jn->ret->begun = true;
	e = copy_all(jn);
	if (!e)
		e = writer_end(w, true);
	else
		error_free(writer_end(w, false)); /* the first error tells more */
	jn->ret->complete = !e && !jn->ret->counts.lost && jn->d->complete;
	return e;
}

struct error *collect_reassemble(const struct collect_request *r, struct collect_result *ret)
{
	struct joiner jn = { .d = r->dump, .r = r, .ret = ret };
	uint64_t began = clock_now_ms();
	struct error *e;

	*ret = (struct collect_result){
		.level = MAX(r->dump->dump_level, 0),
		.counts = { .total = r->dump->max_pfn },
	};
	jn.page = malloc(r->dump->page_size);
	e = jn.page ? join(&jn) : error_nomem();
	free(jn.page);
	ret->bytes_written = r->sink->bytes_written;
	ret->copy_ms = clock_now_ms() - began;
	return e;
}
