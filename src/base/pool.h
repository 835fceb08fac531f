/*
 * A pool of threads that run jobs, and a caller that takes results in its own order. The caller
 * is a worker too: waiting for a job that nobody has begun runs it at once, and waiting for one that
 * somebody runs takes the next that nobody has, so that more threads never are slower than none. No
 * waiting by spinning.
 */
#pragma once

#include "base/error.h"

struct pool;

/* Embedded in what the job works on. A job is reused after pool_wait(). */
struct pool_job {
	/* `worker` is 0 in the thread that waits, else 1 to pool_threads(): for state that is not
	 * shared. */
	void (*run)(struct pool_job *job, unsigned worker);
	struct pool_job *next; /* private */
	int state;	       /* private */
};

/* `threads` besides the caller's; 0 is fine and makes none. Threads that cannot be made are
 * done without. */
struct error *pool_new(unsigned threads, struct pool **ret) MUST_CHECK;
unsigned pool_threads(const struct pool *p);
void pool_submit(struct pool *p, struct pool_job *job);
/* Until `job` has run. Others may be run here meanwhile. */
void pool_wait(struct pool *p, struct pool_job *job);
/* Jobs not begun are dropped, those begun are waited for. Null is fine. */
void pool_free(struct pool *p);

DEFINE_CLEANUP(struct pool *, pool_free)
