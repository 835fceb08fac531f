/* Page tables of any shape, and the linear maps beside them; see pagetable.h. */
#include "kernel/pagetable.h"

#include "base/bytes.h"

void *pagetable_new(struct kernel *k, size_t len)
{
	struct pagetable *t = calloc(1, len);

	if (!t)
		return NULL;
	t->k = k;
	t->top_pa = UINT64_MAX;
	k->paging_state = t;
	return t;
}

void pagetable_set_levels(struct pagetable_layout *l, unsigned page_shift, unsigned bits,
			  unsigned va_bits)
{
	l->nr_levels = 0;
	for (unsigned shift = page_shift;
	     shift < va_bits && l->nr_levels < PAGETABLE_MAX_LEVELS; shift += bits)
		l->levels[l->nr_levels++] =
			(struct pagetable_level){shift, MIN(bits, va_bits - shift)};
}

void pagetable_add_window(struct pagetable *t, struct window w)
{
	if (t->nr_windows < PAGETABLE_MAX_WINDOWS)
		t->windows[t->nr_windows++] = w;
}

/* One entry. What lies around it is remembered, so that a walk over neighbouring addresses
 * reads each table once. */
static struct error *read_entry(struct pagetable *t, unsigned level, uint64_t pa, uint64_t *ret)
{
	struct pagetable_block *b = &t->blocks[level][pa / PAGETABLE_BLOCK % PAGETABLE_WAYS];
	uint64_t start = ROUND_DOWN(pa, (uint64_t)PAGETABLE_BLOCK);
	unsigned len = t->layout.entry_len;
	unsigned char bytes[8];

	if (!b->valid || b->pa != start) {
		struct error *e;

		b->valid = false;
		e = dump_read_phys(t->k->dump, start, b->bytes, PAGETABLE_BLOCK);
		if (e) {
			/* a segment may begin in the middle of a page */
			error_free(e);
			TRY(dump_read_phys(t->k->dump, pa, bytes, len));
			*ret = get_uint(bytes, len, t->layout.big);
			return NULL;
		}
		b->pa = start;
		b->valid = true;
	}
	*ret = get_uint(b->bytes + pa % PAGETABLE_BLOCK, len, t->layout.big);
	return NULL;
}

static bool is_canonical(const struct pagetable_layout *l, uint64_t va)
{
	int64_t upper;

	if (l->va_bits == 0 || l->va_bits >= 64)
		return true;
	if (l->is_unsigned)
		return va >> l->va_bits == 0;
	upper = (int64_t)va >> (l->va_bits - 1);
	return upper == 0 || upper == -1;
}

struct error *pagetable_walk(struct pagetable *t, uint64_t top_pa, uint64_t va,
			     uint64_t *ret_pa, uint64_t *ret_len)
{
	const struct pagetable_layout *l = &t->layout;
	uint64_t pa = top_pa, entry, size;

	if (!is_canonical(l, va))
		return error_new(ERROR_NOT_FOUND, "address 0x%llx is not canonical",
				 (unsigned long long)va);
	for (unsigned level = l->nr_levels; level-- > 0;) {
		unsigned shift = l->levels[level].shift;
		uint64_t index = va >> shift & ((1ull << l->levels[level].bits) - 1);
		struct error *e;

		pa = ROUND_DOWN(pa, (uint64_t)l->entry_len) + index * l->entry_len;
		e = read_entry(t, level, pa, &entry);
		if (e)
			return error_prefix(e, "address 0x%llx: page table of level %u",
					    (unsigned long long)va, level + 1);
		switch (l->entry(t, level, entry, &pa, &shift)) {
		case ENTRY_NONE:
			return error_new(ERROR_NOT_FOUND, "address 0x%llx is not mapped",
					 (unsigned long long)va);
		case ENTRY_LEAF:
			size = 1ull << shift;
			*ret_pa = ROUND_DOWN(pa, size) | (va & (size - 1));
			*ret_len = size - (va & (size - 1));
			return NULL;
		case ENTRY_TABLE:
			if (level > 0)
				break;
			/* fall through */
		case ENTRY_BAD:
			return error_new(
				ERROR_BAD_DATA,
				"address 0x%llx: entry 0x%llx of the page table of level %u makes no sense",
				(unsigned long long)va, (unsigned long long)entry, level + 1);
		}
	}
	return error_new(ERROR_BAD_DATA, "address 0x%llx: no page tables",
			 (unsigned long long)va);
}

static const struct window *find_window(const struct pagetable *t, uint64_t va)
{
	for (size_t i = 0; i < t->nr_windows; i++)
		if (va - t->windows[i].va < t->windows[i].len)
			return &t->windows[i];
	return NULL;
}

static struct error *translate_kernel(struct pagetable *t, uint64_t va, uint64_t *ret_pa,
				      uint64_t *ret_len)
{
	const struct window *w = find_window(t, va);
	struct error *e = NULL;

	if (!w || w->use != WINDOW_FIRST) {
		if (t->top_pa == UINT64_MAX)
			e = error_new(ERROR_LOST, "address 0x%llx: no page tables were found",
				      (unsigned long long)va);
		else
			e = pagetable_walk(t, t->top_pa, va, ret_pa, ret_len);
		if (!e || !w || error_kind(e) == ERROR_NOMEM)
			return e;
		if (w->use == WINDOW_LOST && error_kind(e) != ERROR_LOST &&
		    error_kind(e) != ERROR_EXCLUDED)
			return e;
		error_free(e);
	}
	*ret_pa = w->pa + (va - w->va);
	*ret_len = w->len - (va - w->va);
	/* the next page may be in the tables again */
	if (w->use != WINDOW_FIRST)
		*ret_len = MIN(*ret_len, t->k->page_size - va % t->k->page_size);
	return NULL;
}

struct error *pagetable_translate(struct kernel *k, uint64_t top_pa, uint64_t va,
				  uint64_t *ret_pa, uint64_t *ret_len)
{
	struct pagetable *t = k->paging_state;

	if (top_pa != UINT64_MAX)
		return pagetable_walk(t, top_pa, va, ret_pa, ret_len);
	return translate_kernel(t, va, ret_pa, ret_len);
}

bool pagetable_maps(struct pagetable *t, uint64_t top_pa, uint64_t va, uint64_t pa)
{
	uint64_t there, len;
	struct error *e = pagetable_walk(t, top_pa, va, &there, &len);

	error_free(e);
	return !e && there == pa;
}

struct error *pagetable_use(struct pagetable *t, uint64_t va, uint64_t top_pa)
{
	uint64_t there = 0, len;
	struct error *e = pagetable_walk(t, top_pa, va, &there, &len);

	if (e && (error_kind(e) == ERROR_LOST || error_kind(e) == ERROR_EXCLUDED)) {
		error_free(e);
	} else if (e) {
		return error_prefix(e, "page tables at 0x%llx do not map themselves",
				    (unsigned long long)top_pa);
	} else if (there != top_pa) {
		return error_new(
			ERROR_BAD_DATA,
			"page tables at 0x%llx map their own address 0x%llx to 0x%llx: not the kernel's",
			(unsigned long long)top_pa, (unsigned long long)va,
			(unsigned long long)there);
	}
	t->top_pa = top_pa;
	return NULL;
}
