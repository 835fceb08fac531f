/*
 * Page tables of 64-bit Arm: pages of 4, 16 and 64 KiB, virtual addresses of 36 to 52 bits,
 * physical ones of 48, or 52 with LPA (64 KiB pages) and LPA2 (Arm ARM D8.2, D8.3; Linux
 * arch/arm64/include/asm/pgtable-hwdef.h). A kernel's granule, its bits and the image's place
 * are in VMCOREINFO (arch/arm64/kernel/vmcore_info.c): PAGESIZE, VA_BITS as configured,
 * TCR_EL1_T1SZ (5.11) with the bits that the CPU had in the end, kimage_voffset and
 * PHYS_OFFSET. Entries are little-endian unless the kernel is big-endian itself.
 */
#include "kernel/paging.h"

#include "kernel/paging_arm-priv.h"

#define ENTRY_VALID   (1ull << 0)
#define ENTRY_TABLE_  (1ull << 1) /* above the lowest level; there, of every valid entry */
#define ADDRESS_48    0x0000fffffffff000ull
#define ADDRESS_LPA2  0x0003fffffffff000ull
#define PROT_NONE_OLD (1ull << 58) /* until 6.10 */
#define PROT_NONE_NEW (1ull << 11) /* since: PTE_PRESENT_INVALID, in nG's place */

#define IMAGE_WINDOW (64ull << 20)

enum entry_kind arm_long_entry(const struct pagetable *t, unsigned level, uint64_t entry,
			       uint64_t *ret_pa, unsigned *ret_shift)
{
	const struct arm_paging *p = (const struct arm_paging *)t;
	uint64_t pa = entry & (p->high == ARM_HIGH_LPA2 ? ADDRESS_LPA2 : ADDRESS_48);

	pa = ROUND_DOWN(pa, 1ull << p->page_shift);
	if (p->high == ARM_HIGH_LPA)
		pa |= (entry >> 12 & 15) << 48;
	else if (p->high == ARM_HIGH_LPA2)
		pa |= (entry >> 8 & 3) << 50;
	*ret_pa = pa;
	if (!(entry & ENTRY_VALID)) {
		if (entry & p->prot_none[level > 0] && level <= p->block_levels)
			return ENTRY_LEAF;
		return ENTRY_NONE;
	}
	if (level == 0)
		return entry & ENTRY_TABLE_ ? ENTRY_LEAF : ENTRY_BAD;
	if (entry & ENTRY_TABLE_)
		return ENTRY_TABLE;
	return level <= p->block_levels ? ENTRY_LEAF : ENTRY_BAD;
}

/* The granules: data for all that depends on them alone. */
static const struct granule {
	uint8_t page_shift;
	uint8_t block_levels, block_levels_lpa2;
	bool by_va_bits; /* the top table's index always has the configured bits */
} granules[] = {
	{12, 2, 3, false}, /* 2 MiB, 1 GiB; 512 GiB with LPA2 */
	{14, 1, 2, false}, /* 32 MiB; 64 GiB with LPA2 */
	{16, 2, 2, true},  /* 512 MiB; 4 TiB with LPA */
};

/* Prot-none moved with a commit of 6.11; nothing in the dump has its name. */
static uint64_t prot_none_bit(struct kernel *k)
{
	unsigned release = kernel_release_number(vmcoreinfo_get(k->info, "OSRELEASE"));

	return release >= 60011 ? PROT_NONE_NEW : PROT_NONE_OLD;
}

/* Bits of virtual addresses: as the kernel was configured, and as it runs. */
static bool find_va_bits(struct kernel *k, unsigned *ret_configured, unsigned *ret_actual)
{
	uint64_t t1sz;
	int64_t bits, user_bits;

	if (!vmcoreinfo_number(k->info, "VA_BITS", &bits) || bits < 36 || bits > 52)
		return false;
	*ret_configured = *ret_actual = bits;
	if ((vmcoreinfo_number_hex(k->info, "TCR_EL1_T1SZ", &t1sz) ||
	     vmcoreinfo_number_hex(k->info, "tcr_el1_t1sz", &t1sz)) &&
	    t1sz >= 12 && t1sz <= 28)
		*ret_actual = 64 - t1sz;
	/* 5.0 to 5.3: only user space had 52 bits, but the top tables were as large */
	if (vmcoreinfo_number(k->info, "MAX_USER_VA_BITS", &user_bits) && user_bits > bits &&
	    user_bits <= 52)
		*ret_configured = user_bits;
	return true;
}

static void set_layout(struct arm_paging *p, const struct granule *g, unsigned configured,
		       unsigned actual)
{
	/* With 64 KiB pages, a kernel for 52 bits that runs with 48 uses the last entries of
	 * the larger top table; with smaller pages it leaves out a level. */
	unsigned bits = g->by_va_bits ? MAX(configured, actual) : actual;
	bool lpa2 = !g->by_va_bits && actual == 52;

	p->page_shift = g->page_shift;
	p->block_levels = lpa2 ? g->block_levels_lpa2 : g->block_levels;
	p->high = g->by_va_bits ? ARM_HIGH_LPA : lpa2 ? ARM_HIGH_LPA2 : ARM_HIGH_NONE;
	p->prot_none[0] = p->prot_none[1] = prot_none_bit(p->t.k);
	/* so many for each half: the bits above are all equal, and say which half */
	p->t.layout = (struct pagetable_layout){.entry_len = 8,
						.big = p->t.k->big,
						.va_bits = bits + 1,
						.entry = arm_long_entry};
	pagetable_set_levels(&p->t.layout, g->page_shift, g->page_shift - 3, bits);
}

/* The linear map is the lower half of kernel addresses since 5.4 and was the upper half
 * before; the image is in the other one. */
static void add_windows(struct arm_paging *p, uint64_t image_va, uint64_t voffset,
			unsigned va_bits)
{
	struct kernel *k = p->t.k;
	uint64_t half = 1ull << (va_bits - 1), phys_offset, text = image_va;
	uint64_t start = image_va & half ? -2 * half : -half;

	if (vmcoreinfo_number_hex(k->info, "PHYS_OFFSET", &phys_offset))
		pagetable_add_window(&p->t,
				     (struct window){start, half, phys_offset, WINDOW_LOST});
	(void)vmcoreinfo_symbol(k->info, "_stext", &text);
	text = ROUND_DOWN(text, 65536ull);
	pagetable_add_window(&p->t,
			     (struct window){text, IMAGE_WINDOW, text - voffset, WINDOW_LOST});
}

static struct error *aarch64_init(struct kernel *k)
{
	struct arm_paging *p = pagetable_new(k, sizeof(*p));
	const struct granule *g = NULL;
	unsigned configured, actual;
	uint64_t top_va, voffset;
	int64_t va_bits;

	if (!p)
		return error_nomem();
	for (size_t i = 0; i < ARRAY_SIZE(granules); i++)
		if (1u << granules[i].page_shift == k->page_size)
			g = &granules[i];
	if (!g)
		return error_new(ERROR_UNSUPPORTED, "aarch64 has no pages of %u bytes",
				 k->page_size);
	if (!find_va_bits(k, &configured, &actual))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no sound VA_BITS: no page tables can be found");
	if (!vmcoreinfo_symbol(k->info, "swapper_pg_dir", &top_va) ||
	    !vmcoreinfo_number_hex(k->info, "kimage_voffset", &voffset))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no swapper_pg_dir or kimage_voffset: no page tables can be found");
	set_layout(p, g, configured, actual);
	(void)vmcoreinfo_number(k->info, "VA_BITS", &va_bits);
	add_windows(p, top_va, voffset, va_bits);
	return pagetable_use(&p->t, top_va, top_va - voffset);
}

const struct paging paging_aarch64 = {
	.name = "aarch64",
	.init = aarch64_init,
	.translate = pagetable_translate,
};
