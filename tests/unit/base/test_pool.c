#include "../test.h"

#include <pthread.h>
#include <time.h>

#include "base/pool.h"

#define NR 300

struct square {
	struct pool_job job;
	unsigned long in, out;
	unsigned worker;
};

static void square(struct pool_job *job, unsigned worker)
{
	struct square *s = container_of(job, struct square, job);

	for (unsigned long i = 0; i < s->in; i++)
		s->out += s->in;
	s->worker = worker;
}

/* Every job runs once, whoever takes it, and its result is there after the wait. */
static void results_in_the_caller_s_order(void **state)
{
	(void)state;
	for (unsigned threads = 0; threads < 6; threads++) {
		static struct square jobs[NR];
		CLEANUP(pool_free) struct pool *p = NULL;

		assert_ok(pool_new(threads, &p));
		assert_int_equal(pool_threads(p), threads);
		memset(jobs, 0, sizeof(jobs));
		for (int round = 0; round < 3; round++) {
			for (unsigned i = 0; i < NR; i++) {
				jobs[i].in = i * 7;
				jobs[i].out = 0;
				jobs[i].job.run = square;
				pool_submit(p, &jobs[i].job);
			}
			for (unsigned i = 0; i < NR; i++) {
				pool_wait(p, &jobs[i].job);
				assert_int_equal(jobs[i].out, (unsigned long)i * 7 * i * 7);
				assert_true(jobs[i].worker <= threads);
			}
		}
	}
}

/* The caller may wait in another order than it submitted. */
static void waits_backwards(void **state)
{
	struct square jobs[NR] = { 0 };
	CLEANUP(pool_free) struct pool *p = NULL;

	(void)state;
	assert_ok(pool_new(1, &p));
	for (unsigned i = 0; i < NR; i++) {
		jobs[i].in = i;
		jobs[i].job.run = square;
		pool_submit(p, &jobs[i].job);
	}
	for (unsigned i = NR; i-- > 0;) {
		pool_wait(p, &jobs[i].job);
		assert_int_equal(jobs[i].out, (unsigned long)i * i);
	}
}

/* One job that ends when another has run. */
static struct {
	struct pool_job first, second;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool begun, released, in_time;
} pair = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static bool wait_for(const bool *flag)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 20;
	while (!*flag)
		if (pthread_cond_timedwait(&pair.changed, &pair.lock, &limit))
			return false;
	return true;
}

static void set(bool *flag)
{
	*flag = true;
	pthread_cond_broadcast(&pair.changed);
}

static void run_first(struct pool_job *job, unsigned worker)
{
	pthread_mutex_lock(&pair.lock);
	set(&pair.begun);
	pair.in_time = wait_for(&pair.released);
	pthread_mutex_unlock(&pair.lock);
}

static void run_second(struct pool_job *job, unsigned worker)
{
	pthread_mutex_lock(&pair.lock);
	set(&pair.released);
	pthread_mutex_unlock(&pair.lock);
}

/* Waiting for what another thread has begun, the caller does what nobody has: with two threads at
 * work both work. */
static void caller_helps(void **state)
{
	CLEANUP(pool_free) struct pool *p = NULL;

	(void)state;
	assert_ok(pool_new(1, &p));
	pair.first.run = run_first;
	pair.second.run = run_second;
	pool_submit(p, &pair.first);
	pthread_mutex_lock(&pair.lock);
	assert_true(wait_for(&pair.begun));
	pthread_mutex_unlock(&pair.lock);
	pool_submit(p, &pair.second);
	pool_wait(p, &pair.first);
	assert_true(pair.in_time);
	pool_wait(p, &pair.second);
}

static void ends_with_jobs_in_the_queue(void **state)
{
	struct square jobs[NR] = { 0 };
	struct pool *p;

	(void)state;
	assert_ok(pool_new(2, &p));
	for (unsigned i = 0; i < NR; i++) {
		jobs[i].in = 10000;
		jobs[i].job.run = square;
		pool_submit(p, &jobs[i].job);
	}
	pool_free(p);
	for (unsigned i = 0; i < NR; i++) /* whole or not at all */
		assert_true(jobs[i].out == 0 || jobs[i].out == 100000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_in_the_caller_s_order),
		cmocka_unit_test(waits_backwards),
		cmocka_unit_test(caller_helps),
		cmocka_unit_test(ends_with_jobs_in_the_queue),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
