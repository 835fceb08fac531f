/*
 * SLUB, the kernel's allocator of objects (mm/slub.c, mm/slab.h): caches, their slabs and which
 * objects of a slab are free. Slabs describe themselves in struct page until 5.16, in struct slab
 * since; CPUs hold slabs of their own (kmem_cache_cpu, until 6.19) or sheaves of objects (since
 * 6.18). SLAB, gone in 6.8, and SLOB are not read.
 */
#pragma once

#include "base/vector.h"
#include "kernel/memmap.h"

struct slab_cache {
	uint64_t va; /* struct kmem_cache */
	char name[64];
	uint32_t object_size, size; /* what was asked for; what it takes */
	uint32_t offset;	    /* of the pointer to the next free object */
	uint32_t red_left;	    /* bytes before each object */
	uint32_t order;		    /* of its slabs' pages: 2^order */
	uint64_t random;	    /* CONFIG_SLAB_FREELIST_HARDENED; 0: pointers are plain */
	bool is_hardened;
	uint64_t cpus, sheaves; /* per-CPU pointers; 0: this kernel has none */
};

struct slab_counts {
	uint64_t objects, free, slabs; /* free: on any list, of CPUs too */
	uint64_t on_cpus;	       /* of these, what CPUs and nodes keep at hand */
};

/* One slab. */
struct slab {
	uint64_t va;   /* struct slab or page */
	uint64_t base; /* of its memory */
	uint64_t freelist; /* the first free object; 0: none */
	uint32_t inuse, objects;
	bool frozen; /* a CPU's own */
};

/* What is found once: layouts and the linear map. */
struct slabs;
struct error *slabs_open(struct kernel *k, struct slabs **ret) MUST_CHECK;
void slabs_close(struct slabs *s);
DEFINE_CLEANUP(struct slabs *, slabs_close)
#define _cleanup_slabs_ CLEANUP(slabs_close)

/* The caches, in the kernel's order; borrowed. */
const struct slab_cache *slabs_cache(const struct slabs *s, size_t i);
size_t slabs_count(const struct slabs *s);
const struct slab_cache *slabs_named(const struct slabs *s, const char *name);

struct error *slab_counts_read(struct slabs *s, const struct slab_cache *c, struct slab_counts *ret) MUST_CHECK;
/* The slab whose memory or whose struct slab is at `va`. ERROR_NOT_FOUND: that is no slab. */
struct error *slab_find(struct slabs *s, uint64_t va, const struct slab_cache **ret_cache,
			struct slab *ret) MUST_CHECK;
/* struct slab at `va`, of cache `c`. */
struct error *slab_read(struct slabs *s, const struct slab_cache *c, uint64_t va, struct slab *ret) MUST_CHECK;

/* Which objects of a slab are free: one flag for each of slab.objects, owned by the caller. */
struct slab_map {
	bool *free;
	uint32_t n, n_free;
};
/* `more` is a second list of free objects, that of a CPU (0: none). */
struct error *slab_map_read(struct slabs *s, const struct slab_cache *c, const struct slab *slab,
			    uint64_t more, struct slab_map *ret) MUST_CHECK;
void slab_map_done(struct slab_map *m);
/* Address of object i, and which one `va` is in; false: in none. */
uint64_t slab_object(const struct slab_cache *c, const struct slab *slab, uint32_t i);
bool slab_object_at(const struct slab_cache *c, const struct slab *slab, uint64_t va, uint32_t *ret_i);

/* What a CPU has for itself. */
struct slab_cpu {
	uint64_t va;	   /* struct kmem_cache_cpu or slub_percpu_sheaves */
	uint64_t slab;	   /* 0: none */
	uint64_t freelist; /* of that slab */
	uint64_t partial;  /* the first of a list of slabs; 0: none */
	uint32_t sheaf_objects; /* in its sheaves */
};
struct error *slab_cpu_read(struct slabs *s, const struct slab_cache *c, unsigned cpu, struct slab_cpu *ret) MUST_CHECK;
/* The slab after `va` on a CPU's list; 0 at the end. */
struct error *slab_cpu_next(struct slabs *s, uint64_t va, uint64_t *ret) MUST_CHECK;

struct slab_node {
	uint64_t va; /* struct kmem_cache_node */
	unsigned id;
	uint64_t partial, slabs, objects;
};
/* The node's part; va is 0 where there is none. */
struct error *slab_node_read(struct slabs *s, const struct slab_cache *c, unsigned node, struct slab_node *ret) MUST_CHECK;
unsigned slabs_nodes(const struct slabs *s); /* node numbers are below */
/* Each slab on the node's list of partly used ones; stops when `each` returns an error. */
struct error *slab_partial_walk(struct slabs *s, const struct slab_node *n,
				struct error *(*each)(uint64_t slab_va, void *arg), void *arg) MUST_CHECK;

/* The linear map and the array of struct page, both ways (for kmem and ptov). ERROR_NOT_FOUND: no
 * such address is in it. */
struct error *slabs_linear(struct slabs *s, uint64_t pa, uint64_t *ret_va) MUST_CHECK;
struct error *slabs_page_frame(struct slabs *s, uint64_t page_va, uint64_t *ret_pfn) MUST_CHECK;
struct error *slabs_page(struct slabs *s, uint64_t pfn, uint64_t *ret_page_va) MUST_CHECK;
uint64_t slabs_page_size(const struct slabs *s);
/* The struct page of the folio that `page_va` is part of. */
struct error *slabs_head(struct slabs *s, uint64_t page_va, uint64_t *ret) MUST_CHECK;
