#include "kernel/tree.h"

#include "base/base.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define DEPTH_MAX 64	     /* red-black trees of 2^32 nodes are no deeper */
#define STEPS_MAX (1u << 22) /* nodes of one tree */

struct walk {
	struct kernel *k;
	tree_each *each;
	void *arg;
	uint64_t left; /* nodes that may still come */
	bool stop;
};

static struct error *step(struct walk *w, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return error_new(ERROR_BAD_DATA, "a tree is deeper than %d levels", DEPTH_MAX);
	if (!w->left)
		return error_new(ERROR_BAD_DATA, "a tree has more than %u nodes", STEPS_MAX);
	w->left--;
	return NULL;
}

static void give(struct walk *w, uint64_t key, uint64_t entry)
{
	if (!w->each(key, entry, w->arg))
		w->stop = true;
}

/* ---- red-black trees ---- */

struct rb_layout {
	struct member left, right;
};

static struct error *rb_node(struct walk *w, const struct rb_layout *l, uint64_t node, unsigned depth)
{
	uint64_t child;

	if (!node || w->stop)
		return NULL;
	TRY(step(w, depth));
	TRY(type_read(w->k, node, &l->left, &child));
	TRY(rb_node(w, l, child, depth + 1));
	if (!w->stop)
		give(w, node, node);
	TRY(type_read(w->k, node, &l->right, &child));
	return rb_node(w, l, child, depth + 1);
}

struct error *rbtree_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg)
{
	struct walk w = {.k = k, .each = each, .arg = arg, .left = STEPS_MAX};
	struct rb_layout l;
	uint64_t node;

	TRY(type_member(k, "rb_node", "rb_left", &l.left));
	TRY(type_member(k, "rb_node", "rb_right", &l.right));
	TRY(vmem_read_long(k, root, &node)); /* rb_root and rb_root_cached begin with it */
	return rb_node(&w, &l, node, 0);
}

/* ---- extensible arrays ---- */

struct xa_layout {
	struct member shift, slots;
};

/* Pointers to nodes are marked in their low bits; small ones are marks of other kinds. */
static bool xa_is_node(uint64_t entry, bool is_xarray)
{
	return is_xarray ? (entry & 3) == 2 && entry > 4096 : (entry & 3) == 1;
}

static struct error *xa_entry(struct walk *w, const struct xa_layout *l, bool is_xarray, uint64_t entry,
			      uint64_t index, unsigned depth)
{
	uint64_t shift, node = entry & ~3ull;

	if (!entry || w->stop)
		return NULL;
	if (!xa_is_node(entry, is_xarray)) {
		/* what is left with these bits repeats the slot before, or is being changed */
		if (!(is_xarray && (entry & 3) == 2))
			give(w, index, entry);
		return NULL;
	}
	TRY(step(w, depth));
	TRY(type_read(w->k, node, &l->shift, &shift));
	if (shift > 63)
		return error_new(ERROR_BAD_DATA, "the tree node 0x%llx has a shift of %llu",
				 (unsigned long long)node, (unsigned long long)shift);
	for (uint32_t i = 0; i < l->slots.array_len && !w->stop; i++) {
		uint64_t child;

		TRY(vmem_read_long(w->k, node + l->slots.off + i * w->k->long_size, &child));
		TRY(xa_entry(w, l, is_xarray, child, index + ((uint64_t)i << shift), depth + 1));
	}
	return NULL;
}

struct error *xarray_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg)
{
	struct walk w = {.k = k, .each = each, .arg = arg, .left = STEPS_MAX};
	struct member head;
	struct xa_layout l;
	uint64_t entry;
	struct error *e = type_member(k, "xarray", "xa_head", &head);
	bool is_xarray = !e;
	const char *node = is_xarray ? "xa_node" : "radix_tree_node";

	error_free(e);
	if (!is_xarray)
		TRY(type_member(k, "radix_tree_root", "rnode", &head));
	TRY(type_member(k, node, "shift", &l.shift));
	TRY(type_member(k, node, "slots", &l.slots));
	TRY(type_read(k, root, &head, &entry));
	return xa_entry(&w, &l, is_xarray, entry, 0, 0);
}

/* ---- maple trees ---- */

#define MAPLE_NODE_MASK 255u /* lib/maple_tree.c */

struct maple_layout {
	int64_t dense, leaf, range, arange; /* enum maple_type */
	struct member range_pivots, range_slots, arange_pivots, arange_slots, dense_slots;
};

static struct error *maple_layout_find(struct kernel *k, struct maple_layout *l)
{
	TRY(type_enum_value(k, "maple_dense", &l->dense));
	TRY(type_enum_value(k, "maple_leaf_64", &l->leaf));
	TRY(type_enum_value(k, "maple_range_64", &l->range));
	TRY(type_enum_value(k, "maple_arange_64", &l->arange));
	TRY(type_member(k, "maple_range_64", "pivot", &l->range_pivots));
	TRY(type_member(k, "maple_range_64", "slot", &l->range_slots));
	TRY(type_member(k, "maple_arange_64", "pivot", &l->arange_pivots));
	TRY(type_member(k, "maple_arange_64", "slot", &l->arange_slots));
	return type_member(k, "maple_node", "slot", &l->dense_slots);
}

static struct error *maple_node(struct walk *w, const struct maple_layout *l, uint64_t enode, uint64_t min,
				uint64_t max, unsigned depth)
{
	int64_t type = enode >> 3 & 0xf;
	uint64_t node = enode & ~(uint64_t)MAPLE_NODE_MASK;
	const struct member *pivots = type == l->arange ? &l->arange_pivots : &l->range_pivots;
	const struct member *slots = type == l->arange ? &l->arange_slots : &l->range_slots;
	bool leaf = type == l->leaf;

	TRY(step(w, depth));
	if (type == l->dense) {
		for (uint32_t i = 0; i < l->dense_slots.array_len && min + i <= max && !w->stop; i++) {
			uint64_t entry;

			TRY(vmem_read_long(w->k, node + l->dense_slots.off + i * w->k->long_size, &entry));
			if (entry)
				give(w, min + i, entry);
		}
		return NULL;
	}
	if (type != l->leaf && type != l->range && type != l->arange)
		return error_new(ERROR_BAD_DATA, "the maple tree node 0x%llx is of no known type",
				 (unsigned long long)enode);
	for (uint32_t i = 0; i < slots->array_len && !w->stop; i++) {
		uint64_t entry, last = max;

		if (i < pivots->array_len)
			TRY(vmem_read_long(w->k, node + pivots->off + i * w->k->long_size, &last));
		/* a pivot of 0 behind the first one ends the node */
		if (last == 0 && i > 0)
			last = max;
		TRY(vmem_read_long(w->k, node + slots->off + i * w->k->long_size, &entry));
		if (leaf && entry)
			give(w, min, entry);
		else if (!leaf && entry)
			TRY(maple_node(w, l, entry, min, last, depth + 1));
		if (last >= max || last < min)
			break;
		min = last + 1;
	}
	return NULL;
}

struct error *maple_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg)
{
	struct walk w = {.k = k, .each = each, .arg = arg, .left = STEPS_MAX};
	struct maple_layout l;
	struct member head;
	uint64_t entry;

	TRY(maple_layout_find(k, &l));
	TRY(type_member(k, "maple_tree", "ma_root", &head));
	TRY(type_read(k, root, &head, &entry));
	if (!entry)
		return NULL;
	if (!xa_is_node(entry, true)) {
		give(&w, 0, entry);
		return NULL;
	}
	return maple_node(&w, &l, entry, 0, UINT64_MAX, 0);
}
