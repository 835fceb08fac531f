#include "../test.h"
#include "build_kallsyms.h"

#define TEXT 0xffffffff81000000ull

static const struct sym few[] = {
	{ 'D', "__per_cpu_start", 0 },	     { 'A', "cpu_info", 0x1f000 },
	{ 'T', "_text", TEXT },		     { 'T', "_stext", TEXT },
	{ 't', "sys_initcall", TEXT + 0x40 }, { 't', "twin", TEXT + 0x80 },
	{ 'T', "twin", TEXT + 0x90 },	     { 'D', "init_task", TEXT + 0x1000 },
	{ 'b', "last", TEXT + 0x2000 },
};

static const struct kallsyms_shape percpu = {
	.how = KALLSYMS_PERCPU, .long_names = true, .marker_width = 4, .align = 8, .base = TEXT,
};

static uint64_t address_of(const struct kallsyms *ks, const char *name)
{
	uint32_t i;

	assert_true(kallsyms_find(ks, name, &i));
	return kallsyms_address(ks, i);
}

static void check_few(const struct kallsyms_shape *s, const struct sym *syms, size_t n)
{
	CLEANUP(kallsyms_free) struct kallsyms *ks = NULL;
	struct kallsyms_build b;
	char name[64], type;
	uint32_t i;

	build_kallsyms(&b, s, syms, n);
	assert_ok(kallsyms_open(&b.t, TEXT, &ks));
	assert_int_equal(kallsyms_count(ks), n);
	assert_int_equal(kallsyms_encoding(ks), s->how);
	for (i = 0; i < n; i++) {
		assert_true(kallsyms_address(ks, i) == syms[i].va);
		kallsyms_name(ks, i, name, sizeof(name), &type);
		assert_string_equal(name, syms[i].name);
		assert_int_equal(type, syms[i].type);
	}
	assert_true(address_of(ks, "init_task") == TEXT + 0x1000);
	assert_false(kallsyms_find(ks, "init_tas", &i));
	assert_false(kallsyms_find(ks, "", &i));
	assert_true(kallsyms_have_data(ks));
	build_kallsyms_done(&b);
}

static void reads_every_encoding(void **state)
{
	/* plain 32-bit distances cannot hold the low per-CPU values */
	const struct sym *high = few + 2;
	size_t n = ARRAY_SIZE(few) - 2;

	check_few(&percpu, few, ARRAY_SIZE(few));
	check_few(&(struct kallsyms_shape){ .how = KALLSYMS_ABSOLUTE, .marker_width = 8, .align = 8 },
		  few, ARRAY_SIZE(few));
	check_few(&(struct kallsyms_shape){ .how = KALLSYMS_BASE, .base = TEXT, .marker_width = 4,
					    .align = 8 },
		  high, n);
	check_few(&(struct kallsyms_shape){ .how = KALLSYMS_PLACE, .entries_va = TEXT + 0x700000,
					    .marker_width = 4, .align = 4 },
		  high, n);
	/* tables before the text: distances are positive */
	check_few(&(struct kallsyms_shape){ .how = KALLSYMS_PLACE, .entries_va = TEXT - 0x700000,
					    .marker_width = 4, .align = 4 },
		  high, n);
}

static void finds_by_address(void **state)
{
	CLEANUP(kallsyms_free) struct kallsyms *ks = NULL;
	struct kallsyms_build b;
	char name[64], type;
	uint64_t end;
	uint32_t i;

	build_kallsyms(&b, &percpu, few, ARRAY_SIZE(few));
	assert_ok(kallsyms_open(&b.t, TEXT, &ks));
	/* of two at one address the first, ending at the next other address */
	assert_true(kallsyms_at(ks, TEXT + 0x3f, &i, &end));
	assert_int_equal(i, 2);
	assert_true(end == TEXT + 0x40);
	assert_true(kallsyms_at(ks, TEXT + 0x5000, &i, &end));
	kallsyms_name(ks, i, name, sizeof(name), &type);
	assert_string_equal(name, "last");
	assert_true(end == 0);
	/* of two of one name the first in the table */
	assert_true(address_of(ks, "twin") == TEXT + 0x80);
	kallsyms_name(ks, i, name, 3, &type);
	assert_string_equal(name, "la");
	build_kallsyms_done(&b);
}

static void finds_in_unsorted_tables(void **state)
{
	static const struct sym mixed[] = {
		{ 'T', "c", TEXT + 0x300 }, { 'T', "_stext", TEXT }, { 'T', "b", TEXT + 0x200 },
		{ 'T', "a", TEXT + 0x100 },
	};
	CLEANUP(kallsyms_free) struct kallsyms *ks = NULL;
	struct kallsyms_build b;
	uint64_t end;
	uint32_t i;

	build_kallsyms(&b, &percpu, mixed, ARRAY_SIZE(mixed));
	assert_ok(kallsyms_open(&b.t, TEXT, &ks));
	assert_true(kallsyms_at(ks, TEXT + 0x110, &i, &end));
	assert_int_equal(i, 3);
	assert_true(end == TEXT + 0x200);
	assert_false(kallsyms_have_data(ks));
	build_kallsyms_done(&b);
}

/* 600 symbols, so that there are three markers; one name of 200 tokens among them. */
static void check_lengths(bool long_names, unsigned width, unsigned align)
{
	CLEANUP(kallsyms_free) struct kallsyms *ks = NULL;
	static char names[600][16], wide[201], out[512], type;
	struct kallsyms_shape s = percpu;
	static struct sym syms[600];
	struct kallsyms_build b;

	memset(wide, 'w', 200);
	for (size_t i = 0; i < ARRAY_SIZE(syms); i++) {
		snprintf(names[i], sizeof(names[i]), "f%zu", i);
		syms[i] = (struct sym){ 'T', names[i], TEXT + 16 * i };
	}
	syms[0].name = "_stext";
	syms[100].name = wide;
	s.long_names = long_names;
	s.marker_width = width;
	s.align = align;
	build_kallsyms(&b, &s, syms, ARRAY_SIZE(syms));
	assert_ok(kallsyms_open(&b.t, TEXT, &ks));
	assert_int_equal(kallsyms_long_names(ks), long_names);
	assert_true(address_of(ks, wide) == TEXT + 1600);
	assert_true(address_of(ks, "f101") == TEXT + 1616);
	assert_true(address_of(ks, "f599") == TEXT + 16 * 599);
	kallsyms_name(ks, 100, out, sizeof(out), &type);
	assert_string_equal(out, wide);
	build_kallsyms_done(&b);
}

static void tells_long_names_by_the_markers(void **state)
{
	check_lengths(true, 4, 8);
	check_lengths(true, 4, 4);
	check_lengths(false, 4, 8);
	check_lengths(false, 8, 8);
	/* without markers, the reading that fits the table */
	check_lengths(true, 0, 0);
}

static void refuses_what_contradicts_itself(void **state)
{
	struct kallsyms *ks = NULL;
	struct kallsyms_build b;
	struct kallsyms_tables t;
	unsigned char *index;

	build_kallsyms(&b, &percpu, few, ARRAY_SIZE(few));
	assert_error(kallsyms_open(&b.t, TEXT + 0x10, &ks), ERROR_BAD_DATA,
		     "no known encoding gives _stext the address 0xffffffff81000010");
	t = b.t;
	t.base += 0x1000;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "_stext");
	t = b.t;
	t.num = 0;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "0 symbols");
	t.num = 0xffffffff;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "4294967295 symbols");
	t = b.t;
	t.names_len = 20;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "do not fit into 20 bytes");
	t = b.t;
	t.entries_len = 8;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "8 bytes of addresses");
	t = b.t;
	t.token_table_len = 100;
	assert_error(kallsyms_open(&t, TEXT, &ks), ERROR_BAD_DATA, "token");
	index = (unsigned char *)b.index.s;
	index[2 * 'k']++;
	assert_error(kallsyms_open(&b.t, TEXT, &ks), ERROR_BAD_DATA, "token 107 is at offset");
	build_kallsyms_done(&b);

	build_kallsyms(&b, &percpu, few + 4, 3);
	assert_error(kallsyms_open(&b.t, TEXT, &ks), ERROR_BAD_DATA, "no _stext");
	b.names.s[1] = '9';
	assert_error(kallsyms_open(&b.t, TEXT, &ks), ERROR_BAD_DATA, "no type letter");
	build_kallsyms_done(&b);
	assert_null(ks);
}

static void stops_at_one_name_over_and_over(void **state)
{
	static struct sym syms[16384];
	struct kallsyms *ks = NULL;
	struct kallsyms_build b;

	for (size_t i = 0; i < ARRAY_SIZE(syms); i++)
		syms[i] = (struct sym){ 'T', "same", TEXT };
	build_kallsyms(&b, &percpu, syms, ARRAY_SIZE(syms));
	assert_error(kallsyms_open(&b.t, TEXT, &ks), ERROR_BAD_DATA, "over and over");
	build_kallsyms_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_encoding),
		cmocka_unit_test(finds_by_address),
		cmocka_unit_test(finds_in_unsorted_tables),
		cmocka_unit_test(tells_long_names_by_the_markers),
		cmocka_unit_test(refuses_what_contradicts_itself),
		cmocka_unit_test(stops_at_one_name_over_and_over),
	};

	return cmocka_run_group_tests_name("kallsyms", tests, NULL, NULL);
}
