/* Disks of the dead kernel and the requests they have not answered (block/blk-mq.c, genhd.c). */
#pragma once

#include "kernel/kernel.h"

struct disk {
	uint64_t va; /* struct gendisk */
	char name[36];
	int64_t major, minor;
	uint64_t queue; /* struct request_queue */
	uint64_t fops;
	bool frozen, quiesced; /* no new request gets in, or gets out */
};

/* In the order in which they came; false stops. 5.11 and later. */
struct error *disks_walk(struct kernel *k, bool (*each)(const struct disk *d, void *arg), void *arg) MUST_CHECK;

struct request_row {
	uint64_t va, queue, hctx;
	uint64_t tag, op; /* op: enum req_op; bit 0: it writes */
	uint64_t state;	  /* enum mq_rq_state: 0 idle, 1 given to the driver, 2 answered */
	uint64_t sector, len; /* 512-byte sectors; bytes */
	uint64_t start_ns; /* since boot; 0: not recorded */
	bool scheduled;	   /* only the I/O scheduler has it */
};

/* Requests of a queue that has tags for them. */
struct error *requests_walk(struct kernel *k, uint64_t queue, bool (*each)(const struct request_row *r, void *arg),
			    void *arg) MUST_CHECK;

/* One bitmap of tags (struct sbitmap): its set bits. */
struct error *sbitmap_walk(struct kernel *k, uint64_t sbitmap, bool (*each)(uint64_t bit, void *arg), void *arg) MUST_CHECK;
