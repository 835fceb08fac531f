/* Private to write_kdump*.c: the writer of the kdump-compressed format. */
#pragma once

#include "dump/writer.h"

#define STATUS_INCOMPLETE 0x8
#define DESC_LEN	  24

/* A page of the first go. */
struct early_page {
	uint64_t pfn;
	uint64_t at; /* the place of its descriptor */
	unsigned char desc[DESC_LEN];
};

struct kdump_writer {
	struct dump_writer w;
	uint32_t codec_flag;

	/* layout, set once */
	size_t sub_header_len, head_len; /* head: sub header and notes, whole blocks */
	uint64_t bitmap1_off, bitmap2_off, bitmap_len;
	uint64_t desc_off, zero_off;
	/* Frames in the file, and so all that follow here, count from this one: 0 but on 32-bit
	 * Arm, where makedumpfile and crash count from the start of RAM */
	uint64_t first_pfn, max_pfn;

	/* the frames that the dump is to hold: how many are below each block of the bitmap (the last
	 * is all of them), and a checksum of each block */
	uint64_t *ranks, *sums;
	size_t nr_blocks;
	/* the pages whose bytes are in this file, and their descriptors */
	uint64_t start_pfn, end_pfn, first_rank, nr_descs;
	/* the block at hand, and how many of its frames are below `counted_bit` */
	uint64_t block; /* UINT64_MAX: none */
	unsigned char *bits;
	unsigned counted_bit, counted;
	bool spoiled; /* it is not what it was in the beginning: its pages are left lost */

	/* data on its way: buffer of CHUNK bytes, for file offset data_off on */
	unsigned char *data;
	size_t data_len;
	uint64_t data_off;

	/* pages whose data was taken but whose descriptors are not in the file yet */
	unsigned char *descs;
	uint64_t *at; /* the place of each descriptor */
	size_t nr_pending;

	uint64_t settled;  /* descriptors in the file */
	uint64_t next_pfn; /* pages come in order */
	VECTOR(struct early_page) early;
	bool rewound;
	bool failed;
	bool has_lost; /* a page could not be read: the dump is never marked complete */
};

/* Length of the sub header of the machine's layout. */
size_t kdump_sub_header_len(const struct dump_facts *f);
struct error *kdump_write_header(struct kdump_writer *k, bool complete) MUST_CHECK;
/* The mark alone, again. */
struct error *kdump_write_status(struct kdump_writer *k, bool complete) MUST_CHECK;
/* The sub header and the notes behind it. */
struct error *kdump_write_sub_header(struct kdump_writer *k) MUST_CHECK;
/* The dump level alone, again. */
struct error *kdump_write_level(struct kdump_writer *k) MUST_CHECK;
