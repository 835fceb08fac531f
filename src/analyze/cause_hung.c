/* Tasks that wait for each other, for somebody who does not come back, or for a disk. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/detect.h"
#include "base/text.h"

#define LONG_MS	   (120 * 1000) /* khungtaskd's own default */
#define OLD_IO_MS  (30 * 1000)	/* the block layer's own default */
#define HUNG_IO_MS 3000		/* when the kernel itself has called the task hung */

static const char *const io_waits[] = { "io_schedule", "blk_mq_get_tag", "wait_on_buffer", "__wait_on_buffer", "folio_wait_bit",
					"submit_bio_wait", "blk_execute_rq", "__blkdev_direct_IO", "blkdev_direct_IO",
					"wait_on_page_bit", "bio_await", "iomap_dio", "__iomap_dio", "jbd2_", NULL };

static void say_lock(const struct report_lock *l, struct strbuf *b)
{
	strbuf_printf(b, "%s %s", lock_kind_words(l->kind), l->name);
	if (!l->name[0])
		strbuf_printf(b, "at 0x%" PRIx64, l->va);
}

static void tell_wait(struct gather *g, struct report_cause *c, const struct report_blocked *b)
{
	_cleanup_strbuf_ struct strbuf lock = { 0 }, place = { 0 };

	if (b->where >= 0)
		report_frame_text(&b->stack.frames.v[b->where], false, &place);
	if (b->has_waited)
		evidence(g, c, "%s (pid %" PRId64 ") has waited for %" PRIu64 ".%" PRIu64 " s%s%s", b->task.comm, b->task.pid,
			 b->waited_ms / 1000, b->waited_ms / 100 % 10, place.len ? " in " : "", strbuf_str(&place));
	if (b->lock.kind == LOCK_NONE)
		return;
	say_lock(&b->lock, &lock);
	if (b->lock.owner.from != FROM_NOWHERE)
		evidence_word(g, c, b->lock.owner_at, "%s (pid %" PRId64 ") wants the %s, %s %s (pid %" PRId64 ")", b->task.comm,
			      b->task.pid, strbuf_str(&lock), b->lock.by_readers ? "last read by" : "owned by",
			      b->lock.owner.comm, b->lock.owner.pid);
	else
		evidence_word(g, c, b->lock.owner_at ? b->lock.owner_at : b->lock.va,
			      "%s (pid %" PRId64 ") wants the %s, whose owner is not known", b->task.comm, b->task.pid,
			      strbuf_str(&lock));
}

/* Index of the victim among the blocked; -1. */
static int victim_index(const struct report *r)
{
	for (size_t i = 0; i < r->blocked.n; i++)
		if (r->panic.victim.from != FROM_NOWHERE && r->blocked.v[i].task.pid == r->panic.victim.pid)
			return (int)i;
	return -1;
}

/* From `i` along the owners: the task of a ring that stands first in the list, or -1. */
static int ring_from(const struct report *r, size_t i)
{
	size_t slow = i, fast = i;

	do {
		for (unsigned n = 0; n < 2; n++) {
			fast = r->blocked.v[fast].blocker;
			if (fast == SIZE_MAX)
				return -1;
		}
		slow = r->blocked.v[slow].blocker;
	} while (slow != fast);
	for (size_t at = r->blocked.v[slow].blocker; at != slow; at = r->blocked.v[at].blocker)
		fast = MIN(fast, at);
	return (int)fast;
}

static struct error *run_deadlock(struct gather *g)
{
	struct report *r = g->r;
	int victim = victim_index(r);

	for (size_t i = 0; i < r->blocked.n; i++) {
		int start = ring_from(r, i);
		_cleanup_strbuf_ struct strbuf names = { 0 };
		struct report_cause *c;
		size_t at = i, n = 0;

		if (start != (int)i)
			continue;
		do {
			strbuf_printf(&names, "%s%s (pid %" PRId64 ")", n++ ? ", " : "", r->blocked.v[at].task.comm,
				      r->blocked.v[at].task.pid);
			at = r->blocked.v[at].blocker;
		} while (at != i && n < 16);
		c = cause_add(g, "deadlock", 98, n == 1 ? "A task waits for a lock that it has itself: %s" :
							 "Tasks wait for each other's locks: %s", strbuf_str(&names));
		if (c)
			c->beside = r->panic.kind != CRASH_HUNG_TASK;
		n = 0;
		at = i;
		do {
			tell_wait(g, c, &r->blocked.v[at]);
			at = r->blocked.v[at].blocker;
		} while (at != i && n++ < 16);
		at = victim >= 0 && ring_from(r, (size_t)victim) == start ? (size_t)victim : i;
		cause_blames_task(c, &r->blocked.v[at].task);
		if (r->blocked.v[at].where >= 0)
			cause_blames_frame(g, c, &r->blocked.v[at].stack.frames.v[r->blocked.v[at].where]);
		evidence_setting(g, c, "sysctl_hung_task_panic");
	}
	return NULL;
}
const struct detector detect_deadlock = { "deadlocks", run_deadlock };

/* The last blocked task on the way from `i` to the owner of the locks; its own when there is a ring. */
static size_t end_of_chain(const struct report *r, size_t i)
{
	for (size_t n = 0; n < r->blocked.n && r->blocked.v[i].blocker != SIZE_MAX; n++)
		i = r->blocked.v[i].blocker;
	return i;
}

/* Of the tasks that wait for long, the one to tell of: the victim, else the first. */
static int longest_waiting(const struct report *r)
{
	if (r->panic.kind == CRASH_HUNG_TASK)
		return victim_index(r);
	for (size_t i = 0; i < r->blocked.n; i++)
		if (r->blocked.v[i].has_waited && r->blocked.v[i].waited_ms >= LONG_MS)
			return (int)i;
	return -1;
}

static struct error *run_lock_held(struct gather *g)
{
	struct report *r = g->r;
	int first = longest_waiting(r);
	const struct report_blocked *b;
	struct report_cause *c;
	_cleanup_strbuf_ struct strbuf lock = { 0 };
	size_t waiting = 0;

	if (first < 0 || ring_from(r, (size_t)first) >= 0)
		return NULL;
	b = &r->blocked.v[end_of_chain(r, (size_t)first)];
	if (b->lock.kind == LOCK_NONE) /* the owner of the first one's lock waits for something else */
		for (size_t i = 0; i < r->blocked.n && b->lock.kind == LOCK_NONE; i++)
			if (r->blocked.v[i].blocker != SIZE_MAX && &r->blocked.v[r->blocked.v[i].blocker] == b)
				b = &r->blocked.v[i];
	if (b->lock.kind == LOCK_NONE)
		return NULL;
	for (size_t i = 0; i < r->blocked.n; i++)
		waiting += r->blocked.v[i].lock.va == b->lock.va;
	say_lock(&b->lock, &lock);
	if (b->lock.owner.from != FROM_NOWHERE)
		c = cause_add(g, "lock-held", 95, "The %s is not given back by its owner %s (pid %" PRId64 "); tasks that wait: %zu",
			      strbuf_str(&lock), b->lock.owner.comm, b->lock.owner.pid, waiting);
	else
		c = cause_add(g, "lock-held", 80, "The %s is not given back; tasks that wait: %zu", strbuf_str(&lock), waiting);
	if (c)
		c->beside = r->panic.kind != CRASH_HUNG_TASK;
	cause_blames_task(c, b->lock.owner.from != FROM_NOWHERE ? &b->lock.owner : &b->task);
	if (b->where >= 0)
		cause_blames_frame(g, c, &b->stack.frames.v[b->where]);
	for (size_t i = 0; i < r->blocked.n; i++)
		if (r->blocked.v[i].lock.va == b->lock.va)
			tell_wait(g, c, &r->blocked.v[i]);
	evidence_setting(g, c, "sysctl_hung_task_panic");
	return NULL;
}
const struct detector detect_lock_held = { "held locks", run_lock_held };

static void tell_requests(struct gather *g, struct report_cause *c)
{
	const struct report *r = g->r;

	for (size_t i = 0; i < r->io.n && i < 4; i++)
		evidence_word(g, c, r->io.v[i].va,
			      "request of %s: %s, sector %" PRIu64 ", %" PRIu64 " bytes, unanswered for %" PRIu64 ".%" PRIu64 " s",
			      r->io.v[i].disk, r->io.v[i].write ? "write" : "read", r->io.v[i].sector, r->io.v[i].bytes,
			      r->io.v[i].age_ms / 1000, r->io.v[i].age_ms / 100 % 10);
}

static struct error *run_stuck_io(struct gather *g)
{
	struct report *r = g->r;
	bool hung = r->panic.kind == CRASH_HUNG_TASK;
	int victim = victim_index(r);
	const struct report_stack *s = hung ? &r->panic.victim_stack : NULL;
	struct report_cause *c;
	bool waits;

	if (!r->io.n || !r->io.v[0].has_age || r->io.v[0].age_ms < (hung ? HUNG_IO_MS : OLD_IO_MS))
		return NULL;
	if (victim >= 0 && r->blocked.v[victim].lock.kind != LOCK_NONE)
		s = &r->blocked.v[end_of_chain(r, (size_t)victim)].stack;
	waits = s && frame_among(s, io_waits) >= 0;
	c = cause_add(g, "stuck-io", waits ? 96 : 75, "%s has not answered for %" PRIu64 ".%" PRIu64 " s (requests outstanding: %" PRIu64 ")",
		      r->io.v[0].disk, r->io.v[0].age_ms / 1000, r->io.v[0].age_ms / 100 % 10, r->io_total);
	if (c)
		c->beside = !waits;
	tell_requests(g, c);
	if (waits) {
		cause_blames_task(c, &r->panic.victim);
		if (victim >= 0)
			tell_wait(g, c, &r->blocked.v[victim]);
		cause_blames_frame(g, c, blamed_frame(g));
		evidence_setting(g, c, "sysctl_hung_task_panic");
	}
	return NULL;
}
const struct detector detect_stuck_io = { "stuck I/O", run_stuck_io };

static struct error *run_hung(struct gather *g)
{
	struct report *r = g->r;
	int first = longest_waiting(r);
	const struct report_task *t = &r->panic.victim;
	_cleanup_strbuf_ struct strbuf place = { 0 };
	struct report_cause *c;

	if (first < 0 && r->panic.kind != CRASH_HUNG_TASK)
		return NULL;
	if (first >= 0) {
		t = &r->blocked.v[first].task;
		if (r->blocked.v[first].where >= 0)
			report_frame_text(&r->blocked.v[first].stack.frames.v[r->blocked.v[first].where], false, &place);
	} else {
		say_blamed(g, &place);
	}
	c = cause_add(g, "hung-task", 70, "Task %s (pid %" PRId64 ") waits for something that does not happen%s%s%s", t->comm,
		      t->pid, place.len ? ", in " : "", strbuf_str(&place),
		      r->blocked.n > 1 ? "; it is not alone" : "");
	if (c)
		c->beside = r->panic.kind != CRASH_HUNG_TASK;
	cause_blames_task(c, t);
	if (r->panic.reason.text && r->panic.kind == CRASH_HUNG_TASK)
		evidence(g, c, "the log: %s", r->panic.reason.text);
	if (first >= 0) {
		tell_wait(g, c, &r->blocked.v[first]);
		evidence_word(g, c, r->blocked.v[first].va, "its task_struct");
		if (r->blocked.v[first].where >= 0)
			cause_blames_frame(g, c, &r->blocked.v[first].stack.frames.v[r->blocked.v[first].where]);
	}
	if (r->panic.kind == CRASH_HUNG_TASK)
		evidence_setting(g, c, "sysctl_hung_task_panic");
	return NULL;
}
const struct detector detect_hung_task = { "hung tasks", run_hung };

static struct error *run_work(struct gather *g)
{
	const struct report_pool *worst = NULL;
	struct report_cause *c;

	for (size_t i = 0; i < g->r->pools.n; i++)
		if (g->r->pools.v[i].stalled_ms >= OLD_IO_MS && (!worst || worst->stalled_ms < g->r->pools.v[i].stalled_ms))
			worst = &g->r->pools.v[i];
	if (!worst)
		return NULL;
	c = cause_add(g, "workqueue-stall", 75, "The workers of CPU %d have taken up no work for %" PRIu64 " s; works that wait: %" PRIu64,
		      worst->cpu, worst->stalled_ms / 1000, worst->waiting);
	if (c)
		c->beside = true;
	evidence_word(g, c, worst->va, "the struct worker_pool");
	evidence(g, c, "the first work that waits is %s", worst->function);
	if (worst->worker.from != FROM_NOWHERE)
		evidence(g, c, "%s (pid %" PRId64 ") is busy with %s", worst->worker.comm, worst->worker.pid, worst->busy_with);
	cause_blames_task(c, &worst->worker);
	cause_blames_cpu(c, worst->cpu);
	return NULL;
}
const struct detector detect_work_stall = { "workqueues", run_work };
