/*
 * Region, segment and page tables of s390x (Principles of Operation, chapter 3; Linux
 * arch/s390/include/asm/pgtable.h). The type that every entry carries tells how many levels
 * there are. Up to 6.9 the kernel is mapped one to one; since then (VMCOREINFO has
 * KERNELOFFPHYS) the image is mapped elsewhere, and all memory at IDENTITYBASE.
 */
#include "kernel/paging.h"

#include <string.h>

#include "base/bytes.h"
#include "kernel/pagetable.h"

#define REGION_INVALID	  0x20u
#define PAGE_INVALID	  0x400u
#define ENTRY_LARGE	  0x400u /* of segments and third region entries */
#define ENTRY_PRESENT	  0x001u /* software: mapped, whatever the invalid bit says */
#define PAGE_ZERO	  0x800u
#define TABLE_TYPE(entry) ((entry) >> 2 & 3)

#define LEVEL_SEGMENT 1
#define LEVEL_REGION3 2

static const struct pagetable_level levels[] = {
	{12, 8}, {20, 11}, {31, 11}, {42, 11}, {53, 11}};

static enum entry_kind s390x_entry(const struct pagetable *t, unsigned level, uint64_t entry,
				   uint64_t *ret_pa, unsigned *ret_shift)
{
	if (level == 0) {
		*ret_pa = entry & ~0xfffull;
		if (entry & PAGE_INVALID && !(entry & ENTRY_PRESENT))
			return ENTRY_NONE;
		return entry & PAGE_ZERO && !(entry & ENTRY_PRESENT) ? ENTRY_BAD : ENTRY_LEAF;
	}
	*ret_pa = entry & (level == LEVEL_SEGMENT ? ~0x7ffull : ~0xfffull);
	if (entry & ENTRY_LARGE && level <= LEVEL_REGION3) {
		if (entry & REGION_INVALID && !(entry & ENTRY_PRESENT))
			return ENTRY_NONE;
		return TABLE_TYPE(entry) == level - 1 ? ENTRY_LEAF : ENTRY_BAD;
	}
	if (entry & REGION_INVALID)
		return ENTRY_NONE;
	return TABLE_TYPE(entry) == level - 1 ? ENTRY_TABLE : ENTRY_BAD;
}

/* The number of levels is told by the first entry, valid or not. */
static struct error *find_levels(struct pagetable *t, uint64_t top_pa)
{
	unsigned char bytes[8];

	TRY(dump_read_phys(t->k->dump, top_pa, bytes, sizeof(bytes)));
	t->layout.nr_levels = TABLE_TYPE(get_u64(bytes, true)) + 2;
	memcpy(t->layout.levels, levels, sizeof(levels));
	t->layout.va_bits = levels[t->layout.nr_levels - 1].shift + 11;
	return NULL;
}

static struct error *s390x_init(struct kernel *k)
{
	struct pagetable *t = pagetable_new(k, sizeof(*t));
	uint64_t top_va, image = 0, image_pa = 0, identity = 0;
	uint64_t end = k->dump->max_pfn * k->page_size;

	if (!t)
		return error_nomem();
	if (!vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no swapper_pg_dir: no page tables can be found");
	if (vmcoreinfo_hex(k->info, "KERNELOFFPHYS", &image_pa)) {
		(void)vmcoreinfo_hex(k->info, "KERNELOFFSET", &image);
		(void)vmcoreinfo_hex(k->info, "IDENTITYBASE", &identity);
	}
	t->layout = (struct pagetable_layout){
		.entry_len = 8, .big = true, .is_unsigned = true, .entry = s390x_entry};
	TRY(find_levels(t, top_va - image + image_pa));
	pagetable_add_window(t, (struct window){identity, end, 0, WINDOW_LOST});
	return pagetable_use(t, top_va, top_va - image + image_pa);
}

const struct paging paging_s390x = {
	.name = "s390x",
	.init = s390x_init,
	.translate = pagetable_translate,
};
