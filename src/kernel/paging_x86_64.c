/*
 * Page tables of x86_64, four and five levels (Intel SDM volume 3, 4.5; Linux
 * arch/x86/include/asm/pgtable_types.h). The kernel's top table is found through its image
 * mapping, which VMCOREINFO's phys_base describes with KASLR applied; from there on tables
 * refer to each other by physical address. The direct map, vmemmap, vmalloc and modules need
 * no rule of their own: the tables know them.
 */
#include "kernel/paging.h"

#include "base/bytes.h"

#define IMAGE_MAP	  0xffffffff80000000ull /* __START_KERNEL_map */
#define DEFAULT_IMAGE_LEN (1ull << 30)		/* KERNEL_IMAGE_SIZE with KASLR */
#define TABLE_LEN	  4096
#define INDEX_BITS	  9
#define PAGE_BITS	  12
#define MAX_LEVELS	  5

#define ENTRY_PRESENT  (1ull << 0)
#define ENTRY_LARGE    (1ull << 7) /* PSE: a leaf above the lowest level */
#define ENTRY_PROTNONE (1ull << 8) /* with PRESENT clear: mapped, but not accessible */
#define ENTRY_ADDRESS  0x000ffffffffff000ull
/* Since 4.18 (6b28baca9b1f, L1TF) the frame of an entry that is not present is stored
 * inverted; a real frame number never has the top address bit. */
#define ENTRY_INVERTED (1ull << 51)

/* QEMU's note: struct QEMUCPUState, target/i386/arch_dump.c. */
#define QEMU_NOTE_CR3 416
#define QEMU_NOTE_CR4 424
#define CR4_LA57      (1ull << 12)

#define WAYS 4 /* tables remembered per level */

struct table {
	uint64_t pa;
	bool valid;
	unsigned char bytes[TABLE_LEN];
};

struct x86_64_paging {
	bool has_phys_base;
	uint64_t phys_base;
	uint64_t image_len;
	uint64_t top_pa;
	uint64_t sme_mask;
	unsigned levels;
	struct table tables[MAX_LEVELS][WAYS];
};

/* Dumps of hypervisors without VMCOREINFO carry the control registers of every CPU. */
static bool find_cr3(struct kernel *k, struct x86_64_paging *p)
{
	const struct dump_note *note = dump_find_note(k->dump, "QEMU", 0);

	if (!note || note->desc_len < QEMU_NOTE_CR4 + 8)
		return false;
	p->top_pa = get_u64(note->desc + QEMU_NOTE_CR3, false) & ENTRY_ADDRESS & ~p->sme_mask;
	p->levels = get_u64(note->desc + QEMU_NOTE_CR4, false) & CR4_LA57 ? 5 : 4;
	return true;
}

/* Where VMCOREINFO does not say it, the segment that maps the kernel image does. */
static bool find_phys_base(struct kernel *k, uint64_t *ret)
{
	int64_t base;

	if (vmcoreinfo_number(k->info, "phys_base", &base)) {
		*ret = base;
		return true;
	}
	for (size_t i = 0; i < dump_nr_segments(k->dump); i++) {
		struct dump_segment s = dump_segment_at(k->dump, i);

		if (s.va >= IMAGE_MAP) {
			*ret = s.pa - (s.va - IMAGE_MAP);
			return true;
		}
	}
	if (k->dump->phys_base) {
		*ret = k->dump->phys_base;
		return true;
	}
	return false;
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

static struct error *x86_64_init(struct kernel *k)
{
	struct x86_64_paging *p = calloc(1, sizeof(*p));
	int64_t number;
	uint64_t top_va;

	if (!p)
		return error_nomem();
	k->paging_state = p;
	p->levels = 4;
	if (vmcoreinfo_number(k->info, "pgtable_l5_enabled", &number) && number == 1)
		p->levels = 5;
	if (vmcoreinfo_number(k->info, "sme_mask", &number))
		p->sme_mask = number;
	p->image_len = DEFAULT_IMAGE_LEN;
	if (vmcoreinfo_number(k->info, "KERNEL_IMAGE_SIZE", &number) && number > 0 &&
	    number <= (int64_t)DEFAULT_IMAGE_LEN)
		p->image_len = number;
	p->has_phys_base = find_phys_base(k, &p->phys_base);

	if (p->has_phys_base && find_top_table(k, &top_va)) {
		if (top_va < IMAGE_MAP)
			return error_new(
				ERROR_BAD_DATA,
				"VMCOREINFO: the top page table at 0x%llx lies outside the kernel image",
				(unsigned long long)top_va);
		p->top_pa = top_va - IMAGE_MAP + p->phys_base;
		return NULL;
	}
	if (find_cr3(k, p))
		return NULL;
	return error_new(
		ERROR_NOT_FOUND,
		"VMCOREINFO has no phys_base and init_top_pgt, and there is no QEMU note: no page tables can be found");
}

/* One entry of the table at `pa`. Whole tables are remembered, a few per level, so that a
 * walk over neighbouring addresses reads each once. */
static struct error *read_entry(struct kernel *k, struct x86_64_paging *p, unsigned level,
				uint64_t pa, unsigned index, uint64_t *ret)
{
	struct table *t = &p->tables[level][(pa / TABLE_LEN) % WAYS];

	if (!t->valid || t->pa != pa) {
		t->valid = false;
		TRY(dump_read_phys(k->dump, pa, t->bytes, TABLE_LEN));
		t->pa = pa;
		t->valid = true;
	}
	*ret = get_u64(t->bytes + index * 8, false);
	return NULL;
}

/* False when the entry maps nothing. */
static bool entry_address(const struct x86_64_paging *p, uint64_t entry, uint64_t *ret_pa)
{
	if (entry & ENTRY_PRESENT) {
		*ret_pa = entry & ENTRY_ADDRESS & ~p->sme_mask;
		return true;
	}
	if (!(entry & ENTRY_PROTNONE))
		return false;
	*ret_pa = (entry & ENTRY_INVERTED ? ~entry : entry) & ENTRY_ADDRESS & ~p->sme_mask;
	return true;
}

static struct error *walk(struct kernel *k, struct x86_64_paging *p, uint64_t top_pa,
			  uint64_t va, uint64_t *ret_pa, uint64_t *ret_len)
{
	unsigned top_bits = PAGE_BITS + INDEX_BITS * p->levels;
	int64_t upper = (int64_t)va >> (top_bits - 1);
	uint64_t pa = top_pa & ~(uint64_t)(TABLE_LEN - 1);

	if (upper != 0 && upper != -1)
		return error_new(ERROR_NOT_FOUND, "address 0x%llx is not canonical",
				 (unsigned long long)va);
	for (unsigned level = p->levels; level-- > 0;) {
		unsigned shift = PAGE_BITS + INDEX_BITS * level;
		uint64_t size = 1ull << shift, entry;
		unsigned index = (va >> shift) & ((1u << INDEX_BITS) - 1);
		struct error *e = read_entry(k, p, level, pa, index, &entry);

		if (e)
			return error_prefix(e, "address 0x%llx: page table of level %u",
					    (unsigned long long)va, level + 1);
		if (!entry_address(p, entry, &pa))
			return error_new(ERROR_NOT_FOUND, "address 0x%llx is not mapped",
					 (unsigned long long)va);
		/* only 2 MiB and 1 GiB leaves exist above the lowest level */
		if (level == 0 || (entry & ENTRY_LARGE && level <= 2)) {
			*ret_pa = (pa & ~(size - 1)) | (va & (size - 1));
			*ret_len = size - (va & (size - 1));
			return NULL;
		}
		if (!(entry & ENTRY_PRESENT))
			return error_new(ERROR_NOT_FOUND, "address 0x%llx is not mapped",
					 (unsigned long long)va);
	}
	return error_new(ERROR_BAD_DATA, "address 0x%llx: no leaf", (unsigned long long)va);
}

static struct error *x86_64_translate(struct kernel *k, uint64_t top_pa, uint64_t va,
				      uint64_t *ret_pa, uint64_t *ret_len)
{
	struct x86_64_paging *p = k->paging_state;
	struct error *e;

	if (top_pa != UINT64_MAX)
		return walk(k, p, top_pa, va, ret_pa, ret_len);
	e = walk(k, p, p->top_pa, va, ret_pa, ret_len);
	if (!e || !p->has_phys_base || va < IMAGE_MAP || va - IMAGE_MAP >= p->image_len)
		return e;
	/* The image is mapped linearly whatever the tables say now: they may be missing in the
	 * dump, and kernels take parts out of the map after boot. */
	if (error_kind(e) == ERROR_NOMEM)
		return e;
	error_free(e);
	*ret_pa = va - IMAGE_MAP + p->phys_base;
	*ret_len = MIN(p->image_len - (va - IMAGE_MAP), TABLE_LEN - va % TABLE_LEN);
	return NULL;
}

const struct paging paging_x86_64 = {
	.name = "x86_64",
	.elf_machine = 62, /* EM_X86_64 */
	.init = x86_64_init,
	.translate = x86_64_translate,
};
