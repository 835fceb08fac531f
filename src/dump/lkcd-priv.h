/*
 * The parts of the LKCD reader (doc/formats/lkcd.md): the header in its five layouts, the
 * index of page records, the CPUs' registers. Layouts: LKCD's vmdump.h and dump.h as crash
 * (lkcd_vmdump_v1.h, lkcd_vmdump_v2_v3.h, lkcd_dump_v5.h to v8.h) and zgetdump (df_lkcd.h)
 * keep them. Folder-private.
 */
#pragma once

#include "base/vector.h"
#include "dump/dump.h"

enum lkcd_compress { LKCD_NONE, LKCD_RLE, LKCD_GZIP };

struct lkcd_header {
	bool big, live;
	unsigned version;
	uint32_t header_size; /* where the header of the architecture begins */
	uint32_t page_size;
	bool all_pages; /* dump level: everything, nothing left out */
	uint64_t mem_start, mem_end; /* bytes; both often wrong, see the doc */
	uint32_t compress;
	uint64_t first_record; /* file offset */
	uint64_t time, task;   /* 0: not told */
	char panic[256];
	struct dump_utsname utsname;
	const struct arch *arch;
};

/* Whether the file starts like an LKCD dump; sets byte order and `live`. */
bool lkcd_is_mine(struct source *s, struct lkcd_header *h);
struct error *lkcd_read_header(struct source *s, struct lkcd_header *ret) MUST_CHECK;

/* A page record in the file. */
struct lkcd_record {
	uint64_t pfn;
	uint64_t off; /* of its bytes; the 16-byte head is in front */
	uint32_t len;
	bool packed;
};

/* Up to 16 records that follow each other in the file and in memory: 16 bytes in all. */
struct lkcd_run {
	uint64_t pfn_n; /* first page << 4 | number of pages - 1 */
	uint64_t off;	/* of the first record's head */
};

struct lkcd_index {
	VECTOR(struct lkcd_run) runs; /* by page, then by place in the file */
	bool ended;	/* the end record was met */
	bool ascending; /* pages came in order */
	bool damaged;	/* records were left out because they cannot be true */
	uint64_t highest;

	/* private */
	uint64_t virtual_base; /* version 1: addresses are those of the kernel's mapping */
	uint64_t last_pfn, last_off; /* the record after the one found last */
};

/* Walks over all records once. */
struct error *lkcd_index_build(struct source *s, const struct lkcd_header *h,
			       struct lkcd_index *ret) MUST_CHECK;
bool lkcd_index_has(const struct lkcd_index *x, uint64_t pfn);
/* Where the page is; of several records the first in the file. Only for pages it has. */
struct error *lkcd_index_find(struct source *s, const struct lkcd_header *h,
			      struct lkcd_index *x, uint64_t pfn,
			      struct lkcd_record *ret) MUST_CHECK;
void lkcd_index_done(struct lkcd_index *x);

static inline uint64_t lkcd_run_pfn(const struct lkcd_run *r)
{
	return r->pfn_n >> 4;
}

static inline unsigned lkcd_run_len(const struct lkcd_run *r)
{
	return (r->pfn_n & 15) + 1;
}

/* Takes registers and tasks out of the header of the architecture, where its layout is known
 * (i386, x86_64, s390x). What makes no sense there is left alone. */
struct error *lkcd_take_cpus(struct dump *d, const struct lkcd_header *h) MUST_CHECK;
