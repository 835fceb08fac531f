/* Private to the pageclass*.c files: what struct page looks like in this dump. */
#pragma once

#include <stdio.h>

#include "kernel/pageclass.h"

/* An integer in struct page; width 0: not known. */
struct field {
	uint8_t width;
	uint16_t off;
	uint64_t mask; /* of the value */
};

/* A page type in _mapcount's place; mask 0: not known. */
struct type_value {
	uint32_t value, mask;
};

struct page_layout {
	size_t page_len;
	unsigned nr_orders; /* of free blocks: 0 to nr_orders - 1 */
	struct field flags, mapcount, mapping, private;
	struct field link;	   /* compound_head or compound_info: bit 0 says tail */
	struct field order, dtor;  /* of the first tail page */
	bool has_dtor_hugetlb;
	uint64_t dtor_hugetlb;
	/* masks of `flags`; 0: not known */
	uint64_t flag_lru, flag_private, flag_swapcache, flag_swapbacked, flag_slab, flag_hwpoison,
		flag_head, flag_buddy;
	uint64_t tail_flag_hugetlb; /* of the first tail's flags */
	struct type_value buddy, slab, hugetlb, offline, unaccepted;
};

struct error *page_layout_find(struct kernel *k, size_t page_len, struct page_layout *l) MUST_CHECK;
int page_layout_can(const struct page_layout *l, struct strbuf *why);
