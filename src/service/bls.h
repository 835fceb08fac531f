/*
 * Boot Loader Specification: entries of type 1 (text files "KEY VALUE" in loader/entries/) and of
 * type 2 (unified images in EFI/Linux/), and their order.
 */
#pragma once

#include "service/bootcfg.h"

struct bls_entry {
	char *id;	/* the file's name without counters of tries, with .conf or .efi */
	char *title, *version, *machine_id, *sort_key;
	char *kernel;	/* linux, or efi and uki for a unified image */
	char *options;	/* null: none given */
	struct words initrds;
	char *file;	/* where the entry is, absolute below the root; null: a unified image */
	bool exhausted; /* its tries are used up: +0 in the file's name */
};

struct bls_list {
	VECTOR(struct bls_entry) v; /* the best first */
};

/* A type 1 file. `name` is its file name, `text` is changed. Unknown keys are passed over. */
struct error *bls_parse(const char *name, char *text, struct bls_entry *ret) MUST_CHECK;
/* All entries below the boot folders; none is fine. */
struct error *bls_read(int root, struct bls_list *ret) MUST_CHECK;
/* The first whose id (with or without .conf) matches the shell pattern, or null. */
const struct bls_entry *bls_find(const struct bls_list *l, const char *pattern);
void bls_entry_done(struct bls_entry *e);
void bls_list_done(struct bls_list *l);
/* UAPI version order: <0, 0, >0 (UAPI group, "Version Format Specification"). */
int version_compare(const char *a, const char *b);

static inline void bls_list_done_cleanup(struct bls_list *l)
{
	bls_list_done(l);
}
#define _cleanup_bls_list_ CLEANUP(bls_list_done)
