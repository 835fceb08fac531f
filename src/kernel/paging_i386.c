/*
 * Page tables of 32-bit x86: two levels of 4-byte entries, or three of 8 bytes with PAE (Intel
 * SDM volume 3, 4.3 and 4.4; Linux arch/x86/include/asm/pgtable-{2,3}level_types.h). VMCOREINFO
 * says CONFIG_X86_PAE=y or not, but neither where low memory is mapped (PAGE_OFFSET, a
 * configuration choice) nor where the image was put: KASLR moves it in memory and in addresses
 * alike. So each possible PAGE_OFFSET is tried, and the right one is known by tables that map
 * themselves.
 */
#include "kernel/paging.h"

#include "kernel/paging_x86-priv.h"

#define MAX_LOWMEM (896ull << 20) /* with the usual room for vmalloc */

/* CONFIG_VMSPLIT_*, the default first; arch/x86/Kconfig */
static const uint32_t page_offsets[] = {0xc0000000, 0xb0000000, 0x80000000, 0x78000000,
					0x40000000};

static const struct pagetable_layout two_levels = {
	.entry_len = 4,
	.nr_levels = 2,
	.levels = {{12, 10}, {22, 10}},
};
static const struct pagetable_layout pae = {
	.entry_len = 8,
	.nr_levels = 3,
	.levels = {{12, 9}, {21, 9}, {30, 2}},
	.entry = x86_entry,
};

static enum entry_kind short_entry(const struct pagetable *t, unsigned level, uint64_t entry,
				   uint64_t *ret_pa, unsigned *ret_shift)
{
	if (!(entry & (X86_ENTRY_PRESENT | X86_ENTRY_PROTNONE)))
		return ENTRY_NONE;
	*ret_pa = entry & 0xfffff000;
	if (level == 0)
		return ENTRY_LEAF;
	if (entry & X86_ENTRY_LARGE) {
		/* PSE-36: bits 13 to 20 are the address above 4 GiB */
		*ret_pa = (entry & 0xffc00000) | (entry >> 13 & 0xff) << 32;
		return ENTRY_LEAF;
	}
	return entry & X86_ENTRY_PRESENT ? ENTRY_TABLE : ENTRY_NONE;
}

static void set_layout(struct x86_paging *p, bool is_pae)
{
	p->large_levels = 1;
	p->t.layout = is_pae ? pae : two_levels;
	if (!is_pae)
		p->t.layout.entry = short_entry;
}

static bool use_if_it_maps_itself(struct x86_paging *p, uint32_t va, uint32_t page_offset)
{
	uint64_t pa = va - page_offset, end = p->t.k->dump->max_pfn * p->t.k->page_size;

	if (va < page_offset || !pagetable_maps(&p->t, pa, va, pa))
		return false;
	p->t.top_pa = pa;
	pagetable_add_window(
		&p->t, (struct window){page_offset, MIN(end, MAX_LOWMEM), 0, WINDOW_LOST});
	return true;
}

static struct error *i386_init(struct kernel *k)
{
	struct x86_paging *p = pagetable_new(k, sizeof(*p));
	uint64_t top_va, cr3, cr4;
	bool is_pae = vmcoreinfo_get(k->info, "CONFIG_X86_PAE") != NULL;

	if (!p)
		return error_nomem();
	if (vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va)) {
		set_layout(p, is_pae);
		for (size_t i = 0; i < ARRAY_SIZE(page_offsets); i++)
			if (use_if_it_maps_itself(p, top_va, page_offsets[i]))
				return NULL;
		return error_new(
			ERROR_NOT_FOUND,
			"no page tables that map themselves (%s PAE) are where swapper_pg_dir (0x%llx) may be",
			is_pae ? "with" : "without", (unsigned long long)top_va);
	}
	if (x86_control_registers(k, &cr3, &cr4)) {
		set_layout(p, cr4 & X86_CR4_PAE);
		p->t.top_pa = cr3 & (cr4 & X86_CR4_PAE ? 0xffffffe0 : 0xfffff000);
		return NULL;
	}
	return error_new(
		ERROR_NOT_FOUND,
		"VMCOREINFO has no swapper_pg_dir, and there is no QEMU note: no page tables can be found");
}

const struct paging paging_i386 = {
	.name = "i386",
	.init = i386_init,
	.translate = pagetable_translate,
};
