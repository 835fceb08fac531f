#include "../test.h"

#include "dead_tasks.h"
#include "kernel/tree.h"

#define NODES (DEAD_DATA + 0xc000) /* 512 bytes each, aligned as maple nodes are */

struct seen {
	uint64_t keys[64], entries[64];
	unsigned n, stop_at;
};

static bool note(uint64_t key, uint64_t entry, void *arg)
{
	struct seen *s = arg;

	assert_true(s->n < 64);
	s->keys[s->n] = key;
	s->entries[s->n++] = entry;
	return s->n != s->stop_at;
}

static uint64_t node(unsigned i)
{
	return NODES + 512 * i;
}

/* Types of the trees, with fewer slots than the kernel's own. */
static void add_tree_types(struct dead *d)
{
	struct btf_build *b = &d->btf;
	uint32_t four = btf_add_array(b, T_LONG, 4), three = btf_add_array(b, T_LONG, 3);

	dead_struct(d, "rb_node", 24, 3);
	btf_elem(b, "__rb_parent_color", T_LONG, 0);
	btf_elem(b, "rb_right", T_LONG, 64);
	btf_elem(b, "rb_left", T_LONG, 128);
	dead_struct(d, "xarray", 16, 1);
	btf_elem(b, "xa_head", T_LONG, 64);
	dead_struct(d, "xa_node", 64, 2);
	btf_elem(b, "shift", T_CHAR, 0);
	btf_elem(b, "slots", four, 64);
	dead_struct(d, "maple_tree", 16, 1);
	btf_elem(b, "ma_root", T_LONG, 64);
	dead_struct(d, "maple_range_64", 64, 2);
	btf_elem(b, "pivot", three, 64);
	btf_elem(b, "slot", four, 256);
	dead_struct(d, "maple_arange_64", 64, 2);
	btf_elem(b, "pivot", three, 64);
	btf_elem(b, "slot", four, 256);
	dead_struct(d, "maple_node", 64, 1);
	btf_elem(b, "slot", four, 64);
	btf_add(b, "maple_type", BTF_ENUM << 24 | 4, 4);
	btf_constant(b, "maple_dense", 0);
	btf_constant(b, "maple_leaf_64", 1);
	btf_constant(b, "maple_range_64", 2);
	btf_constant(b, "maple_arange_64", 3);
}

static int setup(void **state)
{
	struct dead *d = calloc(1, sizeof(*d));

	make_tasks(d, true);
	add_tree_types(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	dead_done(*state);
	free(*state);
	return 0;
}

static void put_rb(struct dead *d, unsigned i, uint64_t left, uint64_t right)
{
	dead_put(d, node(i) + 8, 8, right);
	dead_put(d, node(i) + 16, 8, left);
}

static void red_black_in_order(void **state)
{
	struct dead *d = *state;
	struct seen s = { 0 }, two = { .stop_at = 2 };

	dead_put(d, VARS + 0x800, 8, node(2));
	put_rb(d, 2, node(1), node(4));
	put_rb(d, 1, node(0), 0);
	put_rb(d, 0, 0, 0);
	put_rb(d, 4, node(3), 0);
	put_rb(d, 3, 0, 0);
	dead_open(d);
	assert_ok(rbtree_walk(d->f.k, VARS + 0x800, note, &s));
	assert_int_equal(s.n, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(s.entries[i], node(i));
	assert_ok(rbtree_walk(d->f.k, VARS + 0x800, note, &two));
	assert_int_equal(two.n, 2);
}

static void a_red_black_tree_that_bites_its_tail(void **state)
{
	struct dead *d = *state;
	struct seen s = { 0 };

	dead_put(d, VARS + 0x800, 8, node(0));
	put_rb(d, 0, node(0), 0);
	dead_open(d);
	assert_error(rbtree_walk(d->f.k, VARS + 0x800, note, &s), ERROR_BAD_DATA, "deeper than 64");
}

static void arrays_of_several_levels(void **state)
{
	struct dead *d = *state;
	struct seen s = { 0 };

	dead_put(d, VARS + 0x808, 8, node(0) | 2);
	dead_put(d, node(0), 1, 2); /* each slot covers four */
	dead_put(d, node(0) + 8, 8, node(1) | 2);
	dead_put(d, node(0) + 24, 8, node(2) | 2);
	dead_put(d, node(1) + 8, 8, 0x1000);
	dead_put(d, node(1) + 32, 8, 0x2000);
	dead_put(d, node(2) + 16, 8, 15); /* a value: 7 << 1 | 1 */
	dead_put(d, node(2) + 24, 8, 2);  /* repeats the slot before */
	dead_open(d);
	assert_ok(xarray_walk(d->f.k, VARS + 0x800, note, &s));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.keys[0], 0);
	assert_int_equal(s.entries[0], 0x1000);
	assert_int_equal(s.keys[1], 3);
	assert_int_equal(s.entries[1], 0x2000);
	assert_int_equal(s.keys[2], 9);
	assert_int_equal(s.entries[2], 15);
}

static uint64_t maple(unsigned i, unsigned type)
{
	return node(i) | type << 3 | 4 | 2;
}

static void put_maple(struct dead *d, unsigned i, unsigned at, uint64_t pivot, uint64_t slot)
{
	if (at < 3)
		dead_put(d, node(i) + 8 + 8 * at, 8, pivot);
	dead_put(d, node(i) + 32 + 8 * at, 8, slot);
}

static void maple_ranges(void **state)
{
	struct dead *d = *state;
	struct seen s = { 0 };

	dead_put(d, VARS + 0x808, 8, maple(0, 3));
	put_maple(d, 0, 0, 99, maple(1, 1));
	put_maple(d, 0, 1, UINT64_MAX, maple(2, 1));
	put_maple(d, 1, 0, 9, 0);
	put_maple(d, 1, 1, 19, 0x1000);
	put_maple(d, 1, 2, 29, 0x2000);
	put_maple(d, 1, 3, 0, 0x3000); /* the last slot: up to 99 */
	put_maple(d, 2, 0, 100, 0x4000);
	put_maple(d, 2, 1, 0, 0);
	dead_open(d);
	assert_ok(maple_walk(d->f.k, VARS + 0x800, note, &s));
	assert_int_equal(s.n, 4);
	assert_int_equal(s.keys[0], 10);
	assert_int_equal(s.entries[0], 0x1000);
	assert_int_equal(s.keys[2], 30);
	assert_int_equal(s.entries[2], 0x3000);
	assert_int_equal(s.keys[3], 100);
	assert_int_equal(s.entries[3], 0x4000);
}

static void maple_trees_that_cannot_be(void **state)
{
	struct dead *d = *state;
	struct seen s = { 0 };

	dead_put(d, VARS + 0x808, 8, maple(0, 2));
	put_maple(d, 0, 0, UINT64_MAX, maple(0, 2));
	dead_put(d, VARS + 0x908, 8, maple(1, 7));
	dead_put(d, VARS + 0xa08, 8, 0x1000);
	dead_open(d);
	assert_error(maple_walk(d->f.k, VARS + 0x800, note, &s), ERROR_BAD_DATA, "deeper than");
	assert_error(maple_walk(d->f.k, VARS + 0x900, note, &s), ERROR_BAD_DATA, "no known type");
	assert_int_equal(s.n, 0);
	assert_ok(maple_walk(d->f.k, VARS + 0xb00, note, &s)); /* empty */
	assert_int_equal(s.n, 0);
	assert_ok(maple_walk(d->f.k, VARS + 0xa00, note, &s)); /* one entry, no node */
	assert_int_equal(s.n, 1);
	assert_int_equal(s.entries[0], 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(red_black_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_red_black_tree_that_bites_its_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(arrays_of_several_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(maple_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(maple_trees_that_cannot_be, setup, teardown),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
