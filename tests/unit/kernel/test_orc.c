#include "../test.h"
#include "build_orc.h"

#define TEXT 0xffffffff81000000ull
#define IPS  0xffffffff82000000ull

static const struct orc_rule entry = { 8, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_CALL, false };
static const struct orc_rule pushed = { 16, -16, ORC_REG_SP, ORC_REG_PREV_SP, ORC_CALL, false };
static const struct orc_rule framed = { 16, -16, ORC_REG_BP, ORC_REG_PREV_SP, ORC_CALL, false };
static const struct orc_rule exception = { 0, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_REGS, true };
static const struct orc_rule partial = { 120, 0, ORC_REG_SP, ORC_REG_UNDEFINED, ORC_REGS_PARTIAL,
					 true };
static const struct orc_rule switched = { 8, 0, ORC_REG_SP_INDIRECT, ORC_REG_UNDEFINED, ORC_CALL,
					  false };
static const struct orc_rule realigned = { 0, 0, ORC_REG_R10, ORC_REG_BP, ORC_CALL, false };
static const struct orc_rule end = { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED,
				     ORC_END_OF_STACK, false };
static const struct orc_rule nothing = { 0, 0, ORC_REG_UNDEFINED, ORC_REG_UNDEFINED,
					 ORC_UNDEFINED, false };

/* Functions as compilers make them, some exceptions among them. */
static void build(struct orc_build *b, int version, bool exceptions)
{
	*b = (struct orc_build){ .version = version, .ips_va = IPS };
	for (uint64_t f = 0; f < 100; f++) {
		uint64_t at = TEXT + 0x100 * f;

		orc_add(b, at, entry);
		orc_add(b, at + 1, pushed);
		orc_add(b, at + 4, f % 3 ? pushed : framed);
		orc_add(b, at + 0x80, entry);
		orc_add(b, at + 0x81, nothing);
	}
	orc_add(b, TEXT + 0x10000, end);
	if (exceptions) {
		orc_add(b, TEXT + 0x10010, exception);
		orc_add(b, TEXT + 0x10020, partial);
	}
	orc_add(b, TEXT + 0x10030, switched);
	orc_add(b, TEXT + 0x10040, realigned);
	orc_add(b, TEXT + 0x10050, nothing);
}

static void check_rule(const struct orc_table *t, int version, uint64_t ip, struct orc_rule want)
{
	struct orc_rule r;
	uint32_t i;

	assert_true(orc_lookup(t, ip, &i));
	r = orc_decode(t->rules + 6 * i, version, t->big);
	assert_int_equal(r.kind, want.kind);
	assert_int_equal(r.sp_reg, want.sp_reg);
	assert_int_equal(r.bp_reg, want.bp_reg);
	assert_int_equal(r.sp_off, want.sp_off);
	assert_int_equal(r.bp_off, want.bp_off);
	assert_int_equal(r.signal, want.signal);
}

static void tells_versions_apart(void **state)
{
	for (int v = 1; v <= ORC_VERSIONS; v++) {
		const char *why = "";
		struct orc_build b;
		struct orc_table t;

		build(&b, v, true);
		t = orc_finish(&b);
		assert_int_equal(orc_find_version(&t, &why), v);
		check_rule(&t, v, TEXT, entry);
		check_rule(&t, v, TEXT + 3, pushed);
		check_rule(&t, v, TEXT + 0x7f, framed);
		check_rule(&t, v, TEXT + 0xff, nothing);
		check_rule(&t, v, TEXT + 0x10000, end);
		check_rule(&t, v, TEXT + 0x1001f, exception);
		check_rule(&t, v, TEXT + 0x10020, partial);
		check_rule(&t, v, TEXT + 0x10030, switched);
		check_rule(&t, v, TEXT + 0x10045, realigned);
		check_rule(&t, v, UINT64_MAX, nothing);
		orc_build_done(&b);
	}
}

/* A module: no exceptions, so nothing tells 1 from 2, and nothing needs to. */
static void small_tables_read_alike(void **state)
{
	struct orc_build b = { .version = 2, .ips_va = IPS };
	const char *why = "";
	struct orc_table t;

	orc_add(&b, TEXT, entry);
	orc_add(&b, TEXT + 1, pushed);
	t = orc_finish(&b);
	assert_int_equal(orc_find_version(&t, &why), 1);
	check_rule(&t, 1, TEXT + 9, pushed);
	orc_build_done(&b);
}

static void looks_up_by_halves(void **state)
{
	struct orc_build b;
	struct orc_table t;
	uint32_t i;

	build(&b, 3, false);
	t = orc_finish(&b);
	assert_false(orc_lookup(&t, TEXT - 1, &i));
	for (uint32_t n = 0; n < t.n; n++) {
		assert_true(orc_lookup(&t, orc_ip(&t, n), &i));
		assert_int_equal(i, n);
	}
	assert_true(orc_ip(&t, 5) == TEXT + 0x100);
	t.n = 0;
	assert_false(orc_lookup(&t, TEXT, &i));
	orc_build_done(&b);
}

static void refuses_what_makes_no_sense(void **state)
{
	unsigned char noise[6 * 200], ips[4 * 200] = { 0 };
	struct orc_table t = { ips, noise, IPS, 200, false };
	const char *why = "";
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(noise); i++) {
		seed = seed * 1103515245 + 12345;
		noise[i] = seed >> 16;
	}
	assert_int_equal(orc_find_version(&t, &why), 0);
	assert_string_equal(why, "its rules make no sense in any known version");
	memset(noise, 0, sizeof(noise)); /* all undefined: legal, but no program */
	assert_int_equal(orc_find_version(&t, &why), 0);
	t.n = 0;
	assert_int_equal(orc_find_version(&t, &why), 0);
	assert_string_equal(why, "it is empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_versions_apart),
		cmocka_unit_test(small_tables_read_alike),
		cmocka_unit_test(looks_up_by_halves),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests_name("orc", tests, NULL, NULL);
}
