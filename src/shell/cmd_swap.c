/* swap: the swap areas. */
#include <inttypes.h>

#include "base/base.h"
#include "shell/command.h"
#include "shell/swap.h"

#define SWP_BLOCKDEV 0x40u /* include/linux/swap.h: SWP_BLKDEV */

static struct error *put(const struct swap_row *r, void *arg)
{
	struct shell *sh = arg;
	uint64_t kib = sh->dump->page_size / 1024;

	fprintf(sh->out, "%0*" PRIx64 "  %-9s  %9" PRIu64 "k %9" PRIu64 "k  %3" PRIu64 "%%  %3" PRId64 "  %s\n",
		(int)(2 * sh->kernel->long_size), r->va, r->flags & SWP_BLOCKDEV ? "PARTITION" : "FILE",
		r->pages * kib, r->used * kib, r->pages ? r->used * 100 / r->pages : 0, r->priority, r->name);
	return NULL;
}

static struct error *run(struct shell *sh, struct options *o)
{
	(void)o;
	fprintf(sh->out, "%-*s  TYPE       SIZE       USED     PCT  PRI  FILENAME\n",
		(int)(2 * sh->kernel->long_size) + 2, "SWAP_INFO_STRUCT");
	return swap_walk(sh, put, sh);
}

const struct command cmd_swap = {
	.name = "swap",
	.args = "",
	.summary = "list the swap areas",
	.run = run,
};
