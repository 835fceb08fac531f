#include "kernel/block.h"

#include <string.h>

#include "base/base.h"
#include "base/vector.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/tree.h"
#include "kernel/vmem.h"

#define CLASSES_MAX 4096
#define DEVICES_MAX 65536
#define QUEUES_MAX  4096u
#define TAGS_MAX    (1u << 20)
#define OP_MASK	    0xff /* REQ_OP_MASK, include/linux/blk_types.h (4.10) */

/* ---- disks ---- */

/* struct subsys_private of block_class: the class points to it until 6.3, since then it is in
 * class_kset. */
static struct error *find_class(struct kernel *k, uint64_t *ret)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t class = peek_symbol(&p, "block_class"), set, head, link, node;
	struct list_walk w;

	*ret = 0;
	if (peek_has(k, "class", "p")) {
		*ret = peek_member(&p, class, "class", "p");
		return peek_error(&p);
	}
	set = peek_long(&p, peek_symbol(&p, "class_kset"));
	head = set + peek_offset(&p, "kset", "list");
	link = peek_offset(&p, "subsys_private", "subsys.kobj.entry");
	TRY(peek_error(&p));
	TRY(list_begin(k, head, CLASSES_MAX, &w));
	while (!*ret && list_next(k, &w, &node))
		if (peek_member(&p, node - link, "subsys_private", "class") == class && !peek_failed(&p))
			*ret = node - link;
	error_free(list_error(&w));
	TRY(peek_error(&p));
	return *ret ? NULL : error_new(ERROR_NOT_FOUND, "the class of block devices is not in class_kset");
}

static void read_disk(struct peek *p, uint64_t va, struct disk *d)
{
	*d = (struct disk){.va = va};
	peek_name(p, va, "gendisk", "disk_name", d->name, sizeof(d->name));
	d->major = peek_int(p, va, "gendisk", "major");
	d->minor = peek_int(p, va, "gendisk", "first_minor");
	d->queue = peek_member(p, va, "gendisk", "queue");
	d->fops = peek_member(p, va, "gendisk", "fops");
	if (d->queue && peek_has(p->k, "request_queue", "mq_freeze_depth"))
		d->frozen = peek_int(p, d->queue, "request_queue", "mq_freeze_depth") > 0;
	if (d->queue && peek_has(p->k, "request_queue", "quiesce_depth"))
		d->quiesced = peek_int(p, d->queue, "request_queue", "quiesce_depth") > 0;
}

struct error *disks_walk(struct kernel *k, bool (*each)(const struct disk *d, void *arg), void *arg)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t class, head, link, in_bdev, node;
	struct list_walk w;
	bool go_on = true;

	TRY(find_class(k, &class));
	head = class + peek_offset(&p, "subsys_private", "klist_devices.k_list");
	link = peek_offset(&p, "device_private", "knode_class.n_node");
	in_bdev = peek_offset(&p, "block_device", "bd_device");
	TRY(peek_error(&p));
	TRY(list_begin(k, head, DEVICES_MAX, &w));
	while (go_on && list_next(k, &w, &node)) {
		uint64_t bdev = peek_member(&p, node - link, "device_private", "device") - in_bdev;
		uint64_t gendisk = peek_member(&p, bdev, "block_device", "bd_disk");
		bool whole = peek_member(&p, gendisk, "gendisk", "part0") == bdev;
		struct disk d;

		if (whole)
			read_disk(&p, gendisk, &d);
		/* one that cannot be read does not hide the others */
		if (peek_ok(&p) && whole)
			go_on = each(&d, arg);
	}
	return list_error(&w);
}

/* ---- tags ---- */

struct error *sbitmap_walk(struct kernel *k, uint64_t va, bool (*each)(uint64_t bit, void *arg), void *arg)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t depth = peek_member(&p, va, "sbitmap", "depth"), words = peek_member(&p, va, "sbitmap", "map_nr");
	uint64_t shift = peek_member(&p, va, "sbitmap", "shift"), map = peek_member(&p, va, "sbitmap", "map");
	uint64_t each_word = peek_size(&p, "sbitmap_word");
	bool has_cleared = peek_has(k, "sbitmap_word", "cleared"), go_on = true;

	TRY(peek_error(&p));
	if (depth > TAGS_MAX || words > TAGS_MAX || shift > 6)
		return error_new(ERROR_BAD_DATA, "the bitmap at 0x%llx has %llu bits in %llu words", (unsigned long long)va,
				 (unsigned long long)depth, (unsigned long long)words);
	for (uint64_t i = 0; i < words && go_on; i++) {
		uint64_t at = map + i * each_word;
		uint64_t bits = peek_member(&p, at, "sbitmap_word", "word");

		if (has_cleared)
			bits &= ~peek_member(&p, at, "sbitmap_word", "cleared");
		TRY(peek_error(&p));
		for (unsigned b = 0; b < 1u << shift && go_on; b++)
			if (bits >> b & 1 && (i << shift) + b < depth)
				go_on = each((i << shift) + b, arg);
	}
	return NULL;
}

struct tags {
	struct kernel *k;
	uint64_t queue, hctx, rqs, first;
	bool scheduled;
	bool (*each)(const struct request_row *r, void *arg);
	void *arg;
	bool stop;
};

static bool give_request(uint64_t bit, void *arg)
{
	struct tags *t = arg;
	_cleanup_peek_ struct peek p = {.k = t->k};
	uint64_t va = peek_long(&p, t->rqs + (t->first + bit) * t->k->long_size);
	struct request_row r = {.va = va, .queue = t->queue, .hctx = t->hctx, .scheduled = t->scheduled};

	if (!va || peek_failed(&p))
		return true;
	/* tags may be shared, and those of the driver name the last request that had them */
	if (peek_member(&p, va, "request", "q") != t->queue)
		return true;
	r.tag = t->first + bit;
	r.op = peek_member(&p, va, "request", "cmd_flags") & OP_MASK;
	r.state = peek_member(&p, va, "request", "state");
	r.sector = peek_member(&p, va, "request", "__sector");
	r.len = peek_member(&p, va, "request", "__data_len");
	r.start_ns = peek_member(&p, va, "request", "start_time_ns");
	if (peek_ok(&p))
		t->stop = !t->each(&r, t->arg);
	return !t->stop;
}

/* rqs[] has those that a driver took; static_rqs[] is where a scheduler's are. */
static struct error *walk_tags(struct tags *t, uint64_t tags)
{
	_cleanup_peek_ struct peek p = {.k = t->k};
	uint64_t reserved = peek_member(&p, tags, "blk_mq_tags", "nr_reserved_tags");
	uint64_t bitmap = tags + peek_offset(&p, "blk_mq_tags", "bitmap_tags");
	uint64_t kept = tags + peek_offset(&p, "blk_mq_tags", "breserved_tags");

	t->rqs = peek_member(&p, tags, "blk_mq_tags", t->scheduled ? "static_rqs" : "rqs");
	TRY(peek_error(&p));
	if (!peek_has(t->k, "blk_mq_tags", "bitmap_tags.sb")) { /* pointers in 5.10 and 5.11 */
		bitmap = peek_long(&p, bitmap);
		kept = peek_long(&p, kept);
	}
	bitmap += peek_offset(&p, "sbitmap_queue", "sb");
	kept += peek_offset(&p, "sbitmap_queue", "sb");
	TRY(peek_error(&p));
	if (reserved) {
		t->first = 0;
		TRY(sbitmap_walk(t->k, kept, give_request, t));
	}
	t->first = reserved;
	return t->stop ? NULL : sbitmap_walk(t->k, bitmap, give_request, t);
}

struct hctxs {
	VECTOR(uint64_t) v;
	bool failed;
};

static bool take_hctx(uint64_t key, uint64_t va, void *arg)
{
	struct hctxs *all = arg;

	(void)key;
	all->failed = !vector_push(&all->v, va);
	return !all->failed && all->v.n < QUEUES_MAX;
}

/* An array until 5.17 and again since 6.19, an xarray between. */
static struct error *load_hctxs(struct kernel *k, uint64_t queue, struct hctxs *all)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t n, table;

	if (peek_has(k, "request_queue", "hctx_table")) {
		table = queue + peek_offset(&p, "request_queue", "hctx_table");
		TRY(peek_error(&p));
		TRY(xarray_walk(k, table, take_hctx, all));
	} else {
		n = peek_member(&p, queue, "request_queue", "nr_hw_queues");
		table = peek_member(&p, queue, "request_queue", "queue_hw_ctx");
		for (uint64_t i = 0; i < MIN(n, (uint64_t)QUEUES_MAX) && !peek_failed(&p) && !all->failed; i++)
			take_hctx(i, peek_long(&p, table + i * k->long_size), all);
		TRY(peek_error(&p));
	}
	return all->failed ? error_nomem() : NULL;
}

struct error *requests_walk(struct kernel *k, uint64_t queue, bool (*each)(const struct request_row *r, void *arg), void *arg)
{
	_cleanup_peek_ struct peek p = {.k = k};
	struct hctxs all = {0};
	struct tags t = {.k = k, .queue = queue, .each = each, .arg = arg};
	struct error *e = load_hctxs(k, queue, &all);

	for (size_t i = 0; i < all.v.n && !e && !t.stop; i++) {
		uint64_t tags, sched;

		t.hctx = all.v.v[i];
		tags = peek_member(&p, t.hctx, "blk_mq_hw_ctx", "tags");
		sched = peek_member(&p, t.hctx, "blk_mq_hw_ctx", "sched_tags");
		e = peek_error(&p);
		t.scheduled = false;
		if (!e && tags)
			e = walk_tags(&t, tags);
		t.scheduled = true;
		if (!e && sched && !t.stop)
			e = walk_tags(&t, sched);
	}
	vector_done(&all.v);
	return e;
}
