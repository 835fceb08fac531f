/* Address translation of every architecture, over tables that fake_mmu.c lays by hand. */
#include "../test.h"

#include "base/bytes.h"
#include "kernel/paging.h"
#include "kernel/vmem.h"
#include "make/fake_mmu.h"

#define MEMORY	  (2ull << 20)
#define BYTE_AT	  0x345
#define NOT_THERE (1ull << 37) /* outside every dump here, inside every address format */

static struct fake f;
static const struct fake_mmu *mmu;

static void start_with(const struct fake_mmu *m, size_t memory)
{
	mmu = m;
	fake_mmu_init(m, &f, memory);
}

static void start(const struct fake_mmu *m)
{
	start_with(m, MEMORY);
}

static uint64_t leaf_len(unsigned level)
{
	return 1ull << fake_mmu_shift(mmu, level);
}

static void check(uint64_t va, uint64_t want_pa, uint64_t want_len)
{
	uint64_t pa = 0, len = 0;

	/* twice: the second answer comes from the cache */
	for (int i = 0; i < 2; i++) {
		struct error *e = vmem_translate(f.k, va, &pa, &len);

		if (e || pa != want_pa || len != want_len)
			fail_msg("%s: 0x%llx: 0x%llx of 0x%llx bytes, not 0x%llx of 0x%llx: %s",
				 mmu->name, (unsigned long long)va, (unsigned long long)pa,
				 (unsigned long long)len, (unsigned long long)want_pa,
				 (unsigned long long)want_len, e ? error_message(e) : "");
	}
}

static void check_error(uint64_t va, enum error_kind kind, const char *words)
{
	uint64_t pa = 0;
	_cleanup_error_ struct error *e = vmem_translate(f.k, va, &pa, NULL);

	if (!e || error_kind(e) != kind || !strstr(error_message(e), words))
		fail_msg("%s: 0x%llx: 0x%llx, not \"%s\": %s", mmu->name,
			 (unsigned long long)va, (unsigned long long)pa, words,
			 e ? error_message(e) : "");
}

static void open_with_paging(void)
{
	fake_open(&f);
	if (!f.k->paging)
		fail_msg("%s: no page tables", mmu->name);
}

static void one_leaf(unsigned level)
{
	uint64_t len = leaf_len(level), pa = mmu->pa / len * len;

	fake_mmu_map(mmu, &f, FAKE_IMAGE_PA, mmu->va, pa, level, FAKE_MAPPED);
	fake_mmu_map(mmu, &f, FAKE_IMAGE_PA, mmu->va + len, pa - len, level, FAKE_MAPPED);
	fake_mmu_map(mmu, &f, FAKE_IMAGE_PA, mmu->va + 2 * len, pa, level, FAKE_ABSENT);
	open_with_paging();
	check(mmu->va, pa, len);
	check(mmu->va + BYTE_AT, pa + BYTE_AT, len - BYTE_AT);
	check(mmu->va + len - 1, pa + len - 1, 1);
	check(mmu->va + len + 8, pa - len + 8, len - 8);
	check_error(mmu->va + 2 * len, ERROR_NOT_FOUND, "not mapped");
	check_error(mmu->va + 3 * len, ERROR_NOT_FOUND, "not mapped");
	check(mmu->image_va + BYTE_AT, FAKE_IMAGE_PA + BYTE_AT,
	      mmu->unmapped || mmu->machine == FAKE_PPC64 ? MEMORY - FAKE_IMAGE_PA - BYTE_AT
							  : mmu->page_size - BYTE_AT);
	fake_done(&f);
}

static void every_leaf_of_every_mmu(void **state)
{
	for (size_t i = 0; i < fake_nr_mmus; i++)
		for (unsigned level = 0; level < FAKE_MMU_LEVELS; level++)
			if (fake_mmus[i].leaf_levels >> level & 1) {
				start(&fake_mmus[i]);
				one_leaf(level);
			}
}

static bool has_prot_none(const struct fake_mmu *m)
{
	return m->entry != FAKE_ENTRY_ARM_SHORT && m->entry != FAKE_ENTRY_POWER &&
	       m->entry != FAKE_ENTRY_POWER_OLD;
}

static void inaccessible_is_mapped(void **state)
{
	for (size_t i = 0; i < fake_nr_mmus; i++) {
		for (unsigned level = 0; level < FAKE_MMU_LEVELS; level++) {
			uint64_t len;

			if (!has_prot_none(&fake_mmus[i]) ||
			    !(fake_mmus[i].leaf_levels >> level & 1))
				continue;
			start(&fake_mmus[i]);
			len = leaf_len(level);
			fake_mmu_map(mmu, &f, FAKE_IMAGE_PA, mmu->va, mmu->pa / len * len,
				     level, FAKE_PROT_NONE);
			open_with_paging();
			check(mmu->va + 8, mmu->pa / len * len + 8, len - 8);
			fake_done(&f);
		}
	}
}

/* A table of the lowest level that the dump does not have. */
static void missing_tables_are_lost(void **state)
{
	for (size_t i = 0; i < fake_nr_mmus; i++) {
		uint64_t at, entry, va = fake_mmus[i].va;
		unsigned char *p;

		start(&fake_mmus[i]);
		if (mmu->machine == FAKE_AARCH64) /* not where the linear map would answer */
			va = mmu->image_va + (256 << 20);
		(void)fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, va, 0);
		at = fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, va, 1);
		p = f.memory + at;
		entry = get_uint(p,
				 mmu->entry == FAKE_ENTRY_X86_SHORT ||
						 mmu->entry == FAKE_ENTRY_ARM_SHORT
					 ? 4
					 : 8,
				 mmu->big_entries);
		if (mmu->entry == FAKE_ENTRY_RISCV)
			entry |= NOT_THERE >> 2;
		else if (mmu->is_64bit || mmu->entry == FAKE_ENTRY_X86_LONG ||
			 mmu->entry == FAKE_ENTRY_ARM_LONG)
			entry |= NOT_THERE;
		else
			entry |= 0x70000000;
		fake_mmu_put(mmu, &f, at, entry);
		open_with_paging();
		check_error(va, ERROR_LOST, "page table of level 1");
		fake_done(&f);
	}
}

static struct error *init_again(const struct fake_mmu *m)
{
	for (size_t i = 0; pagings[i]; i++) {
		if (strcmp(pagings[i]->name, f.k->arch->name) != 0)
			continue;
		free(f.k->paging_state);
		f.k->paging_state = NULL;
		return pagings[i]->init(f.k);
	}
	fail_msg("%s: no such paging", m->name);
	return NULL;
}

/* Tables that map their own address elsewhere are not the kernel's: nothing is to be believed
 * that they say. */
static void other_tables_are_refused(void **state)
{
	for (size_t i = 0; i < fake_nr_mmus; i++) {
		_cleanup_error_ struct error *e = NULL;

		/* x86_64's image map does without; hash tables do not hold the linear map */
		if (fake_mmus[i].machine == FAKE_X86_64 || fake_mmus[i].unmapped)
			continue;
		start(&fake_mmus[i]);
		fake_mmu_map(mmu, &f, FAKE_IMAGE_PA, mmu->image_va, 0x100000, 0, FAKE_MAPPED);
		fake_open(&f);
		assert_null(f.k->paging);
		e = init_again(mmu);
		if (!e || !strstr(error_message(e), "map"))
			fail_msg("%s: %s", mmu->name, e ? error_message(e) : "accepted");
		fake_done(&f);
	}
}

static void what_is_needed_is_named(void **state)
{
	static const uint16_t machines[] = {FAKE_I386, 40, FAKE_AARCH64, 243, 22};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		_cleanup_error_ struct error *e = NULL;

		fake_init(&f, machines[i], machines[i] != FAKE_I386 && machines[i] != 40,
			  machines[i] == 22, 1 << 20);
		fake_info(&f, "OSRELEASE=6.1.0");
		fake_open(&f);
		assert_null(f.k->paging);
		e = init_again(&(struct fake_mmu){.name = "bare"});
		assert_non_null(e);
		assert_non_null(strstr(error_message(e), "VMCOREINFO has no"));
		fake_done(&f);
	}
}

static void user_tables(void **state)
{
	for (size_t i = 0; i < fake_nr_mmus; i++) {
		uint64_t top, pa = 0, len = 0, va = 0x12340000;

		start(&fake_mmus[i]);
		if (mmu->entry == FAKE_ENTRY_POWER_OLD) {
			fake_done(&f);
			continue;
		}
		f.next = ROUND_UP(f.next, 65536);
		top = f.next;
		/* the size of the image's top table, as fake_mmu_init() left room for it */
		(void)fake_alloc(&f, 1 << 17, 65536);
		for (size_t b = 0; mmu->entry == FAKE_ENTRY_S390 && b < 16384; b += 8)
			memcpy(f.memory + top + b, f.memory + FAKE_IMAGE_PA + 16384 - 8, 8);
		fake_mmu_map(mmu, &f, top, va, 0x300000, 0, FAKE_MAPPED);
		open_with_paging();
		assert_ok(vmem_translate_in(f.k, top, va + 4, &pa, &len));
		assert_int_equal(pa, 0x300004);
		assert_int_equal(len, mmu->page_size - 4);
		if (mmu->is_64bit && mmu->machine != 22)
			check_error(va, ERROR_NOT_FOUND, "not mapped");
		fake_done(&f);
	}
}

static const struct fake_mmu *mmu_named(const char *name)
{
	for (size_t i = 0; i < fake_nr_mmus; i++)
		if (strcmp(fake_mmus[i].name, name) == 0)
			return &fake_mmus[i];
	fail_msg("%s: no such row", name);
	return NULL;
}

/* Entries that only one format has. */
static void odd_leaves(void **state)
{
	start(mmu_named("i386"));
	fake_mmu_put(mmu, &f, fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va, 1),
		     0xe3 | 0x40000000 | 0x5a << 13); /* PSE-36 */
	open_with_paging();
	check(mmu->va + 1, 0x5a40000001, (4 << 20) - 1);
	fake_done(&f);

	start(mmu_named("arm"));
	for (unsigned i = 0; i < 16; i++) {
		/* a supersection at 0x1200000000, and a large page */
		fake_mmu_put(mmu, &f, FAKE_IMAGE_PA + (0xf80 + i) * 4,
			     0x01000000 | 1 << 18 | 2 << 20 | 1 << 5 | 2);
		fake_mmu_put(mmu, &f,
			     fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, 0xf9000000 + i * 4096, 0),
			     0x12340000 | 1);
	}
	open_with_paging();
	check(0xf8345678, 0x1201345678, (16 << 20) - 0x345678);
	check(0xf9005678, 0x12345678, 0x10000 - 0x5678);
	fake_done(&f);

	start(mmu_named("riscv64, Sv39"));
	for (unsigned i = 0; i < 16; i++)
		fake_mmu_put(mmu, &f,
			     fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va + i * 4096, 0),
			     1ull << 63 | (0x12340000ull >> 12 | 8) << 10 | 0xcf);
	fake_mmu_put(mmu, &f, fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va + 0x10000, 0),
		     1ull << 63 | (0x12340000ull >> 12 | 4) << 10 | 0xcf);
	open_with_paging();
	check(mmu->va + 0x5678, 0x12345678, 0x10000 - 0x5678);
	check_error(mmu->va + 0x10000, ERROR_BAD_DATA, "makes no sense");
	fake_done(&f);
}

static void entries_that_make_no_sense(void **state)
{
	/* a block where only pages are; and where no block may be */
	start(mmu_named("aarch64, 4K 48"));
	fake_mmu_put(mmu, &f, fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va, 0), 0x300401);
	fake_mmu_put(mmu, &f, fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va + (1ull << 40), 3),
		     0x401);
	open_with_paging();
	check_error(mmu->va, ERROR_BAD_DATA, "page table of level 1 makes no sense");
	check_error(mmu->va + (1ull << 40), ERROR_BAD_DATA, "level 4 makes no sense");
	fake_done(&f);

	/* a table that names itself ends with the levels */
	start(mmu_named("riscv64, Sv48"));
	fake_mmu_put(mmu, &f, FAKE_IMAGE_PA + (mmu->va >> 39 & 511) * 8,
		     FAKE_IMAGE_PA >> 12 << 10 | 1);
	open_with_paging();
	check_error(mmu->va | (mmu->va >> 39 & 511) << 30 | (mmu->va >> 39 & 511) << 21 |
			    (mmu->va >> 39 & 511) << 12,
		    ERROR_BAD_DATA, "makes no sense");
	fake_done(&f);

	/* a segment where a region is expected */
	start(mmu_named("s390x, 3 levels"));
	fake_mmu_put(mmu, &f, fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, mmu->va, 2), 0x300000);
	open_with_paging();
	check_error(mmu->va, ERROR_BAD_DATA, "makes no sense");
	check_error(1ull << 45, ERROR_NOT_FOUND, "not canonical");
	fake_done(&f);
}

/* Linear maps answer for tables that are not in the dump, and only then. */
static void linear_maps(void **state)
{
	static const struct {
		const char *name;
		uint64_t va, pa;
	} rows[] = {
		{"aarch64, 4K 48", 0xffff000000700000, 0x700000},
		{"aarch64, 4K 48, before 5.4", 0xffff800000700000, 0x700000},
		{"i386, PAE", 0xc0700000, 0x700000},
		{"i386, 2G split", 0x80700000, 0x700000},
		{"arm", 0xc0700000, 0x700000},
		{"s390x, 3 levels", 0x700000, 0x700000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t at;

		start_with(mmu_named(rows[i].name), 8 << 20);
		(void)fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, rows[i].va, 0);
		open_with_paging();
		if (mmu->machine != 22) /* shares its table with the image */
			check_error(rows[i].va + 4, ERROR_NOT_FOUND, "not mapped");
		fake_done(&f);

		start_with(mmu_named(rows[i].name), 8 << 20);
		(void)fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, rows[i].va, 0);
		at = fake_mmu_entry(mmu, &f, FAKE_IMAGE_PA, rows[i].va, 1);
		fake_mmu_put(mmu, &f, at,
			     get_uint(f.memory + at,
				      mmu->entry == FAKE_ENTRY_ARM_SHORT ||
						      mmu->entry == FAKE_ENTRY_X86_SHORT
					      ? 4
					      : 8,
				      mmu->big_entries) |
				     0x70000000);
		open_with_paging();
		check(rows[i].va + 4, rows[i].pa + 4, 4092);
		fake_done(&f);
	}
}

/* vmemmap with the hash MMU: a list of blocks, in any order. */
static void vmemmap_list(void **state)
{
	const uint64_t base = 0xc000000000000000, vmemmap = 0xf000000000000000;
	static const uint64_t pas[] = {0x500000, 0x400000, 0x600000};
	uint64_t head = 0;

	start(mmu_named("ppc64, hash 64K, 4.14"));
	f.next = ROUND_UP(f.next, 4096);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t at = fake_alloc(&f, 24, 8);

		fake_put(&f, at, 8, head);
		fake_put(&f, at + 8, 8, pas[i]);
		fake_put(&f, at + 16, 8, vmemmap + (i ^ 1) * (1 << 20));
		head = base + at;
	}
	fake_put(&f, 0x1000, 8, head);
	fake_put(&f, 0x1008, 4, 2);		    /* mmu_vmemmap_psize */
	fake_put(&f, 0x2000 + 2 * 0x70 + 4, 4, 20); /* mmu_psize_defs[2].shift */
	fake_info(&f, "SYMBOL(vmemmap_list)=c000000000001000");
	fake_info(&f, "SYMBOL(mmu_vmemmap_psize)=c000000000001008");
	fake_info(&f, "SYMBOL(mmu_psize_defs)=c000000000002000");
	fake_info(&f, "SIZE(mmu_psize_def)=112\nOFFSET(mmu_psize_def.shift)=4");
	fake_info(&f, "SIZE(vmemmap_backing)=24\nOFFSET(vmemmap_backing.list)=0");
	fake_info(&f, "OFFSET(vmemmap_backing.phys)=8\nOFFSET(vmemmap_backing.virt_addr)=16");
	open_with_paging();
	check(vmemmap + 0x1234, 0x401234, 0x100000 - 0x1234);
	check(vmemmap + 0x101234, 0x501234, 0x100000 - 0x1234);
	check_error(vmemmap + 0x200000, ERROR_NOT_FOUND, "not mapped");
	check(vmemmap + 0x300000, 0x600000, 0x100000);
	check_error(vmemmap + 0x400000, ERROR_NOT_FOUND, "not mapped");
	fake_done(&f);
}

/* A list without end costs vmemmap, not the kernel. */
static void vmemmap_list_without_end(void **state)
{
	start(mmu_named("ppc64le, hash 4K"));
	fake_put(&f, 0x1000, 8, 0xc000000000003000);
	fake_put(&f, 0x3000, 8, 0xc000000000003000);
	fake_put(&f, 0x2004, 4, 24);
	fake_info(&f, "SYMBOL(vmemmap_list)=c000000000001000");
	fake_info(&f, "SYMBOL(mmu_vmemmap_psize)=c000000000001008");
	fake_info(&f, "SYMBOL(mmu_psize_defs)=c000000000002000");
	fake_info(&f, "SIZE(mmu_psize_def)=112\nOFFSET(mmu_psize_def.shift)=4");
	fake_info(&f, "SIZE(vmemmap_backing)=24\nOFFSET(vmemmap_backing.list)=0");
	fake_info(&f, "OFFSET(vmemmap_backing.phys)=8\nOFFSET(vmemmap_backing.virt_addr)=16");
	open_with_paging();
	check(0xc000000000003000, 0x3000, MEMORY - 0x3000);
	check_error(0xf000000000000000, ERROR_NOT_FOUND, "not mapped");
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_leaf_of_every_mmu),
		cmocka_unit_test(inaccessible_is_mapped),
		cmocka_unit_test(missing_tables_are_lost),
		cmocka_unit_test(other_tables_are_refused),
		cmocka_unit_test(what_is_needed_is_named),
		cmocka_unit_test(user_tables),
		cmocka_unit_test(odd_leaves),
		cmocka_unit_test(entries_that_make_no_sense),
		cmocka_unit_test(linear_maps),
		cmocka_unit_test(vmemmap_list),
		cmocka_unit_test(vmemmap_list_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
