/* A pool of threads; see pool.h. */
#include "base/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { IDLE, QUEUED, RUNNING, DONE };

struct worker {
	struct pool *pool;
	unsigned nr;
	pthread_t thread;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a job was queued, or the end */
	pthread_cond_t done; /* a job has run */
	struct pool_job *first, **last;
	bool ending;
	unsigned nr_threads;
	struct worker workers[];
};

static void run_unlocked(struct pool *p, struct pool_job *job, unsigned worker)
{
	job->state = RUNNING;
	pthread_mutex_unlock(&p->lock);
	job->run(job, worker);
	pthread_mutex_lock(&p->lock);
	job->state = DONE;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		struct pool_job *job = p->first;

		if (!job) {
			pthread_cond_wait(&p->work, &p->lock);
			continue;
		}
		p->first = job->next;
		if (!p->first)
			p->last = &p->first;
		run_unlocked(p, job, w->nr);
		pthread_cond_signal(&p->done); /* one caller, one waiter */
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct error *pool_new(unsigned threads, struct pool **ret)
{
	struct pool *p = calloc(1, sizeof(*p) + threads * sizeof(p->workers[0]));
	pthread_attr_t attr;

	if (!p)
		return error_nomem();
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	p->last = &p->first;
	pthread_attr_init(&attr);
	/* compressors keep their state elsewhere; the default of 8 MiB is a lot to promise */
	(void)pthread_attr_setstacksize(&attr, 256 << 10);
	for (unsigned i = 0; i < threads; i++) {
		struct worker *w = &p->workers[i];

		*w = (struct worker){ .pool = p, .nr = i + 1 };
		if (pthread_create(&w->thread, &attr, work, w) != 0)
			break;
		p->nr_threads++;
	}
	pthread_attr_destroy(&attr);
	*ret = p;
	return NULL;
}

unsigned pool_threads(const struct pool *p)
{
	return p->nr_threads;
}

void pool_submit(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	job->next = NULL;
	job->state = QUEUED;
	*p->last = job;
	p->last = &job->next;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

static void take_out(struct pool *p, struct pool_job *job)
{
	struct pool_job **at = &p->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (!*at)
		p->last = at;
}

void pool_wait(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	while (job->state == QUEUED || job->state == RUNNING) {
		/* somebody has it: meanwhile the next one */
		struct pool_job *mine = job->state == QUEUED ? job : p->first;

		if (mine) {
			take_out(p, mine);
			run_unlocked(p, mine, 0);
		} else {
			pthread_cond_wait(&p->done, &p->lock);
		}
	}
	job->state = IDLE;
	pthread_mutex_unlock(&p->lock);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->nr_threads; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
