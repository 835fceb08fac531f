/* Opens bytes as a dump of any format and asks for its pages, as the fuzzers of formats do. */
#pragma once

#include "base/base.h"
#include "dump/dump.h"
#include "dump/verify.h"

static inline void fuzz_found(void *arg, const struct finding *f)
{
	(void)arg;
	if (!f->what || (f->has_pages && f->start >= f->end))
		abort();
}

static inline void fuzz_dump_pages_of(struct dump *d)
{
	struct verify_request verify = { .dump = d, .found = fuzz_found };
	struct verify_counts counts;
	static unsigned char buf[1 << 20];
	struct error *why;
	uint32_t flag;
	size_t len;

	/* the first pages of the first ranges, and the last page */
	for (size_t i = 0; i < d->memory.n && i < 64; i++)
		for (uint64_t n = 0; n < 64 && n < d->memory.v[i].end - d->memory.v[i].start;
		     n++) {
			uint64_t pfn = d->memory.v[i].start + n;

			if (dump_read_page(d, pfn, buf, &why) == PAGE_HOLE &&
			    dump_page_state(d, pfn) != PAGE_HOLE)
				abort();
			error_free(why);
			if (dump_read_stored(d, pfn, buf, &len, &flag, NULL) == PAGE_OK &&
			    len > d->page_size)
				abort();
			error_free(dump_read_phys(d, pfn * d->page_size + 100, buf, 8000));
			(void)dump_map_phys(d, pfn * d->page_size, d->page_size);
		}
	(void)dump_read_page(d, d->max_pfn - 1, buf, NULL);
	for (size_t i = 0; i < d->nr_notes; i++)
		(void)dump_find_note(d, d->notes[i].name, d->notes[i].type);
	if (ranges_total(&d->memory) <= 64)
		error_free(dump_verify(&verify, &counts));
	dump_close(d);
}

static inline void fuzz_dump_pages(const uint8_t *data, size_t size)
{
	struct dump *d = NULL;
	struct source *s;
	struct error *e = source_open_memory("fuzz", data, size, &s);

	if (!e)
		e = dump_open_source(s, &d);
	if (!e)
		fuzz_dump_pages_of(d);
	error_free(e);
}

/*
 * Formats leave most of their first four blocks (kdump-compressed: header, sub header, two
 * bitmaps) empty, so the input is folded: 512 bytes of each, then what follows them. Malloc'd.
 */
static inline unsigned char *fuzz_unfold(const uint8_t *data, size_t size, size_t *ret_size)
{
	enum { FOLD = 512, BLOCK = 4096, NR = 4 };
	size_t rest = size > NR * FOLD ? size - NR * FOLD : 0;
	unsigned char *file = calloc(1, NR * BLOCK + rest);

	*ret_size = NR * BLOCK + rest;
	if (!file)
		return NULL;
	for (size_t i = 0; i < NR && i * FOLD < size; i++)
		memcpy(file + i * BLOCK, data + i * FOLD, MIN(size - i * FOLD, (size_t)FOLD));
	if (rest)
		memcpy(file + NR * BLOCK, data + NR * FOLD, rest);
	return file;
}
