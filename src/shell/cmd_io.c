/* io: every request that a disk has not answered, the oldest first. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/block.h"
#include "kernel/peek.h"
#include "kernel/task.h"
#include "shell/clockwork.h"
#include "shell/command.h"
#include "shell/row.h"

static const struct option_def options[] = {{0}};

#define REQUESTS_MAX (1u << 16)

struct pending {
	struct request_row r;
	char disk[36];
};

struct gathering {
	struct shell *sh;
	VECTOR(struct pending) v;
	char disk[36];
	unsigned disks;
	bool failed;
};

static bool take_request(const struct request_row *r, void *arg)
{
	struct gathering *g = arg;
	struct pending p = {.r = *r};

	if (!r->scheduled && r->state != 1)
		return true;
	memcpy(p.disk, g->disk, sizeof(p.disk));
	g->failed = !vector_push(&g->v, p);
	return !g->failed && g->v.n < REQUESTS_MAX;
}

static bool take_disk(const struct disk *d, void *arg)
{
	struct gathering *g = arg;
	struct error *e;

	memcpy(g->disk, d->name, sizeof(g->disk));
	g->disks++;
	if (d->frozen || d->quiesced) {
		row_begin(g->sh, "queue");
		row_str(g->sh, "disk", -12, d->name);
		row_text(g->sh, " queue ");
		row_addr(g->sh, "queue", d->queue);
		row_bool(g->sh, "frozen", "  frozen: nothing gets in", "", d->frozen);
		row_bool(g->sh, "quiesced", "  quiesced: nothing goes to the driver", "", d->quiesced);
		row_end(g->sh);
	}
	e = requests_walk(g->sh->kernel, d->queue, take_request, g);
	if (e) {
		fprintf(g->sh->errors, "io: %s: %s\n", d->name, error_message(e));
		error_free(e);
	}
	return !g->failed && !shell_interrupted();
}

static int by_age(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->r.start_ns < y->r.start_ns ? -1 : x->r.start_ns > y->r.start_ns;
}

/* include/linux/blk_types.h: enum req_op */
static const char *op_name(uint64_t op)
{
	static const char *const ops[] = {"read", "write", "flush", "discard", NULL, "secure erase", NULL, "zone append",
					  NULL, "write zeroes", "zone open", "zone close", "zone finish"};

	return op < ARRAY_SIZE(ops) && ops[op] ? ops[op] : op == 34 || op == 35 ? "driver" : "other";
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct gathering g = {.sh = sh};
	uint64_t now = 0;
	struct error *e;

	if (options_next(o) != 0)
		return command_misused();
	error_free(kernel_now_ns(sh, &now)); /* then ages are not told */
	e = disks_walk(sh->kernel, take_disk, &g);
	if (!e && g.failed)
		e = error_nomem();
	if (g.v.n)
		qsort(g.v.v, g.v.n, sizeof(*g.v.v), by_age);
	if (!e && !g.v.n)
		row_text(sh, "no request is under way on %u disks\n", g.disks);
	else if (!e)
		row_text(sh, "%-12s %-*s  TAG  %-12s  STATE      SECTOR        BYTES   AGE\n", "DISK",
			 (int)(2 * sh->kernel->long_size), "REQUEST", "OPERATION");
	for (size_t i = 0; i < g.v.n && !e && !shell_interrupted(); i++) {
		const struct pending *p = &g.v.v[i];
		char age[32] = "-";

		if (now && p->r.start_ns && p->r.start_ns <= now)
			snprintf(age, sizeof(age), "%.3f s", (double)(now - p->r.start_ns) / 1e9);
		row_begin(sh, "request");
		row_str(sh, "disk", -12, p->disk);
		row_text(sh, " ");
		row_addr(sh, "request", p->r.va);
		row_text(sh, " ");
		row_u64(sh, "tag", 4, p->r.tag);
		row_text(sh, "  ");
		row_str(sh, "operation", -12, op_name(p->r.op));
		row_text(sh, "  ");
		row_str(sh, "state", -9, p->r.scheduled ? "scheduler" : "driver");
		row_text(sh, "  ");
		row_u64(sh, "sector", -12, p->r.sector);
		row_text(sh, "  ");
		row_u64(sh, "bytes", -7, p->r.len);
		row_text(sh, " ");
		row_str(sh, "age", 0, age);
		row_end(sh);
	}
	vector_done(&g.v);
	return e;
}

const struct command cmd_io = {
	.name = "io",
	.args = "",
	.summary = "list the requests that disks have not answered, the oldest first",
	.text = "  A request that is older than half a minute is what tasks in D state wait for.\n",
	.options = options,
	.run = run,
};
