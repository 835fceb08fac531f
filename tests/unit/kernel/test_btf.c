#include "../test.h"
#include "build_btf.h"

#define FLAG 0x80000000u

/* The types that most tests ask about; the ids are the order of building. */
enum { INT = 1, LONG, PTR, INNER, ARRAY, OUTER, TYPEDEF, CONST_, ENUM_, ENUM64_, VAR_, SEC, OTHER,
       OLD_BITS, OLD };

static void build_sample(struct btf_build *b, bool big)
{
	*b = (struct btf_build){ .big = big };
	btf_add_int(b, "int", 4);
	btf_add_int(b, "long", 8);
	btf_add(b, "", BTF_PTR << 24, 0);
	btf_add(b, "inner", BTF_STRUCT << 24 | 2, 16);
	btf_elem(b, "x", INT, 0);
	btf_elem(b, "y", LONG, 64);
	btf_add_array(b, INNER, 3);
	btf_add(b, "outer", FLAG | BTF_STRUCT << 24 | 7, 100);
	btf_elem(b, "first", INT, 0);
	btf_elem(b, "", INNER, 64);	      /* anonymous */
	btf_elem(b, "in", TYPEDEF, 3 * 64);
	btf_elem(b, "all", ARRAY, 5 * 64);
	btf_elem(b, "bits", INT, 5 << 24 | (704 + 3));
	btf_elem(b, "over", INT, 6 << 24 | (704 + 30)); /* crosses its int */
	btf_elem(b, "p", PTR, 744);
	btf_add(b, "inner_t", BTF_TYPEDEF << 24, CONST_);
	btf_add(b, "", BTF_CONST << 24, INNER);
	btf_add(b, "colour", FLAG | BTF_ENUM << 24 | 2, 4);
	btf_constant(b, "RED", 7);
	btf_constant(b, "COLD", (uint32_t)-2);
	btf_add(b, "wide", BTF_ENUM64 << 24 | 1, 8);
	btf_elem(b, "BIG", 1, 2);
	btf_add(b, "runqueues", BTF_VAR << 24, OUTER);
	btf_word(b, 1);
	btf_add(b, ".data..percpu", BTF_DATASEC << 24 | 1, 4096);
	btf_word(b, VAR_);
	btf_word(b, 0x2c0);
	btf_word(b, 100);
	btf_add(b, "outer", BTF_STRUCT << 24 | 1, 8); /* the same name, other members */
	btf_elem(b, "second", LONG, 0);
	btf_add(b, "int:3", BTF_INT << 24, 4); /* a bit field as before 4.20 */
	btf_word(b, 2 << 16 | 3);
	btf_add(b, "old", BTF_STRUCT << 24 | 1, 8);
	btf_elem(b, "three", OLD_BITS, 32);
}

static struct btf *open_sample(struct btf_build *b, bool big)
{
	const struct strbuf *blob;
	struct btf *t = NULL;

	build_sample(b, big);
	blob = btf_finish(b);
	assert_true(btf_blob_length(blob->s, blob->len) == blob->len);
	assert_ok(btf_open(blob->s, blob->len, 8, &t));
	return t;
}

static void check_member(const struct btf *t, uint32_t id, const char *path, uint32_t off,
			 uint32_t size)
{
	struct member m;

	assert_ok(btf_member(t, id, path, &m));
	assert_int_equal(m.off, off);
	assert_int_equal(m.size, size);
	assert_int_equal(m.bit_size, 0);
}

static void finds_members(void **state)
{
	for (int big = 0; big < 2; big++) {
		struct btf_build b;
		_cleanup_btf_ struct btf *t = open_sample(&b, big);
		struct member m;

		assert_int_equal(btf_count(t), OLD + 1);
		check_member(t, OUTER, "first", 0, 4);
		check_member(t, OUTER, "y", 16, 8);
		check_member(t, OUTER, "in.y", 32, 8);
		check_member(t, OUTER, "all[2].x", 72, 4);
		check_member(t, OUTER, "p", 93, 8);
		check_member(t, TYPEDEF, "y", 8, 8);
		assert_ok(btf_member(t, OUTER, "all", &m));
		assert_int_equal(m.size, 48);
		assert_int_equal(m.array_len, 3);
		assert_int_equal(m.type_id, ARRAY);
		assert_error(btf_member(t, OUTER, "all[3].x", &m), ERROR_NOT_FOUND, "all[3].x");
		assert_error(btf_member(t, OUTER, "firs", &m), ERROR_NOT_FOUND, "firs");
		assert_error(btf_member(t, OUTER, "first.x", &m), ERROR_NOT_FOUND, "first.x");
		assert_error(btf_member(t, OUTER, "", &m), ERROR_NOT_FOUND, "");
		assert_error(btf_member(t, OUTER, "in.", &m), ERROR_NOT_FOUND, "in.");
		assert_error(btf_member(t, OUTER, "all[", &m), ERROR_NOT_FOUND, "all[");
		assert_error(btf_member(t, INT, "x", &m), ERROR_NOT_FOUND, "x");
		assert_error(btf_member(t, 4711, "x", &m), ERROR_NOT_FOUND, "x");
		btf_build_done(&b);
	}
}

static void finds_bit_fields(void **state)
{
	struct btf_build b;
	_cleanup_btf_ struct btf *t = open_sample(&b, false);
	struct member m;

	assert_ok(btf_member(t, OUTER, "bits", &m));
	assert_int_equal(m.off, 88);
	assert_int_equal(m.size, 4);
	assert_int_equal(m.bit_off, 3);
	assert_int_equal(m.bit_size, 5);
	/* what crosses its base type is read from its first byte */
	assert_ok(btf_member(t, OUTER, "over", &m));
	assert_int_equal(m.off, 91);
	assert_int_equal(m.size, 2);
	assert_int_equal(m.bit_off, 6);
	assert_int_equal(m.bit_size, 6);
	assert_ok(btf_member(t, OLD, "three", &m));
	assert_int_equal(m.off, 4);
	assert_int_equal(m.bit_off, 2);
	assert_int_equal(m.bit_size, 3);
	btf_build_done(&b);
}

static void finds_names_sizes_and_values(void **state)
{
	struct btf_build b;
	_cleanup_btf_ struct btf *t = open_sample(&b, false);
	uint32_t id = 0, type;
	uint64_t v;
	int64_t value;

	/* both types of one name */
	assert_true(btf_next_named(t, "outer", &id));
	assert_int_equal(id, OUTER);
	assert_true(btf_next_named(t, "outer", &id));
	assert_int_equal(id, OTHER);
	assert_false(btf_next_named(t, "outer", &id));
	id = 0;
	assert_true(btf_next_named(t, "inner_t", &id));
	assert_true(btf_size(t, id, &v) && v == 16);
	id = 0;
	assert_false(btf_next_named(t, "runqueues", &id)); /* a variable is no type */
	assert_true(btf_size(t, ARRAY, &v) && v == 48);
	assert_true(btf_size(t, PTR, &v) && v == 8);
	assert_true(btf_size(t, VAR_, &v) && v == 100);
	assert_false(btf_size(t, 0, &v));
	assert_true(btf_enum_value(t, "RED", &value) && value == 7);
	assert_true(btf_enum_value(t, "COLD", &value) && value == -2);
	assert_true(btf_enum_value(t, "BIG", &value) && value == 0x200000001);
	assert_false(btf_enum_value(t, "GREEN", &value));
	assert_true(btf_section_var(t, ".data..percpu", "runqueues", &v, &type));
	assert_true(v == 0x2c0 && type == OUTER);
	assert_false(btf_section_var(t, ".data..percpu", "x", &v, &type));
	assert_false(btf_section_var(t, ".data", "runqueues", &v, &type));
	btf_build_done(&b);
}

/* More than 65535 members: the wide info word of later kernels. */
static void reads_the_wide_info_word(void **state)
{
	struct btf_build b = { 0 };
	_cleanup_btf_ struct btf *t = NULL;
	const struct strbuf *blob;
	struct btf_type type;

	btf_add_int(&b, "int", 4);
	btf_add(&b, "huge", BTF_STRUCT << 24 | 70000, 4 * 70000);
	for (uint32_t i = 0; i < 70000; i++)
		btf_elem(&b, i == 69999 ? "last" : "m", 1, 32 * i);
	btf_add_int(&b, "after", 2);
	blob = btf_finish(&b);
	assert_ok(btf_open(blob->s, blob->len, 8, &t));
	assert_true(btf_type_at(t, 2, &type));
	assert_int_equal(type.vlen, 70000);
	check_member(t, 2, "last", 4 * 69999, 4);
	assert_true(btf_type_at(t, 3, &type));
	assert_string_equal(type.name, "after");
	btf_build_done(&b);
}

/* Kind 77 has 4 bytes of its own and 8 for each element, says the layout table. */
static void skips_kinds_that_the_header_describes(void **state)
{
	for (int described = 0; described < 2; described++) {
		struct btf_build b = { 0 };
		_cleanup_btf_ struct btf *t = NULL;
		const struct strbuf *blob;
		struct btf_type type;

		btf_add(&b, "strange", 77u << 24 | 2, 0);
		for (unsigned i = 0; i < 5; i++)
			btf_word(&b, 0xffffffff);
		btf_add_int(&b, "after", 2);
		for (unsigned i = 0; i < 78; i++)
			strbuf_add(&b.layout, described && i == 77 ? "\4\10\0" : "\0\0\0", 4);
		if (!described)
			b.layout.len = 4 * 77;
		blob = btf_finish(&b);
		if (described) {
			assert_ok(btf_open(blob->s, blob->len, 8, &t));
			assert_true(btf_type_at(t, 2, &type));
			assert_string_equal(type.name, "after");
		} else {
			assert_error(btf_open(blob->s, blob->len, 8, &t), ERROR_UNSUPPORTED,
				     "type 1 is of kind 77");
		}
		btf_build_done(&b);
	}
}

static void survives_types_that_hold_themselves(void **state)
{
	struct btf_build b = { 0 };
	_cleanup_btf_ struct btf *t = NULL;
	const struct strbuf *blob;
	struct member m;
	uint64_t v;

	btf_add(&b, "loop", BTF_TYPEDEF << 24, 1);
	btf_add(&b, "snake", BTF_STRUCT << 24 | 2, 8);
	btf_elem(&b, "", 2, 0);
	btf_elem(&b, "", 2, 0);
	btf_add_array(&b, 3, 2); /* of itself */
	btf_add(&b, "far", BTF_STRUCT << 24 | 1, 8);
	btf_elem(&b, "m", 999, 0);
	blob = btf_finish(&b);
	assert_ok(btf_open(blob->s, blob->len, 8, &t));
	assert_int_equal(btf_strip(t, 1), 0);
	assert_error(btf_member(t, 2, "x", &m), ERROR_NOT_FOUND, "x");
	assert_false(btf_size(t, 3, &v));
	assert_ok(btf_member(t, 4, "m", &m));
	assert_int_equal(m.size, 0);
	btf_build_done(&b);
}

static void refuses_damage(void **state)
{
	_cleanup_free_ char *copy = NULL;
	struct btf_build b;
	const struct strbuf *blob;
	struct btf *t = NULL;

	build_sample(&b, false);
	blob = btf_finish(&b);
	/* every cut is noticed */
	for (size_t len = 0; len < blob->len; len++) {
		_cleanup_free_ char *part = malloc(len + 1);

		memcpy(part, blob->s, len);
		assert_error(btf_open(part, len, 8, &t), ERROR_BAD_DATA, "BTF");
	}
	copy = malloc(blob->len);
	memcpy(copy, blob->s, blob->len);
	copy[blob->len - 1] = 'x';
	assert_error(btf_open(copy, blob->len, 8, &t), ERROR_BAD_DATA, "strings");
	memcpy(copy, blob->s, blob->len);
	put_u32(copy + 12, b.types.len - 4, false); /* type_len */
	assert_error(btf_open(copy, blob->len, 8, &t), ERROR_BAD_DATA, "cut off");
	memcpy(copy, blob->s, blob->len);
	copy[2] = 2; /* version */
	assert_error(btf_open(copy, blob->len, 8, &t), ERROR_BAD_DATA, "version 1");
	assert_null(t);
	btf_build_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_members),
		cmocka_unit_test(finds_bit_fields),
		cmocka_unit_test(finds_names_sizes_and_values),
		cmocka_unit_test(reads_the_wide_info_word),
		cmocka_unit_test(skips_kinds_that_the_header_describes),
		cmocka_unit_test(survives_types_that_hold_themselves),
		cmocka_unit_test(refuses_damage),
	};

	return cmocka_run_group_tests_name("btf", tests, NULL, NULL);
}
