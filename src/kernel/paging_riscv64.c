/*
 * Page tables of 64-bit RISC-V: Sv39, Sv48, Sv57 (privileged specification, chapter 10; Linux
 * arch/riscv/include/asm/pgtable-{64,bits}.h). VMCOREINFO (arch/riscv/kernel/vmcore_info.c) has
 * VA_BITS as the machine runs and, since 6.4, va_kernel_pa_offset, which leads from the image's
 * addresses to memory; before, the image began a step above phys_ram_base, which is tried.
 */
#include "kernel/paging.h"

#include "kernel/pagetable.h"

#define ENTRY_VALID	(1ull << 0)
#define ENTRY_LEAF_MASK (7ull << 1) /* read, write, execute */
#define ENTRY_GLOBAL	(1ull << 5) /* with VALID clear: PROT_NONE */
#define ENTRY_NAPOT	(1ull << 63)
#define FRAME_MASK	((1ull << 44) - 1)
#define FRAME_SHIFT	10
#define PAGE_BITS	12

static enum entry_kind riscv64_entry(const struct pagetable *t, unsigned level, uint64_t entry,
				     uint64_t *ret_pa, unsigned *ret_shift)
{
	uint64_t frame = entry >> FRAME_SHIFT & FRAME_MASK;

	*ret_pa = frame << PAGE_BITS;
	if (!(entry & ENTRY_VALID))
		return entry & ENTRY_GLOBAL && frame ? ENTRY_LEAF : ENTRY_NONE;
	if (!(entry & ENTRY_LEAF_MASK))
		return ENTRY_TABLE;
	/* Svnapot: the lowest set bit of the frame tells the size; only 64 KiB is defined */
	if (level == 0 && entry & ENTRY_NAPOT) {
		if ((frame & 15) != 8)
			return ENTRY_BAD;
		*ret_shift = 16;
	}
	return ENTRY_LEAF;
}

/* Where the image may have been put above the start of memory. */
static const uint64_t image_offs[] = {0, 2 << 20, 4 << 20};

static struct error *find_top(struct pagetable *t, uint64_t va)
{
	struct kernel *k = t->k;
	uint64_t off, base;
	int64_t ram;

	if (vmcoreinfo_number_hex(k->info, "va_kernel_pa_offset", &off))
		return pagetable_use(t, va, va - off);
	if (vmcoreinfo_number(k->info, "phys_ram_base", &ram) &&
	    (vmcoreinfo_number_hex(k->info, "KERNEL_LINK_ADDR", &base) ||
	     vmcoreinfo_number_hex(k->info, "PAGE_OFFSET", &base))) {
		for (size_t i = 0; i < ARRAY_SIZE(image_offs); i++) {
			uint64_t pa = va - base + ram + image_offs[i];

			if (!pagetable_maps(t, pa, va, pa))
				continue;
			t->top_pa = pa;
			return NULL;
		}
		return error_new(
			ERROR_NOT_FOUND,
			"no page tables that map themselves are where swapper_pg_dir (0x%llx) may be",
			(unsigned long long)va);
	}
	return error_new(
		ERROR_NOT_FOUND,
		"VMCOREINFO does not say where the image is in memory (va_kernel_pa_offset): no page tables can be found");
}

static struct error *riscv64_init(struct kernel *k)
{
	struct pagetable *t = pagetable_new(k, sizeof(*t));
	uint64_t top_va;
	int64_t bits;

	if (!t)
		return error_nomem();
	if (!vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va) ||
	    !vmcoreinfo_number(k->info, "VA_BITS", &bits))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no swapper_pg_dir or VA_BITS: no page tables can be found");
	if (bits != 39 && bits != 48 && bits != 57)
		return error_new(ERROR_BAD_DATA,
				 "VMCOREINFO: VA_BITS is %lld, where 39, 48 and 57 exist",
				 (long long)bits);
	t->layout = (struct pagetable_layout){
		.entry_len = 8, .va_bits = bits, .entry = riscv64_entry};
	pagetable_set_levels(&t->layout, PAGE_BITS, 9, bits);
	return find_top(t, top_va);
}

const struct paging paging_riscv64 = {
	.name = "riscv64",
	.init = riscv64_init,
	.translate = pagetable_translate,
};
