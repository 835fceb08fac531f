/* Where KASLR put the kernel; see kaslr.h. */
#include "kernel/kaslr.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "kernel/paging_x86-priv.h"
#include "kernel/vmcoreinfo.h"

#define IMAGE_MAP   0xffffffff80000000ull /* __START_KERNEL_map */
#define IMAGE_LEN   (1ull << 30)	  /* KERNEL_IMAGE_SIZE with KASLR */
#define IMAGE_ALIGN (2ull << 20)	  /* CONFIG_PHYSICAL_ALIGN */

/* struct QEMUCPUState, QEMU target/i386/arch_dump.c */
#define NOTE_IDT_BASE 384
#define NOTE_CR3      416
#define NOTE_CR4      424
#define NOTE_LEN      432

#define CR3_ADDRESS 0x000ffffffffff000ull /* without the process context id */
#define CR3_USER                                                                               \
	(1ull << 12) /* with page table isolation: user mode's table, behind the kernel's */
#define CR4_LA57 (1ull << 12)

/* Page tables of which nothing else is known. */
struct tables {
	struct kernel k;
	struct x86_paging *p; /* as k.paging_state, freed with it */
};

static bool tables_init(struct tables *t, struct dump *d)
{
	*t = (struct tables){.k = {.dump = d,
				   .arch = d->arch,
				   .is_64bit = true,
				   .long_size = 8,
				   .page_size = d->page_size}};
	t->p = pagetable_new(&t->k, sizeof(*t->p));
	if (!t->p)
		return false;
	t->p->t.layout = (struct pagetable_layout){.entry_len = 8, .entry = x86_entry};
	t->p->large_levels = 2;
	return true;
}

static struct error *translate(struct tables *t, const struct kaslr *a, uint64_t va,
			       uint64_t *ret_pa)
{
	uint64_t len;

	t->p->t.layout.va_bits = a->levels == 5 ? 57 : 48;
	pagetable_set_levels(&t->p->t.layout, 12, 9, t->p->t.layout.va_bits);
	return pagetable_walk(&t->p->t, a->top_pa, va, ret_pa, &len);
}

static bool find_image(struct tables *t, struct kaslr *a)
{
	for (uint64_t va = IMAGE_MAP; va - IMAGE_MAP < IMAGE_LEN; va += IMAGE_ALIGN) {
		uint64_t pa;
		struct error *e = translate(t, a, va, &pa);

		if (!e) {
			a->image_va = va;
			a->phys_base = pa - (va - IMAGE_MAP);
			return true;
		}
		error_free(e);
	}
	return false;
}

/* A gate of the interrupt table: Intel SDM volume 3, 6.14.1. */
static void find_vector_0(struct tables *t, struct kaslr *a, uint64_t idt)
{
	unsigned char gate[16];
	uint64_t pa, handler;
	struct error *e = translate(t, a, idt, &pa);

	if (!e)
		e = dump_read_phys(t->k.dump, pa, gate, sizeof(gate));
	if (e) {
		error_free(e); /* one opinion less */
		return;
	}
	handler = get_u16(gate, false) | (uint64_t)get_u16(gate + 6, false) << 16 |
		  (uint64_t)get_u32(gate + 8, false) << 32;
	if (handler >= a->image_va && handler - IMAGE_MAP < IMAGE_LEN)
		a->vector_0 = handler;
}

static bool try_table(struct tables *t, uint64_t cr3, const unsigned char *note,
		      struct kaslr *ret)
{
	struct kaslr a = {
		.top_pa = cr3,
		.levels = get_u64(note + NOTE_CR4, false) & CR4_LA57 ? 5 : 4,
	};

	if (!cr3 || !find_image(t, &a))
		return false;
	find_vector_0(t, &a, get_u64(note + NOTE_IDT_BASE, false));
	*ret = a;
	return true;
}

static bool try_every_cpu(struct tables *t, struct kaslr *ret)
{
	const struct dump *d = t->k.dump;

	for (size_t i = 0; i < d->nr_notes; i++) {
		const struct dump_note *n = &d->notes[i];
		uint64_t cr3;

		if (strcmp(n->name, "QEMU") || n->type || n->desc_len < NOTE_LEN)
			continue;
		cr3 = get_u64(n->desc + NOTE_CR3, false) & CR3_ADDRESS;
		/* user mode's table maps a bit of the image too: the kernel's comes first */
		if ((cr3 & CR3_USER && try_table(t, cr3 & ~CR3_USER, n->desc, ret)) ||
		    try_table(t, cr3, n->desc, ret))
			return true;
	}
	return false;
}

struct error *kaslr_find(struct dump *d, struct kaslr *ret)
{
	struct tables t;
	bool found;

	if (!tables_init(&t, d))
		return error_nomem();
	found = d->arch == &arch_x86_64 && try_every_cpu(&t, ret);
	free(t.k.paging_state);
	if (found)
		return NULL;
	return error_new(
		ERROR_NOT_FOUND,
		"the dump has no control registers of a CPU whose page tables map a kernel");
}

bool kaslr_offset(const struct kaslr *k, uint64_t linked_text, uint64_t linked_vector_0,
		  uint64_t *ret)
{
	*ret = k->image_va - ROUND_DOWN(linked_text, IMAGE_ALIGN);
	return !linked_vector_0 || !k->vector_0 || k->vector_0 - linked_vector_0 == *ret;
}

struct error *kaslr_infotext(struct dump *d, const char *linked, size_t len, struct strbuf *out)
{
	CLEANUP(vmcoreinfo_free) struct vmcoreinfo *info = NULL;
	uint64_t text, vector_0 = 0, offset;
	struct kaslr k;

	TRY(kaslr_find(d, &k));
	TRY(vmcoreinfo_parse(linked, len, &info));
	if (!vmcoreinfo_symbol(info, "_stext", &text) &&
	    !vmcoreinfo_symbol(info, "_text", &text))
		return error_new(
			ERROR_NOT_FOUND,
			"neither SYMBOL(_stext) nor SYMBOL(_text) is known: how far the kernel was "
			"moved cannot be told");
	if (!vmcoreinfo_symbol(info, "asm_exc_divide_error",
			       &vector_0)) /* Linux 5.8 and later */
		(void)vmcoreinfo_symbol(info, "divide_error", &vector_0);
	if (!kaslr_offset(&k, text, vector_0, &offset))
		return error_new(
			ERROR_BAD_DATA,
			"the kernel image begins at 0x%llx and its handler of vector 0 is at 0x%llx: "
			"these symbols are of another kernel",
			(unsigned long long)k.image_va, (unsigned long long)k.vector_0);
	strbuf_printf(
		out,
		"KERNELOFFSET=%llx\nNUMBER(phys_base)=%lld\nNUMBER(pgtable_l5_enabled)=%d\n",
		(unsigned long long)offset, (long long)k.phys_base, k.levels == 5);
	return strbuf_error(out);
}
