/*
 * Requests that block devices have not answered. Disks are found through the block device file
 * system's inodes (block/bdev.c: blockdev_superblock, struct bdev_inode), requests in the tag sets of
 * their queues: those whose state is MQ_RQ_IN_FLIGHT (include/linux/blk-mq.h, 4.16 to 7.2). The age comes
 * from start_time_ns where the kernel keeps it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "analyze/facts-priv.h"
#include "kernel/list.h"
#include "kernel/symbol.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define INODES_MAX   20000
#define DISKS_MAX    4096
#define QUEUES_MAX   1024   /* hardware queues of a disk */
#define TAGS_MAX     65536  /* of one queue */
#define REQUESTS_MAX 400000 /* looked at in all */
#define IN_FLIGHT    1
#define KEPT	     50

struct walk_io {
	struct gather *g;
	struct member inode_list, vfs_inode, bd_disk, disk_name, queue, tag_set, nr_hw, set_tags, nr_tags, rqs;
	struct member rq_queue, rq_state, rq_start, rq_sector, rq_len, rq_tag, rq_flags;
	bool has_start;
	uint64_t now_ns;
	uint64_t looked;
	VECTOR(uint64_t) disks;
};

static struct error *find_layout(struct walk_io *w)
{
	static const char *const disks[] = { "bdev.bd_disk", NULL };
	static const char *const flags[] = { "cmd_flags", NULL };
	struct kernel *k = w->g->k;
	struct error *e;

	TRY(type_member(k, "inode", "i_sb_list", &w->inode_list));
	TRY(type_member(k, "bdev_inode", "vfs_inode", &w->vfs_inode));
	TRY(type_member_any(k, "bdev_inode", disks, &w->bd_disk));
	TRY(type_member(k, "gendisk", "disk_name", &w->disk_name));
	TRY(type_member(k, "gendisk", "queue", &w->queue));
	TRY(type_member(k, "request_queue", "tag_set", &w->tag_set));
	TRY(type_member(k, "blk_mq_tag_set", "nr_hw_queues", &w->nr_hw));
	TRY(type_member(k, "blk_mq_tag_set", "tags", &w->set_tags));
	TRY(type_member(k, "blk_mq_tags", "nr_tags", &w->nr_tags));
	TRY(type_member(k, "blk_mq_tags", "static_rqs", &w->rqs));
	TRY(type_member(k, "request", "q", &w->rq_queue));
	TRY(type_member(k, "request", "state", &w->rq_state));
	TRY(type_member(k, "request", "__sector", &w->rq_sector));
	TRY(type_member(k, "request", "__data_len", &w->rq_len));
	TRY(type_member(k, "request", "tag", &w->rq_tag));
	TRY(type_member_any(k, "request", flags, &w->rq_flags));
	e = type_member(k, "request", "start_time_ns", &w->rq_start);
	w->has_start = !e;
	error_free(e);
	return NULL;
}

static struct error *take_request(struct walk_io *w, uint64_t rq, const char *disk)
{
	struct kernel *k = w->g->k;
	struct report *r = w->g->r;
	struct report_io one = { .va = rq };
	uint64_t v;

	snprintf(one.disk, sizeof(one.disk), "%s", disk);
	TRY(type_read(k, rq, &w->rq_sector, &one.sector));
	TRY(type_read(k, rq, &w->rq_len, &one.bytes));
	TRY(type_read(k, rq, &w->rq_tag, &v));
	one.tag = (int32_t)v;
	TRY(type_read(k, rq, &w->rq_flags, &v));
	one.write = v & 1; /* include/linux/blk_types.h: REQ_OP_WRITE, DISCARD, ... are odd */
	if (w->has_start) {
		TRY(type_read(k, rq, &w->rq_start, &v));
		one.has_age = v && v <= w->now_ns;
		one.age_ms = one.has_age ? (w->now_ns - v) / 1000000 : 0;
	}
	r->io_total++;
	/* many at once are as many lines; the oldest ones tell */
	if (r->io.n == KEPT) {
		size_t youngest = 0;

		for (size_t i = 1; i < KEPT; i++)
			if (r->io.v[i].age_ms < r->io.v[youngest].age_ms)
				youngest = i;
		if (r->io.v[youngest].age_ms < one.age_ms)
			r->io.v[youngest] = one;
		return NULL;
	}
	return vector_push(&r->io, one) ? NULL : error_nomem();
}

/* The requests of one set of tags that belong to `queue`. */
static struct error *look_at_tags(struct walk_io *w, uint64_t tags, uint64_t queue, const char *disk)
{
	struct kernel *k = w->g->k;
	uint64_t nr, array, rq, owner, state;

	TRY(type_read(k, tags, &w->nr_tags, &nr));
	TRY(type_read(k, tags, &w->rqs, &array));
	for (uint64_t i = 0; array && i < nr && i < TAGS_MAX; i++) {
		if (++w->looked > REQUESTS_MAX)
			return error_new(ERROR_TIMEOUT, "the disks have more than %d requests to look at",
					 REQUESTS_MAX);
		TRY(vmem_read_long(k, array + i * k->long_size, &rq));
		if (!rq)
			continue;
		TRY(type_read(k, rq, &w->rq_state, &state));
		if (state != IN_FLIGHT)
			continue;
		TRY(type_read(k, rq, &w->rq_queue, &owner));
		if (owner == queue)
			TRY(take_request(w, rq, disk));
	}
	return NULL;
}

static struct error *look_at_disk(struct walk_io *w, uint64_t disk)
{
	struct kernel *k = w->g->k;
	uint64_t queue, set, nr, array, tags;
	char name[32];

	TRY(vmem_read_string(k, disk + w->disk_name.off, name, sizeof(name)));
	TRY(type_read(k, disk, &w->queue, &queue));
	if (!queue)
		return NULL;
	TRY(type_read(k, queue, &w->tag_set, &set));
	if (!set)
		return NULL; /* it has no queue of its own: device-mapper, md */
	TRY(type_read(k, set, &w->nr_hw, &nr));
	TRY(type_read(k, set, &w->set_tags, &array));
	for (uint64_t i = 0; array && i < nr && i < QUEUES_MAX; i++) {
		TRY(vmem_read_long(k, array + i * k->long_size, &tags));
		if (tags)
			TRY(look_at_tags(w, tags, queue, name));
	}
	return NULL;
}

static bool new_disk(struct walk_io *w, uint64_t disk)
{
	for (size_t i = 0; i < w->disks.n; i++)
		if (w->disks.v[i] == disk)
			return false; /* a partition of it */
	return true;
}

static struct error *find_disks(struct walk_io *w)
{
	struct kernel *k = w->g->k;
	struct list_walk l;
	uint64_t sb, head, node, disk;
	struct member inodes;

	TRY(symbol_find(k, "blockdev_superblock", &sb));
	TRY(vmem_read_long(k, sb, &sb));
	TRY(type_member(k, "super_block", "s_inodes", &inodes));
	head = sb + inodes.off;
	TRY(list_begin(k, head, INODES_MAX, &l));
	while (list_next(k, &l, &node) && w->disks.n < DISKS_MAX) {
		struct error *e = type_read(k, node - w->inode_list.off - w->vfs_inode.off, &w->bd_disk, &disk);

		if (!e && disk && new_disk(w, disk) && !vector_push(&w->disks, disk))
			e = error_nomem();
		if (e && error_kind(e) == ERROR_NOMEM) {
			error_free(list_error(&l));
			return e;
		}
		error_free(e);
	}
	return list_error(&l);
}

static int oldest_first(const void *a, const void *b)
{
	const struct report_io *x = a, *y = b;

	return x->age_ms > y->age_ms ? -1 : x->age_ms < y->age_ms;
}

struct error *gather_io(struct gather *g)
{
	struct walk_io w = { .g = g, .now_ns = g->log.last_us * 1000 };
	struct error *e;

	TRY(find_layout(&w));
	e = find_disks(&w);
	for (size_t i = 0; !e && i < w.disks.n; i++)
		e = look_at_disk(&w, w.disks.v[i]);
	vector_done(&w.disks);
	if (g->r->io.n)
		qsort(g->r->io.v, g->r->io.n, sizeof(*g->r->io.v), oldest_first);
	return e;
}
