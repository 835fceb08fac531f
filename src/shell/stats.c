/* mm/vmstat.c: vm_zone_stat[] and vm_node_stat[] are atomic_long_t by enum zone_stat_item and
 * node_stat_item (include/linux/mmzone.h, 4.8). */
#include "shell/stats.h"

#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

static struct error *read_item(struct shell *sh, const char *table, uint64_t index, uint64_t *ret)
{
	uint64_t va, v;

	TRY(symbol_find(sh->kernel, table, &va));
	TRY(vmem_read_long(sh->kernel, va + index * sh->kernel->long_size, &v));
	*ret = (int64_t)v < 0 ? 0 : v;
	return NULL;
}

/* A constant of one enum; names are not unique among all. */
static struct error *find_item(struct shell *sh, const char *enum_name, const char *item, uint64_t *ret)
{
	struct btf *b;
	struct btf_type t;
	struct btf_elem el;
	uint32_t id = 0;

	TRY(types_load(sh->kernel));
	b = sh->kernel->btf;
	while (btf_next_named(b, enum_name, &id)) {
		btf_type_at(b, id, &t);
		for (uint32_t i = 0; btf_elem_at(b, &t, i, &el); i++) {
			if (strcmp(el.name, item) != 0)
				continue;
			*ret = (uint64_t)el.value;
			return NULL;
		}
	}
	return error_new(ERROR_NOT_FOUND, "this kernel does not count %s", item);
}

struct error *stats_zone(struct shell *sh, const char *item, uint64_t *ret)
{
	uint64_t index;

	TRY(find_item(sh, "zone_stat_item", item, &index));
	return read_item(sh, "vm_zone_stat", index, ret);
}

struct error *stats_node(struct shell *sh, const char *item, uint64_t *ret)
{
	uint64_t index;

	TRY(find_item(sh, "node_stat_item", item, &index));
	return read_item(sh, "vm_node_stat", index, ret);
}

struct error *stats_any(struct shell *sh, const char *const *items, uint64_t *ret)
{
	struct error *e = NULL;

	for (size_t i = 0; items[i]; i++) {
		error_free(e);
		e = stats_node(sh, items[i], ret);
		if (!e)
			return NULL;
		error_free(e);
		e = stats_zone(sh, items[i], ret);
		if (!e)
			return NULL;
	}
	return e;
}

struct error *stats_items(struct shell *sh, const char *enum_name, const char *end,
			  struct error *(*each)(struct shell *sh, const char *name, uint64_t index, void *arg),
			  void *arg)
{
	struct btf_type t;
	struct btf_elem el;
	uint32_t id = 0;

	TRY(types_load(sh->kernel));
	if (!btf_next_named(sh->kernel->btf, enum_name, &id))
		return error_new(ERROR_NOT_FOUND, "this kernel has no enum %s", enum_name);
	btf_type_at(sh->kernel->btf, id, &t);
	for (uint32_t i = 0; btf_elem_at(sh->kernel->btf, &t, i, &el); i++) {
		struct btf_elem next;

		if (strcmp(el.name, end) == 0)
			break;
		/* "NR_LRU_BASE" is another name of the first that it begins */
		if (btf_elem_at(sh->kernel->btf, &t, i + 1, &next) && next.value == el.value)
			continue;
		TRY(each(sh, el.name, (uint64_t)el.value, arg));
	}
	return NULL;
}
