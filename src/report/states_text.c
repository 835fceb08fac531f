/* The report for people, second half: why it died, and what the machine was about. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/text-priv.h"

#define BLOCKED_SHOWN 20
#define IO_SHOWN      12

static void put_evidence(const struct page *p, const struct report_evidence *e)
{
	struct strbuf b = { 0 };

	strbuf_printf(&b, "     - %s", e->text);
	if (e->has_address && e->has_value)
		strbuf_printf(&b, " [0x%" PRIx64 ": 0x%" PRIx64 "]", e->address, e->value);
	else if (e->has_address)
		strbuf_printf(&b, " [at 0x%" PRIx64 "]", e->address);
	else if (e->has_value)
		strbuf_printf(&b, " [0x%" PRIx64 "]", e->value);
	put_wrapped(p, strbuf_str(&b), 0, 7);
	strbuf_done(&b);
}

static void put_cause(const struct page *p, const struct report_cause *c)
{
	struct strbuf b = { 0 };

	strbuf_printf(&b, "  %s, %u %%: %s", confidence_words(c->confidence), c->confidence, c->text);
	if (c->beside) {
		strbuf_done(&b);
		strbuf_printf(&b, "  seen beside: %s", c->text);
	}
	put_wrapped(p, strbuf_str(&b), 0, 4);
	strbuf_done(&b);
	if (c->place) {
		strbuf_printf(&b, "     in %s", c->place);
		put_wrapped(p, strbuf_str(&b), 0, 7);
		strbuf_done(&b);
	}
	for (size_t i = 0; i < c->evidence.n; i++)
		put_evidence(p, &c->evidence.v[i]);
}

void put_causes(const struct page *p, const struct report *r)
{
	if (!r->causes.n)
		return;
	put_title(p, "Why");
	for (size_t i = 0; i < r->causes.n; i++)
		put_cause(p, &r->causes.v[i]);
}

static void say_lock(const struct report_lock *l, struct strbuf *b)
{
	if (l->kind == LOCK_NONE)
		return;
	strbuf_printf(b, ", for %s %s", lock_kind_words(l->kind), l->name);
	if (!l->name[0])
		strbuf_printf(b, "0x%" PRIx64, l->va);
	if (l->owner.from != FROM_NOWHERE)
		strbuf_printf(b, " %s %s (pid %" PRId64 ")", l->by_readers ? "last read by" : "of", l->owner.comm, l->owner.pid);
}

void put_blocked(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->blocked.n)
		return;
	strbuf_printf(&b, "Tasks that wait and take no signal (%" PRIu64 " of %" PRIu64 ")", r->blocked_tasks, r->tasks);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	for (size_t i = 0; i < r->blocked.n && i < BLOCKED_SHOWN; i++) {
		const struct report_blocked *t = &r->blocked.v[i];

		strbuf_printf(&b, "  %s (pid %" PRId64 ")", t->task.comm, t->task.pid);
		if (t->has_waited) {
			strbuf_puts(&b, " for ");
			duration_text(t->waited_ms, &b);
		}
		if (t->where >= 0) {
			strbuf_puts(&b, " in ");
			report_frame_text(&t->stack.frames.v[t->where], false, &b);
		}
		say_lock(&t->lock, &b);
		put_wrapped(p, strbuf_str(&b), 0, 4);
		strbuf_done(&b);
	}
	if (r->blocked_tasks > MIN(r->blocked.n, (size_t)BLOCKED_SHOWN))
		strbuf_printf(p->out, "  and %" PRIu64 " more\n", r->blocked_tasks - MIN(r->blocked.n, (size_t)BLOCKED_SHOWN));
}

static void put_uses(const struct page *p, const char *label, const struct report_use *v, size_t n)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < n && i < 5 && v[i].bytes >= 1 << 20; i++) {
		strbuf_printf(&b, "%s%s", i ? ", " : "", v[i].name);
		if (v[i].pid >= 0)
			strbuf_printf(&b, " (pid %" PRId64 ")", v[i].pid);
		strbuf_printf(&b, " %" PRIu64 " MiB", v[i].bytes >> 20);
	}
	put_row_from(p, label, &b);
}

void put_memory(const struct page *p, const struct report *r)
{
	const struct report_memory *m = &r->memory_use;
	const struct {
		const char *words;
		const struct fact_u64 *v;
	} rows[] = {
		{ "free", &m->free },		{ "anonymous", &m->anonymous },	   { "files", &m->files },
		{ "slab", &m->slab },		{ "page tables", &m->page_tables }, { "stacks", &m->stacks },
		{ "vmalloc", &m->vmalloc },	{ "per CPU", &m->percpu },	   { "swap", &m->swap_total },
		{ "swap free", &m->swap_free },
	};
	struct strbuf b = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].v->from != FROM_NOWHERE && rows[i].v->value >= 1 << 20)
			strbuf_printf(&b, "%s%s %" PRIu64 " MiB", b.len ? ", " : "", rows[i].words, rows[i].v->value >> 20);
	if (!b.len && !m->caches.n && !m->processes.n)
		return;
	put_title(p, "Memory");
	put_row_from(p, "In use", &b);
	put_uses(p, "Processes", m->processes.v, m->processes.n);
	put_uses(p, "Slab caches", m->caches.v, m->caches.n);
}

void put_io(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->io.n)
		return;
	strbuf_printf(&b, "Requests that disks have not answered (%" PRIu64 ")", r->io_total);
	put_title(p, strbuf_str(&b));
	strbuf_done(&b);
	for (size_t i = 0; i < r->io.n && i < IO_SHOWN; i++) {
		const struct report_io *q = &r->io.v[i];

		strbuf_printf(&b, "  %s: %s, %" PRIu64 " bytes at sector %" PRIu64, q->disk, q->write ? "write" : "read", q->bytes,
			      q->sector);
		if (q->has_age) {
			strbuf_puts(&b, ", for ");
			duration_text(q->age_ms, &b);
		}
		strbuf_printf(&b, " [0x%" PRIx64 "]", q->va);
		put_wrapped(p, strbuf_str(&b), 0, 4);
		strbuf_done(&b);
	}
}

void put_signs(const struct page *p, const struct report *r)
{
	struct strbuf b = { 0 };

	if (!r->signs.n)
		return;
	put_title(p, "Trouble in the log");
	for (size_t i = 0; i < r->signs.n; i++) {
		const struct report_sign *s = &r->signs.v[i];

		strbuf_printf(&b, "  %s (%" PRIu64 "): [%" PRIu64 ".%06" PRIu64 "] %s", s->words, s->count, s->last_us / 1000000,
			      s->last_us % 1000000, s->last);
		put_wrapped(p, strbuf_str(&b), 0, 4);
		strbuf_done(&b);
	}
}
