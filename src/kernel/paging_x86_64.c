/*
 * Page tables of x86_64, four and five levels (Intel SDM volume 3, 4.5; Linux
 * arch/x86/include/asm/pgtable_types.h). The kernel's top table is found through its image
 * mapping, which VMCOREINFO's phys_base describes with KASLR applied; from there on tables
 * refer to each other by physical address. The direct map, vmemmap, vmalloc and modules need
 * no rule of their own: the tables know them.
 */
#include "kernel/paging.h"

#include "base/bytes.h"
#include "kernel/kaslr.h"
#include "kernel/paging_x86-priv.h"

#define IMAGE_MAP	  0xffffffff80000000ull /* __START_KERNEL_map */
#define DEFAULT_IMAGE_LEN (1ull << 30)		/* KERNEL_IMAGE_SIZE with KASLR */
#define TABLE_LEN	  4096

/* Since 4.18 (6b28baca9b1f, L1TF) the frame of an entry that is not present is stored
 * inverted; a real frame number never has the top address bit. */
#define ENTRY_INVERTED (1ull << 51)

/* QEMU's note: struct QEMUCPUState, target/i386/arch_dump.c. */
#define QEMU_NOTE_CR3 416
#define QEMU_NOTE_CR4 424

enum entry_kind x86_entry(const struct pagetable *t, unsigned level, uint64_t entry,
			  uint64_t *ret_pa, unsigned *ret_shift)
{
	const struct x86_paging *p = (const struct x86_paging *)t;
	uint64_t frame = entry;

	if (!(entry & (X86_ENTRY_PRESENT | X86_ENTRY_PROTNONE)))
		return ENTRY_NONE;
	if (!(entry & X86_ENTRY_PRESENT) && entry & ENTRY_INVERTED)
		frame = ~entry;
	*ret_pa = frame & X86_ENTRY_ADDRESS & ~p->sme_mask;
	if (level == 0 || (entry & X86_ENTRY_LARGE && level <= p->large_levels))
		return ENTRY_LEAF;
	return entry & X86_ENTRY_PRESENT ? ENTRY_TABLE : ENTRY_NONE;
}

bool x86_control_registers(struct kernel *k, uint64_t *ret_cr3, uint64_t *ret_cr4)
{
	const struct dump_note *note = dump_find_note(k->dump, "QEMU", 0);

	if (!note || note->desc_len < QEMU_NOTE_CR4 + 8)
		return false;
	*ret_cr3 = get_u64(note->desc + QEMU_NOTE_CR3, false);
	*ret_cr4 = get_u64(note->desc + QEMU_NOTE_CR4, false);
	return true;
}

/* Where VMCOREINFO does not say it, the segment that maps the kernel image does. */
static bool find_phys_base(struct kernel *k, uint64_t *ret)
{
	uint64_t lowest = IMAGE_MAP + DEFAULT_IMAGE_LEN;
	struct kaslr found = { 0 };
	int64_t base;

	if (vmcoreinfo_number(k->info, "phys_base", &base)) {
		*ret = base;
		return true;
	}
	for (size_t i = 0; i < dump_nr_segments(k->dump); i++) {
		struct dump_segment s = dump_segment_at(k->dump, i);

		/* QEMU lists modules too, which are behind the image and mapped piece by piece */
		if (s.va >= IMAGE_MAP && s.va < lowest) {
			lowest = s.va;
			*ret = s.pa - (s.va - IMAGE_MAP);
		}
	}
	if (lowest < IMAGE_MAP + DEFAULT_IMAGE_LEN)
		return true;
	error_free(kaslr_find(k->dump, &found)); /* there may be no registers either */
	/* the header's opinion comes last: QEMU writes wrong ones */
	*ret = found.image_va ? found.phys_base : k->dump->phys_base;
	return found.image_va || k->dump->phys_base;
}

static bool find_top_table(struct kernel *k, uint64_t *ret_va)
{
	/* init_level4_pgt until 4.13, swapper_pg_dir is another name for either */
	static const char *const names[] = {"init_top_pgt", "init_level4_pgt",
					    "swapper_pg_dir"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (vmcoreinfo_symbol(k->info, names[i], ret_va))
			return true;
	return false;
}

static void set_levels(struct x86_paging *p, bool five)
{
	p->t.layout.va_bits = five ? 57 : 48;
	pagetable_set_levels(&p->t.layout, 12, 9, p->t.layout.va_bits);
}

static void add_image_window(struct x86_paging *p, uint64_t phys_base)
{
	uint64_t len = DEFAULT_IMAGE_LEN;
	int64_t number;

	if (vmcoreinfo_number(p->t.k->info, "KERNEL_IMAGE_SIZE", &number) && number > 0 &&
	    number <= (int64_t)DEFAULT_IMAGE_LEN)
		len = number;
	/* The image is mapped linearly whatever the tables say now: they may be missing in the
	 * dump, and kernels take parts out of the map after boot. */
	pagetable_add_window(&p->t,
			     (struct window){IMAGE_MAP, len, phys_base, WINDOW_UNMAPPED});
}

static struct error *x86_64_init(struct kernel *k)
{
	struct x86_paging *p = pagetable_new(k, sizeof(*p));
	uint64_t top_va, phys_base;
	struct kaslr found;
	bool has_phys_base;
	int64_t number;

	if (!p)
		return error_nomem();
	p->t.layout = (struct pagetable_layout){.entry_len = 8, .entry = x86_entry};
	p->large_levels = 2; /* only 2 MiB and 1 GiB leaves exist above the lowest level */
	if (vmcoreinfo_number(k->info, "sme_mask", &number))
		p->sme_mask = number;
	set_levels(p, vmcoreinfo_number(k->info, "pgtable_l5_enabled", &number) && number == 1);
	has_phys_base = find_phys_base(k, &phys_base);
	if (has_phys_base)
		add_image_window(p, phys_base);

	if (has_phys_base && find_top_table(k, &top_va)) {
		if (top_va < IMAGE_MAP)
			return error_new(
				ERROR_BAD_DATA,
				"VMCOREINFO: the top page table at 0x%llx lies outside the kernel image",
				(unsigned long long)top_va);
		p->t.top_pa = ROUND_DOWN(top_va - IMAGE_MAP + phys_base, (uint64_t)TABLE_LEN);
		return NULL;
	}
	TRY(error_prefix(kaslr_find(k->dump, &found),
			 "VMCOREINFO has no phys_base and init_top_pgt, so no page tables can be found"));
	p->t.top_pa = found.top_pa & ~p->sme_mask;
	set_levels(p, found.levels == 5);
	return NULL;
}

const struct paging paging_x86_64 = {
	.name = "x86_64",
	.init = x86_64_init,
	.translate = pagetable_translate,
};
