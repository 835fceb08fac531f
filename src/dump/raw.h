/*
 * Raw memory: files that hold physical memory and nothing that tells where it was. Whoever opens
 * them says it, by name or in a layout text (doc/formats/raw.md):
 *
 *	FILE@ADDRESS[,FILE@ADDRESS]...[,arch=NAME][,page-size=N][,vmcoreinfo=FILE]
 *	raw:LAYOUT
 *
 * A name that is a file is that file, whatever it looks like.
 */
#pragma once

#include "base/vector.h"
#include "dump/dump.h"

struct raw_piece {
	char *file;
	uint64_t off, len; /* in the file; len UINT64_MAX: to its end */
	uint64_t pa;	   /* where it was; a multiple of the page size */
};

struct raw_layout {
	const struct arch *arch; /* null: that of this machine */
	bool big;
	uint32_t page_size; /* 0: the smallest of the architecture */
	char *vmcoreinfo;   /* a file that holds the text; null: none */
	VECTOR(struct raw_piece) pieces;
};

/* Whether the name stands for raw memory. */
bool raw_is_name(const char *name);
/* Several names are pieces of one memory. *ret is to be released with raw_layout_done(), also
 * on failure. */
struct error *raw_parse_names(char *const *names, size_t n, struct raw_layout *ret) MUST_CHECK;
/* A layout text; relative file names are below `folder`. *ret as above. */
struct error *raw_parse_layout(const char *text, const char *folder,
			       struct raw_layout *ret) MUST_CHECK;
void raw_layout_done(struct raw_layout *l);

struct error *dump_open_raw(const struct raw_layout *l, struct dump **ret) MUST_CHECK;
/* The same with sources[i] in place of the file of piece i; takes them over, also on failure. */
struct error *dump_open_raw_sources(const struct raw_layout *l, struct source **sources,
				    struct dump **ret) MUST_CHECK;

static inline void raw_layout_done_cleanup(struct raw_layout *l)
{
	raw_layout_done(l);
}
#define _cleanup_raw_layout_ CLEANUP(raw_layout_done)
