/* The kernel's own counter of free pages; see freecount.h. */
#include "kernel/freecount.h"

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define HELD_BACK    125  /* pages that a CPU may hold back in a zone */
#define MANY_ZONES   6	  /* that a CPU allocates from: those of its own node, and some of others */
#define PART_OF_ALL  1000 /* isolated for a moment, and changed while CPUs stopped */

static struct error *find_index(struct kernel *k, uint64_t *ret)
{
	int64_t n = -1;

	if (!vmcoreinfo_number(k->info, "NR_FREE_PAGES", &n))
		TRY(type_enum_value(k, "NR_FREE_PAGES", &n));
	if (n < 0 || n > 1000)
		return error_new(ERROR_BAD_DATA, "NR_FREE_PAGES is %lld", (long long)n);
	*ret = n;
	return NULL;
}

struct error *freecount_read(struct kernel *k, uint64_t *ret_pages, uint64_t *ret_tolerance)
{
	static const char *const names[] = { "vm_zone_stat", "vm_stat", NULL };
	uint64_t at, index = 0, pages, frames = ranges_total(&k->dump->memory);
	unsigned cpus = 1;

	TRY(find_index(k, &index));
	TRY(symbol_find_any(k, names, &at));
	TRY(vmem_read_long(k, at + index * k->long_size, &pages));
	error_free(cpu_count(k, &cpus)); /* then it is one */
	if (pages > frames)
		return error_new(ERROR_BAD_DATA, "the kernel counted %llu free pages of %llu",
				 (unsigned long long)pages, (unsigned long long)frames);
	*ret_pages = pages;
	*ret_tolerance = (uint64_t)cpus * MANY_ZONES * HELD_BACK + frames / PART_OF_ALL;
	return NULL;
}
