/* The headers are read back with the C library's own structures. */
#include "../test.h"

#include <elf.h>

#include "kexec/elfcorehdr.h"

static struct crash_note two_cpus[] = { { 0, 0x1f00e000, 368 }, { 1, 0x1f08e000, 368 } };
static struct crash_notes notes = { .cpus = { two_cpus, 2, 2 }, .vmcoreinfo_pa = 0x1234000,
				    .vmcoreinfo_len = 0x1000 };
static struct kcore_facts kcore = { true, 0xffff888000000000, true, 0xffffffff8e000000, 0xe000000,
				    0x2c30000 };

static Elf64_Phdr phdr(const unsigned char *bytes, unsigned nr)
{
	Elf64_Phdr p;

	memcpy(&p, bytes + sizeof(Elf64_Ehdr) + nr * sizeof(p), sizeof(p));
	return p;
}

static void notes_text_and_ram(void **state)
{
	struct range v[] = { { 0x100000, 0x13000000 }, { 0x100000000, 0x180000000 } };
	struct ranges ram = { v, 2, 2 };
	struct elfcorehdr_input in = { .notes = &notes, .kcore = &kcore, .ram = &ram,
				       .machine = EM_X86_64 };
	_cleanup_free_ unsigned char *bytes = NULL;
	Elf64_Ehdr h;
	size_t len;

	(void)state;
	assert_ok(elfcorehdr_build(&in, &bytes, &len));
	memcpy(&h, bytes, sizeof(h));
	assert_memory_equal(h.e_ident, ELFMAG, SELFMAG);
	assert_int_equal(h.e_ident[EI_CLASS], ELFCLASS64);
	assert_int_equal(h.e_type, ET_CORE);
	assert_int_equal(h.e_machine, EM_X86_64);
	assert_int_equal(h.e_phoff, sizeof(h));
	assert_int_equal(h.e_phnum, 6);
	assert_int_equal(len, sizeof(h) + 6 * sizeof(Elf64_Phdr));
	assert_int_equal(phdr(bytes, 0).p_type, PT_NOTE);
	assert_int_equal(phdr(bytes, 1).p_offset, 0x1f08e000);
	assert_int_equal(phdr(bytes, 1).p_filesz, 368);
	assert_int_equal(phdr(bytes, 2).p_offset, 0x1234000);
	assert_int_equal(phdr(bytes, 3).p_type, PT_LOAD);
	assert_true(phdr(bytes, 3).p_vaddr == 0xffffffff8e000000);
	assert_int_equal(phdr(bytes, 3).p_memsz, 0x2c30000);
	assert_int_equal(phdr(bytes, 5).p_offset, 0x100000000);
	assert_int_equal(phdr(bytes, 5).p_paddr, 0x100000000);
	assert_true(phdr(bytes, 5).p_vaddr == 0xffff888100000000);
	assert_int_equal(phdr(bytes, 5).p_filesz, 0x80000000);
}

static void saved_low_memory_is_found_in_its_copy(void **state)
{
	struct range v[] = { { 0x1000, 0x9f000 } };
	struct ranges ram = { v, 1, 1 };
	struct kcore_facts none = { 0 };
	struct elfcorehdr_input in = { .notes = &notes, .kcore = &none, .ram = &ram,
				       .machine = EM_X86_64, .backup_from = 0x2000,
				       .backup_len = 0x10000, .backup_to = 0x15000000 };
	_cleanup_free_ unsigned char *bytes = NULL;
	size_t len;

	(void)state;
	assert_ok(elfcorehdr_build(&in, &bytes, &len));
	assert_int_equal(phdr(bytes, 3).p_offset, 0x1000);
	assert_int_equal(phdr(bytes, 3).p_filesz, 0x1000);
	assert_int_equal(phdr(bytes, 4).p_offset, 0x15000000);
	assert_int_equal(phdr(bytes, 4).p_paddr, 0x2000);
	assert_int_equal(phdr(bytes, 4).p_filesz, 0x10000);
	assert_int_equal(phdr(bytes, 5).p_offset, 0x12000);
	assert_int_equal(phdr(bytes, 5).p_vaddr, 0);
}

static void thirty_two_bit_headers(void **state)
{
	struct range v[] = { { 0x100000, 0x13000000 } };
	struct ranges ram = { v, 1, 1 };
	struct elfcorehdr_input in = { .notes = &notes, .kcore = &kcore, .ram = &ram,
				       .machine = EM_X86_64, .elf32 = true };
	_cleanup_free_ unsigned char *bytes = NULL;
	Elf32_Ehdr h;
	Elf32_Phdr p;
	size_t len;

	(void)state;
	assert_ok(elfcorehdr_build(&in, &bytes, &len));
	memcpy(&h, bytes, sizeof(h));
	assert_int_equal(h.e_ident[EI_CLASS], ELFCLASS32);
	assert_int_equal(h.e_phoff, sizeof(h));
	assert_int_equal(h.e_phentsize, sizeof(p));
	assert_int_equal(h.e_phnum, 4);
	memcpy(&p, bytes + sizeof(h) + 3 * sizeof(p), sizeof(p));
	assert_int_equal(p.p_type, PT_LOAD);
	assert_int_equal(p.p_offset, 0x100000);
	assert_int_equal(p.p_memsz, 0x12f00000);
	assert_int_equal(p.p_vaddr, 0);
	assert_int_equal(p.p_flags, PF_R | PF_W | PF_X);
	v[0].end = 0x180000000;
	assert_error(elfcorehdr_build(&in, &bytes, &len), ERROR_UNSUPPORTED, "above 4 GiB");
}

static void thousands_of_ranges_and_cpus(void **state)
{
	_cleanup_ranges_ struct ranges ram = { 0 };
	struct crash_notes many = { 0 };
	struct elfcorehdr_input in = { .notes = &many, .kcore = &kcore, .ram = &ram,
				       .machine = EM_X86_64 };
	_cleanup_free_ unsigned char *bytes = NULL;
	Elf64_Ehdr h;
	size_t len;

	(void)state;
	for (uint64_t i = 0; i < 8192; i++)
		assert_true(vector_push(&many.cpus, (struct crash_note){ i, i << 12, 368 }));
	for (uint64_t i = 0; i < 32768; i++)
		assert_ok(ranges_add(&ram, i << 28, (i << 28) + 4096));
	assert_ok(elfcorehdr_build(&in, &bytes, &len));
	memcpy(&h, bytes, sizeof(h));
	assert_int_equal(h.e_phnum, 8192 + 1 + 32768);
	assert_int_equal(phdr(bytes, 8192 + 32768).p_paddr, 32767ull << 28);
	for (uint64_t i = 32768; i < 60000; i++)
		assert_ok(ranges_add(&ram, i << 28, (i << 28) + 4096));
	assert_error(elfcorehdr_build(&in, &bytes, &len), ERROR_UNSUPPORTED, "more than core headers");
	crash_notes_done(&many);
}

static void ram_leaves_out_what_must_not_be_dumped(void **state)
{
	struct range all_v[] = { { 0x1000, 0x9fc00 }, { 0x100000, 0x20000000 } };
	struct range reg_v[] = { { 0x13000000, 0x1f000000 } };
	struct range cma_v[] = { { 0x2000000, 0x3000000 } };
	struct ranges all = { all_v, 2, 2 }, regions = { reg_v, 1, 1 }, cma = { cma_v, 1, 1 };
	_cleanup_ranges_ struct ranges ram = { 0 }, low = { 0 };

	(void)state;
	assert_ok(elfcorehdr_ram(&all, &regions, &cma, false, &ram));
	assert_int_equal(ram.n, 3);
	assert_int_equal(ram.v[0].start, 0x100000);
	assert_int_equal(ram.v[0].end, 0x2000000);
	assert_int_equal(ram.v[1].end, 0x13000000);
	assert_int_equal(ram.v[2].start, 0x1f000000);
	assert_ok(elfcorehdr_ram(&all, &regions, &cma, true, &low));
	assert_int_equal(low.v[0].start, 0x1000);
	assert_int_equal(low.v[0].end, 0x9f000); /* whole pages */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_text_and_ram),
		cmocka_unit_test(saved_low_memory_is_found_in_its_copy),
		cmocka_unit_test(thirty_two_bit_headers),
		cmocka_unit_test(thousands_of_ranges_and_cpus),
		cmocka_unit_test(ram_leaves_out_what_must_not_be_dumped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
