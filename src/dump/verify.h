/*
 * Whether a dump is what it says: its structure, its notes, and every page read. Works on all
 * formats through page answers; the kdump-compressed format is looked into beyond that.
 */
#pragma once

#include "dump/dump.h"

enum finding_kind {
	FINDING_INCOMPLETE, /* something is missing, as in a dump that was cut off */
	FINDING_DAMAGED,    /* something contradicts the format or the rest of the dump */
};

struct finding {
	enum finding_kind kind;
	bool has_pages, has_bytes; /* which of the ranges is told */
	uint64_t start, end;	   /* page frames, or offsets in the file; end is not included */
	const char *what;	   /* a sentence; borrowed during the call */
};

struct verify_request {
	struct dump *dump; /* borrowed */
	/* Called for each finding; consecutive pages with one kind of finding are one. */
	void (*found)(void *arg, const struct finding *f);
	void (*progress)(void *arg, uint64_t done, uint64_t total); /* optional; in page frames */
	void *arg;
};

struct verify_counts {
	uint64_t frames;  /* that exist */
	uint64_t stored, zero, left_out, lost, damaged;
	uint64_t incomplete_findings, damaged_findings;
	bool overlaps_unknown; /* too scattered a file: not all pages were compared with each other */
};

/* Errors: memory, and that nothing could be read at all. */
struct error *dump_verify(const struct verify_request *r, struct verify_counts *ret) MUST_CHECK;

/* --- for what looks into a format (verify_kdump.c) --- */

struct verifier {
	const struct verify_request *r;
	struct verify_counts *counts;
};

void verify_found(struct verifier *v, const struct finding *f);
/* A finding about bytes [off, off + len) of the file. */
void verify_bytes(struct verifier *v, enum finding_kind kind, uint64_t off, uint64_t len,
		  const char *fmt, ...) PRINTF(5, 6);
/* The headers, bitmaps and descriptors of one kdump-compressed file. */
struct error *verify_kdump(struct verifier *v) MUST_CHECK;
