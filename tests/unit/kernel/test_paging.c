/* Address translation of x86_64 over hand-made page tables, and reading through it. */
#include "../test.h"

#include "kernel/paging.h"
#include "kernel/vmem.h"
#include "make/fake_kernel.h"

#define MIB	  (1ull << 20)
#define GIB	  (1ull << 30)
#define IMAGE	  0xffffffff80000000ull
#define TEXT	  (IMAGE + 0x4000000) /* where KASLR put the image */
#define IMAGE_PA  0x200000ull	      /* and in memory */
#define DIRECT	  0xffff8d7140000000ull
#define DIRECT_5L 0xff2620c980000000ull

struct machine {
	struct fake f;
	uint64_t top; /* physical address of the top table, at the start of the image */
	unsigned levels;
};

static void machine_init(struct machine *m, unsigned levels, uint64_t sme_mask)
{
	m->levels = levels;
	m->top = IMAGE_PA;
	fake_init(&m->f, FAKE_X86_64, true, false, 8 * MIB);
	m->f.next = 4 * MIB;
	fake_info(&m->f, "OSRELEASE=6.1.0-test");
	fake_info(&m->f, "NUMBER(phys_base)=%lld", (long long)(IMAGE_PA - (TEXT - IMAGE)));
	fake_info(&m->f, "SYMBOL(init_top_pgt)=%llx", (unsigned long long)TEXT);
	fake_info(&m->f, "NUMBER(pgtable_l5_enabled)=%d", levels == 5);
	fake_info(&m->f, "NUMBER(sme_mask)=%llu", (unsigned long long)sme_mask);
	fake_info(&m->f, "KERNELOFFSET=3000000");
	fake_map(&m->f, m->top, levels, TEXT, IMAGE_PA, 2 * MIB, 2 * MIB, 1);
}

static void check(struct machine *m, uint64_t va, uint64_t want_pa, uint64_t want_len)
{
	uint64_t pa, len;

	/* twice: the second answer comes from the cache */
	for (int i = 0; i < 2; i++) {
		assert_ok(vmem_translate(m->f.k, va, &pa, &len));
		assert_int_equal(pa, want_pa);
		assert_int_equal(len, want_len);
	}
}

static void pages_of_every_size(struct machine *m, uint64_t direct)
{
	fake_map(&m->f, m->top, m->levels, direct, 0, 16 * 4096, 4096, 1);
	fake_map(&m->f, m->top, m->levels, direct + 2 * MIB, 2 * MIB, 4 * MIB, 2 * MIB, 1);
	fake_map(&m->f, m->top, m->levels, direct + GIB, 5 * GIB, GIB, GIB, 1);
	fake_open(&m->f);
	assert_ptr_equal(m->f.k->paging, &paging_x86_64);

	check(m, TEXT + 0x123, IMAGE_PA + 0x123, 2 * MIB - 0x123);
	check(m, direct + 0x1ff8, 0x1ff8, 8);
	check(m, direct + 2 * MIB + 5, 2 * MIB + 5, 2 * MIB - 5);
	check(m, direct + 6 * MIB - 1, 6 * MIB - 1, 1);
	check(m, direct + GIB + 77, 5 * GIB + 77, GIB - 77);
	assert_error(vmem_translate(m->f.k, direct + 16 * 4096, &(uint64_t){0}, NULL),
		     ERROR_NOT_FOUND, "not mapped");
	assert_error(vmem_translate(m->f.k, direct + 6 * MIB, &(uint64_t){0}, NULL),
		     ERROR_NOT_FOUND, "not mapped");
	assert_error(vmem_translate(m->f.k, 0x1234, &(uint64_t){0}, NULL), ERROR_NOT_FOUND,
		     "not mapped");
	fake_done(&m->f);
}

static void four_levels(void **state)
{
	struct machine m;

	machine_init(&m, 4, 0);
	pages_of_every_size(&m, DIRECT);
}

static void five_levels(void **state)
{
	struct machine m;

	machine_init(&m, 5, 0);
	pages_of_every_size(&m, DIRECT_5L);
}

static void addresses_that_are_not_canonical(void **state)
{
	struct machine m;

	machine_init(&m, 4, 0);
	fake_open(&m.f);
	assert_error(vmem_translate(m.f.k, 0x800000000000, &(uint64_t){0}, NULL),
		     ERROR_NOT_FOUND, "not canonical");
	assert_error(vmem_translate(m.f.k, DIRECT_5L, &(uint64_t){0}, NULL), ERROR_NOT_FOUND,
		     "not canonical");
	fake_done(&m.f);
}

static void encryption_bit_is_no_address(void **state)
{
	struct machine m;
	uint64_t bit = 1ull << 47;

	machine_init(&m, 4, bit);
	fake_map(&m.f, m.top, 4, DIRECT, 3 * MIB | bit, 4096, 4096, 1);
	fake_open(&m.f);
	check(&m, DIRECT + 4, 3 * MIB + 4, 4092);
	fake_done(&m.f);
}

/* PROT_NONE: not present for the CPU, but there; inverted since the L1TF fixes. */
static void inaccessible_pages(void **state)
{
	struct machine m;
	uint64_t address_bits = 0x000ffffffffff000, pa;

	machine_init(&m, 4, 0);
	fake_map(&m.f, m.top, 4, DIRECT, 3 * MIB, 4096, 4096, 1 << 8);
	fake_map(&m.f, m.top, 4, DIRECT + 4096, ~(3 * MIB) & address_bits, 4096, 4096, 1 << 8);
	fake_map(&m.f, m.top, 4, DIRECT + 8192, 3 * MIB, 4096, 4096, 0);
	fake_open(&m.f);
	check(&m, DIRECT, 3 * MIB, 4096);
	check(&m, DIRECT + 4096, 3 * MIB, 4096);
	assert_error(vmem_translate(m.f.k, DIRECT + 8192, &pa, NULL), ERROR_NOT_FOUND,
		     "not mapped");
	fake_done(&m.f);
}

static void the_image_outlives_its_tables(void **state)
{
	struct machine m;
	uint64_t pa, len;

	machine_init(&m, 4, 0);
	memset(m.f.memory + m.top, 0, 4096);
	fake_open(&m.f);
	assert_ok(vmem_translate(m.f.k, TEXT + 0x1010, &pa, &len));
	assert_int_equal(pa, IMAGE_PA + 0x1010);
	assert_int_equal(len, 4096 - 0x10);
	assert_error(vmem_translate(m.f.k, IMAGE + GIB, &pa, &len), ERROR_NOT_FOUND,
		     "not mapped");
	fake_done(&m.f);
}

static void tables_outside_the_dump_are_lost(void **state)
{
	struct machine m;

	machine_init(&m, 4, 0);
	/* a top entry that points far behind the memory */
	fake_put(&m.f, m.top + (DIRECT >> 39 & 511) * 8, 8, 0x7000000000 | 1);
	fake_open(&m.f);
	assert_error(vmem_translate(m.f.k, DIRECT, &(uint64_t){0}, NULL), ERROR_LOST,
		     "page table of level 3");
	fake_done(&m.f);
}

static void user_tables(void **state)
{
	struct machine m;
	uint64_t top, pa, len;

	machine_init(&m, 4, 0);
	top = fake_alloc(&m.f, 4096, 4096);
	fake_map(&m.f, top, 4, 0x7f0000001000, 7 * MIB, 4096, 4096, 7);
	fake_open(&m.f);
	assert_ok(vmem_translate_in(m.f.k, top, 0x7f0000001234, &pa, &len));
	assert_int_equal(pa, 7 * MIB + 0x234);
	assert_error(vmem_translate(m.f.k, 0x7f0000001234, &pa, &len), ERROR_NOT_FOUND,
		     "not mapped");
	fake_done(&m.f);
}

static void reading_over_scattered_pages(void **state)
{
	struct machine m;
	struct vmem_block block;
	char buf[64];
	uint64_t v;

	machine_init(&m, 4, 0);
	fake_map(&m.f, m.top, 4, DIRECT, 6 * MIB, 4096, 4096, 1);
	fake_map(&m.f, m.top, 4, DIRECT + 4096, 5 * MIB, 4096, 4096, 1);
	fake_put_bytes(&m.f, 6 * MIB + 4092, "abcd", 4);
	fake_put_bytes(&m.f, 5 * MIB, "efgh", 5);
	fake_open(&m.f);
	assert_ok(vmem_read_string(m.f.k, DIRECT + 4092, buf, sizeof(buf)));
	assert_string_equal(buf, "abcdefgh");
	assert_ok(vmem_read_string(m.f.k, DIRECT + 4092, buf, 7));
	assert_string_equal(buf, "abcdef");
	assert_ok(vmem_read_u64(m.f.k, DIRECT + 4092, &v));
	assert_int_equal(v, 0x6867666564636261);
	assert_null(vmem_map(m.f.k, DIRECT + 4092, 8));
	assert_non_null(vmem_map(m.f.k, DIRECT + 4092, 4));
	assert_ok(vmem_load(m.f.k, DIRECT + 4092, 8, 8, &block));
	assert_memory_equal(block.bytes, "abcdefgh", 8);
	vmem_block_done(&block);
	assert_error(vmem_load(m.f.k, DIRECT + 4092, 9, 8, &block), ERROR_BAD_DATA,
		     "more than");
	assert_error(vmem_read(m.f.k, DIRECT + 8190, buf, 8), ERROR_NOT_FOUND, "not mapped");
	fake_done(&m.f);
}

static void segments_where_nothing_else_is(void **state)
{
	struct fake f;
	uint64_t pa, len;

	fake_init(&f, FAKE_AARCH64, true, true, MIB);
	fake_segment(&f, 0xc000000000000000, 0, MIB);
	fake_segment(&f, 0xc000000000010000, 0x20000, 0x1000);
	fake_put(&f, 0x20008, 8, 0x1122334455667788);
	fake_open(&f);
	assert_null(f.k->paging);
	assert_ok(vmem_translate(f.k, 0xc000000000000010, &pa, &len));
	assert_int_equal(pa, 0x10);
	assert_int_equal(len, MIB - 0x10);
	/* the narrower of two wins, and its bytes are of its byte order */
	assert_ok(vmem_read_u64(f.k, 0xc000000000010008, &pa));
	assert_int_equal(pa, 0x1122334455667788);
	assert_error(vmem_translate(f.k, 0xd000000000000000, &pa, &len), ERROR_NOT_FOUND,
		     "in no segment");
	assert_error(vmem_translate_in(f.k, 0, 0x1000, &pa, &len), ERROR_UNSUPPORTED,
		     "not understood");
	fake_done(&f);
}

static void release_out_of_memory(void **state)
{
	struct fake f;

	fake_init(&f, FAKE_I386, false, false, MIB);
	fake_segment(&f, 0xc0000000, 0, MIB);
	fake_info(&f, "SYMBOL(init_uts_ns)=c0008000");
	fake_info(&f, "OFFSET(uts_namespace.name)=4");
	fake_put_bytes(&f, 0x8004 + 2 * 65, "3.2.0-4-686", 12);
	fake_open(&f);
	assert_string_equal(f.k->release, "3.2.0-4-686");
	fake_done(&f);
}

static void nothing_known_at_all(void **state)
{
	struct fake f;

	fake_init(&f, FAKE_X86_64, true, false, MIB);
	assert_error(fake_try_open(&f), ERROR_NOT_FOUND, "neither VMCOREINFO nor segments");
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_levels),
		cmocka_unit_test(five_levels),
		cmocka_unit_test(addresses_that_are_not_canonical),
		cmocka_unit_test(encryption_bit_is_no_address),
		cmocka_unit_test(inaccessible_pages),
		cmocka_unit_test(the_image_outlives_its_tables),
		cmocka_unit_test(tables_outside_the_dump_are_lost),
		cmocka_unit_test(user_tables),
		cmocka_unit_test(reading_over_scattered_pages),
		cmocka_unit_test(segments_where_nothing_else_is),
		cmocka_unit_test(release_out_of_memory),
		cmocka_unit_test(nothing_known_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
