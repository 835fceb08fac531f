/* The report for programs, second half: causes and the machine's state. See doc/report.md. */
#include <inttypes.h>

#include "report/json-priv.h"

static void put_task(struct json *j, const char *key, const struct report_task *t)
{
	if (t->from == FROM_NOWHERE) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_i64(j, "pid", t->pid);
	json_string(j, "comm", t->comm);
	json_close(j, '}');
}

void json_causes(struct json *j, const struct report *r)
{
	json_open(j, "causes", '[');
	for (size_t i = 0; i < r->causes.n; i++) {
		const struct report_cause *c = &r->causes.v[i];

		json_open(j, NULL, '{');
		json_string(j, "cause", c->slug);
		json_string(j, "text", c->text);
		json_u64(j, "confidence", c->confidence);
		json_bool(j, "beside", c->beside);
		put_task(j, "task", &c->task);
		if (c->cpu >= 0)
			json_u64(j, "cpu", (uint64_t)c->cpu);
		else
			json_null(j, "cpu");
		json_string(j, "place", c->place);
		json_open(j, "evidence", '[');
		for (size_t n = 0; n < c->evidence.n; n++) {
			const struct report_evidence *e = &c->evidence.v[n];

			json_open(j, NULL, '{');
			json_string(j, "text", e->text);
			if (e->has_address)
				json_hex(j, "address", e->address);
			if (e->has_value)
				json_hex(j, "value", e->value);
			json_close(j, '}');
		}
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_lock(struct json *j, const struct report_lock *l)
{
	if (l->kind == LOCK_NONE) {
		json_null(j, "lock");
		return;
	}
	json_open(j, "lock", '{');
	json_string(j, "kind", lock_kind_words(l->kind));
	json_hex(j, "address", l->va);
	json_string(j, "name", l->name[0] ? l->name : NULL);
	put_task(j, "owner", &l->owner);
	json_bool(j, "by_readers", l->by_readers);
	json_close(j, '}');
}

static void put_blocked(struct json *j, const struct report *r)
{
	json_open(j, "tasks", '{');
	json_u64(j, "all", r->tasks);
	json_u64(j, "running", r->running);
	json_u64(j, "blocked", r->blocked_tasks);
	json_u64(j, "zombies", r->zombies);
	json_close(j, '}');
	json_open(j, "blocked", '[');
	for (size_t i = 0; i < r->blocked.n; i++) {
		const struct report_blocked *b = &r->blocked.v[i];

		json_open(j, NULL, '{');
		put_task(j, "task", &b->task);
		json_hex(j, "address", b->va);
		if (b->has_waited)
			json_fixed(j, "waited_s", (double)b->waited_ms / 1000, 3);
		else
			json_null(j, "waited_s");
		put_lock(j, &b->lock);
		json_frames(j, &b->stack);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_fact(struct json *j, const char *key, const struct fact_u64 *f)
{
	if (f->from == FROM_NOWHERE)
		json_null(j, key);
	else
		json_u64(j, key, f->value);
}

static void put_uses(struct json *j, const char *key, const struct report_use *v, size_t n)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		json_string(j, "name", v[i].name);
		if (v[i].pid >= 0)
			json_i64(j, "pid", v[i].pid);
		json_hex(j, "address", v[i].va);
		json_u64(j, "bytes", v[i].bytes);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_memory(struct json *j, const struct report *r)
{
	const struct report_memory *m = &r->memory_use;

	json_open(j, "memory", '{');
	put_fact(j, "total_bytes", &m->total);
	put_fact(j, "free_bytes", &m->free);
	put_fact(j, "anonymous_bytes", &m->anonymous);
	put_fact(j, "file_bytes", &m->files);
	put_fact(j, "shared_bytes", &m->shared);
	put_fact(j, "slab_bytes", &m->slab);
	put_fact(j, "slab_unreclaimable_bytes", &m->unreclaimable);
	put_fact(j, "page_table_bytes", &m->page_tables);
	put_fact(j, "stack_bytes", &m->stacks);
	put_fact(j, "vmalloc_bytes", &m->vmalloc);
	put_fact(j, "percpu_bytes", &m->percpu);
	put_fact(j, "swap_bytes", &m->swap_total);
	put_fact(j, "swap_free_bytes", &m->swap_free);
	put_uses(j, "processes", m->processes.v, m->processes.n);
	put_uses(j, "caches", m->caches.v, m->caches.n);
	json_close(j, '}');
}

static void put_io(struct json *j, const struct report *r)
{
	json_open(j, "io", '{');
	json_u64(j, "outstanding", r->io_total);
	json_open(j, "requests", '[');
	for (size_t i = 0; i < r->io.n; i++) {
		const struct report_io *q = &r->io.v[i];

		json_open(j, NULL, '{');
		json_string(j, "disk", q->disk);
		json_hex(j, "address", q->va);
		json_bool(j, "write", q->write);
		json_u64(j, "sector", q->sector);
		json_u64(j, "bytes", q->bytes);
		json_i64(j, "tag", q->tag);
		if (q->has_age)
			json_fixed(j, "age_s", (double)q->age_ms / 1000, 3);
		else
			json_null(j, "age_s");
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void put_pools(struct json *j, const struct report *r)
{
	json_open(j, "workqueues", '[');
	for (size_t i = 0; i < r->pools.n; i++) {
		const struct report_pool *p = &r->pools.v[i];

		json_open(j, NULL, '{');
		json_i64(j, "cpu", p->cpu);
		json_hex(j, "address", p->va);
		json_u64(j, "waiting", p->waiting);
		json_fixed(j, "stalled_s", (double)p->stalled_ms / 1000, 3);
		json_string(j, "first", p->function[0] ? p->function : NULL);
		put_task(j, "worker", &p->worker);
		json_string(j, "busy_with", p->busy_with[0] ? p->busy_with : NULL);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_signs(struct json *j, const struct report *r)
{
	json_open(j, "trouble", '[');
	for (size_t i = 0; i < r->signs.n; i++) {
		const struct report_sign *s = &r->signs.v[i];

		json_open(j, NULL, '{');
		json_string(j, "sign", s->slug);
		json_u64(j, "count", s->count);
		json_string(j, "first", s->first);
		json_string(j, "last", s->last);
		json_fixed(j, "first_s", (double)s->first_us / 1000000, 6);
		json_fixed(j, "last_s", (double)s->last_us / 1000000, 6);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void json_states(struct json *j, const struct report *r)
{
	put_blocked(j, r);
	put_memory(j, r);
	put_io(j, r);
	put_pools(j, r);
	put_signs(j, r);
}
