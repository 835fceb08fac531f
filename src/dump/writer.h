/*
 * Writing dumps. A writer is fed page frames in ascending order, once; it keeps memory bounded
 * whatever the number of pages (kdump-compressed: 16 bytes per 32768 frames).
 */
#pragma once

#include "codec/codec.h"
#include "dump/dump.h"
#include "dump/sink.h"

/* What the headers of the new file say. */
struct dump_facts {
	const struct arch *arch;
	bool big;
	bool is_64bit;
	uint32_t page_size;
	uint64_t max_pfn;
	int dump_level;
	uint64_t phys_base;
	unsigned nr_cpus; /* > 0 */
	uint64_t timestamp; /* seconds since 1970 */
	struct dump_utsname utsname;
	const unsigned char *notes; /* verbatim note area, borrowed */
	size_t notes_len;
	const char *vmcoreinfo; /* text inside `notes`, borrowed; null: none */
	size_t vmcoreinfo_len;
	const struct ranges *memory; /* page frames that exist, borrowed */
	/* ELF output: virtual addresses of the source's segments, borrowed; may be empty */
	const struct dump_segment *segments;
	size_t nr_segments;
	/* kdump-compressed: fills `bits` (8 * len frames from `first` on, as pfn_bits.h has them) with
	 * the frames that the dump is to hold; null: all of `memory`. It is asked at any time and must
	 * always answer the same (but see writer_thin()); pages of others are refused, and those that
	 * do not come are lost pages. */
	struct error *(*kept)(void *arg, uint64_t first, unsigned char *bits, size_t len);
	void *kept_arg;
	bool two_goes; /* kdump-compressed: some pages come first, in order, then writer_rewind() */
	/* ELF output: upper bound of runs of consecutive pages that are written; 0: unknown. Readers
	 * load everything before the first page into memory, so room for the worst case is bad. */
	uint64_t max_runs;
	/* kdump-compressed: one part of a set, with the bits of all pages and the bytes of those in
	 * [start_pfn, end_pfn), which are all that it gets. */
	bool split;
	uint64_t start_pfn, end_pfn;
	const char *eraseinfo; /* kdump-compressed: a line for each thing that was erased; borrowed */
	size_t eraseinfo_len;
	bool source_incomplete; /* the input lacks pages: the new dump is marked incomplete too */
};

struct dump_writer;

struct dump_writer_ops {
	const char *name; /* "kdump-compressed", "ELF" */
	/* One kept page, ascending pfn. `bytes` is the page after `codec` (null: raw, len is the
	 * page size). A zero page is given as `bytes` null and `is_zero` true; a page that could
	 * not be read as `bytes` null and `is_zero` false: it is recorded as lost, and
	 * the dump is marked incomplete at the end. */
	struct error *(*page)(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
			      const struct codec *codec, bool is_zero);
	/* optional, see below */
	struct error *(*rewind)(struct dump_writer *w);
	struct error *(*thin)(struct dump_writer *w, uint64_t pfn);
	/* Commits headers and finishes the sink; `complete` false leaves the dump
	 * marked incomplete. After a failed page() (no space) it must be false: what did not fit
	 * is dropped, and everything stored before it reads. */
	struct error *(*end)(struct dump_writer *w, bool complete);
	void (*close)(struct dump_writer *w); /* frees `w`, not the sink */
};

struct dump_writer {
	const struct dump_writer_ops *ops;
	struct sink *sink; /* borrowed */
	struct dump_facts facts;
	bool whole; /* set by end(): all pages are there, and the file says so */
};

/* Both copy nothing that `facts` borrows: it must live until writer_close(). */
/* `status`: the codec's kdump_flag, and WRITER_UNUSED_MAP when struct pages that nobody needs are
 * left out. */
#define WRITER_UNUSED_MAP 0x10u
struct error *writer_open_kdump(struct sink *s, const struct dump_facts *facts,
				uint32_t status, struct dump_writer **ret) MUST_CHECK;
struct error *writer_open_elf(struct sink *s, const struct dump_facts *facts,
			      struct dump_writer **ret) MUST_CHECK;
struct error *writer_page(struct dump_writer *w, uint64_t pfn, const void *bytes, size_t len,
			  const struct codec *codec, bool is_zero) MUST_CHECK;
/* After the first of two goes: the order begins anew, for the pages that did not come yet. */
struct error *writer_rewind(struct dump_writer *w) MUST_CHECK;
/* From frame `pfn` on, behind all pages that came but those of the first go, the dump is to hold
 * fewer frames: facts.kept() says which by now. `level` is the dump level that this makes. Only
 * where the sink can go back (not on a stream). */
struct error *writer_thin(struct dump_writer *w, uint64_t pfn, int level) MUST_CHECK;
struct error *writer_end(struct dump_writer *w, bool complete) MUST_CHECK;
void writer_close(struct dump_writer *w);

DEFINE_CLEANUP(struct dump_writer *, writer_close)
#define _cleanup_writer_ CLEANUP(writer_close)
