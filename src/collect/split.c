/* Where a split dump is cut, so that its parts get about the same number of pages. */
#include "collect/collect.h"

#include "collect/keep.h"

#define NR_UNITS_MAX (1u << 20)

/* Kept pages in each unit of page frames. */
struct census {
	uint64_t unit, nr_units, total;
	uint64_t *pages;
};

static void count_kept(struct census *c, struct dump *d, uint64_t pfn, uint64_t end)
{
	for (; pfn < end; pfn++) {
		if (dump_page_state(d, pfn) == PAGE_EXCLUDED)
			continue;
		c->pages[pfn / c->unit]++;
		c->total++;
	}
}

static void count_all(struct census *c, struct dump *d, struct keep *keep)
{
	for (size_t i = 0; i < d->memory.n; i++) {
		const struct range *m = &d->memory.v[i];

		for (uint64_t pfn = m->start, n; pfn < m->end; pfn += n)
			if (keep_at(keep, pfn, m->end, &n))
				count_kept(c, d, pfn, pfn + n);
	}
}

struct error *collect_plan_split(const struct collect_request *r, size_t nr_parts, uint64_t unit_bytes,
				 uint64_t *bounds)
{
	_cleanup_strbuf_ struct strbuf why = { 0 }; /* said when the parts are made */
	struct dump *d = r->dump;
	struct census c = { .unit = MAX(unit_bytes / d->page_size, (uint64_t)1) };
	struct keep keep;
	struct error *e;
	uint64_t at = 0, behind = 0;

	c.unit = MAX(c.unit, d->max_pfn / NR_UNITS_MAX + 1);
	c.nr_units = (d->max_pfn + c.unit - 1) / c.unit;
	c.pages = calloc(MAX(c.nr_units, (uint64_t)1), sizeof(*c.pages));
	if (!c.pages)
		return error_nomem();
	e = keep_open(r->kernel, r->level, &why, &keep);
	if (!e && r->drop_unused_map && r->kernel)
		e = keep_drop_unused_map(&keep, r->kernel, d, &why);
	if (!e) {
		count_all(&c, d, &keep);
		keep_done(&keep);
		bounds[0] = 0;
		for (size_t i = 1; i < nr_parts; i++) {
			while (at < c.nr_units && behind < c.total / nr_parts * i)
				behind += c.pages[at++];
			bounds[i] = MIN(at * c.unit, d->max_pfn);
		}
		bounds[nr_parts] = d->max_pfn;
	}
	free(c.pages);
	return e;
}
