/* Opens bytes as a dump of any format and asks for its pages, as the fuzzers of formats do. */
#pragma once

#include "base/base.h"
#include "dump/dump.h"

static inline void fuzz_dump_pages(const uint8_t *data, size_t size)
{
	static unsigned char buf[1 << 20];
	struct dump *d = NULL;
	struct source *s;
	struct error *e = source_open_memory("fuzz", data, size, &s), *why;

	if (!e)
		e = dump_open_source(s, &d);
	if (e) {
		error_free(e);
		return;
	}
	/* the first pages of the first ranges, and the last page */
	for (size_t i = 0; i < d->memory.n && i < 64; i++)
		for (uint64_t n = 0; n < 64 && n < d->memory.v[i].end - d->memory.v[i].start;
		     n++) {
			uint64_t pfn = d->memory.v[i].start + n;

			if (dump_read_page(d, pfn, buf, &why) == PAGE_HOLE &&
			    dump_page_state(d, pfn) != PAGE_HOLE)
				abort();
			error_free(why);
			error_free(dump_read_phys(d, pfn * d->page_size + 100, buf, 8000));
			(void)dump_map_phys(d, pfn * d->page_size, d->page_size);
		}
	(void)dump_read_page(d, d->max_pfn - 1, buf, NULL);
	for (size_t i = 0; i < d->nr_notes; i++)
		(void)dump_find_note(d, d->notes[i].name, d->notes[i].type);
	dump_close(d);
}
