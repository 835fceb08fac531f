/*
 * Walking the dead kernel's trees: red-black trees (include/linux/rbtree.h), extensible arrays
 * and the radix trees before them (include/linux/xarray.h, 4.20), maple trees
 * (include/linux/maple_tree.h, 6.1). Every walk has a limit of depth and of steps; what was seen
 * before an error stays good.
 */
#pragma once

#include "kernel/kernel.h"

/* `key` is the node's address in red-black trees, the index in the others; `entry` what is
 * stored there. False stops the walk. */
typedef bool tree_each(uint64_t key, uint64_t entry, void *arg);

/* In order; `root` is a struct rb_root (or rb_root_cached). key and entry: the rb_node. */
struct error *rbtree_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg) MUST_CHECK;
/* `root` is a struct xarray or radix_tree_root. Values (tagged integers) are handed on too. */
struct error *xarray_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg) MUST_CHECK;
/* `root` is a struct maple_tree; key: the first index of the range. Empty ranges are left out. */
struct error *maple_walk(struct kernel *k, uint64_t root, tree_each *each, void *arg) MUST_CHECK;
