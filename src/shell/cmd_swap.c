/* swap: the swap areas. */
#include <inttypes.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/swap.h"

#define SWP_BLOCKDEV 0x40u /* include/linux/swap.h: SWP_BLKDEV */

static struct error *put(const struct swap_row *r, void *arg)
{
	struct shell *sh = arg;
	uint64_t kib = sh->dump->page_size / 1024;

	row_begin(sh, "swap");
	row_addr(sh, "swap_info", r->va);
	row_text(sh, "  ");
	row_str(sh, "type", -9, r->flags & SWP_BLOCKDEV ? "PARTITION" : "FILE");
	row_text(sh, "  ");
	row_u64(sh, "size_kib", 9, r->pages * kib);
	row_text(sh, "k ");
	row_u64(sh, "used_kib", 9, r->used * kib);
	row_text(sh, "k  ");
	row_u64(sh, "percent", 3, r->pages ? r->used * 100 / r->pages : 0);
	row_text(sh, "%%  ");
	row_i64(sh, "priority", 3, r->priority);
	row_text(sh, "  ");
	row_str(sh, "file", 0, r->name);
	row_end(sh);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	(void)o;
	row_text(sh, "%-*s  TYPE       SIZE       USED     PCT  PRI  FILENAME\n",
		(int)(2 * sh->kernel->long_size) + 2, "SWAP_INFO_STRUCT");
	return swap_walk(sh, put, sh);
}

const struct command cmd_swap = {
	.name = "swap",
	.args = "",
	.summary = "list the swap areas",
	.run = run,
};
