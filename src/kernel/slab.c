#include "kernel/slab.h"

#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define CACHES_MAX  16384
#define OBJECTS_MAX 32767 /* 15 bits count them */
#define SLABS_MAX   (1u << 22)
#define NODES_MAX   1024
#define ORDER_MAX   16
#define CPU_LIST_MAX 4096
#define SHEAVES_MAX  65536

struct slabs {
	struct kernel *k;
	struct memmap *map;
	VECTOR(struct slab_cache) v;
	const char *type; /* "slab" or "page" */
	uint64_t linear; /* va - pa */
	uint64_t page_size, first_page; /* of struct page: size, and the address of that of frame 0 */
	bool has_pages;
	uint64_t node_table; /* offset of kmem_cache.node[] */
	uint64_t node_each, node_off; /* bytes of an entry; of the node's pointer in it */
	unsigned nodes;
	struct member inuse, objects, frozen, freelist, cache, link, next;
	bool has_next;
};

/* ---- caches ---- */

static void read_cache(struct peek *p, uint64_t va, struct slab_cache *c)
{
	*c = (struct slab_cache){.va = va};
	peek_name(p, va, "kmem_cache", "name", c->name, sizeof(c->name));
	c->object_size = peek_member(p, va, "kmem_cache", "object_size|objsize");
	c->size = peek_member(p, va, "kmem_cache", "size");
	c->offset = peek_member(p, va, "kmem_cache", "offset");
	c->order = peek_member(p, va, "kmem_cache", "oo.x") >> 16;
	if (peek_has(p->k, "kmem_cache", "red_left_pad"))
		c->red_left = peek_member(p, va, "kmem_cache", "red_left_pad");
	c->is_hardened = peek_has(p->k, "kmem_cache", "random");
	if (c->is_hardened)
		c->random = peek_member(p, va, "kmem_cache", "random");
	if (peek_has(p->k, "kmem_cache", "cpu_slab"))
		c->cpus = peek_member(p, va, "kmem_cache", "cpu_slab");
	if (peek_has(p->k, "kmem_cache", "cpu_sheaves"))
		c->sheaves = peek_member(p, va, "kmem_cache", "cpu_sheaves");
}

static struct error *load_caches(struct slabs *s)
{
	_cleanup_peek_ struct peek p = {.k = s->k};
	uint64_t head = peek_symbol(&p, "slab_caches"), link = peek_offset(&p, "kmem_cache", "list"), node;
	struct list_walk w;

	TRY(peek_error(&p));
	TRY(list_begin(s->k, head, CACHES_MAX, &w));
	while (list_next(s->k, &w, &node)) {
		struct slab_cache c;

		read_cache(&p, node - link, &c);
		if (!peek_ok(&p) || !c.size || c.order > ORDER_MAX)
			continue; /* one that is damaged does not take the others along */
		if (!vector_push(&s->v, c)) {
			error_free(list_error(&w));
			return error_nomem();
		}
	}
	error_free(list_error(&w)); /* those before it are good */
	return s->v.n ? NULL : error_new(ERROR_NOT_FOUND, "no cache can be read from slab_caches");
}

/* Every cache but the first few is an object of one: in the linear map, whose distance from
 * physical memory is the same everywhere. */
static struct error *find_linear(struct slabs *s)
{
	uint64_t pa, base;
	struct error *e = symbol_find(s->k, "page_offset_base", &base);

	if (!e)
		e = vmem_read_long(s->k, base, &s->linear);
	if (!e)
		return NULL;
	error_free(e);
	TRY(vmem_translate(s->k, s->v.v[s->v.n - 1].va, &pa, NULL));
	s->linear = s->v.v[s->v.n - 1].va - pa;
	return NULL;
}

/* Where one struct page is tells where all are, if the array is mapped in one piece. */
static struct error *find_pages(struct slabs *s)
{
	const struct dump *d = s->k->dump;
	uint64_t pfn = 0, va;
	struct error *e = error_new(ERROR_NOT_FOUND, "the dump has no memory");

	TRY(memmap_open(s->k, &s->map));
	s->page_size = memmap_page_struct_size(s->map);
	for (size_t i = 0; e && i < d->memory.n; i++) {
		error_free(e);
		pfn = d->memory.v[i].start;
		e = memmap_address(s->map, pfn, &va);
	}
	if (!e) {
		s->first_page = va - pfn * s->page_size;
		s->has_pages = true;
	}
	return e;
}

/* The table of nodes is as long as there are nodes, whatever its type says. */
static unsigned node_ids(struct kernel *k)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint32_t n = peek_u32(&p, peek_symbol(&p, "nr_node_ids"));

	return peek_ok(&p) && n ? n : 1;
}

static struct error *find_layout(struct slabs *s)
{
	_cleanup_peek_ struct peek p = {.k = s->k};
	struct member table;

	if (!peek_has(s->k, "kmem_cache", "oo"))
		return error_new(ERROR_UNSUPPORTED, "this kernel's allocator is not SLUB");
	s->type = peek_has(s->k, "slab", "inuse") ? "slab" : "page";
	s->inuse = peek_layout(&p, s->type, "inuse");
	s->objects = peek_layout(&p, s->type, "objects");
	s->frozen = peek_layout(&p, s->type, "frozen");
	s->freelist = peek_layout(&p, s->type, "freelist");
	s->cache = peek_layout(&p, s->type, "slab_cache");
	s->link = peek_layout(&p, s->type, "slab_list|lru");
	s->has_next = peek_has(s->k, s->type, "next");
	if (s->has_next)
		s->next = peek_layout(&p, s->type, "next");
	table = peek_layout(&p, "kmem_cache", "per_node|node"); /* per_node: 7.1 */
	s->node_table = table.off;
	s->nodes = MIN(node_ids(s->k), MIN(table.array_len, NODES_MAX));
	s->node_each = s->k->long_size;
	if (peek_has(s->k, "kmem_cache", "per_node")) {
		s->node_each = peek_size(&p, "kmem_cache_per_node_ptrs");
		s->node_off = peek_offset(&p, "kmem_cache_per_node_ptrs", "node");
	}
	return peek_error(&p);
}

struct error *slabs_open(struct kernel *k, struct slabs **ret)
{
	struct slabs *s = calloc(1, sizeof(*s));
	struct error *e;

	if (!s)
		return error_nomem();
	s->k = k;
	e = find_layout(s);
	if (!e)
		e = load_caches(s);
	if (!e)
		e = find_linear(s);
	if (!e)
		e = find_pages(s);
	if (e) {
		slabs_close(s);
		return e;
	}
	*ret = s;
	return NULL;
}

void slabs_close(struct slabs *s)
{
	if (!s)
		return;
	memmap_close(s->map);
	vector_done(&s->v);
	free(s);
}

const struct slab_cache *slabs_cache(const struct slabs *s, size_t i)
{
	return &s->v.v[i];
}

size_t slabs_count(const struct slabs *s)
{
	return s->v.n;
}

const struct slab_cache *slabs_named(const struct slabs *s, const char *name)
{
	for (size_t i = 0; i < s->v.n; i++)
		if (strcmp(s->v.v[i].name, name) == 0)
			return &s->v.v[i];
	return NULL;
}

/* ---- addresses ---- */

struct error *slabs_linear(struct slabs *s, uint64_t pa, uint64_t *ret_va)
{
	uint64_t back;

	*ret_va = pa + s->linear;
	TRY(vmem_translate(s->k, *ret_va, &back, NULL));
	return back == pa ? NULL
			  : error_new(ERROR_NOT_FOUND, "physical address 0x%llx is not in the kernel's linear map",
				      (unsigned long long)pa);
}

struct error *slabs_page(struct slabs *s, uint64_t pfn, uint64_t *ret_page_va)
{
	return memmap_address(s->map, pfn, ret_page_va);
}

uint64_t slabs_page_size(const struct slabs *s)
{
	return s->page_size;
}

struct error *slabs_page_frame(struct slabs *s, uint64_t page_va, uint64_t *ret_pfn)
{
	uint64_t off = page_va - s->first_page, back;
	struct error *e;

	if (page_va >= s->first_page && s->page_size) {
		*ret_pfn = off / s->page_size;
		e = memmap_address(s->map, *ret_pfn, &back);
		error_free(e);
		if (!e && back == page_va - off % s->page_size)
			return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "0x%llx is in no struct page", (unsigned long long)page_va);
}

/* include/linux/page-flags.h: a tail has bit 0 set in this word; the rest is the head's address, or
 * since 7.1 the bits of the address that head and tail share (struct page is a power of 2 then). */
struct error *slabs_head(struct slabs *s, uint64_t page_va, uint64_t *ret)
{
	_cleanup_peek_ struct peek p = {.k = s->k};
	uint64_t link = peek_member(&p, page_va, "page", "compound_info|compound_head");
	bool is_mask = (int64_t)link >> 40 == -1 && s->k->is_64bit;

	TRY(peek_error(&p));
	*ret = !(link & 1) ? page_va : is_mask ? page_va & link : link - 1;
	return NULL;
}

/* ---- slabs ---- */

static bool is_cache(const struct slabs *s, uint64_t va, const struct slab_cache **ret)
{
	for (size_t i = 0; i < s->v.n; i++) {
		*ret = &s->v.v[i];
		if (s->v.v[i].va == va)
			return true;
	}
	return false;
}

struct error *slab_read(struct slabs *s, const struct slab_cache *c, uint64_t va, struct slab *ret)
{
	uint64_t pfn, inuse, objects, frozen;

	*ret = (struct slab){.va = va};
	TRY(type_read(s->k, va, &s->inuse, &inuse));
	TRY(type_read(s->k, va, &s->objects, &objects));
	TRY(type_read(s->k, va, &s->frozen, &frozen));
	TRY(type_read(s->k, va, &s->freelist, &ret->freelist));
	TRY(slabs_page_frame(s, va, &pfn));
	TRY(slabs_linear(s, pfn * s->k->page_size, &ret->base));
	/* a slab is no larger than its cache's order says, those made when memory was short are
	 * smaller */
	if (!objects || inuse > objects || objects * c->size > (uint64_t)s->k->page_size << c->order)
		return error_new(ERROR_BAD_DATA, "the slab at 0x%llx says %llu of %llu objects of %u bytes",
				 (unsigned long long)va, (unsigned long long)inuse, (unsigned long long)objects,
				 c->size);
	ret->inuse = (uint32_t)inuse;
	ret->objects = (uint32_t)objects;
	ret->frozen = frozen;
	return NULL;
}

struct error *slab_find(struct slabs *s, uint64_t va, const struct slab_cache **ret_cache, struct slab *ret)
{
	uint64_t pfn, pa, page, cache;
	struct error *e = slabs_page_frame(s, va, &pfn);

	if (e) {
		error_free(e);
		TRY(vmem_translate(s->k, va, &pa, NULL));
		if (pa + s->linear != va)
			return error_new(ERROR_NOT_FOUND, "0x%llx is not in the linear map, where slabs are",
					 (unsigned long long)va);
		pfn = pa / s->k->page_size;
	}
	TRY(slabs_page(s, pfn, &page));
	TRY(slabs_head(s, page, &page));
	TRY(type_read(s->k, page, &s->cache, &cache));
	if (!is_cache(s, cache, ret_cache))
		return error_new(ERROR_NOT_FOUND, "0x%llx is in no slab", (unsigned long long)va);
	return slab_read(s, *ret_cache, page, ret);
}

uint64_t slab_object(const struct slab_cache *c, const struct slab *slab, uint32_t i)
{
	return slab->base + (uint64_t)i * c->size + c->red_left;
}

bool slab_object_at(const struct slab_cache *c, const struct slab *slab, uint64_t va, uint32_t *ret_i)
{
	uint64_t i = (va - slab->base) / c->size;

	if (va < slab->base || i >= slab->objects)
		return false;
	*ret_i = (uint32_t)i;
	return true;
}

/* The pointer in a free object. Hardened ones are mixed with the cache's number and, its bytes
 * turned around since 5.7, the place they are at (mm/slub.c, freelist_ptr_decode()). */
static struct error *next_free(struct slabs *s, const struct slab_cache *c, const struct slab *slab,
			       uint64_t object, uint64_t *ret)
{
	uint64_t at = object + c->offset, v, plain, old;
	uint32_t i;

	TRY(vmem_read_long(s->k, at, &v));
	*ret = v;
	if (!c->is_hardened)
		return NULL;
	plain = v ^ c->random ^ (s->k->is_64bit ? __builtin_bswap64(at) : __builtin_bswap32((uint32_t)at));
	old = v ^ c->random ^ at;
	*ret = plain;
	if (plain && !slab_object_at(c, slab, plain, &i) && (!old || slab_object_at(c, slab, old, &i)))
		*ret = old;
	return NULL;
}

static struct error *mark_free(struct slabs *s, const struct slab_cache *c, const struct slab *slab,
			       uint64_t object, struct slab_map *m)
{
	for (uint32_t n = 0; object; n++) {
		uint32_t i;

		if (n > slab->objects || !slab_object_at(c, slab, object, &i))
			return error_new(ERROR_BAD_DATA, "the free list of slab 0x%llx (%s) leads to 0x%llx",
					 (unsigned long long)slab->va, c->name, (unsigned long long)object);
		m->n_free += !m->free[i];
		m->free[i] = true;
		TRY(next_free(s, c, slab, object, &object));
	}
	return NULL;
}

struct error *slab_map_read(struct slabs *s, const struct slab_cache *c, const struct slab *slab, uint64_t more,
			    struct slab_map *ret)
{
	struct error *e;

	*ret = (struct slab_map){.free = calloc(slab->objects, sizeof(bool)), .n = slab->objects};
	if (!ret->free)
		return error_nomem();
	e = mark_free(s, c, slab, slab->freelist, ret);
	if (!e)
		e = mark_free(s, c, slab, more, ret);
	if (e)
		slab_map_done(ret);
	return e;
}

void slab_map_done(struct slab_map *m)
{
	free(m->free);
	*m = (struct slab_map){0};
}

/* ---- CPUs ---- */

static struct error *read_sheaves(struct slabs *s, const struct slab_cache *c, unsigned cpu, struct slab_cpu *ret)
{
	static const char *const sheaves[] = {"main", "spare", "rcu_free"};
	_cleanup_peek_ struct peek p = {.k = s->k};

	TRY(percpu_pointer(s->k, c->sheaves, cpu, &ret->va));
	for (size_t i = 0; i < ARRAY_SIZE(sheaves); i++) {
		uint64_t sheaf = peek_member(&p, ret->va, "slub_percpu_sheaves", sheaves[i]);

		if (sheaf)
			ret->sheaf_objects += peek_member(&p, sheaf, "slab_sheaf", "size");
	}
	return peek_error(&p);
}

struct error *slab_cpu_read(struct slabs *s, const struct slab_cache *c, unsigned cpu, struct slab_cpu *ret)
{
	_cleanup_peek_ struct peek p = {.k = s->k};

	*ret = (struct slab_cpu){0};
	if (c->sheaves)
		TRY(read_sheaves(s, c, cpu, ret));
	if (!c->cpus)
		return NULL;
	TRY(percpu_pointer(s->k, c->cpus, cpu, &ret->va));
	ret->slab = peek_member(&p, ret->va, "kmem_cache_cpu", "slab|page");
	ret->freelist = peek_member(&p, ret->va, "kmem_cache_cpu", "freelist");
	if (peek_has(s->k, "kmem_cache_cpu", "partial"))
		ret->partial = peek_member(&p, ret->va, "kmem_cache_cpu", "partial");
	return peek_error(&p);
}

struct error *slab_cpu_next(struct slabs *s, uint64_t va, uint64_t *ret)
{
	*ret = 0;
	return s->has_next ? type_read(s->k, va, &s->next, ret) : NULL;
}

/* ---- nodes ---- */

unsigned slabs_nodes(const struct slabs *s)
{
	return s->nodes;
}

struct error *slab_node_read(struct slabs *s, const struct slab_cache *c, unsigned node, struct slab_node *ret)
{
	_cleanup_peek_ struct peek p = {.k = s->k};

	*ret = (struct slab_node){.id = node};
	ret->va = peek_long(&p, c->va + s->node_table + node * s->node_each + s->node_off);
	if (ret->va) {
		ret->partial = peek_member(&p, ret->va, "kmem_cache_node", "nr_partial");
		if (peek_has(s->k, "kmem_cache_node", "nr_slabs")) { /* CONFIG_SLUB_DEBUG */
			ret->slabs = peek_member(&p, ret->va, "kmem_cache_node", "nr_slabs");
			ret->objects = peek_member(&p, ret->va, "kmem_cache_node", "total_objects");
		}
	}
	return peek_error(&p);
}

struct error *slab_partial_walk(struct slabs *s, const struct slab_node *n,
				struct error *(*each)(uint64_t slab_va, void *arg), void *arg)
{
	struct member head;
	struct list_walk w;
	uint64_t node;
	struct error *e = NULL, *end;

	TRY(type_member(s->k, "kmem_cache_node", "partial", &head));
	TRY(list_begin(s->k, n->va + head.off, SLABS_MAX, &w));
	while (!e && list_next(s->k, &w, &node))
		e = each(node - s->link.off, arg);
	end = list_error(&w);
	if (!e)
		return end;
	error_free(end);
	return e;
}

/* ---- counting ---- */

struct counting {
	struct slabs *s;
	const struct slab_cache *c;
	struct slab_counts *counts;
};

static struct error *count_partial(uint64_t va, void *arg)
{
	struct counting *n = arg;
	uint64_t inuse, objects;

	TRY(type_read(n->s->k, va, &n->s->inuse, &inuse));
	TRY(type_read(n->s->k, va, &n->s->objects, &objects));
	n->counts->free += objects > inuse ? objects - inuse : 0;
	return NULL;
}

static struct error *count_cpu(struct slabs *s, const struct slab_cache *c, unsigned cpu, struct slab_counts *ret)
{
	struct counting n = {s, c, ret};
	uint64_t before = ret->free;
	struct slab_cpu mine;

	TRY(slab_cpu_read(s, c, cpu, &mine));
	ret->free += mine.sheaf_objects;
	if (mine.slab) {
		struct slab slab;
		struct slab_map map = {0};

		TRY(slab_read(s, c, mine.slab, &slab));
		ret->free += slab.objects - slab.inuse;
		slab.freelist = mine.freelist; /* its own list of what counts as used */
		TRY(slab_map_read(s, c, &slab, 0, &map));
		ret->free += map.n_free;
		slab_map_done(&map);
	}
	for (unsigned i = 0; mine.partial && i < CPU_LIST_MAX; i++) {
		TRY(count_partial(mine.partial, &n));
		TRY(slab_cpu_next(s, mine.partial, &mine.partial));
	}
	ret->on_cpus += ret->free - before;
	return NULL;
}

/* Full sheaves that a node keeps (struct node_barn): pointed to beside the node. */
static struct error *count_barn(struct slabs *s, const struct slab_cache *c, unsigned node, struct slab_counts *ret)
{
	_cleanup_peek_ struct peek p = {.k = s->k};
	uint64_t barn, head, link, at;
	struct list_walk w;

	if (!c->sheaves || !peek_has(s->k, "node_barn", "sheaves_full"))
		return NULL;
	if (peek_has(s->k, "kmem_cache_per_node_ptrs", "barn"))
		barn = peek_member(&p, c->va + s->node_table + node * s->node_each, "kmem_cache_per_node_ptrs", "barn");
	else
		barn = peek_member(&p, peek_long(&p, c->va + s->node_table + node * s->node_each), "kmem_cache_node",
				   "barn");
	head = barn + peek_offset(&p, "node_barn", "sheaves_full");
	link = peek_offset(&p, "slab_sheaf", "barn_list");
	TRY(peek_error(&p));
	if (!barn)
		return NULL;
	TRY(list_begin(s->k, head, SHEAVES_MAX, &w));
	while (list_next(s->k, &w, &at)) {
		uint64_t n = peek_member(&p, at - link, "slab_sheaf", "size");

		ret->free += n;
		ret->on_cpus += n;
	}
	error_free(list_error(&w));
	return peek_error(&p);
}

struct error *slab_counts_read(struct slabs *s, const struct slab_cache *c, struct slab_counts *ret)
{
	struct counting n = {s, c, ret};
	unsigned cpus;

	*ret = (struct slab_counts){0};
	TRY(cpu_count(s->k, &cpus));
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		bool there = true;

		error_free(cpu_in_mask(s->k, "possible", cpu, &there));
		if (there)
			TRY(count_cpu(s, c, cpu, ret));
	}
	for (unsigned id = 0; id < s->nodes; id++) {
		struct slab_node node;

		TRY(slab_node_read(s, c, id, &node));
		if (!node.va)
			continue;
		ret->objects += node.objects;
		ret->slabs += node.slabs;
		TRY(slab_partial_walk(s, &node, count_partial, &n));
		TRY(count_barn(s, c, id, ret));
	}
	/* counted one after the other, while the machine ran on */
	ret->free = MIN(ret->free, ret->objects);
	return NULL;
}
