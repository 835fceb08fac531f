/* Page tables by hand; see fake_mmu.h. */
#include "make/fake_mmu.h"

#include <stdlib.h>

#include "base/bytes.h"

#define ARM	  40
#define RISCV	  243
#define S390	  22
#define IMAGE_LEN 0x40000

#define ARM64_INFO(bits, t1sz)                                                                 \
	"NUMBER(VA_BITS)=" bits "\nNUMBER(TCR_EL1_T1SZ)=" t1sz                                 \
	"\nNUMBER(kimage_voffset)=0xffff8000081f0000\nNUMBER(PHYS_OFFSET)=0x0"
#define ARM64_IMAGE (0xffff8000081f0000 + FAKE_IMAGE_PA)
#define RISCV_INFO(bits)                                                                       \
	"NUMBER(VA_BITS)=" bits "\nNUMBER(phys_ram_base)=0\n"                                  \
	"NUMBER(va_kernel_pa_offset)=0xffffffff80000000"
#define RISCV_IMAGE (0xffffffff80000000 + FAKE_IMAGE_PA)
#define POWER_IMAGE (0xc000000000000000 + FAKE_IMAGE_PA)
#define S390_INFO   "KERNELOFFSET=3ff80000000\nIDENTITYBASE=0\nKERNELOFFPHYS=40000"

/* clang-format off */
const struct fake_mmu fake_mmus[] = {
	{"x86_64", FAKE_X86_64, true, false, FAKE_ENTRY_X86_LONG, 4096, {9, 9, 9, 9}, 7,
	 false, 0xffffffff81000000, false, 0xffff888000000000, 0x0007ffffc0000000,
	 "NUMBER(phys_base)=-16515072", "6.1.0"},
	{"x86_64, 5 levels", FAKE_X86_64, true, false, FAKE_ENTRY_X86_LONG, 4096,
	 {9, 9, 9, 9, 9}, 7, false, 0xffffffff81000000, false, 0xff11000000000000,
	 0x0007ffffc0000000, "NUMBER(phys_base)=-16515072\nNUMBER(pgtable_l5_enabled)=1",
	 "6.1.0"},
	{"i386", FAKE_I386, false, false, FAKE_ENTRY_X86_SHORT, 4096, {10, 10}, 3, false,
	 0xc0040000, false, 0xf8000000, 0xffc00000, "", "6.1.0"},
	{"i386, 2G split", FAKE_I386, false, false, FAKE_ENTRY_X86_SHORT, 4096, {10, 10}, 3,
	 false, 0x80040000, false, 0xf8000000, 0xffc00000, "", "6.1.0"},
	{"i386, PAE", FAKE_I386, false, false, FAKE_ENTRY_X86_LONG, 4096, {9, 9, 2}, 3, false,
	 0xc0040000, false, 0xf8000000, 0x0007ffffc0000000, "CONFIG_X86_PAE=y", "6.1.0"},
	{"arm", ARM, false, false, FAKE_ENTRY_ARM_SHORT, 4096, {8, 12}, 3, false, 0xc0040000,
	 false, 0xf8000000, 0xff000000, "", "6.1.0"},
	{"arm, big-endian", ARM, false, true, FAKE_ENTRY_ARM_SHORT, 4096, {8, 12}, 3, true,
	 0x80040000, false, 0xf8000000, 0xff000000, "", "4.4.0"},
	{"arm, LPAE", ARM, false, false, FAKE_ENTRY_ARM_LONG, 4096, {9, 9, 2}, 3, false,
	 0xc0040000, false, 0xf8000000, 0xffc0000000, "CONFIG_ARM_LPAE=y", "6.1.0"},
	{"aarch64, 4K 39", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 4096, {9, 9, 9}, 7,
	 false, 0xffffffc008000000 + FAKE_IMAGE_PA, false, 0xffffff8000000000, 0xffffc0000000,
	 "NUMBER(VA_BITS)=39\nNUMBER(TCR_EL1_T1SZ)=0x19\n"
	 "NUMBER(kimage_voffset)=0xffffffc008000000\nNUMBER(PHYS_OFFSET)=0x0",
	 "6.1.0"},
	{"aarch64, 4K 48", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 4096, {9, 9, 9, 9},
	 7, false, ARM64_IMAGE, false, 0xffff000000000000, 0xffffc0000000,
	 ARM64_INFO("48", "0x10"), "6.1.0"},
	{"aarch64, 4K 48, before 5.4", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 4096,
	 {9, 9, 9, 9}, 7, false, 0xffff000008000000 + FAKE_IMAGE_PA, false,
	 0xffff800000000000, 0xffffc0000000,
	 "NUMBER(VA_BITS)=48\nNUMBER(kimage_voffset)=0xffff000008000000\n"
	 "NUMBER(PHYS_OFFSET)=0x0",
	 "4.19.0"},
	{"aarch64, 4K 48, big-endian", FAKE_AARCH64, true, true, FAKE_ENTRY_ARM_LONG, 4096,
	 {9, 9, 9, 9}, 7, true, ARM64_IMAGE, false, 0xffff000000000000, 0xffffc0000000,
	 ARM64_INFO("48", "0x10"), "6.1.0"},
	{"aarch64, 4K 52", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA2, 4096,
	 {9, 9, 9, 9, 4}, 15, false, ARM64_IMAGE, false, 0xfff0000000000000, 0xfff8000000000,
	 ARM64_INFO("52", "0xc"), "6.12.0"},
	{"aarch64, 4K 52 that runs with 48", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG,
	 4096, {9, 9, 9, 9}, 7, false, ARM64_IMAGE, false, 0xffff000000000000, 0xffffc0000000,
	 ARM64_INFO("52", "0x10"), "6.12.0"},
	{"aarch64, 16K 36", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 16384, {11, 11},
	 3, false, 0xfffffff808000000 + FAKE_IMAGE_PA, false, 0xfffffff000000000,
	 0xfffffe000000,
	 "NUMBER(VA_BITS)=36\nNUMBER(TCR_EL1_T1SZ)=0x1c\n"
	 "NUMBER(kimage_voffset)=0xfffffff808000000\nNUMBER(PHYS_OFFSET)=0x0",
	 "6.1.0"},
	{"aarch64, 16K 47", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 16384,
	 {11, 11, 11}, 3, false, 0xffffc00008000000 + FAKE_IMAGE_PA, false,
	 0xffff800000000000, 0xfffffe000000,
	 "NUMBER(VA_BITS)=47\nNUMBER(TCR_EL1_T1SZ)=0x11\n"
	 "NUMBER(kimage_voffset)=0xffffc00008000000\nNUMBER(PHYS_OFFSET)=0x0",
	 "6.1.0"},
	{"aarch64, 16K 48", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LONG, 16384,
	 {11, 11, 11, 1}, 3, false, ARM64_IMAGE, false, 0xffff000000000000, 0xfffffe000000,
	 ARM64_INFO("48", "0x10"), "6.1.0"},
	{"aarch64, 16K 52", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA2, 16384,
	 {11, 11, 11, 5}, 7, false, ARM64_IMAGE, false, 0xfff0000000000000, 0xffff000000000,
	 ARM64_INFO("52", "0xc"), "6.12.0"},
	{"aarch64, 64K 42", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA, 65536, {13, 13}, 3,
	 false, 0xfffffe0008000000 + FAKE_IMAGE_PA, false, 0xfffffc0000000000, 0xffffe0000000,
	 "NUMBER(VA_BITS)=42\nNUMBER(TCR_EL1_T1SZ)=0x16\n"
	 "NUMBER(kimage_voffset)=0xfffffe0008000000\nNUMBER(PHYS_OFFSET)=0x0",
	 "6.1.0"},
	{"aarch64, 64K 48", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA, 65536, {13, 13, 6},
	 3, false, ARM64_IMAGE, false, 0xffff000000000000, 0xffffe0000000,
	 ARM64_INFO("48", "0x10"), "6.1.0"},
	{"aarch64, 64K 52", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA, 65536,
	 {13, 13, 10}, 7, false, ARM64_IMAGE, false, 0xfff0000000000000, 0xffc0000000000,
	 ARM64_INFO("52", "0xc"), "6.1.0"},
	{"aarch64, 64K 52 that runs with 48", FAKE_AARCH64, true, false, FAKE_ENTRY_ARM_LPA,
	 65536, {13, 13, 10}, 3, false, ARM64_IMAGE, false, 0xffff000000000000,
	 0xfffffe0000000, ARM64_INFO("52", "0x10"), "6.1.0"},
	{"riscv64, Sv39", RISCV, true, false, FAKE_ENTRY_RISCV, 4096, {9, 9, 9}, 7, false,
	 RISCV_IMAGE, false, 0xffffffd800000000, 0xffffffc0000000, RISCV_INFO("39"), "6.6.0"},
	{"riscv64, Sv48", RISCV, true, false, FAKE_ENTRY_RISCV, 4096, {9, 9, 9, 9}, 15, false,
	 RISCV_IMAGE, false, 0xffffaf8000000000, 0xffff8000000000, RISCV_INFO("48"), "6.6.0"},
	{"riscv64, Sv57", RISCV, true, false, FAKE_ENTRY_RISCV, 4096, {9, 9, 9, 9, 9}, 31,
	 false, RISCV_IMAGE, false, 0xff60000000000000, 0xff000000000000, RISCV_INFO("57"),
	 "6.6.0"},
	{"riscv64, before 6.4", RISCV, true, false, FAKE_ENTRY_RISCV, 4096, {9, 9, 9}, 7,
	 false, RISCV_IMAGE, false, 0xffffffd800000000, 0xffffffc0000000,
	 "NUMBER(VA_BITS)=39\nNUMBER(phys_ram_base)=-1835008\n"
	 "NUMBER(KERNEL_LINK_ADDR)=0xffffffff80040000",
	 "6.1.0"},
	{"ppc64, radix 64K", FAKE_PPC64, true, true, FAKE_ENTRY_POWER, 65536, {5, 9, 9, 13},
	 7, true, POWER_IMAGE, false, 0xc008000000000000, 0x1fffc000000000,
	 "NUMBER(RADIX_MMU)=1", "6.1.0"},
	{"ppc64le, radix 64K", FAKE_PPC64, true, false, FAKE_ENTRY_POWER, 65536,
	 {5, 9, 9, 13}, 7, true, POWER_IMAGE, false, 0xc008000000000000, 0x1fffc000000000,
	 "NUMBER(RADIX_MMU)=1", "6.1.0"},
	{"ppc64le, radix 4K", FAKE_PPC64, true, false, FAKE_ENTRY_POWER, 4096, {9, 9, 9, 13},
	 7, true, POWER_IMAGE, false, 0xc008000000000000, 0x1fffc000000000,
	 "NUMBER(RADIX_MMU)=1", "6.12.0"},
	{"ppc64le, hash 64K", FAKE_PPC64, true, false, FAKE_ENTRY_POWER, 65536,
	 {8, 10, 10, 8}, 1, true, POWER_IMAGE, true, 0xc008000000000000, 0x1fffffff0000,
	 "NUMBER(RADIX_MMU)=0", "6.1.0"},
	{"ppc64, hash 64K, 4.14", FAKE_PPC64, true, true, FAKE_ENTRY_POWER, 65536,
	 {8, 10, 7, 8}, 1, true, POWER_IMAGE, true, 0xd000000000000000, 0x1fffffff0000, "",
	 "4.14.0"},
	{"ppc64, hash 64K, 4.8", FAKE_PPC64, true, true, FAKE_ENTRY_POWER, 65536,
	 {8, 5, 5, 12}, 1, true, POWER_IMAGE, true, 0xd000000000000000, 0x1fffffff0000, "",
	 "4.8.0"},
	{"ppc64le, hash 4K", FAKE_PPC64, true, false, FAKE_ENTRY_POWER, 4096, {9, 7, 9, 9}, 1,
	 true, POWER_IMAGE, true, 0xc000100000000000, 0x1fffffff0000, "NUMBER(RADIX_MMU)=0",
	 "6.12.0"},
	{"ppc64, hash 64K, 3.10", FAKE_PPC64, true, true, FAKE_ENTRY_POWER_OLD, 65536,
	 {8, 10, 12}, 1, true, POWER_IMAGE, true, 0xd000000000000000, 0x1ffff0000, "",
	 "3.10.0-957.el7.ppc64"},
	{"ppc64le, hash 64K, 3.10", FAKE_PPC64, true, false, FAKE_ENTRY_POWER_OLD, 65536,
	 {8, 10, 12}, 1, false, POWER_IMAGE, true, 0xd000000000000000, 0x1ffff0000, "",
	 "3.10.0-957.el7.ppc64le"},
	{"s390x, 3 levels", S390, true, true, FAKE_ENTRY_S390, 4096, {8, 11, 11}, 7, true,
	 FAKE_IMAGE_PA, false, 0x20000000000, 0x3f80000000, "", "6.1.0"},
	{"s390x, 4 levels", S390, true, true, FAKE_ENTRY_S390, 4096, {8, 11, 11, 11}, 7, true,
	 0x3ff80000000, false, 0x20000000000, 0x3f80000000, S390_INFO, "6.12.0"},
	{"s390x, 5 levels", S390, true, true, FAKE_ENTRY_S390, 4096, {8, 11, 11, 11, 11}, 7,
	 true, 0x3ff80000000, false, 0x40020000000000, 0x3f80000000, S390_INFO, "6.12.0"},
};
/* clang-format on */
const size_t fake_nr_mmus = ARRAY_SIZE(fake_mmus);

static unsigned nr_levels(const struct fake_mmu *m)
{
	unsigned n = 0;

	while (n < FAKE_MMU_LEVELS && m->bits[n])
		n++;
	return n;
}

static unsigned entry_len(const struct fake_mmu *m)
{
	return m->entry == FAKE_ENTRY_X86_SHORT || m->entry == FAKE_ENTRY_ARM_SHORT ? 4 : 8;
}

unsigned fake_mmu_shift(const struct fake_mmu *m, unsigned level)
{
	unsigned shift = __builtin_ctz(m->page_size);

	for (unsigned i = 0; i < level; i++)
		shift += m->bits[i];
	return shift;
}

void fake_mmu_put(const struct fake_mmu *m, struct fake *f, uint64_t at, uint64_t entry)
{
	unsigned char bytes[8];
	unsigned len = entry_len(m);

	for (unsigned i = 0; i < len; i++)
		bytes[m->big_entries ? len - 1 - i : i] = entry >> 8 * i;
	fake_put_bytes(f, at, bytes, len);
}

/* The entry of `level` that names a table of the next lower one. */
static uint64_t table_entry(const struct fake_mmu *m, unsigned level, uint64_t pa)
{
	switch (m->entry) {
	case FAKE_ENTRY_X86_SHORT:
		return pa | 0x67;
	case FAKE_ENTRY_X86_LONG: /* of the four entries of PAE only bit 0 counts */
		return pa | (m->is_64bit || level < 2 ? 0x67 : 1);
	case FAKE_ENTRY_ARM_SHORT:
		return pa | 0x1e1 | 1;
	case FAKE_ENTRY_ARM_LONG:
	case FAKE_ENTRY_ARM_LPA:
	case FAKE_ENTRY_ARM_LPA2:
		return pa | 3 | 1ull << 59;
	case FAKE_ENTRY_RISCV:
		return pa >> 12 << 10 | 1;
	case FAKE_ENTRY_POWER:
		return pa | 1ull << 63 | m->bits[level - 1];
	case FAKE_ENTRY_POWER_OLD:
		return pa | 0xc000000000000000 | 8;
	case FAKE_ENTRY_S390:
		return pa | (level - 1) << 2 | (level > 1 ? 3 : 0);
	}
	abort();
}

static uint64_t leaf_entry(const struct fake_mmu *m, unsigned level, uint64_t pa,
			   enum fake_mapping how)
{
	bool there = how == FAKE_MAPPED, none = how == FAKE_PROT_NONE;
	uint64_t entry;

	switch (m->entry) {
	case FAKE_ENTRY_X86_SHORT:
		return pa | (there ? 0x63 : none ? 0x160 : 0x60) | (level ? 0x80 : 0);
	case FAKE_ENTRY_X86_LONG:
		entry = none ? ~pa & 0x000ffffffffff000 : pa;
		return entry |
		       (there  ? 0x63
			: none ? 0x160
			       : 0x60) |
		       (level ? 0x80 : 0) | 1ull << 63;
	case FAKE_ENTRY_ARM_SHORT:
		return there ? pa | (level ? 0xc02 : 0x32) : pa;
	case FAKE_ENTRY_ARM_LONG:
	case FAKE_ENTRY_ARM_LPA:
	case FAKE_ENTRY_ARM_LPA2:
		entry = pa | 0x400 | 0x60ull << 48;
		if (m->entry == FAKE_ENTRY_ARM_LPA)
			entry = (pa & 0xffffffffffff) | (pa >> 48) << 12 | 0x60ull << 48 |
				0x400;
		if (m->entry == FAKE_ENTRY_ARM_LPA2)
			entry = (pa & 0x3ffffffffffff) | (pa >> 50) << 8 | 0x60ull << 48 |
				0x400;
		else
			entry |= 0x300; /* shareability */
		if (!there && !none)
			return entry & ~0xfffull;
		if (!m->is_64bit) /* LPAE */
			return entry | (level ? 0 : 2) | (there ? 1 : 1ull << 57);
		if (none)
			return entry | (atoi(m->release) == 6 && atoi(m->release + 2) >= 11
						? 1 << 11
						: 1ull << 58);
		return entry | (level ? 1 : 3);
	case FAKE_ENTRY_RISCV:
		return pa >> 12 << 10 | (there ? 0xcf : none ? 0xe0 : 0);
	case FAKE_ENTRY_POWER:
		return there ? pa | 3ull << 62 | 0x18e : pa | 1ull << 62 | 0x18e;
	case FAKE_ENTRY_POWER_OLD:
		return pa / m->page_size << 30 | 0x182 | there;
	case FAKE_ENTRY_S390:
		entry = pa | (level ? 0x400u | (level - 1) << 2 : 0);
		if (there)
			return entry | (level ? 0xc003 : 0x03f);
		if (none)
			return entry | (level ? 0x221 : 0x601);
		return entry | (level ? 0x20 : 0x600);
	}
	abort();
}

static uint64_t new_table(const struct fake_mmu *m, struct fake *f, unsigned level)
{
	size_t len = (size_t)entry_len(m) << m->bits[level];
	uint64_t pa = fake_alloc(f, len, MAX(len, (size_t)4096));

	for (size_t i = 0; m->entry == FAKE_ENTRY_S390 && i < len; i += 8)
		fake_mmu_put(m, f, pa + i, level ? 0x20u | (level - 1) << 2 : 0x400);
	return pa;
}

static uint64_t get_entry(const struct fake_mmu *m, struct fake *f, uint64_t at)
{
	return get_uint(f->memory + at, entry_len(m), m->big_entries);
}

/* Entries are remembered by what new_table() left there. */
static bool is_empty(const struct fake_mmu *m, unsigned level, uint64_t entry)
{
	return m->entry == FAKE_ENTRY_S390 ? (entry & 0x20) != 0 : entry == 0;
}

static uint64_t table_address(const struct fake_mmu *m, uint64_t entry)
{
	switch (m->entry) {
	case FAKE_ENTRY_ARM_SHORT:
		return entry & 0xfffffc00;
	case FAKE_ENTRY_RISCV:
		return entry >> 10 << 12;
	default:
		return entry & 0x07fffffffffff800;
	}
}

uint64_t fake_mmu_entry(const struct fake_mmu *m, struct fake *f, uint64_t top_pa, uint64_t va,
			unsigned level)
{
	uint64_t pa = top_pa;

	for (unsigned at = nr_levels(m) - 1;; at--) {
		uint64_t index = va >> fake_mmu_shift(m, at) & ((1ull << m->bits[at]) - 1);
		uint64_t entry_pa = pa + index * entry_len(m);

		if (at == level)
			return entry_pa;
		if (is_empty(m, at, get_entry(m, f, entry_pa)))
			fake_mmu_put(m, f, entry_pa,
				     table_entry(m, at, new_table(m, f, at - 1)));
		pa = table_address(m, get_entry(m, f, entry_pa));
	}
}

void fake_mmu_map(const struct fake_mmu *m, struct fake *f, uint64_t top_pa, uint64_t va,
		  uint64_t pa, unsigned level, enum fake_mapping how)
{
	fake_mmu_put(m, f, fake_mmu_entry(m, f, top_pa, va, level),
		     leaf_entry(m, level, pa, how));
}

void fake_mmu_init(const struct fake_mmu *m, struct fake *f, size_t len)
{
	unsigned top = nr_levels(m) - 1;

	fake_init(f, m->machine, m->is_64bit, m->big, len);
	f->next = FAKE_IMAGE_PA;
	new_table(m, f, top);
	f->next = MAX(f->next, FAKE_IMAGE_PA + IMAGE_LEN);
	fake_info(f, "OSRELEASE=%s", m->release);
	fake_info(f, "PAGESIZE=%u", m->page_size);
	fake_info(f, "SYMBOL(swapper_pg_dir)=%llx", (unsigned long long)m->image_va);
	fake_info(f, "SYMBOL(_stext)=%llx", (unsigned long long)m->image_va + 0x10000);
	if (*m->info)
		fake_info(f, "%s", m->info);
	for (uint64_t off = 0; !m->unmapped && off < IMAGE_LEN; off += m->page_size)
		fake_mmu_map(m, f, FAKE_IMAGE_PA, m->image_va + off, FAKE_IMAGE_PA + off, 0,
			     FAKE_MAPPED);
}
