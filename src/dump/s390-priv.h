/*
 * The parts of the reader of IBM Z stand-alone dumps (doc/formats/s390.md): the chain of
 * segments of the extended form. Layout: s390-tools, include/dump/s390_dump.h, as its dump
 * programs (zipl/boot/stage2dump.c, eckd2dump_zlib.c) write it. Folder-private.
 */
#pragma once

#include "base/vector.h"
#include "codec/codec.h"
#include "dump/dump.h"

#define S390_PAGE	   4096u
#define S390_SEGMENT_HEAD  4096u
#define S390_NR_ENTRIES	   4 /* unpacked, kept */

/* A stretch of memory in the file. */
struct s390_segment {
	uint64_t start, len; /* memory */
	uint64_t off;	     /* of its head in the file; the data follow */
	uint64_t data_len;
	bool packed;
};

/* An unpacked entry, 1 MiB of memory as a rule. */
struct s390_entry {
	unsigned char *bytes;
	uint64_t pa, len;
	uint64_t used; /* 0: empty */
};

struct s390_chain {
	VECTOR(struct s390_segment) segments; /* by memory, as they stand in the file */
	bool ended;	      /* the last one was marked so */
	uint64_t known_end;   /* memory from here on was never reached */
	uint64_t end_off;     /* file offset behind the last segment */
	uint32_t entry_size;  /* memory of one packed entry */
	uint32_t block;	      /* of the device it was written to: offsets count in it */
	struct s390_entry entries[S390_NR_ENTRIES];
	uint64_t tick;
	unsigned char *stored;
	struct codec_set unpackers;
};

/* Walks the chain from `off` on; `entry_size` is the header's. */
struct error *s390_chain_read(struct source *s, uint64_t off, uint64_t mem_size,
			      uint32_t entry_size, struct s390_chain *ret) MUST_CHECK;
/* PAGE_OK: s390_chain_page() should be able to read it. */
enum page_answer s390_chain_state(struct source *s, const struct s390_chain *c, uint64_t pa);
/* The bytes of a page that has the state PAGE_OK. */
struct error *s390_chain_page(struct source *s, struct s390_chain *c, uint64_t pa,
			      void *buf) MUST_CHECK;
void s390_chain_done(struct s390_chain *c);
/* Whether the trailer stands at `off`. */
bool s390_has_trailer(struct source *s, uint64_t off, uint64_t tod);
