/*
 * Struct pages in a fake kernel: sections (or one flat array) over the first frames, and the
 * few members that classes are decided by, with the VMCOREINFO of a chosen release.
 */
#pragma once

#include "make/fake_kernel.h"

enum fake_release {
	FAKE_3_2,  /* FLAG-less: mapcount rule by release, no compound_head */
	FAKE_4_14, /* u16 order and dtor */
	FAKE_6_1,  /* types as bits, compound_dtor */
	FAKE_6_4,  /* _folio_order, _folio_dtor */
	FAKE_6_7,  /* order in flags, PG_hugetlb */
	FAKE_6_12, /* types in the top byte */
	FAKE_7_1,  /* compound_info */
};

enum fake_model {
	FAKE_FLAT,
	FAKE_SPARSE,	  /* mem_section[] */
	FAKE_EXTREME,	  /* pointers to blocks */
	FAKE_EXTREME_415, /* a pointer to these */
	FAKE_NODES,	  /* node_data[]: the upper half of all frames, none, the lower half */
	FAKE_NODE_LIST,	  /* pgdat_list: the same two */
	FAKE_ONE_NODE,	  /* contig_page_data */
	FAKE_MODELS,
};

struct fake_pages {
	struct fake *f;
	enum fake_release release;
	uint64_t base; /* virtual - physical */
	uint64_t nr;   /* frames */
	unsigned page_len;
	unsigned section_bits;
	uint64_t array; /* physical address of all struct pages */
	uint64_t nodes[2]; /* of struct pglist_data: first frame, frames, map, next */
	/* flags' bits */
	unsigned lru, private, swapcache, swapbacked, slab, hwpoison, head;
};

void fake_pages_init(struct fake_pages *p, struct fake *f, uint64_t base, uint64_t nr,
		     enum fake_release release, enum fake_model model);
void fake_page_flags(struct fake_pages *p, uint64_t pfn, uint64_t flags);
void fake_page_mapping(struct fake_pages *p, uint64_t pfn, uint64_t mapping);
/* The type by its VMCOREINFO value ("PAGE_BUDDY_MAPCOUNT_VALUE"), as the kernel writes it. */
void fake_page_type(struct fake_pages *p, uint64_t pfn, const char *name);
void fake_page_free(struct fake_pages *p, uint64_t pfn, unsigned order);
/* Head and tails of 2^order frames; *hugetlb* marks it as the release does. */
void fake_page_compound(struct fake_pages *p, uint64_t pfn, unsigned order, bool hugetlb);
uint64_t fake_page_address(const struct fake_pages *p, uint64_t pfn); /* virtual */
