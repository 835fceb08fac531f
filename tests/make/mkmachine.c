/*
 * mkmachine [MIB [FREE]]: writes the ELF vmcore of a small made-up machine (16 MiB) to standard
 * output. Its kernel has struct pages, a log and page contents of every kind, so that dump levels
 * mean something: whole runs of free, cache, user and kernel pages, pages of zeros among them,
 * and a hole in the memory. FREE frames are what the kernel's own counter says to be free.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make/fake_pages.h"
#include "make/fake_printk.h"

#define BASE 0xffff888000000000
#define PS   4096u
#define HOLE_PFN 0x300 /* to the multiple of 64 behind */

static void fill_page(struct fake *f, uint64_t pfn)
{
	unsigned char page[PS] = { 0 };
	uint32_t x = pfn * 2654435761u + 1;
	bool packs = pfn % 3 != 0;

	if (pfn % 11 == 5)
		return; /* of zeros */
	for (size_t i = 0; i < PS; i++) {
		x = x * 1664525 + 1013904223;
		page[i] = x >> 24 & (packs ? 0xf0 : 0xff);
		if (packs && i % 64 > 24)
			page[i] = 0;
	}
	page[0] = 1;
	fake_put_bytes(f, pfn * PS, page, PS);
}

/* Runs of 32 frames, each of one kind. Returns how many frames are free. */
static uint64_t make_pages(struct fake_pages *p, uint64_t first)
{
	uint64_t nr_free = 0;

	for (uint64_t pfn = ROUND_UP(first, 32); pfn < p->nr; pfn++) {
		bool head = pfn % 32 == 0;

		switch (pfn / 32 % 6) {
		case 0: /* kernel */
		case 3:
			if (head)
				fake_page_type(p, pfn, "PAGE_SLAB_MAPCOUNT_VALUE");
			break;
		case 1:
			if (head)
				fake_page_free(p, pfn, 5);
			nr_free++;
			break;
		case 2:
			fake_page_flags(p, pfn, 1ull << p->lru);
			fake_page_mapping(p, pfn, BASE + 0x100);
			break;
		case 4:
			fake_page_flags(p, pfn, 1ull << p->lru | 1ull << p->swapbacked);
			fake_page_mapping(p, pfn, BASE + 0x201);
			break;
		case 5:
			fake_page_flags(p, pfn, 1ull << p->lru | 1ull << p->private);
			fake_page_mapping(p, pfn, BASE + 0x100);
			break;
		}
		fill_page(p->f, pfn);
	}
	return nr_free;
}

static void make_log(struct fake *f)
{
	struct fake_ring ring;

	fake_ring_init(&ring, f, BASE, 6, 13, 0, false);
	fake_ring_add(&ring, FAKE_FINALIZED, 1000000000, "Linux version 6.12.0 (made up)");
	fake_ring_add(&ring, FAKE_FINALIZED, 2000000000, "Kernel panic - not syncing: made up");
	fake_ring_finish(&ring, true);
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 0) : 16, nr_free, counter;
	struct fake_pages p;
	struct fake f;

	if (mib < 4 || mib > 1024) {
		fprintf(stderr, "mkmachine: from 4 to 1024 MiB\n");
		return 2;
	}
	fake_init(&f, FAKE_X86_64, true, false, mib << 20);
	fake_segment(&f, BASE + PS, PS, HOLE_PFN * PS - PS);
	fake_segment(&f, BASE + (HOLE_PFN + 64) * PS, (HOLE_PFN + 64) * PS,
		     f.len - (HOLE_PFN + 64) * PS);
	fake_pages_init(&p, &f, BASE, f.len / PS, FAKE_6_12, FAKE_EXTREME_415);
	make_log(&f);
	fake_info(&f, "PAGESIZE=4096");
	fake_info(&f, "CRASHTIME=1700000000");
	counter = fake_alloc(&f, 64, 64);
	nr_free = make_pages(&p, (f.next + PS - 1) / PS);
	fake_info(&f, "SYMBOL(vm_zone_stat)=%llx", (unsigned long long)(BASE + counter));
	fake_info(&f, "NUMBER(NR_FREE_PAGES)=0");
	fake_put_long(&f, counter, argc > 2 ? strtoull(argv[2], NULL, 0) : nr_free);
	fake_open(&f);
	if (fwrite(f.file.s, 1, f.file.len, stdout) != f.file.len || fflush(stdout) != 0)
		return 1;
	fake_done(&f);
	return 0;
}
