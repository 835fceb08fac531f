/* The architecture rows are whole and found by every name. */
#include "../test.h"

#include <elf.h>

#include "arch/arch.h"

static void test_lookup(void **state)
{
	assert_ptr_equal(arch_by_elf(EM_X86_64, true), &arch_x86_64);
	assert_ptr_equal(arch_by_elf(EM_PPC64, true), &arch_ppc64);
	/* the class tells nothing where a machine has one width */
	assert_ptr_equal(arch_by_elf(EM_386, true), &arch_i386);
	assert_ptr_equal(arch_by_elf(EM_X86_64, false), &arch_x86_64);
	/* and decides where it has two */
	assert_ptr_equal(arch_by_elf(EM_S390, true), &arch_s390x);
	assert_ptr_equal(arch_by_elf(EM_S390, false), &arch_s390);
	assert_ptr_equal(arch_by_elf(EM_MIPS, false), &arch_mips);
	assert_ptr_equal(arch_by_elf(EM_RISCV, true), &arch_riscv64);
	assert_null(arch_by_elf(0xfeed, true));
	assert_ptr_equal(arch_by_machine_name("i586"), &arch_i386);
	assert_ptr_equal(arch_by_machine_name("arm64"), &arch_aarch64);
	assert_ptr_equal(arch_by_machine_name("ppc64le"), &arch_ppc64);
	assert_ptr_equal(arch_by_machine_name("armv7l"), &arch_arm);
	assert_ptr_equal(arch_by_machine_name("ppc"), &arch_ppc);
	assert_null(arch_by_machine_name("x86_64x"));
	assert_null(arch_by_machine_name("armadillo"));
	assert_null(arch_by_machine_name(""));
}

/* Every row must describe registers that fit into its note, in order and without overlap. */
static void test_rows(void **state)
{
	for (const struct arch *const *p = arches; *p; p++) {
		const struct arch *a = *p;
		size_t end = 0;

		for (const struct arch_reg *r = a->regs; r->name; r++) {
			assert_true(r->off >= end);
			/* the access registers of s390x are the only short ones */
			assert_int_equal(r->size, a->is_64bit && strncmp(r->name, "acr", 3) ? 8 : 4);
			end = r->off + r->size;
		}
		assert_true(a->prstatus_regs + end <= a->prstatus_size);
		assert_int_equal(a->prstatus_regs, a->is_64bit ? 112 : 72);
		assert_non_null(arch_find_reg(a, a->pc));
		assert_non_null(arch_find_reg(a, a->sp));
		assert_true(!a->fp || arch_find_reg(a, a->fp));
		assert_true(a->page_sizes >= 4096);
		assert_true(a->max_phys_bits < 64);
		assert_ptr_equal(arch_by_machine_name(a->name), a);
		assert_ptr_equal(arch_by_elf(a->elf_machine, a->is_64bit), a);
	}
}

/* Offsets as gdb finds them in real notes (DWARF-free facts of the ABI). */
static void test_offsets(void **state)
{
	assert_int_equal(arch_find_reg(&arch_x86_64, "rip")->off, 16 * 8);
	assert_int_equal(arch_find_reg(&arch_x86_64, "rsp")->off, 19 * 8);
	assert_int_equal(arch_find_reg(&arch_i386, "esp")->off, 15 * 4);
	assert_int_equal(arch_find_reg(&arch_aarch64, "pc")->off, 32 * 8);
	assert_int_equal(arch_find_reg(&arch_ppc64, "nip")->off, 32 * 8);
	assert_int_equal(arch_find_reg(&arch_arm, "pc")->off, 15 * 4);
	assert_int_equal(arch_find_reg(&arch_ppc, "nip")->off, 32 * 4);
	assert_int_equal(arch_find_reg(&arch_s390x, "r15")->off, 16 + 15 * 8);
	assert_int_equal(arch_find_reg(&arch_s390x, "orig_gpr2")->off, 208);
	assert_int_equal(arch_find_reg(&arch_riscv64, "sp")->off, 2 * 8);
	assert_int_equal(arch_find_reg(&arch_riscv64, "t6")->off, 31 * 8);
	assert_int_equal(arch_find_reg(&arch_loongarch64, "era")->off, 33 * 8);
	assert_int_equal(arch_find_reg(&arch_mips64, "epc")->off, 34 * 8);
	assert_int_equal(arch_find_reg(&arch_mips, "r0")->off, 6 * 4);
	assert_int_equal(arch_find_reg(&arch_ia64, "ip")->off, 42 * 8);
	assert_int_equal(arch_find_reg(&arch_alpha, "pc")->off, 31 * 8);
	assert_int_equal(arch_find_reg(&arch_sparc64, "tpc")->off, 33 * 8);
	assert_null(arch_find_reg(&arch_x86_64, "xmm0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_offsets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
