/* A cache of objects in the small dead kernel: "things", one slab with four objects of 64 bytes, the
 * second and the last of them free; and a red-black tree of three nodes. After make_tasks(). */
#pragma once

#include "../kernel/dead_tasks.h"

#define SLAB_MEM   (DEAD_TEXT + 0x50000)
#define CACHE	   (DEAD_TEXT + 0x60000)
#define CACHE_NODE (DEAD_TEXT + 0x60100)
#define SLAB_LIST  (DEAD_TEXT + 0x60200)
#define SLAB_VARS  (DEAD_TEXT + 0x60300)
#define CACHE_NAME (DEAD_TEXT + 0x60400)
#define RB_NODES   (DEAD_TEXT + 0x60500) /* 32 bytes each */
#define RB_ROOT	   (DEAD_TEXT + 0x60600)
#define WAIT_HEAD  (DEAD_TEXT + 0x60700)
#define PAGES	   (DEAD_TEXT + 0x61000) /* struct page of frame 0 */
#define PAGE_LEN   64

static inline uint64_t page_of(uint64_t va)
{
	return PAGES + dead_pa(va) / 4096 * PAGE_LEN;
}

static inline void add_slab_types(struct dead *d)
{
	struct btf_build *b = &d->btf;
	uint32_t oo, nodes, u32;

	u32 = btf_add(b, "unsigned int", BTF_INT << 24, 4);
	btf_word(b, 32);
	oo = dead_struct(d, "kmem_cache_order_objects", 4, 1);
	btf_elem(b, "x", u32, 0);
	nodes = btf_add_array(b, T_LONG, 1);
	dead_struct(d, "kmem_cache", 64, 7);
	btf_elem(b, "name", T_LONG, 0);
	btf_elem(b, "object_size", T_INT, 64);
	btf_elem(b, "size", T_INT, 96);
	btf_elem(b, "offset", T_INT, 128);
	btf_elem(b, "oo", oo, 160);
	btf_elem(b, "list", T_LIST, 192);
	btf_elem(b, "node", nodes, 320);
	dead_struct(d, "kmem_cache_node", 64, 4);
	btf_elem(b, "nr_partial", T_LONG, 0);
	btf_elem(b, "partial", T_LIST, 64);
	btf_elem(b, "nr_slabs", T_LONG, 192);
	btf_elem(b, "total_objects", T_LONG, 256);
	btf_add(b, "page", BTF_STRUCT << 24 | 1u << 31 | 11, PAGE_LEN);
	btf_elem(b, "flags", T_LONG, 0);
	btf_elem(b, "compound_head", T_LONG, 64);
	btf_elem(b, "lru", T_LIST, 64);
	btf_elem(b, "mapping", T_LONG, 192);
	btf_elem(b, "slab_cache", T_LONG, 192);
	btf_elem(b, "freelist", T_LONG, 256);
	btf_elem(b, "inuse", u32, 16u << 24 | 320);
	btf_elem(b, "objects", u32, 15u << 24 | 336);
	btf_elem(b, "frozen", u32, 1u << 24 | 351);
	btf_elem(b, "_refcount", T_INT, 352);
	btf_elem(b, "index", T_LONG, 384);
	btf_add(b, "pageflags", BTF_ENUM << 24 | 2, 4);
	btf_constant(b, "PG_locked", 0);
	btf_constant(b, "PG_slab", 9);
	dead_struct(d, "rb_node", 24, 3);
	btf_elem(b, "__rb_parent_color", T_LONG, 0);
	btf_elem(b, "rb_right", T_LONG, 64);
	btf_elem(b, "rb_left", T_LONG, 128);
	dead_struct(d, "wait_queue_head", 24, 1);
	btf_elem(b, "head", T_LIST, 64);
	dead_struct(d, "wait_queue_entry", 40, 3);
	btf_elem(b, "private", T_LONG, 64);
	btf_elem(b, "func", T_LONG, 128);
	btf_elem(b, "entry", T_LIST, 192);
}

static inline void put_slab_page(struct dead *d)
{
	uint64_t page = page_of(SLAB_MEM);

	dead_put(d, page, 8, 1 << 9);
	put_list(d, page + 8, CACHE_NODE + 8, CACHE_NODE + 8);
	dead_put(d, page + 24, 8, CACHE);
	dead_put(d, page + 32, 8, SLAB_MEM + 64);
	dead_put(d, page + 40, 4, 2 | 4 << 16);
	dead_put(d, page + 44, 4, 1);
	dead_put(d, SLAB_MEM + 64, 8, SLAB_MEM + 3 * 64);
	dead_put(d, SLAB_MEM + 3 * 64, 8, 0);
}

static inline void add_slab(struct dead *d)
{
	add_slab_types(d);
	put_list(d, SLAB_LIST, CACHE + 24, CACHE + 24);
	put_list(d, CACHE + 24, SLAB_LIST, SLAB_LIST);
	dead_put(d, CACHE, 8, CACHE_NAME);
	fake_put_bytes(&d->f, dead_pa(CACHE_NAME), "things", 7);
	dead_put(d, CACHE + 8, 4, 60);
	dead_put(d, CACHE + 12, 4, 64);
	dead_put(d, CACHE + 20, 4, 4); /* order 0, 4 objects */
	dead_put(d, CACHE + 40, 8, CACHE_NODE);
	dead_put(d, CACHE_NODE, 8, 1);
	put_list(d, CACHE_NODE + 8, page_of(SLAB_MEM) + 8, page_of(SLAB_MEM) + 8);
	dead_put(d, CACHE_NODE + 24, 8, 1);
	dead_put(d, CACHE_NODE + 32, 8, 4);
	put_slab_page(d);
	dead_put(d, SLAB_VARS, 8, DEAD_TEXT - DEAD_PA);
	dead_put(d, SLAB_VARS + 8, 4, 1);
	dead_put(d, SLAB_VARS + 16, 8, PAGES);
	dead_symbol(d, 'D', "slab_memory", SLAB_MEM);
	dead_symbol(d, 'D', "slab_caches", SLAB_LIST);
	dead_symbol(d, 'D', "page_offset_base", SLAB_VARS);
	dead_symbol(d, 'D', "nr_node_ids", SLAB_VARS + 8);
	fake_info(&d->f, "SYMBOL(mem_map)=%llx", (unsigned long long)(SLAB_VARS + 16));
	fake_info(&d->f, "SIZE(page)=%d", PAGE_LEN);
	/* the second node is the root, the first its left, the third its right child */
	dead_symbol(d, 'D', "my_tree", RB_ROOT);
	dead_put(d, RB_ROOT, 8, RB_NODES + 32);
	dead_put(d, RB_NODES + 32 + 8, 8, RB_NODES + 64);
	dead_put(d, RB_NODES + 32 + 16, 8, RB_NODES);
	/* task 2 waits */
	dead_symbol(d, 'D', "my_wait", WAIT_HEAD);
	put_list(d, WAIT_HEAD + 8, WAIT_HEAD + 0x58, WAIT_HEAD + 0x58);
	put_list(d, WAIT_HEAD + 0x58, WAIT_HEAD + 8, WAIT_HEAD + 8);
	dead_put(d, WAIT_HEAD + 0x48, 8, TASKS + 2 * 256);
}
