/*
 * Address translation of 64-bit POWER servers. All memory is mapped linearly at
 * 0xc000000000000000, the image in it; vmalloc and modules are in Linux's tables. These are the
 * hardware's own with the radix MMU; with the hash MMU they are Linux's alone, their shape
 * changed with releases, and vmemmap is not in them but in a list of its own
 * (struct vmemmap_backing). Kernel: arch/powerpc/include/asm/book3s/64/{radix,hash}-*.h,
 * mm/init_64.c; VMCOREINFO: arch/powerpc/kexec/core.c.
 *
 * Since 4.7 entries are big-endian on every kernel and hold physical addresses, as radix
 * demands; before, they were the kernel's own integers and addresses of the linear map.
 */
#include "kernel/paging.h"

#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/vector.h"
#include "kernel/pagetable.h"

#define LINEAR_MAP   0xc000000000000000ull
#define OLD_VMALLOC  0xd000000000000000ull /* with 64 KiB pages and hash, until 5.1 */
#define REGION_MASK  (15ull << 60)
#define MAX_BACKINGS (1u << 20)
#define MAX_PSIZES   64

#define ENTRY_VALID    (1ull << 63) /* _PAGE_PRESENT, and of radix directories */
#define ENTRY_LEAF_BIT (1ull << 62) /* _PAGE_PTE */
#define TABLE_ADDRESS  0x0fffffffffffff00ull
#define LEAF_ADDRESS   0x001ffffffffff000ull
#define OLD_PRESENT    1ull
#define MMU_FTR_RADIX  0x40u

struct shape {
	unsigned since; /* release, as 40007 */
	uint32_t page_size;
	uint8_t bits[4];       /* of each level, lowest first; 0: no such level */
	uint8_t old_rpn_shift; /* 0: entries as since 4.7 */
};

/* The newest that is not newer than the kernel. */
static const struct shape hash_shapes[] = {
	{40017, 65536, {8, 10, 10, 8}, 0}, {40012, 65536, {8, 10, 7, 8}, 0},
	{40007, 65536, {8, 5, 5, 12}, 0},  {30010, 65536, {8, 10, 0, 12}, 30},
	{0, 65536, {12, 12, 0, 4}, 30},	   {40007, 4096, {9, 7, 9, 9}, 0},
	{40005, 4096, {9, 7, 9, 9}, 18},   {30007, 4096, {9, 7, 9, 9}, 17},
	{0, 4096, {9, 7, 7, 9}, 17},
};
static const struct shape radix_shapes[] = {
	{0, 65536, {5, 9, 9, 13}, 0},
	{0, 4096, {9, 9, 9, 13}, 0},
};

/* 2^shift bytes of vmemmap at `va` are at `pa`. */
struct backing {
	uint64_t va, pa;
};

struct ppc64_paging {
	struct pagetable t;
	uint8_t old_rpn_shift;
	uint64_t backing_len; /* bytes that each maps */
	size_t nr_backings;
	struct backing backings[];
};

static enum entry_kind ppc64_entry(const struct pagetable *t, unsigned level, uint64_t entry,
				   uint64_t *ret_pa, unsigned *ret_shift)
{
	if (!entry)
		return ENTRY_NONE;
	if (level == 0 || entry & ENTRY_LEAF_BIT) {
		*ret_pa = entry & LEAF_ADDRESS;
		if (!(entry & ENTRY_VALID))
			return ENTRY_NONE;
		return entry & ENTRY_LEAF_BIT ? ENTRY_LEAF : ENTRY_BAD;
	}
	*ret_pa = entry & TABLE_ADDRESS;
	return *ret_pa ? ENTRY_TABLE : ENTRY_BAD;
}

/* Until 4.6: tables refer to each other through the linear map. */
static enum entry_kind ppc64_old_entry(const struct pagetable *t, unsigned level,
				       uint64_t entry, uint64_t *ret_pa, unsigned *ret_shift)
{
	const struct ppc64_paging *p = (const struct ppc64_paging *)t;

	if (level == 0) {
		*ret_pa = (entry >> p->old_rpn_shift) << t->layout.levels[0].shift;
		return entry & OLD_PRESENT ? ENTRY_LEAF : ENTRY_NONE;
	}
	if (!entry)
		return ENTRY_NONE;
	/* pointers with flags: 12 bits in those to page tables since 3.11, 9 in others */
	*ret_pa = entry & ~REGION_MASK & (level == 1 ? ~0xfffull : ~0x1ffull);
	return (entry & REGION_MASK) == LINEAR_MAP ? ENTRY_TABLE : ENTRY_BAD;
}

/* Reads the linear map without anything set up. */
static struct error *read_linear(struct kernel *k, uint64_t va, size_t width, uint64_t *ret)
{
	unsigned char bytes[8];

	if ((va & REGION_MASK) != LINEAR_MAP)
		return error_new(ERROR_BAD_DATA, "address 0x%llx is not in the linear map",
				 (unsigned long long)va);
	TRY(dump_read_phys(k->dump, va & ~REGION_MASK, bytes, width));
	*ret = get_uint(bytes, width, k->big);
	return NULL;
}

static bool is_radix(struct kernel *k)
{
	uint64_t spec, off, features;
	struct error *e;
	int64_t number;

	if (vmcoreinfo_number(k->info, "RADIX_MMU", &number)) /* 4.20 */
		return number == 1;
	if (!vmcoreinfo_symbol(k->info, "cur_cpu_spec", &spec) ||
	    !vmcoreinfo_offset(k->info, "cpu_spec", "mmu_features", &off))
		return false;
	e = read_linear(k, spec, 8, &spec);
	if (!e)
		e = read_linear(k, spec + off, 4, &features);
	error_free(e);
	return !e && features & MMU_FTR_RADIX;
}

static const struct shape *find_shape(struct kernel *k)
{
	bool radix = is_radix(k);
	const struct shape *shapes = radix ? radix_shapes : hash_shapes;
	size_t n = radix ? ARRAY_SIZE(radix_shapes) : ARRAY_SIZE(hash_shapes);
	unsigned release = kernel_release_number(vmcoreinfo_get(k->info, "OSRELEASE"));

	if (!release)
		release = UINT32_MAX; /* unknown: as the newest */
	for (size_t i = 0; i < n; i++)
		if (shapes[i].page_size == k->page_size && shapes[i].since <= release)
			return &shapes[i];
	return NULL;
}

static void set_layout(struct ppc64_paging *p, const struct shape *s)
{
	struct pagetable_layout *l = &p->t.layout;
	unsigned shift = __builtin_ctz(s->page_size);

	p->old_rpn_shift = s->old_rpn_shift;
	*l = (struct pagetable_layout){.entry_len = 8};
	l->big = s->old_rpn_shift ? p->t.k->big : true;
	l->entry = s->old_rpn_shift ? ppc64_old_entry : ppc64_entry;
	for (size_t i = 0; i < ARRAY_SIZE(s->bits); i++) {
		if (!s->bits[i])
			continue;
		l->levels[l->nr_levels++] = (struct pagetable_level){shift, s->bits[i]};
		shift += s->bits[i];
	}
}

struct backing_list {
	VECTOR(struct backing) list;
	uint64_t each_len;
};

/* Follows vmemmap_list. A kernel with radix MMU may have none: vmemmap is in its tables. */
static struct error *read_backings(struct kernel *k, struct backing_list *ret)
{
	uint64_t at, head, psize, def_len, shift_off, shift, list_off, pa_off, va_off;

	if (!vmcoreinfo_symbol(k->info, "vmemmap_list", &at) ||
	    !vmcoreinfo_offset(k->info, "vmemmap_backing", "list", &list_off) ||
	    !vmcoreinfo_offset(k->info, "vmemmap_backing", "phys", &pa_off) ||
	    !vmcoreinfo_offset(k->info, "vmemmap_backing", "virt_addr", &va_off))
		return NULL;
	TRY(read_linear(k, at, 8, &head));
	if (!head)
		return NULL;
	if (!vmcoreinfo_symbol(k->info, "mmu_vmemmap_psize", &psize) ||
	    !vmcoreinfo_symbol(k->info, "mmu_psize_defs", &at) ||
	    !vmcoreinfo_size(k->info, "mmu_psize_def", &def_len) ||
	    !vmcoreinfo_offset(k->info, "mmu_psize_def", "shift", &shift_off))
		return error_new(ERROR_NOT_FOUND,
				 "VMCOREINFO has vmemmap_list without the size of its pages");
	TRY(read_linear(k, psize, 4, &psize));
	psize = MIN(psize, (uint64_t)MAX_PSIZES);
	TRY(read_linear(k, at + psize * def_len + shift_off, 4, &shift));
	if (psize == MAX_PSIZES || shift < 12 || shift > 40)
		return error_new(ERROR_BAD_DATA,
				 "page size %llu of vmemmap, 2^%llu bytes, makes no sense",
				 (unsigned long long)psize, (unsigned long long)shift);
	ret->each_len = 1ull << shift;
	for (uint64_t va = head; va;) {
		struct backing b;

		if (ret->list.n >= MAX_BACKINGS || (ret->list.n && va == head))
			return error_new(ERROR_BAD_DATA, "vmemmap_list has no end");
		TRY(read_linear(k, va + pa_off, 8, &b.pa));
		TRY(read_linear(k, va + va_off, 8, &b.va));
		if (!vector_push(&ret->list, b))
			return error_nomem();
		TRY(read_linear(k, va + list_off, 8, &va));
	}
	return NULL;
}

static int compare_backings(const void *a, const void *b)
{
	const struct backing *x = a, *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

/* The last that begins at or below `va`, if it holds it. */
static const struct backing *find_backing(const struct ppc64_paging *p, uint64_t va)
{
	size_t lo = 0, hi = p->nr_backings;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->backings[mid].va <= va)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo || va - p->backings[lo - 1].va >= p->backing_len)
		return NULL;
	return &p->backings[lo - 1];
}

/* The state, with what vmemmap_list holds; without it vmemmap alone is lost. */
static struct error *new_state(struct kernel *k, struct ppc64_paging **ret)
{
	struct backing_list backings = {0};
	struct ppc64_paging *p;
	struct error *e = read_backings(k, &backings);

	if (e && error_kind(e) != ERROR_NOMEM) {
		log_debug("vmemmap_list: %s", error_message(e));
		error_free(e);
		e = NULL;
	}
	p = e ? NULL : pagetable_new(k, sizeof(*p) + backings.list.n * sizeof(struct backing));
	if (p && backings.list.n) {
		memcpy(p->backings, backings.list.v, backings.list.n * sizeof(struct backing));
		qsort(p->backings, backings.list.n, sizeof(struct backing), compare_backings);
		p->nr_backings = backings.list.n;
		p->backing_len = backings.each_len;
	}
	vector_done(&backings.list);
	*ret = p;
	return p ? NULL : e ? e : error_nomem();
}

static struct error *ppc64_init(struct kernel *k)
{
	const struct shape *s = find_shape(k);
	struct ppc64_paging *p;
	uint64_t top_va;

	if (!s)
		return error_new(ERROR_UNSUPPORTED, "ppc64 has no pages of %u bytes",
				 k->page_size);
	TRY(new_state(k, &p));
	set_layout(p, s);
	pagetable_add_window(&p->t, (struct window){LINEAR_MAP, k->dump->max_pfn * k->page_size,
						    0, WINDOW_FIRST});
	/* without tables the linear map is still worth having */
	if (!vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va))
		return NULL;
	if ((top_va & REGION_MASK) != LINEAR_MAP)
		return error_new(ERROR_BAD_DATA,
				 "VMCOREINFO: swapper_pg_dir (0x%llx) is not in the linear map",
				 (unsigned long long)top_va);
	/* only radix tables hold the linear map too */
	if (s >= radix_shapes && s < radix_shapes + ARRAY_SIZE(radix_shapes))
		return pagetable_use(&p->t, top_va, top_va & ~REGION_MASK);
	p->t.top_pa = top_va & ~REGION_MASK;
	return NULL;
}

static struct error *ppc64_translate(struct kernel *k, uint64_t top_pa, uint64_t va,
				     uint64_t *ret_pa, uint64_t *ret_len)
{
	const struct ppc64_paging *p = k->paging_state;
	const struct backing *b = NULL;

	if (top_pa == UINT64_MAX) {
		b = find_backing(p, va);
		if (!b && (va & REGION_MASK) != LINEAR_MAP && (va & REGION_MASK) != OLD_VMALLOC)
			return error_new(ERROR_NOT_FOUND, "address 0x%llx is not mapped",
					 (unsigned long long)va);
	}
	if (!b)
		return pagetable_translate(k, top_pa, va, ret_pa, ret_len);
	*ret_pa = b->pa + (va - b->va);
	*ret_len = p->backing_len - (va - b->va);
	return NULL;
}

const struct paging paging_ppc64 = {
	.name = "ppc64",
	.init = ppc64_init,
	.translate = ppc64_translate,
};
