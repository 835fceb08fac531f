/* mm/swapfile.c: nr_swapfiles, swap_info[]. */
#include "shell/swap.h"

#include <sys/stat.h>

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"
#include "shell/path.h"

#define AREAS_MAX 64
#define SWP_USED  1u /* include/linux/swap.h */

static struct error *read_row(struct shell *sh, uint64_t va, struct swap_row *r)
{
	static const char *const used_names[] = {"inuse_pages.counter", "inuse_pages", NULL}; /* 6.7 */
	struct kernel *k = sh->kernel;
	_cleanup_strbuf_ struct strbuf name = {0};
	uint64_t v, file, dentry, mnt;
	struct member m;

	*r = (struct swap_row){.va = va};
	TRY(type_read_member(k, va, "swap_info_struct", "flags", &r->flags));
	if (!(r->flags & SWP_USED))
		return NULL;
	TRY(type_read_member(k, va, "swap_info_struct", "pages", &r->pages));
	TRY(type_member_any(k, "swap_info_struct", used_names, &m));
	TRY(type_read(k, va, &m, &r->used));
	/* two high bits are marks since 6.14 */
	r->used &= (1ull << (8 * k->long_size - 2)) - 1;
	TRY(type_read_member(k, va, "swap_info_struct", "prio", &v));
	r->priority = (int16_t)v;
	TRY(type_read_member(k, va, "swap_info_struct", "swap_file", &file));
	TRY(type_read_member(k, file, "file", "f_path.dentry", &dentry));
	TRY(type_read_member(k, file, "file", "f_path.mnt", &mnt));
	path_of(sh, dentry, mnt, &name);
	r->name = strbuf_take(&name, NULL);
	return r->name ? NULL : error_nomem();
}

struct error *swap_walk(struct shell *sh, struct error *(*each)(const struct swap_row *r, void *arg),
			void *arg)
{
	uint64_t number, table, va;
	uint32_t n;

	TRY(symbol_find(sh->kernel, "nr_swapfiles", &number));
	TRY(vmem_read_u32(sh->kernel, number, &n));
	TRY(symbol_find(sh->kernel, "swap_info", &table));
	for (uint32_t i = 0; i < MIN(n, (uint32_t)AREAS_MAX); i++) {
		struct swap_row r = {0};
		struct error *e;

		TRY(vmem_read_long(sh->kernel, table + i * sh->kernel->long_size, &va));
		e = va ? read_row(sh, va, &r) : NULL;
		if (!e && r.name)
			e = each(&r, arg);
		free(r.name);
		if (e)
			return e;
	}
	return NULL;
}

static struct error *add(const struct swap_row *r, void *arg)
{
	uint64_t *sums = arg;

	sums[0] += r->pages;
	sums[1] += r->used;
	return NULL;
}

struct error *swap_totals(struct shell *sh, uint64_t *ret_total, uint64_t *ret_used)
{
	uint64_t sums[2] = {0, 0};

	TRY(swap_walk(sh, add, sums));
	*ret_total = sums[0];
	*ret_used = MIN(sums[1], sums[0]);
	return NULL;
}
