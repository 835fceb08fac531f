/* Raw memory as a dump; see raw.h. */
#include "dump/raw.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/base.h"
#include "dump/dump-priv.h"

#define VMCOREINFO_MAX (1u << 20)

/* Memory that is in a file, whole pages. */
struct extent {
	uint64_t start, end; /* physical */
	uint64_t off;
	struct source *source;
};

struct raw {
	struct extent *extents; /* sorted, disjoint */
	size_t n;
	struct source **sources; /* owned */
	size_t nr_sources;
	unsigned char *page;
};

static const struct dump_format read_raw;

static struct error *choose_machine(struct dump *d, const struct raw_layout *l)
{
	struct utsname u;

	d->arch = l->arch;
	if (!d->arch && !uname(&u))
		d->arch = arch_by_machine_name(u.machine);
	if (!d->arch)
		return error_new(ERROR_USAGE,
				 "raw memory: say which architecture it is of (arch=NAME)");
	d->big = l->big;
	d->is_64bit = d->arch->is_64bit;
	d->page_size = l->page_size ? l->page_size : d->arch->page_sizes & -d->arch->page_sizes;
	if (!IS_POW2(d->page_size) || !(d->page_size & d->arch->page_sizes))
		return error_new(ERROR_USAGE, "raw memory: %s has no pages of %u bytes",
				 d->arch->name, d->page_size);
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static struct error *take_piece(struct dump *d, const struct raw_piece *p, struct source *s,
				struct extent *ret)
{
	uint64_t left = p->off < s->size ? s->size - p->off : 0,
		 limit = 1ull << d->arch->max_phys_bits;
	uint64_t len = p->len == UINT64_MAX ? left : p->len, page = d->page_size;

	if (p->pa % page)
		return error_new(ERROR_USAGE,
				 "%s: the address 0x%llx is not that of a page of %u bytes",
				 s->name, (unsigned long long)p->pa, d->page_size);
	if (!len)
		return error_new(ERROR_BAD_DATA,
				 "%s: nothing in it from 0x%llx on (the file ends at 0x%llx)",
				 s->name, (unsigned long long)p->off,
				 (unsigned long long)s->size);
	if (p->pa >= limit || len > limit - p->pa)
		return error_new(ERROR_USAGE, "%s: %s has no physical addresses above 0x%llx",
				 s->name, d->arch->name, (unsigned long long)limit);
	d->complete &= len <= left && len % page == 0;
	*ret = (struct extent){p->pa, p->pa + ROUND_UP(len, page), p->off, s};
	return ranges_add(&d->memory, ret->start / page, ret->end / page);
}

static struct error *check_overlaps(const struct raw *r)
{
	for (size_t i = 1; i < r->n; i++) {
		const struct extent *x = &r->extents[i];

		if (x->start < x[-1].end)
			return error_new(
				ERROR_USAGE,
				"%s at 0x%llx and %s at 0x%llx overlap: both have the memory up to "
				"0x%llx",
				x[-1].source->name, (unsigned long long)x[-1].start,
				x->source->name, (unsigned long long)x->start,
				(unsigned long long)MIN(x->end, x[-1].end));
	}
	return NULL;
}

static struct error *take_vmcoreinfo(struct dump *d, const char *file)
{
	_cleanup_strbuf_ struct strbuf note = {0};
	_cleanup_free_ char *text = NULL;
	size_t len;

	TRY(file_read(AT_FDCWD, file, VMCOREINFO_MAX, &text, &len));
	put_note(&note, d->big, "VMCOREINFO", 0, text, len);
	return take_made_notes(d, &note);
}

static struct error *open_raw(struct dump *d, const struct raw_layout *l)
{
	struct raw *r = d->state;

	TRY(choose_machine(d, l));
	if (!l->pieces.n)
		return error_new(ERROR_USAGE, "raw memory: no piece of it is named");
	r->extents = calloc(l->pieces.n, sizeof(*r->extents));
	r->page = malloc(d->page_size);
	if (!r->extents || !r->page)
		return error_nomem();
	for (; r->n < l->pieces.n; r->n++)
		TRY(take_piece(d, &l->pieces.v[r->n], r->sources[r->n], &r->extents[r->n]));
	qsort(r->extents, r->n, sizeof(*r->extents), by_start);
	TRY(check_overlaps(r));
	d->max_pfn = r->extents[r->n - 1].end / d->page_size;
	return l->vmcoreinfo ? take_vmcoreinfo(d, l->vmcoreinfo) : NULL;
}

struct error *dump_open_raw_sources(const struct raw_layout *l, struct source **sources,
				    struct dump **ret)
{
	_cleanup_dump_ struct dump *d = dump_new(&read_raw);
	struct raw *r = calloc(1, sizeof(*r));

	if (r)
		r->sources = calloc(l->pieces.n + 1, sizeof(*r->sources));
	if (!d || !r || !r->sources) {
		for (size_t i = 0; i < l->pieces.n; i++)
			source_close(sources[i]);
		if (r)
			free(r->sources);
		free(r);
		return error_nomem();
	}
	r->nr_sources = l->pieces.n;
	if (r->nr_sources)
		memcpy(r->sources, sources, r->nr_sources * sizeof(*sources));
	d->state = r;
	TRY(open_raw(d, l));
	*ret = take_ptr(d);
	return NULL;
}

struct error *dump_open_raw(const struct raw_layout *l, struct dump **ret)
{
	_cleanup_free_ struct source **sources = calloc(l->pieces.n + 1, sizeof(*sources));
	struct error *e = NULL;
	size_t n = 0;

	if (!sources)
		return error_nomem();
	while (!e && n < l->pieces.n) {
		e = source_open_file(l->pieces.v[n].file, &sources[n]);
		n += !e;
	}
	if (!e)
		return dump_open_raw_sources(l, sources, ret);
	while (n--)
		source_close(sources[n]);
	return e;
}

static const struct extent *extent_at(const struct raw *r, uint64_t pa)
{
	size_t lo = 0, hi = r->n;

	while (lo < hi) { /* the first that ends above pa */
		size_t mid = lo + (hi - lo) / 2;

		if (r->extents[mid].end > pa)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < r->n && r->extents[lo].start <= pa ? &r->extents[lo] : NULL;
}

static bool is_there(const struct dump *d, const struct extent *x, uint64_t pa,
		     uint64_t *ret_off)
{
	*ret_off = x->off + (pa - x->start);
	return range_fits(*ret_off, d->page_size, x->source->size);
}

static enum page_answer raw_state_of(struct dump *d, uint64_t pfn)
{
	uint64_t pa = pfn * d->page_size, off;
	const struct extent *x = extent_at(d->state, pa);

	if (!x)
		return PAGE_HOLE;
	return is_there(d, x, pa, &off) ? PAGE_OK : PAGE_LOST;
}

static enum page_answer raw_page(struct dump *d, uint64_t pfn, void *buf,
				 struct error **ret_why)
{
	struct raw *r = d->state;
	uint64_t pa = pfn * d->page_size, off;
	const struct extent *x = extent_at(r, pa);
	struct error *e;

	if (!x)
		return PAGE_HOLE;
	e = is_there(d, x, pa, &off)
		    ? source_read(x->source, off, r->page, d->page_size)
		    : error_new(ERROR_LOST, "%s: page 0x%llx: the file ends before it",
				x->source->name, (unsigned long long)pfn);
	if (!e) {
		memcpy(buf, r->page, d->page_size);
		return PAGE_OK;
	}
	if (ret_why)
		*ret_why = e;
	else
		error_free(e);
	return PAGE_LOST;
}

static const void *raw_map(struct dump *d, uint64_t pa, size_t len, bool forever)
{
	const struct extent *x = extent_at(d->state, pa);
	uint64_t off;

	if (!x || x->end - pa < len)
		return NULL;
	off = x->off + (pa - x->start);
	return forever ? source_map_forever(x->source, off, len)
		       : source_map(x->source, off, len);
}

static void raw_close(struct dump *d)
{
	struct raw *r = d->state;

	if (!r)
		return;
	for (size_t i = 0; i < r->nr_sources; i++)
		source_close(r->sources[i]);
	free(r->sources);
	free(r->extents);
	free(r->page);
	free(r);
}

/* Never bids: nothing in the files says what they are. */
static const struct dump_format read_raw = {
	.name = "raw memory",
	.page = raw_page,
	.state_of = raw_state_of,
	.map = raw_map,
	.close = raw_close,
};
