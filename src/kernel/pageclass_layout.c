/*
 * Where struct page keeps what decides a page's class. Asked for by VMCOREINFO name, newest
 * way first; then by the names in the kernel's type information, so that a key that is renamed
 * (7.1 did) does not blind us; every other fallback names the kernels that need it (mm_types.h,
 * page-flags.h, kernel/vmcore_info.c of the releases named; doc/kernel/page-classes.md has the
 * table). Type information is only loaded when a key is missing that should be there.
 */
#include "kernel/pageclass-priv.h"

#include "base/checked.h"
#include "kernel/type.h"

static bool take_offset(struct kernel *k, const char *type, const char *member, size_t width,
			size_t size, struct field *ret)
{
	uint64_t off;

	if (!vmcoreinfo_offset(k->info, type, member, &off) || !range_fits(off, width, size))
		return false;
	*ret = (struct field){.width = width, .off = off, .mask = UINT64_MAX};
	return true;
}

/* A member of struct page that every kernel has. */
static bool take_member(struct kernel *k, const char *member, size_t width, size_t size,
			struct field *ret)
{
	struct member m;
	struct error *e;

	if (take_offset(k, "page", member, width, size, ret))
		return true;
	e = type_member(k, "page", member, &m);
	if (e) {
		error_free(e);
		return false;
	}
	if (!range_fits(m.off, width, size))
		return false;
	*ret = (struct field){.width = width, .off = m.off, .mask = UINT64_MAX};
	return true;
}

static bool take_constant(struct kernel *k, const char *name, int64_t *ret)
{
	struct error *e;

	if (vmcoreinfo_number(k->info, name, ret))
		return true;
	e = type_enum_value(k, name, ret);
	error_free(e);
	return !e;
}

/* A flag that every kernel has. */
static bool take_flag_always(struct kernel *k, const char *name, uint64_t *ret_mask)
{
	int64_t bit;

	if (!take_constant(k, name, &bit) || bit < 0 || bit >= 8 * k->long_size)
		return false;
	*ret_mask = 1ull << bit;
	return true;
}

static bool take_flag(struct kernel *k, const char *name, uint64_t *ret_mask)
{
	int64_t bit;

	if (!vmcoreinfo_number(k->info, name, &bit) || bit < 0 || bit >= 8 * k->long_size)
		return false;
	*ret_mask = 1ull << bit;
	return true;
}

/* Page types are kept in the place of _mapcount. Since 6.12 the type is the top byte and the
 * rest belongs to its owner, so only that byte is compared; before it is the whole word. */
static bool take_type(struct kernel *k, const char *name, struct type_value *ret)
{
	int64_t value;

	if (!vmcoreinfo_number(k->info, name, &value) || value < INT32_MIN || value >= 0)
		return false;
	ret->value = value;
	ret->mask = ret->value & 0xffffff ? UINT32_MAX : 0xff000000;
	return true;
}

static void find_free(struct kernel *k, struct page_layout *l)
{
	unsigned release = kernel_release_number(k->release);
	int64_t type;

	if (take_type(k, "PAGE_BUDDY_MAPCOUNT_VALUE", &l->buddy))
		return;
	if (take_flag(k, "PG_buddy", &l->flag_buddy)) /* 2.6.17 to 2.6.37 */
		return;
	/* the key may be renamed: the enum of 6.12 and later holds the top byte */
	if (release >= 60012 && take_constant(k, "PGTY_buddy", &type) && type > 0x80 &&
	    type < 0xff) {
		l->buddy = (struct type_value){(uint32_t)type << 24, 0xff000000};
		return;
	}
	/* not exported before 3.9: -2 in 2.6.38, -128 since 2.6.39 */
	if (release == 20638)
		l->buddy = (struct type_value){(uint32_t)-2, UINT32_MAX};
	else if (release == 20639 || (release >= 30000 && release < 30010))
		l->buddy = (struct type_value){(uint32_t)-128, UINT32_MAX};
}

static void find_flags(struct kernel *k, struct page_layout *l)
{
	int64_t mask;

	(void)take_flag_always(k, "PG_lru", &l->flag_lru);
	(void)take_flag_always(k, "PG_private", &l->flag_private);
	(void)take_flag(k, "PG_hwpoison", &l->flag_hwpoison); /* only if configured */
	(void)take_flag(k, "PG_swapcache", &l->flag_swapcache);
	(void)take_flag(k, "PG_swapbacked", &l->flag_swapbacked);
	/* A flag until 6.9, a type since 6.10; bit 7 before 3.9, which did not export it. */
	if (!take_type(k, "PAGE_SLAB_MAPCOUNT_VALUE", &l->slab) &&
	    !take_flag(k, "PG_slab", &l->flag_slab))
		l->flag_slab = 1u << 7;
	if (vmcoreinfo_number(k->info, "PG_head_mask", &mask) && mask > 0)
		l->flag_head = mask;
	else
		(void)take_flag_always(k, "PG_head", &l->flag_head);
}

/* Where a compound page's order and, for hugetlb, its mark are: in the first tail page. */
static void find_compound(struct kernel *k, struct page_layout *l)
{
	size_t len = l->page_len, ul = k->long_size;
	uint64_t order, dtor, off;
	int64_t number;

	if (vmcoreinfo_offset(k->info, "page", "compound_order", &order) &&
	    vmcoreinfo_offset(k->info, "page", "compound_dtor", &dtor) && order > dtor) {
		/* 4.4 to 6.2: side by side, u16 until 4.15, u8 since */
		size_t width = order - dtor == 1 ? 1 : 2;

		(void)take_offset(k, "page", "compound_order", width, len, &l->order);
		(void)take_offset(k, "page", "compound_dtor", width, len, &l->dtor);
	} else if (vmcoreinfo_offset(k->info, "folio", "_folio_order", &order) &&
		   vmcoreinfo_offset(k->info, "folio", "_folio_dtor", &dtor)) {
		/* 6.3 to 6.5: bytes of the second page of struct folio */
		order -= MIN(order, (uint64_t)len);
		dtor -= MIN(dtor, (uint64_t)len);
		if (order < len && dtor < len) {
			l->order = (struct field){1, order, UINT64_MAX};
			l->dtor = (struct field){1, dtor, UINT64_MAX};
		}
	} else if (l->link.width) {
		/* since 6.6 the low byte of the flags */
		l->order = (struct field){ul, l->flags.off, 0xff};
	} else if (vmcoreinfo_offset(k->info, "page", "lru", &off) &&
		   range_fits(off, 2 * ul, len)) {
		/* until 4.3: lru.next is a function, lru.prev the order */
		l->dtor = (struct field){ul, off, UINT64_MAX};
		l->order = (struct field){ul, off + ul, UINT64_MAX};
		if (vmcoreinfo_symbol(k->info, "free_huge_page", &l->dtor_hugetlb))
			l->has_dtor_hugetlb = true;
		return;
	}
	if (l->dtor.width && vmcoreinfo_number(k->info, "HUGETLB_PAGE_DTOR", &number)) {
		l->dtor_hugetlb = number;
		l->has_dtor_hugetlb = true;
	}
}

static struct error *find_members(struct kernel *k, struct page_layout *l)
{
	size_t len = l->page_len, ul = k->long_size;

	if (!take_member(k, "flags", ul, len, &l->flags))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no OFFSET(page.flags): pages cannot be told apart");
	(void)take_member(k, "_mapcount", 4, len, &l->mapcount);
	(void)take_member(k, "mapping", ul, len, &l->mapping);
	(void)take_member(k, "private", ul, len, &l->private);
	/* compound_info since 7.1, compound_head since 4.5 */
	if (!take_offset(k, "page", "compound_info", ul, len, &l->link) &&
	    !take_offset(k, "page", "compound_head", ul, len, &l->link) &&
	    !take_member(k, "compound_info", ul, len, &l->link))
		(void)take_member(k, "compound_head", ul, len, &l->link);
	return NULL;
}

struct error *page_layout_find(struct kernel *k, size_t page_len, struct page_layout *l)
{
	uint64_t orders;

	*l = (struct page_layout){.page_len = page_len, .nr_orders = 11};
	TRY(find_members(k, l));
	find_flags(k, l);
	find_free(k, l);
	find_compound(k, l);
	(void)take_type(k, "PAGE_HUGETLB_MAPCOUNT_VALUE", &l->hugetlb); /* 6.9 */
	(void)take_flag(k, "PG_hugetlb", &l->tail_flag_hugetlb);	/* 6.6 to 6.8 */
	(void)take_type(k, "PAGE_OFFLINE_MAPCOUNT_VALUE", &l->offline); /* 5.0 */
	/* exported since 6.16; a type of 6.12 already, always 0xf7 */
	if (!take_type(k, "PAGE_UNACCEPTED_MAPCOUNT_VALUE", &l->unaccepted) &&
	    l->buddy.value == 0xf0000000 && kernel_release_number(k->release) < 60016)
		l->unaccepted = (struct type_value){0xf7000000, 0xff000000};
	if (vmcoreinfo_length(k->info, "zone.free_area", &orders) && orders > 0 && orders < 32)
		l->nr_orders = orders;
	return NULL;
}

static void missing(struct strbuf *why, const char *sentence)
{
	if (why)
		strbuf_printf(why, "%s%s", why->len ? "; " : "", sentence);
}

int page_layout_can(const struct page_layout *l, struct strbuf *why)
{
	int level = 0;

	if (l->flag_lru && l->mapping.width)
		level |= 2;
	else
		missing(why, "cache pages cannot be told (no PG_lru or page.mapping)");
	if (level && l->flag_private)
		level |= 4;
	else
		missing(why, "private cache pages cannot be told (no PG_private)");
	if (l->mapping.width)
		level |= 8;
	else
		missing(why, "user pages cannot be told (no page.mapping)");
	if (l->private.width && (l->flag_buddy || (l->buddy.mask && l->mapcount.width)))
		level |= 16;
	else
		missing(why,
			"free pages cannot be told (no PAGE_BUDDY_MAPCOUNT_VALUE or PG_buddy)");
	return level;
}
