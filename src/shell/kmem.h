/* The parts of kmem, one file each. */
#pragma once

#include "shell/shell.h"

struct slabs;
/* Read when first asked for; lives as long as the session. */
struct error *shell_slabs(struct shell *sh, struct slabs **ret) MUST_CHECK;

/* kmem -s, -S: `which` is a name or an address (null: all), `without` a list of names with commas. */
struct kmem_caches {
	const char *which, *without;
	bool objects; /* each slab and object too */
	const char *cpus; /* of which CPUs the slabs are shown (null: all) */
};
struct error *kmem_caches(struct shell *sh, const struct kmem_caches *ask) MUST_CHECK;
/* The object that `va` is in, as `kmem ADDRESS` shows it. *ret false: it is in none. */
struct error *kmem_object(struct shell *sh, uint64_t va, bool *ret) MUST_CHECK;
/* "[dentry]" for an address in a slab, "" otherwise; with `address` "[ffff...:dentry]". */
void kmem_object_name(struct shell *sh, uint64_t va, bool address, char *buf, size_t room);

/* kmem -f, -F: free blocks of each zone; with every block's address. */
struct error *kmem_free(struct shell *sh, bool blocks) MUST_CHECK;
/* kmem -n, -h. */
struct error *kmem_nodes(struct shell *sh) MUST_CHECK;
struct error *kmem_huge(struct shell *sh) MUST_CHECK;
/* kmem -p, -m: struct pages; of one page (a struct page or a physical address) or of all. */
struct error *kmem_pages(struct shell *sh, const char *members) MUST_CHECK;
struct error *kmem_page(struct shell *sh, uint64_t page_va, uint64_t pfn, const char *members) MUST_CHECK;
/* A word is a physical address or that of a struct page. */
struct error *kmem_page_of(struct shell *sh, uint64_t word, bool physical, uint64_t *ret_page, uint64_t *ret_pfn) MUST_CHECK;
/* What an entry of a page table says (x86_64), with its heading. */
void put_pte(struct shell *sh, uint64_t v);
/* kmem -g: the bits of page flags, or of one value. */
struct error *kmem_flags(struct shell *sh, const char *value) MUST_CHECK;
/* kmem ADDRESS: whatever it is part of. */
struct error *kmem_identify(struct shell *sh, uint64_t va, bool physical) MUST_CHECK;
