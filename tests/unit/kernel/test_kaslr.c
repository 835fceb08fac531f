/* Where the kernel is, when the dump does not say it: VMCOREINFO out of memory, and page tables
 * and interrupt tables out of the CPUs' registers. */
#include "../test.h"

#include "kernel/kaslr.h"
#include "kernel/vmem.h"
#include "make/fake_kernel.h"

#define MIB	 (1ull << 20)
#define IMAGE	 0xffffffff80000000ull
#define TEXT	 (IMAGE + 0x1000000 + 0x3000000) /* linked at 16 MiB, moved by 48 */
#define IMAGE_PA 0x400000ull
#define UTS	 0x3000ull /* of init_uts_ns in the image */
#define NOTE_PA	 0x100000ull
#define STALE_PA 0x80000ull
#define TOP_PA	 (IMAGE_PA + 0x1000)
#define IDT_VA	 0xfffffe0000000000ull
#define IDT_PA	 0x202000ull
#define HANDLER	 (TEXT + 0x1234f0)

static void init(struct fake *f)
{
	fake_init(f, FAKE_X86_64, true, false, 16 * MIB);
	f->next = 8 * MIB;
	fake_put_bytes(f, IMAGE_PA + UTS, "Linux", 6);
	fake_put_bytes(f, IMAGE_PA + UTS + 130, "6.1.0-test", 11);
	fake_map(f, TOP_PA, 4, TEXT, IMAGE_PA, 4 * MIB, 2 * MIB, 1);
	fake_map(f, TOP_PA, 4, IDT_VA, IDT_PA, 4096, 4096, 1);
	/* modules come behind the image and are no part of it */
	fake_map(f, TOP_PA, 4, IMAGE + (1ull << 30), 12 * MIB, 2 * MIB, 2 * MIB, 1);
	fake_put(f, IDT_PA, 2, HANDLER & 0xffff);
	fake_put(f, IDT_PA + 6, 2, HANDLER >> 16 & 0xffff);
	fake_put(f, IDT_PA + 8, 4, HANDLER >> 32);
}

/* The kernel's own note in its memory. */
static void put_info(struct fake *f, uint64_t pa, const char *release, uint64_t text)
{
	_cleanup_strbuf_ struct strbuf s = {0};

	strbuf_printf(&s,
		      "OSRELEASE=%s\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\n"
		      "OFFSET(uts_namespace.name)=0\nSYMBOL(init_top_pgt)=%llx\n"
		      "NUMBER(phys_base)=%lld\nNUMBER(pgtable_l5_enabled)=0\n",
		      release, (unsigned long long)(text + UTS),
		      (unsigned long long)(text + 0x1000),
		      (long long)(IMAGE_PA - (TEXT - IMAGE)));
	fake_put(f, pa, 4, 11);
	fake_put(f, pa + 4, 4, s.len);
	fake_put_bytes(f, pa + 12, "VMCOREINFO", 11);
	fake_put_bytes(f, pa + 24, s.s, s.len);
}

static void test_info_in_memory(void **state)
{
	struct fake f;
	uint64_t pa;

	init(&f);
	put_info(&f, NOTE_PA + 0x204, "6.1.0-test", TEXT);
	fake_open(&f);
	assert_string_equal(f.k->release, "6.1.0-test");
	assert_non_null(strstr(f.dump->vmcoreinfo, "SYMBOL(init_uts_ns)"));
	/* a note like any other from now on, so that it is written too */
	assert_non_null(dump_find_note(f.dump, "VMCOREINFO", 0));
	assert_ok(vmem_translate(f.k, TEXT + 5, &pa, NULL));
	assert_int_equal(pa, IMAGE_PA + 5);
	fake_done(&f);
}

/* An earlier kernel left its note where memory was not used again: it does not fit. */
static void test_stale_info(void **state)
{
	struct fake f;

	init(&f);
	put_info(&f, STALE_PA, "5.10.0-old", TEXT);
	put_info(&f, STALE_PA + 0x2000, "6.1.0-test", TEXT + 16 * MIB);
	put_info(&f, NOTE_PA, "6.1.0-test", TEXT);
	fake_open(&f);
	assert_string_equal(f.k->release, "6.1.0-test");
	fake_done(&f);
	/* nothing else there */
	init(&f);
	put_info(&f, STALE_PA, "5.10.0-old", TEXT);
	assert_error(fake_try_open(&f), ERROR_NOT_FOUND, "neither VMCOREINFO nor segments");
	assert_null(f.dump->vmcoreinfo);
	fake_done(&f);
}

/* Notes that are none: too long, no first line, unaligned, cut off at the end of memory. */
static void test_broken_info(void **state)
{
	struct fake f;

	init(&f);
	put_info(&f, STALE_PA, "6.1.0-test", TEXT);
	fake_put(&f, STALE_PA + 4, 4, 0xffffffff);
	put_info(&f, STALE_PA + 0x1000, "6.1.0-test", TEXT);
	fake_put(&f, STALE_PA + 0x1000 + 24, 1, 'X');
	put_info(&f, STALE_PA + 0x2002, "6.1.0-test", TEXT);
	put_info(&f, STALE_PA + 0x3000, "6.1.0-test", TEXT);
	fake_put(&f, STALE_PA + 0x3000 + 8, 4, 1);
	/* one whose page tables cannot be */
	put_info(&f, STALE_PA + 0x4000, "6.1.0-test", 0x10000);
	fake_put(&f, 16 * MIB - 24, 4, 11);
	fake_put(&f, 16 * MIB - 20, 4, 100);
	fake_put_bytes(&f, 16 * MIB - 12, "VMCOREINFO", 11);
	assert_error(fake_try_open(&f), ERROR_NOT_FOUND, "neither VMCOREINFO nor segments");
	fake_done(&f);
}

static void put_registers(struct fake *f, uint64_t cr3, uint64_t cr4, uint64_t idt)
{
	unsigned char state[432] = {1, 0, 0, 0, 0xb0, 1};

	put_u64(state + 384, idt, false);
	put_u64(state + 416, cr3, false);
	put_u64(state + 424, cr4, false);
	fake_note(f, "QEMU", 0, state, sizeof(state));
}

static struct error *find(struct fake *f, struct kaslr *ret)
{
	error_free(fake_try_open(f)); /* there is no VMCOREINFO */
	return kaslr_find(f->dump, ret);
}

static void test_registers(void **state)
{
	/* the second CPU's, with process context, from user mode with page table isolation */
	static const uint64_t cr3s[] = {TOP_PA, TOP_PA | 0x802};
	struct kaslr found;
	uint64_t offset;

	for (size_t i = 0; i < ARRAY_SIZE(cr3s); i++) {
		struct fake f;

		init(&f);
		put_registers(&f, 0, 0, 0);
		put_registers(&f, cr3s[i], 0x6f0, IDT_VA);
		assert_ok(find(&f, &found));
		assert_int_equal(found.top_pa, TOP_PA);
		assert_int_equal(found.levels, 4);
		assert_int_equal(found.image_va, TEXT);
		assert_int_equal(found.phys_base, IMAGE_PA - (TEXT - IMAGE));
		assert_int_equal(found.vector_0, HANDLER);
		assert_true(kaslr_offset(&found, IMAGE + 0x1000000, 0, &offset));
		assert_int_equal(offset, 0x3000000);
		assert_true(
			kaslr_offset(&found, IMAGE + 0x1000000, HANDLER - 0x3000000, &offset));
		assert_false(
			kaslr_offset(&found, IMAGE + 0x1000000, HANDLER - 0x3000010, &offset));
		fake_done(&f);
	}
}

/* Page table isolation: user mode runs on the table behind the kernel's, which maps little. */
static void test_user_table(void **state)
{
	struct kaslr found;
	struct fake f;

	init(&f);
	/* the kernel's table is at an even page, so that the next one is user mode's */
	fake_map(&f, 0x600000, 4, TEXT, IMAGE_PA, 4 * MIB, 2 * MIB, 1);
	fake_map(&f, 0x601000, 4, TEXT + 2 * MIB, IMAGE_PA + 2 * MIB, 2 * MIB, 2 * MIB, 1);
	put_registers(&f, 0x601000, 0, 0);
	assert_ok(find(&f, &found));
	assert_int_equal(found.top_pa, 0x600000);
	assert_int_equal(found.image_va, TEXT);
	fake_done(&f);
}

static void test_no_tables(void **state)
{
	struct kaslr found;
	struct fake f;

	init(&f);
	put_registers(&f, 0x700000, 0, 0);
	put_registers(&f, 0xfffffffffffff000, 0, 0);
	assert_error(find(&f, &found), ERROR_NOT_FOUND, "no control registers");
	fake_done(&f);
}

/* QEMU guesses phys_base for its header, and guesses wrong; the registers do not lie,
 * VMCOREINFO even less. */
static void test_wrong_header(void **state)
{
	for (int told = 0; told < 2; told++) {
		struct fake f;
		uint64_t pa;

		init(&f);
		fake_info(&f, "OSRELEASE=6.1.0-test");
		fake_info(&f, "SYMBOL(init_top_pgt)=%llx", TEXT + 0x1000);
		if (told)
			fake_info(&f, "NUMBER(phys_base)=%lld",
				  (long long)(IMAGE_PA - (TEXT - IMAGE)));
		else
			put_registers(&f, TOP_PA, 0, IDT_VA);
		fake_open(&f);
		kernel_close(f.k);
		f.dump->phys_base = 0x1234000;
		assert_ok(kernel_open(f.dump, &f.k));
		assert_ok(vmem_translate(f.k, TEXT + 0x2468, &pa, NULL));
		assert_int_equal(pa, IMAGE_PA + 0x2468);
		assert_ok(vmem_translate(f.k, IDT_VA, &pa, NULL));
		assert_int_equal(pa, IDT_PA);
		fake_done(&f);
	}
}

/* QEMU's ELF with paging: modules may come first, and are no part of the image. */
static void test_module_segments(void **state)
{
	struct fake f;
	uint64_t pa;

	init(&f);
	fake_info(&f, "OSRELEASE=6.1.0-test");
	fake_info(&f, "SYMBOL(init_top_pgt)=%llx", TEXT + 0x1000);
	fake_segment(&f, IMAGE + (1ull << 30), 12 * MIB, 2 * MIB);
	fake_segment(&f, TEXT, IMAGE_PA, 4 * MIB);
	fake_segment(&f, 0xffff888000000000, 0, 16 * MIB);
	fake_open(&f);
	assert_ok(vmem_translate(f.k, IDT_VA, &pa, NULL));
	assert_int_equal(pa, IDT_PA);
	fake_done(&f);
}

static void test_infotext(void **state)
{
	static const char linked[] = "OSRELEASE=6.1.0-test\nSYMBOL(_stext)=ffffffff81000000\n";
	_cleanup_strbuf_ struct strbuf s = {0};
	struct fake f;

	init(&f);
	put_registers(&f, TOP_PA, 0, IDT_VA);
	error_free(fake_try_open(&f));
	assert_ok(kaslr_infotext(f.dump, linked, strlen(linked), &s));
	assert_string_equal(strbuf_str(&s),
			    "KERNELOFFSET=3000000\nNUMBER(phys_base)=-62914560\n"
			    "NUMBER(pgtable_l5_enabled)=0\n");
	assert_error(kaslr_infotext(f.dump, "a=b\n", 4, &s), ERROR_NOT_FOUND, "SYMBOL(_stext)");
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info_in_memory), cmocka_unit_test(test_stale_info),
		cmocka_unit_test(test_broken_info),    cmocka_unit_test(test_registers),
		cmocka_unit_test(test_user_table),     cmocka_unit_test(test_no_tables),
		cmocka_unit_test(test_wrong_header),   cmocka_unit_test(test_module_segments),
		cmocka_unit_test(test_infotext),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
