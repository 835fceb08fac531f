/*
 * --split: one dump as several files, each written by a process of its own, so that disks and
 * CPUs work side by side. The processes tell where they are through shared memory.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/collector_job.h"

#define POLL_MS 100

/* What one process tells; written by it alone. */
struct part {
	uint64_t done, total;
	struct collect_result result; /* its strings and pointers mean nothing outside */
	bool ended;		      /* the rest is valid */
	enum error_kind kind;
	char message[512]; /* "": success */
	char why[1024];
};

struct split {
	struct job *j;
	struct part *parts; /* shared */
	pid_t *pids;	    /* 0: not started, or over */
	int n;
};

/* ---- in the process of a part ---- */

static void note_progress(void *arg, const char *step, uint64_t done, uint64_t total)
{
	struct part *p = arg;

	__atomic_store_n(&p->total, total, __ATOMIC_RELAXED);
	__atomic_store_n(&p->done, done, __ATOMIC_RELAXED);
}

static NORETURN void write_part(struct job *j, struct collect_request *r, const struct job_target *t,
				struct part *p)
{
	struct error *e;

	r->progress = note_progress;
	r->arg = p;
	e = job_collect(j, r, t, &p->result);
	if (e) {
		p->kind = error_kind(e);
		snprintf(p->message, sizeof(p->message), "%s", error_message(e));
	}
	snprintf(p->why, sizeof(p->why), "%s", strbuf_str(&p->result.why));
	p->ended = true;
	_exit(0);
}

/* ---- in the first process ---- */

static struct error *start_parts(struct split *s, const struct collect_request *r,
				 const struct job_target *targets, const uint64_t *bounds)
{
	uint64_t now = time(NULL); /* one header for all */

	fflush(NULL);
	for (int i = 0; i < s->n; i++) {
		struct collect_request part = *r;

		part.split = true;
		part.start_pfn = bounds[i];
		part.end_pfn = bounds[i + 1];
		part.timestamp = now;
		s->pids[i] = fork();
		if (s->pids[i] < 0) {
			s->pids[i] = 0;
			return error_sys(errno, "%s: cannot start a process", targets[i].name);
		}
		if (!s->pids[i])
			write_part(s->j, &part, &targets[i], &s->parts[i]);
	}
	return NULL;
}

static void show_sum(struct split *s, const struct collect_request *r)
{
	uint64_t done = 0, total = 0;

	for (int i = 0; i < s->n; i++) {
		done += __atomic_load_n(&s->parts[i].done, __ATOMIC_RELAXED);
		total += __atomic_load_n(&s->parts[i].total, __ATOMIC_RELAXED);
	}
	if (r->progress && total)
		r->progress(r->arg, "Copying data", done, total);
}

static void wait_for_parts(struct split *s, const struct collect_request *r)
{
	int running = s->n;

	while (running) {
		struct timespec pause = { .tv_nsec = POLL_MS * 1000000l };

		running = 0;
		for (int i = 0; i < s->n; i++) {
			if (s->pids[i] && waitpid(s->pids[i], NULL, WNOHANG) != 0)
				s->pids[i] = 0;
			running += s->pids[i] != 0;
		}
		show_sum(s, r);
		if (running)
			nanosleep(&pause, NULL);
	}
}

static void add_counts(struct collect_counts *sum, const struct collect_counts *n)
{
	sum->total += n->total;
	sum->memory += n->memory;
	for (int i = 0; i < CLASS_MAX; i++)
		sum->dropped[i] += n->dropped[i];
	sum->zero += n->zero;
	sum->already += n->already;
	sum->lost += n->lost;
	sum->stored += n->stored;
}

/* One result of all parts; the worst failure of them, a full target being the least bad. */
static struct error *sum_up(struct split *s, const struct job_target *targets,
			    struct collect_result *ret)
{
	struct error *e = NULL;

	*ret = (struct collect_result){ .complete = true, .begun = true };
	for (int i = 0; i < s->n; i++) {
		const struct part *p = &s->parts[i];

		if (!p->ended || (p->message[0] && (!e || error_kind(e) == ERROR_NO_SPACE))) {
			error_free(e);
			e = p->ended ? error_new(p->kind, "%s", p->message)
				     : error_new(ERROR_OTHER, "%s: the process that wrote it was ended",
						 targets[i].name);
		}
		if (!p->ended) {
			ret->complete = false;
			continue;
		}
		add_counts(&ret->counts, &p->result.counts);
		ret->level = p->result.level;
		ret->complete &= p->result.complete;
		ret->begun &= p->result.begun;
		ret->bytes_written += p->result.bytes_written;
		ret->filter_ms = MAX(ret->filter_ms, p->result.filter_ms);
		ret->copy_ms = MAX(ret->copy_ms, p->result.copy_ms);
		if (!ret->why.len)
			strbuf_puts(&ret->why, p->why);
	}
	return e;
}

static struct error *run_parts(struct split *s, const struct collect_request *r,
			       const struct job_target *targets, struct collect_result *ret)
{
	_cleanup_free_ uint64_t *bounds = calloc(s->n + 1, sizeof(*bounds));
	struct error *e;

	if (!bounds)
		return error_nomem();
	TRY(collect_plan_split(r, s->n, s->j->split_unit, bounds));
	e = start_parts(s, r, targets, bounds);
	for (int i = 0; e && i < s->n; i++)
		if (s->pids[i])
			kill(s->pids[i], SIGTERM);
	wait_for_parts(s, r);
	return e ? e : sum_up(s, targets, ret);
}

struct error *job_split(struct job *j, const struct collect_request *r,
			const struct job_target *targets, struct collect_result *ret)
{
	struct split s = { .j = j, .n = j->nr_targets };
	size_t len = s.n * sizeof(*s.parts);
	struct error *e;

	*ret = (struct collect_result){ 0 };
	s.pids = calloc(s.n, sizeof(*s.pids));
	if (!s.pids)
		return error_nomem();
	s.parts = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.parts == MAP_FAILED) {
		free(s.pids);
		return error_sys(errno, "cannot share memory");
	}
	e = run_parts(&s, r, targets, ret);
	munmap(s.parts, len);
	free(s.pids);
	return e;
}
