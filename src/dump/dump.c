/* Opening a dump of any format, and reading memory across its pages; see dump.h. */
#include "dump/dump-priv.h"

#include "base/base.h"

static const struct dump_format *const formats[] = { &read_kdump, &read_elf };

/*
 * Readers of kernel structures come back to the same pages again and again. Direct-mapped:
 * a page frame has one slot.
 */
#define CACHE_BYTES (2u << 20)

struct dump_cache {
	size_t nr_slots; /* power of two */
	uint64_t *pfn;	 /* UINT64_MAX: empty */
	unsigned char *bytes;
};

static void cache_free(struct dump_cache *c)
{
	if (!c)
		return;
	free(c->pfn);
	free(c->bytes);
	free(c);
}
DEFINE_CLEANUP(struct dump_cache *, cache_free)

static struct error *cache_new(struct dump *d)
{
	CLEANUP(cache_free) struct dump_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem();
	c->nr_slots = MAX((size_t)1, (size_t)CACHE_BYTES / d->page_size);
	c->pfn = malloc(c->nr_slots * sizeof(*c->pfn));
	c->bytes = malloc(c->nr_slots * d->page_size);
	if (!c->pfn || !c->bytes)
		return error_nomem();
	for (size_t i = 0; i < c->nr_slots; i++)
		c->pfn[i] = UINT64_MAX;
	d->cache = take_ptr(c);
	return NULL;
}

static struct error *pick_format(struct dump *d)
{
	int best = 0;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		int bid = formats[i]->bid(d->source);

		if (bid > best) {
			best = bid;
			d->ops = formats[i];
		}
	}
	if (!best)
		return error_new(
			ERROR_UNSUPPORTED,
			"%s: not a dump of a known format (ELF core, kdump-compressed, "
			"either of them flattened)",
			d->source->name);
	return NULL;
}

static bool page_size_is_sane(uint32_t size)
{
	return size >= 4096 && size <= 1 << 20 && !(size & (size - 1));
}

/* Puts the flattened layer over the file where it is one. */
static struct error *unflatten(struct dump *d)
{
	struct source *inner;

	if (!source_is_flattened(d->source))
		return NULL;
	d->flattened = true;
	TRY(source_open_flattened(d->source, &inner, &d->complete));
	d->source = inner;
	return NULL;
}

static struct error *open_format(struct dump *d)
{
	TRY(unflatten(d));
	TRY(pick_format(d));
	d->format = d->ops->name;
	TRY(d->ops->open(d));
	if (!page_size_is_sane(d->page_size))
		return error_new(ERROR_BAD_DATA, "%s: a page size of %u bytes is impossible",
				 d->source->name, d->page_size);
	return NULL;
}

struct error *dump_open_source(struct source *s, struct dump **ret)
{
	_cleanup_source_ struct source *own = s;
	_cleanup_dump_ struct dump *d = calloc(1, sizeof(*d));

	if (!d)
		return error_nomem();
	d->dump_level = -1;
	d->complete = true;
	d->source = take_ptr(own);
	TRY(open_format(d));
	*ret = take_ptr(d);
	return NULL;
}

struct error *dump_open(const char *path, struct dump **ret)
{
	struct source *s;

	TRY(source_open_file(path, &s));
	return dump_open_source(s, ret);
}

void dump_close(struct dump *d)
{
	if (!d)
		return;
	if (d->ops)
		d->ops->close(d);
	cache_free(d->cache);
	if (!d->raw_notes_mapped)
		free((void *)d->raw_notes);
	free(d->notes);
	free(d->vmcoreinfo);
	ranges_done(&d->memory);
	source_close(d->source);
	free(d);
}

enum page_answer dump_read_page(struct dump *d, uint64_t pfn, void *buf, struct error **ret_why)
{
	if (ret_why)
		*ret_why = NULL;
	return pfn < d->max_pfn ? d->ops->page(d, pfn, buf, ret_why) : PAGE_HOLE;
}

enum page_answer dump_page_state(struct dump *d, uint64_t pfn)
{
	return pfn < d->max_pfn ? d->ops->state_of(d, pfn) : PAGE_HOLE;
}

static struct error *answer_error(struct dump *d, enum page_answer answer, uint64_t pa,
				  struct error *why)
{
	unsigned long long at = pa;

	switch (answer) {
	case PAGE_OK:
	case PAGE_ZERO:
		return NULL;
	case PAGE_EXCLUDED:
		return error_new(ERROR_EXCLUDED,
				 "physical address 0x%llx: page left out of the "
				 "dump on purpose",
				 at);
	case PAGE_HOLE:
		return error_new(ERROR_LOST,
				 "physical address 0x%llx: the dump knows no memory "
				 "there",
				 at);
	case PAGE_LOST:
		if (!why)
			return error_new(ERROR_LOST, "physical address 0x%llx: page lost", at);
		/* whatever spoilt it, for the caller it is lost memory */
		struct error *e = error_new(ERROR_LOST, "physical address 0x%llx: %s", at,
					    error_message(why));
		error_free(why);
		return e;
	}
	return error_new(ERROR_OTHER, "physical address 0x%llx: no answer", at);
}

/* Part of one page, through the cache. */
static struct error *read_part(struct dump *d, uint64_t pa, void *buf, size_t len)
{
	uint64_t pfn = pa / d->page_size;
	struct error *why = NULL;
	enum page_answer answer;
	size_t slot;

	if (len == d->page_size) {
		answer = dump_read_page(d, pfn, buf, &why);
		return answer_error(d, answer, pa, why);
	}
	if (!d->cache)
		TRY(cache_new(d));
	slot = pfn & (d->cache->nr_slots - 1);
	unsigned char *page = d->cache->bytes + slot * d->page_size;

	if (d->cache->pfn[slot] != pfn) {
		d->cache->pfn[slot] = UINT64_MAX;
		answer = dump_read_page(d, pfn, page, &why);
		TRY(answer_error(d, answer, pa, why));
		d->cache->pfn[slot] = pfn;
	}
	memcpy(buf, page + pa % d->page_size, len);
	return NULL;
}

struct error *dump_read_phys(struct dump *d, uint64_t pa, void *buf, size_t len)
{
	unsigned char *to = buf;

	while (len) {
		size_t piece = MIN(len, (size_t)(d->page_size - pa % d->page_size));

		TRY(read_part(d, pa, to, piece));
		to += piece;
		len -= piece;
		if (add_overflows(pa, piece, &pa) && len)
			return error_new(ERROR_LOST,
					 "physical addresses end before the last "
					 "%zu bytes",
					 len);
	}
	return NULL;
}

const void *dump_map_phys(struct dump *d, uint64_t pa, size_t len)
{
	return d->ops->map && len ? d->ops->map(d, pa, len, false) : NULL;
}

const void *dump_map_phys_forever(struct dump *d, uint64_t pa, size_t len)
{
	return d->ops->map && len ? d->ops->map(d, pa, len, true) : NULL;
}

size_t dump_nr_segments(const struct dump *d)
{
	return d->ops->nr_segments ? d->ops->nr_segments(d) : 0;
}

struct dump_segment dump_segment_at(const struct dump *d, size_t i)
{
	return d->ops->segment_at(d, i);
}
