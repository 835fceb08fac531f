/*
 * The class of a page frame from its struct page. The order of the questions matters:
 *
 *   tail page          as its head
 *   free block         2^order frames are free; an order that makes no sense is kept
 *   unaccepted         never touched memory of a confidential guest: not to be read
 *   hwpoison, offline  not to be read
 *   hugetlb            user
 *   any other type     kernel: slab, page tables, network pools ... use `mapping` otherwise
 *   slab               kernel
 *   anonymous          user: bit 0 of `mapping`
 *   page cache         PG_lru, or PG_swapcache of a swap-backed page
 *   else               kernel
 *
 * Whatever is not known or not plausible ends as kernel: kept.
 */
#include "kernel/pageclass-priv.h"

#include "base/bytes.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"

#define WINDOW		32768  /* struct pages asked for at once */
#define SCANNED_MAX	(1u << 20)
#define NR_KEYS		32     /* see KEY_ANON and the others */
#define RUNS		512    /* answers made at once */
#define MAX_FOLIO_ORDER 26     /* 2^26 frames: more than any hugetlb page (16 GiB) */
#define MAPPING_ANON	1      /* PAGE_MAPPING_ANON, include/linux/page-flags.h */
#define MIN_COUNT	(-128) /* PAGE_MAPCOUNT_RESERVE: at or below it there is a type */

struct pageclass {
	struct kernel *k;
	struct memmap *m;
	struct page_layout l;

	/* struct pages at hand; void after the caller had his turn */
	const unsigned char *window;
	uint64_t window_pfn, window_n;

	/* the block that was met last: an answer cut short goes on here */
	uint64_t block_start, block_end;
	enum page_class block_class;
	uint64_t next; /* the frame after the last one that was looked at */

	/* Answers made ahead, for runs[run_at] to runs[run_n - 1], which begin at run_pfn. */
	struct class_run runs[RUNS];
	unsigned run_at, run_n;
	uint64_t run_pfn;

	bool quick;	/* quick_answer() can read this kernel's struct page */
	uint8_t class_by_key[NR_KEYS];
	uint64_t swap_flags; /* all set: in the swap cache */
	enum { NOT_ASKED, MAY_BE, NONE } poison; /* what the kernel's own count says */
	uint64_t scanned;			 /* frames, for poison */
};

/* What is asked of one struct page, copied: the window may move. */
struct page {
	uint64_t flags, mapping, private, link;
	int32_t count; /* _mapcount, or the type in its place */
};

static uint64_t get_field(const struct pageclass *c, const unsigned char *p, struct field f)
{
	return get_uint(p + f.off, f.width, c->k->big) & f.mask;
}

/* The raw struct page, or null; *ret_n: how many frames have none to read. */
static const unsigned char *raw_page(struct pageclass *c, uint64_t pfn, uint64_t *ret_n)
{
	if (pfn - c->window_pfn >= c->window_n) {
		const void *p;
		uint64_t n;
		struct error *e = memmap_get(c->m, pfn, WINDOW, &p, &n);

		c->window_n = 0;
		if (e) {
			error_free(e);
			*ret_n = n;
			return NULL;
		}
		c->window = p;
		c->window_pfn = pfn;
		c->window_n = n;
	}
	return c->window + (pfn - c->window_pfn) * c->l.page_len;
}

static bool read_page(struct pageclass *c, uint64_t pfn, struct page *ret, uint64_t *ret_n)
{
	const unsigned char *p = raw_page(c, pfn, ret_n);

	if (!p)
		return false;
	ret->flags = get_field(c, p, c->l.flags);
	ret->mapping = get_field(c, p, c->l.mapping);
	ret->private = get_field(c, p, c->l.private);
	ret->link = get_field(c, p, c->l.link);
	ret->count =
		c->l.mapcount.width ? (int32_t)get_u32(p + c->l.mapcount.off, c->k->big) : -1;
	return true;
}

static bool has_type(const struct page *p, struct type_value t)
{
	return t.mask && ((uint32_t)p->count & t.mask) == t.value;
}

static bool is_free(const struct pageclass *c, const struct page *p)
{
	return has_type(p, c->l.buddy) || p->flags & c->l.flag_buddy;
}

static bool is_aligned(uint64_t pfn, uint64_t order)
{
	return (pfn & ((1ull << order) - 1)) == 0;
}

/* A free block's frames; 1 when what it says of itself cannot be. */
static struct class_run free_block(const struct pageclass *c, uint64_t pfn, const struct page *p)
{
	if (!c->l.private.width || p->private >= c->l.nr_orders || !is_aligned(pfn, p->private))
		return (struct class_run){CLASS_KERNEL, 1};
	return (struct class_run){CLASS_FREE, 1ull << p->private};
}

/* Reads a compound page's order and hugetlb mark from its first tail. */
static uint64_t compound_order(struct pageclass *c, uint64_t pfn, bool *ret_hugetlb)
{
	uint64_t order, none;
	const unsigned char *tail;

	*ret_hugetlb = false;
	if (!c->l.order.width || !(tail = raw_page(c, pfn + 1, &none)))
		return 0;
	order = get_field(c, tail, c->l.order);
	if (order == 0 || order > MAX_FOLIO_ORDER || !is_aligned(pfn, order))
		return 0;
	if (c->l.has_dtor_hugetlb)
		*ret_hugetlb = get_field(c, tail, c->l.dtor) == c->l.dtor_hugetlb;
	if (get_field(c, tail, c->l.flags) & c->l.tail_flag_hugetlb)
		*ret_hugetlb = true;
	return order;
}

/* Whether the kernel's own count of poisoned pages is zero, so that none need be looked for. */
static bool counts_no_poison(struct kernel *k)
{
	uint64_t va, n = 1;
	struct error *e = symbol_find(k, "num_poisoned_pages", &va);

	if (!e)
		e = vmem_read_long(k, va, &n);
	error_free(e); /* not known: they are looked for */
	return n == 0;
}

/* A poisoned frame inside a large folio has the mark in its own struct page. To look at each is
 * quicker than to load the symbols, unless there are very many. */
static uint64_t frames_before_poison(struct pageclass *c, uint64_t pfn, uint64_t n)
{
	uint64_t none;

	if (!c->l.flag_hwpoison)
		return n;
	c->scanned += n;
	if (c->scanned > SCANNED_MAX && c->poison == NOT_ASKED)
		c->poison = counts_no_poison(c->k) ? NONE : MAY_BE;
	if (c->poison == NONE)
		return n;
	for (uint64_t i = 1; i < n; i++) {
		const unsigned char *p = raw_page(c, pfn + i, &none);

		if (!p || get_field(c, p, c->l.flags) & c->l.flag_hwpoison)
			return i;
	}
	return n;
}

static enum page_class cache_or_kernel(const struct pageclass *c, const struct page *p)
{
	const struct page_layout *l = &c->l;
	bool cache = p->flags & l->flag_lru;

	/* PG_swapcache shares its bit with other uses since 4.10: it counts with PG_swapbacked
	 */
	if (p->flags & l->flag_swapcache &&
	    (!l->flag_swapbacked || p->flags & l->flag_swapbacked))
		cache = true;
	if (!cache || !l->mapping.width)
		return CLASS_KERNEL;
	/* without knowing PG_private all of the cache may be private */
	if (!l->flag_private || p->flags & l->flag_private)
		return CLASS_CACHE_PRIVATE;
	return CLASS_CACHE;
}

/* A page that is no tail; `*ret_scan`: single frames of it may be poisoned. */
static struct class_run class_of_folio(struct pageclass *c, uint64_t pfn, const struct page *p,
				    bool *ret_scan)
{
	const struct page_layout *l = &c->l;
	struct class_run a = {CLASS_KERNEL, 1};
	bool hugetlb = false;

	*ret_scan = false;
	if (is_free(c, p))
		return free_block(c, pfn, p);
	if (has_type(p, l->unaccepted)) {
		if (is_aligned(pfn, l->nr_orders - 1))
			a = (struct class_run){CLASS_OFFLINE, 1ull << (l->nr_orders - 1)};
		return a;
	}
	if (p->flags & l->flag_head)
		a.n = 1ull << compound_order(c, pfn, &hugetlb);
	hugetlb = hugetlb || has_type(p, l->hugetlb);
	*ret_scan = !hugetlb;
	if (p->flags & l->flag_hwpoison) {
		if (!hugetlb) /* which frame of a hugetlb page it is the head does not say */
			a.n = 1;
		a.class = CLASS_HWPOISON;
	} else if (has_type(p, l->offline)) {
		a.class = CLASS_OFFLINE;
	} else if (hugetlb) {
		a.class = CLASS_USER;
	} else if (p->count <= MIN_COUNT || p->flags & l->flag_slab) {
		a.class = CLASS_KERNEL;
	} else if (p->mapping & MAPPING_ANON) {
		a.class = CLASS_USER;
	} else {
		a.class = cache_or_kernel(c, p);
	}
	return a;
}

static struct class_run class_of_head(struct pageclass *c, uint64_t pfn, const struct page *p)
{
	bool scan;
	struct class_run a = class_of_folio(c, pfn, p, &scan);

	if (scan)
		a.n = frames_before_poison(c, pfn, a.n);
	return a;
}

/*
 * The head of a tail page. `link` is the head's address plus 1; since 7.1, where struct page's
 * size is a power of two, a mask plus 1 that cuts the tail's own address down to the head's.
 * A mask is known by its form: all ones above some bit, which no address of an array of
 * struct page has.
 */
static bool head_of(struct pageclass *c, uint64_t pfn, uint64_t link, uint64_t *ret)
{
	uint64_t ones = c->k->is_64bit ? UINT64_MAX : UINT32_MAX;
	uint64_t va, head, low = (~(link - 1) & ones) + 1;
	struct error *e = memmap_address(c->m, pfn, &va);

	if (e) {
		error_free(e);
		return false;
	}
	head = link - 1;
	if (IS_POW2(low) && low / c->l.page_len <= 1ull << MAX_FOLIO_ORDER)
		head &= va;
	if (head >= va || (va - head) % c->l.page_len ||
	    (va - head) / c->l.page_len > MIN(pfn, 1ull << MAX_FOLIO_ORDER))
		return false;
	*ret = pfn - (va - head) / c->l.page_len;
	return true;
}

static struct class_run class_of_tail(struct pageclass *c, uint64_t pfn, const struct page *p)
{
	struct class_run a = {CLASS_KERNEL, 1};
	struct page head;
	uint64_t head_pfn, none, n;
	bool scan;

	if (p->flags & c->l.flag_hwpoison)
		return (struct class_run){CLASS_HWPOISON, 1};
	if (!head_of(c, pfn, p->link, &head_pfn) || !read_page(c, head_pfn, &head, &none) ||
	    head.link & 1 || !(head.flags & c->l.flag_head) || is_free(c, &head))
		return a;
	a = class_of_folio(c, head_pfn, &head, &scan);
	if (a.class == CLASS_HWPOISON && a.n == 1)
		return (struct class_run){CLASS_KERNEL, 1}; /* only the head is */
	n = pfn - head_pfn;
	/* where the order is not known, each tail is asked for itself */
	a.n = a.n > n ? a.n - n : 1;
	if (scan)
		a.n = frames_before_poison(c, pfn, a.n);
	return a;
}

/* `pfn` may lie inside a free block whose head was not met: only the head has marks. */
static bool inside_free_block(struct pageclass *c, uint64_t pfn, struct class_run *ret)
{
	for (unsigned order = 1; order < c->l.nr_orders; order++) {
		uint64_t head_pfn = pfn & ~((1ull << order) - 1), none;
		struct page head;
		struct class_run a;

		if (head_pfn == pfn || !read_page(c, head_pfn, &head, &none) ||
		    !is_free(c, &head))
			continue;
		a = free_block(c, head_pfn, &head);
		if (a.class != CLASS_FREE || head_pfn + a.n <= pfn)
			continue;
		*ret = (struct class_run){CLASS_FREE, head_pfn + a.n - pfn};
		return true;
	}
	return false;
}

static struct class_run class_of(struct pageclass *c, uint64_t pfn)
{
	struct class_run a = {CLASS_UNKNOWN, 1};
	struct page p;

	if (pfn - c->block_start < c->block_end - c->block_start)
		return (struct class_run){c->block_class, c->block_end - pfn};
	if (!read_page(c, pfn, &p, &a.n))
		;
	else if (p.link & 1)
		a = class_of_tail(c, pfn, &p);
	else if (pfn != c->next && inside_free_block(c, pfn, &a))
		;
	else
		a = class_of_head(c, pfn, &p);
	if (a.n > 1) {
		c->block_start = pfn;
		c->block_end = pfn + MIN(a.n, UINT64_MAX - pfn);
		c->block_class = a.class;
	}
	return a;
}

static uint64_t word_at(const unsigned char *p, struct field f)
{
	return get_u64(p + f.off, false);
}

/* What decides the class of a page by itself, as bits: without a branch for each, which in a mixture
 * of pages nobody can foresee. */
enum { KEY_ANON = 1, KEY_SLAB = 2, KEY_CACHE = 4, KEY_PRIVATE = 8, KEY_FREE = 16 };

static enum page_class class_of_key(const struct pageclass *c, unsigned key)
{
	if (key & KEY_FREE)
		return CLASS_FREE;
	if (key & KEY_SLAB)
		return CLASS_KERNEL;
	if (key & KEY_ANON)
		return CLASS_USER;
	if (!(key & KEY_CACHE))
		return CLASS_KERNEL;
	return !c->l.flag_private || key & KEY_PRIVATE ? CLASS_CACHE_PRIVATE : CLASS_CACHE;
}

/* Most pages: no tail, no folio, not poisoned, of a little-endian 64-bit kernel. The same questions
 * as class_of_folio(). */
static inline bool quick_answer(const struct pageclass *c, uint64_t pfn, const unsigned char *p,
				struct class_run *ret)
{
	const struct page_layout *l = &c->l;
	uint64_t flags = word_at(p, l->flags), order = word_at(p, l->private);
	uint32_t count = get_u32(p + l->mapcount.off, false);
	bool free = l->buddy.mask && (count & l->buddy.mask) == l->buddy.value;
	bool odd = (word_at(p, l->link) & 1) |
		   ((flags & (l->flag_head | l->flag_hwpoison | l->flag_buddy)) != 0) |
		   (!free & ((int32_t)count <= MIN_COUNT));
	unsigned key = (word_at(p, l->mapping) & MAPPING_ANON) | ((flags & l->flag_slab) != 0) << 1 |
		       (((flags & l->flag_lru) != 0) |
			((flags & c->swap_flags) == c->swap_flags)) << 2 |
		       ((flags & l->flag_private) != 0) << 3 | free << 4;

	order = free ? order : 0;
	if (odd || order >= l->nr_orders || !is_aligned(pfn, order))
		return false;
	ret->class = c->class_by_key[key];
	ret->n = 1ull << order;
	return true;
}

static void make_quick(struct pageclass *c)
{
	for (unsigned key = 0; key < NR_KEYS; key++)
		c->class_by_key[key] = class_of_key(c, key);
	/* what is never there when the flag is not known */
	c->swap_flags = c->l.flag_swapcache ? c->l.flag_swapcache | c->l.flag_swapbacked : UINT64_MAX;
}

static bool is_quick(const struct pageclass *c)
{
	const struct field *const words[] = { &c->l.flags, &c->l.mapping, &c->l.private, &c->l.link };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i]->width != 8 || words[i]->mask != UINT64_MAX)
			return false;
	return c->k->is_64bit && !c->k->big && c->l.mapcount.width == 4;
}

/* Neighbours of one class are one answer. */
static inline void add_answer(struct pageclass *c, struct class_run a)
{
	if (c->run_n && c->runs[c->run_n - 1].class == a.class)
		c->runs[c->run_n - 1].n += a.n;
	else
		c->runs[c->run_n++] = a;
}

/* Goes over ordinary pages, whose struct pages are at hand; returns the first frame behind them. */
static uint64_t quick_answers(struct pageclass *c, uint64_t pfn, uint64_t end)
{
	uint64_t stop = MIN(end, c->window_pfn + c->window_n);
	const unsigned char *p = c->window + (pfn - c->window_pfn) * c->l.page_len;
	struct class_run a;

	while (pfn < stop && c->run_n < RUNS && quick_answer(c, pfn, p, &a)) {
		add_answer(c, a);
		pfn += a.n;
		p += a.n * c->l.page_len;
	}
	return pfn;
}

static bool is_at_hand(const struct pageclass *c, uint64_t pfn)
{
	return pfn - c->window_pfn < c->window_n;
}

/* Answers for the frames from `pfn` on, as far as struct pages are at hand and there is room: one
 * at least. */
static void look_ahead(struct pageclass *c, uint64_t pfn, uint64_t end)
{
	uint64_t at = pfn;

	c->window_n = 0; /* the caller had his turn: the dump's map may have moved */
	c->run_pfn = pfn;
	c->run_at = c->run_n = 0;
	do {
		uint64_t before = at;

		/* inside a block, and where the frame before was not looked at, it takes more */
		if (c->quick && at == c->next && is_at_hand(c, at) &&
		    at - c->block_start >= c->block_end - c->block_start)
			at = quick_answers(c, at, end);
		if (at == before) {
			struct class_run a = class_of(c, at);

			a.n = MAX(a.n, (uint64_t)1);
			add_answer(c, a);
			at += a.n;
		}
		c->next = at;
	} while (c->run_n < RUNS && at < end && is_at_hand(c, at));
}

/* Makes the answers at hand begin at `pfn`; false: they do not reach there. */
static bool go_on_at(struct pageclass *c, uint64_t pfn)
{
	struct class_run *a = &c->runs[c->run_at];

	for (; c->run_at < c->run_n && pfn - c->run_pfn >= a->n; a++, c->run_at++)
		c->run_pfn += a->n;
	if (c->run_at == c->run_n || pfn < c->run_pfn)
		return false;
	a->n -= pfn - c->run_pfn;
	c->run_pfn = pfn;
	return true;
}

unsigned pageclass_runs(struct pageclass *c, uint64_t pfn, uint64_t end, const struct class_run **ret)
{
	if (!go_on_at(c, pfn))
		look_ahead(c, pfn, end);
	*ret = &c->runs[c->run_at];
	return c->run_n - c->run_at;
}

enum page_class pageclass_at(struct pageclass *c, uint64_t pfn, uint64_t end, uint64_t *ret_n)
{
	struct class_run *a;

	if (pfn != c->run_pfn || c->run_at == c->run_n)
		look_ahead(c, pfn, end);
	a = &c->runs[c->run_at];
	*ret_n = end > pfn ? MIN(a->n, end - pfn) : 1;
	a->n -= *ret_n;
	c->run_pfn += *ret_n;
	c->run_at += a->n == 0;
	return a->class;
}

struct error *pageclass_open(struct kernel *k, struct pageclass **ret)
{
	CLEANUP(pageclass_close) struct pageclass *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem();
	c->k = k;
	c->next = UINT64_MAX;
	TRY(memmap_open(k, &c->m));
	TRY(page_layout_find(k, memmap_page_struct_size(c->m), &c->l));
	make_quick(c);
	c->quick = is_quick(c);
	*ret = take_ptr(c);
	return NULL;
}

void pageclass_close(struct pageclass *c)
{
	if (!c)
		return;
	memmap_close(c->m);
	free(c);
}

int pageclass_can(struct pageclass *c, struct strbuf *why)
{
	return page_layout_can(&c->l, why);
}

bool pageclass_dropped(enum page_class class, int level)
{
	switch (class) {
	case CLASS_FREE:
		return level & 16;
	case CLASS_CACHE:
		/* level 4 means the whole page cache */
		return level & (2 | 4);
	case CLASS_CACHE_PRIVATE:
		return level & 4;
	case CLASS_USER:
		return level & 8;
	case CLASS_HWPOISON:
	case CLASS_OFFLINE:
		return true;
	case CLASS_KERNEL:
	case CLASS_UNKNOWN:
	case CLASS_UNUSED_MAP:
	case CLASS_MAX:
		break;
	}
	return false;
}

const char *pageclass_name(enum page_class class)
{
	static const char *const names[CLASS_MAX] = {
		[CLASS_KERNEL] = "kernel",   [CLASS_FREE] = "free",
		[CLASS_CACHE] = "cache",     [CLASS_CACHE_PRIVATE] = "private cache",
		[CLASS_USER] = "user",	     [CLASS_HWPOISON] = "hwpoison",
		[CLASS_OFFLINE] = "offline", [CLASS_UNKNOWN] = "unknown",
		[CLASS_UNUSED_MAP] = "unused memory map",
	};

	return (unsigned)class < CLASS_MAX ? names[class] : "?";
}
