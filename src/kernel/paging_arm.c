/*
 * Page tables of 32-bit Arm: short descriptors (sections of 1 MiB, tables of 256 entries), or
 * three levels of long descriptors with LPAE (Arm ARM B3.5, B3.6; Linux
 * arch/arm/include/asm/pgtable-{2,3}level.h). Of Linux's paired tables only the hardware's are
 * read. VMCOREINFO says CONFIG_ARM_LPAE=y or not, but not where low memory is mapped and
 * where memory begins: the possible ones are tried, and the right ones are known by tables that
 * map themselves.
 */
#include "kernel/paging.h"

#include "kernel/paging_arm-priv.h"

#define MAX_LOWMEM	(760ull << 20) /* below the default vmalloc area */
#define SUPERSECTION	(1u << 18)
#define LPAE_PROT_NONE	(1ull << 57)
#define LPAE_PAGE_THERE (1ull << 1) /* L_PTE_PRESENT without L_PTE_VALID */

/* CONFIG_VMSPLIT_*, the default first; arch/arm/Kconfig */
static const uint32_t page_offsets[] = {0xc0000000, 0xb0000000, 0x80000000, 0x40000000};

static const struct pagetable_layout short_layout = {
	.entry_len = 4,
	.nr_levels = 2,
	.levels = {{12, 8}, {20, 12}},
};
static const struct pagetable_layout long_layout = {
	.entry_len = 8,
	.nr_levels = 3,
	.levels = {{12, 9}, {21, 9}, {30, 2}},
	.entry = arm_long_entry,
};

static enum entry_kind short_entry(const struct pagetable *t, unsigned level, uint64_t entry,
				   uint64_t *ret_pa, unsigned *ret_shift)
{
	unsigned type = entry & 3;

	if (type == 0)
		return ENTRY_NONE;
	if (level == 0) {
		if (type == 1) /* a large page: 16 equal entries */
			*ret_shift = 16;
		*ret_pa = entry & 0xfffff000;
		return ENTRY_LEAF;
	}
	if (type == 1) {
		*ret_pa = entry & 0xfffffc00;
		return ENTRY_TABLE;
	}
	*ret_pa = entry & 0xfff00000;
	if (entry & SUPERSECTION) {
		*ret_pa = (entry & 0xff000000) | (entry >> 20 & 15) << 32 |
			  (entry >> 5 & 15) << 36;
		*ret_shift = 24;
	}
	return ENTRY_LEAF;
}

static void set_layout(struct arm_paging *p, bool lpae)
{
	p->page_shift = 12;
	p->block_levels = lpae ? 2 : 1;
	p->prot_none[0] = LPAE_PAGE_THERE;
	p->prot_none[1] = LPAE_PROT_NONE;
	p->t.layout = lpae ? long_layout : short_layout;
	if (!lpae)
		p->t.layout.entry = short_entry;
	p->t.layout.big = p->t.k->big;
}

static bool use_if_it_maps_itself(struct arm_paging *p, uint32_t va, uint32_t page_offset,
				  uint64_t memory_start)
{
	uint64_t pa = va - page_offset + memory_start;

	if (va < page_offset || !pagetable_maps(&p->t, pa, va, pa))
		return false;
	p->t.top_pa = pa;
	pagetable_add_window(
		&p->t, (struct window){page_offset, MAX_LOWMEM, memory_start, WINDOW_LOST});
	return true;
}

/* Memory mapped at PAGE_OFFSET may begin below the first segment by what firmware kept. */
static bool try_memory_start(struct arm_paging *p, uint32_t va, uint64_t start)
{
	for (size_t i = 0; i < ARRAY_SIZE(page_offsets); i++)
		if (use_if_it_maps_itself(p, va, page_offsets[i], start) ||
		    use_if_it_maps_itself(p, va, page_offsets[i],
					  ROUND_DOWN(start, 16ull << 20)))
			return true;
	return false;
}

static struct error *arm_init(struct kernel *k)
{
	struct arm_paging *p = pagetable_new(k, sizeof(*p));
	bool lpae = vmcoreinfo_get(k->info, "CONFIG_ARM_LPAE") != NULL;
	const struct ranges *memory = &k->dump->memory;
	uint64_t top_va;

	if (!p)
		return error_nomem();
	if (!vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no swapper_pg_dir: no page tables can be found");
	set_layout(p, lpae);
	for (size_t i = 0; i < memory->n && i < 64; i++)
		if (try_memory_start(p, top_va, memory->v[i].start * k->page_size))
			return NULL;
	return error_new(
		ERROR_NOT_FOUND,
		"no page tables that map themselves (%s LPAE) are where swapper_pg_dir (0x%llx) may be",
		lpae ? "with" : "without", (unsigned long long)top_va);
}

const struct paging paging_arm = {
	.name = "arm",
	.init = arm_init,
	.translate = pagetable_translate,
};
