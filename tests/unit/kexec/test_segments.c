#include "../test.h"

#include "kexec/segments.h"

static void pieces_come_from_the_right_end(void **state)
{
	_cleanup_ranges_ struct ranges space = { 0 };
	struct place low = { 0x1000, UINT64_MAX, 0x1000, false }, top = low;
	uint64_t pa;

	(void)state;
	top.from_top = true;
	assert_ok(ranges_add(&space, 0x10000, 0x20000));
	assert_ok(ranges_add(&space, 0x40000, 0x44000));
	assert_ok(space_take(&space, "a", 0x1000, &low, &pa));
	assert_int_equal(pa, 0x10000);
	assert_ok(space_take(&space, "b", 0x1000, &top, &pa));
	assert_int_equal(pa, 0x43000);
	assert_ok(space_take(&space, "c", 0x8000, &top, &pa));
	assert_int_equal(pa, 0x18000);
	assert_false(ranges_find(&space, 0x18000) != NULL);
	assert_true(ranges_find(&space, 0x17fff) != NULL);
}

static void alignment_and_limits_are_kept(void **state)
{
	_cleanup_ranges_ struct ranges space = { 0 };
	struct place where = { 0x150000, 0x600000, 0x200000, false };
	uint64_t pa;

	(void)state;
	assert_ok(ranges_add(&space, 0x100000, 0x700000));
	assert_ok(space_take(&space, "a", 0x1000, &where, &pa));
	assert_int_equal(pa, 0x200000);
	where.from_top = true;
	assert_ok(space_take(&space, "b", 0x180000, &where, &pa));
	assert_int_equal(pa, 0x400000);
	assert_error(space_take(&space, "c", 0x300000, &where, &pa), ERROR_NO_SPACE, "room for the c");
	where = (struct place){ 0, UINT64_MAX, 1ull << 63, false };
	assert_error(space_take(&space, "d", 0x1000, &where, &pa), ERROR_NO_SPACE, "room for the d");
}

static void parts_are_whole_pages_and_few(void **state)
{
	_cleanup_ranges_ struct ranges space = { 0 };
	struct place where = { 0, UINT64_MAX, 0x1000, false };
	struct kexec_parts parts = { 0 };
	struct kexec_part *part;

	(void)state;
	assert_ok(ranges_add(&space, 0, 0x100000));
	assert_ok(parts_add(&parts, &space, "x", 1, &where, &part));
	assert_int_equal(part->mem_len, 0x1000);
	assert_error(parts_add(&parts, &space, "none", 0, &where, NULL), ERROR_BAD_DATA, "none");
	for (int i = 1; i < KEXEC_SEGMENTS; i++)
		assert_ok(parts_add(&parts, &space, "y", 0x1000, &where, NULL));
	assert_error(parts_add(&parts, &space, "z", 1, &where, NULL), ERROR_UNSUPPORTED, "16");
	assert_ptr_equal(parts_find(&parts, "x"), &parts.v[0]);
	assert_null(parts_find(&parts, "q"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_come_from_the_right_end),
		cmocka_unit_test(alignment_and_limits_are_kept),
		cmocka_unit_test(parts_are_whole_pages_and_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
