/*
 * The two headers of a kdump-compressed file, or of the original diskdump, as numbers. The file's own layout is that of
 * the C compiler that built the writer (makedumpfile diskdump_mod.h, kdump_sub_header), and
 * nothing in it says which: see doc/formats/kdump-compressed.md. Folder-private.
 */
#pragma once

#include "dump/dump.h"

#define KDUMP_SIGNATURE	    "KDUMP   "
#define DISKDUMP_SIGNATURE  "DISKDUMP"
#define KDUMP_STATUS_CODECS 0x27u /* zlib, LZO, snappy, zstd */

struct kdump_header {
	bool big;
	int version;
	struct dump_utsname utsname; /* sanitized */
	uint32_t status;
	bool original; /* diskdump: the sub header holds registers and nothing below */
	bool incomplete;
	uint32_t block_size;
	uint32_t sub_hdr_size;	/* blocks */
	uint32_t bitmap_blocks; /* both bitmaps together */
	uint32_t max_mapnr_32;
	uint32_t current_cpu;
	int nr_cpus;
	uint16_t tasks_off; /* diskdump: of a pointer for each CPU, behind the main header */
	uint64_t timestamp; /* seconds since 1970; 0 in QEMU's */

	/* sub header; 0 where the version does not have it */
	uint64_t phys_base;
	int dump_level; /* -1: not told */
	bool split;
	uint64_t start_pfn, end_pfn; /* valid when split */
	uint64_t vmcoreinfo_off, vmcoreinfo_len;
	uint64_t note_off, note_len;
	uint64_t erase_off, erase_len;
	uint64_t max_mapnr;
};

/* Reads both headers; ERROR_BAD_DATA when no layout in either byte order makes sense. */
struct error *kdump_read_header(struct source *s, struct kdump_header *ret) MUST_CHECK;

/* What a set asks of each of its parts (read_kdump.c). */
struct kdump_part {
	const struct kdump_header *h; /* borrowed from the dump */
	bool whole;	   /* nothing was seen to be cut off */
	uint64_t first_pfn; /* the page frame of bit 0, and of page frame 0 in the headers */
	bool bitmaps_whole; /* neither the bitmaps nor what stands before them is cut off */
};

struct kdump_part kdump_part_of(const struct dump *d);
/* The open_set of kdump-compressed files (read_kdump_set.c). */
struct error *kdump_open_set(struct dump *d, struct dump_part *parts, size_t n) MUST_CHECK;
