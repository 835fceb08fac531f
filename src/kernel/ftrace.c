#include "kernel/ftrace.h"

#include <string.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define EVENTS_MAX  65536
#define FIELDS_MAX  512
#define BUFFERS_MAX 1024
#define PAGES_MAX   (1u << 20) /* of a ring */
#define PAGE_ORDER_MAX 65536u  /* bytes of one page of a ring: 6.9 lets people choose */
#define COMMIT_MASK 0xfffff    /* the bits above are flags of lost events */

/* Values of type_len (include/linux/ring_buffer.h) */
enum { TYPE_PADDING = 29, TYPE_TIME_EXTEND = 30, TYPE_TIME_STAMP = 31 };

/* ---- what events mean ---- */

static int by_place(const void *a, const void *b)
{
	const struct trace_field *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

static int by_id(const void *a, const void *b)
{
	const struct trace_event *x = a, *y = b;

	return (int)x->id - (int)y->id;
}

static struct error *load_fields(struct kernel *k, uint64_t head, struct trace_event *e)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t link = peek_offset(&p, "ftrace_event_field", "link"), node;
	struct list_walk w;

	TRY(peek_error(&p));
	TRY(list_begin(k, head, FIELDS_MAX, &w));
	while (list_next(k, &w, &node)) {
		uint64_t va = node - link;
		struct trace_field f = {
			.off = (uint32_t)peek_member(&p, va, "ftrace_event_field", "offset"),
			.len = (uint32_t)peek_member(&p, va, "ftrace_event_field", "size"),
			.is_signed = peek_member(&p, va, "ftrace_event_field", "is_signed"),
		};

		peek_name(&p, va, "ftrace_event_field", "name", f.name, sizeof(f.name));
		peek_name(&p, va, "ftrace_event_field", "type", f.type, sizeof(f.type));
		if (peek_ok(&p) && !vector_push(&e->fields, f)) {
			error_free(list_error(&w));
			return error_nomem();
		}
	}
	error_free(list_error(&w)); /* the fields before it are good */
	if (e->fields.n)
		qsort(e->fields.v, e->fields.n, sizeof(*e->fields.v), by_place);
	return NULL;
}

static void read_names(struct peek *p, uint64_t call, uint64_t class, struct trace_event *e)
{
	uint64_t flags = peek_member(p, call, "trace_event_call", "flags"), at;
	int64_t of_tracepoint = peek_constant(p, "TRACE_EVENT_FL_TRACEPOINT");

	at = peek_member(p, call, "trace_event_call", "name");
	if (flags & (uint64_t)of_tracepoint)
		peek_name(p, at, "tracepoint", "name", e->name, sizeof(e->name));
	else if (at)
		peek_string(p, at, e->name, sizeof(e->name));
	peek_name(p, class, "trace_event_class", "system", e->system, sizeof(e->system));
}

struct error *trace_events_load(struct kernel *k, struct trace_events *ret)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t head = peek_symbol(&p, "ftrace_events"), link = peek_offset(&p, "trace_event_call", "list"), node;
	uint64_t fields = peek_offset(&p, "trace_event_class", "fields");
	struct list_walk w;
	struct error *e = NULL;

	*ret = (struct trace_events){0};
	TRY(peek_error(&p));
	TRY(list_begin(k, head, EVENTS_MAX, &w));
	while (!e && list_next(k, &w, &node)) {
		uint64_t call = node - link, class = peek_member(&p, call, "trace_event_call", "class");
		struct trace_event t = {.id = (uint16_t)peek_member(&p, call, "trace_event_call", "event.type")};

		read_names(&p, call, class, &t);
		if (!peek_ok(&p)) /* of a module that is not in the dump */
			continue;
		e = load_fields(k, class + fields, &t);
		if (!e && !vector_push(&ret->v, t))
			e = error_nomem();
		if (e)
			vector_done(&t.fields);
	}
	error_free(list_error(&w));
	if (e) {
		trace_events_done(ret);
		return e;
	}
	if (ret->v.n)
		qsort(ret->v.v, ret->v.n, sizeof(*ret->v.v), by_id);
	return NULL;
}

void trace_events_done(struct trace_events *e)
{
	for (size_t i = 0; i < e->v.n; i++)
		vector_done(&e->v.v[i].fields);
	vector_done(&e->v);
}

const struct trace_event *trace_event_by_id(const struct trace_events *e, uint16_t id)
{
	struct trace_event key = {.id = id};

	return e->v.n ? bsearch(&key, e->v.v, e->v.n, sizeof(key), by_id) : NULL;
}

/* ---- buffers ---- */

struct error *trace_buffers_walk(struct kernel *k, bool (*each)(const struct trace_buffer *b, void *arg), void *arg)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t head = peek_symbol(&p, "ftrace_trace_arrays"), link = peek_offset(&p, "trace_array", "list"), node;
	struct list_walk w;
	unsigned cpus;
	bool go_on = true;

	TRY(peek_error(&p));
	TRY(cpu_count(k, &cpus)); /* as many as trace_buffer.buffers[] has */
	TRY(list_begin(k, head, BUFFERS_MAX, &w));
	while (go_on && list_next(k, &w, &node)) {
		struct trace_buffer b = {.va = node - link};
		uint64_t tracer = peek_member(&p, b.va, "trace_array", "current_trace");

		peek_name(&p, b.va, "trace_array", "name", b.name, sizeof(b.name));
		b.buffer = peek_member(&p, b.va, "trace_array", "array_buffer.buffer|trace_buffer.buffer");
		if (tracer)
			peek_name(&p, tracer, "tracer", "name", b.tracer, sizeof(b.tracer));
		b.cpus = cpus;
		if (peek_ok(&p))
			go_on = each(&b, arg);
	}
	return list_error(&w);
}

/* ---- records ---- */

struct ring {
	struct kernel *k;
	unsigned cpu;
	unsigned char *page;
	uint64_t page_len, list_off, data_off, stamp_off, commit_off, read_off, page_off;
	bool (*each)(const struct trace_record *r, void *arg);
	void *arg;
	uint64_t *lost;
	bool stop;
};

static struct error *bad_page(const struct ring *r, uint64_t va)
{
	return error_new(ERROR_BAD_DATA, "the trace page at 0x%llx of CPU %u holds an event that does not end",
			 (unsigned long long)va, r->cpu);
}

/* The events of [at, end) in r->page. */
static struct error *give_events(struct ring *r, uint64_t va, uint64_t ts, size_t at, size_t end)
{
	bool big = r->k->big;

	while (at + 4 <= end && !r->stop) {
		uint32_t head = get_u32(r->page + at, big);
		uint32_t type = big ? head >> 27 : head & 31, delta = big ? head & 0x7ffffff : head >> 5;
		uint32_t first = at + 8 <= end ? get_u32(r->page + at + 4, big) : 0;
		size_t len, body;

		if (type == TYPE_PADDING) {
			if (!delta || !first)
				return NULL; /* the rest of the page is empty */
			ts += delta;
			if (first > end - at - 4)
				return bad_page(r, va);
			at += 4 + first;
			continue;
		}
		if (type == TYPE_TIME_EXTEND || type == TYPE_TIME_STAMP) {
			uint64_t time = ((uint64_t)first << 27) + delta;

			ts = type == TYPE_TIME_EXTEND ? ts + time : (ts & 0xf800000000000000) | time;
			at += 8;
			continue;
		}
		ts += delta;
		body = type ? at + 4 : at + 8;
		len = type ? type * 4 : first >= 4 ? first - 4 : SIZE_MAX;
		if (body > end || len > end - body)
			return bad_page(r, va);
		r->stop = !r->each(&(struct trace_record){ts, r->page + body, len, r->cpu}, r->arg);
		at = body + ROUND_UP(len, (size_t)4);
	}
	return NULL;
}

/* One struct buffer_page. */
static struct error *give_page(struct ring *r, uint64_t bpage, bool is_reader)
{
	_cleanup_peek_ struct peek p = {.k = r->k};
	uint64_t page = peek_long(&p, bpage + r->page_off), from = is_reader ? peek_u32(&p, bpage + r->read_off) : 0, commit, ts;
	struct error *e = peek_error(&p);

	if (!e)
		e = vmem_read(r->k, page, r->page, r->page_len);
	if (e) {
		if (error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e);
		++*r->lost;
		return NULL;
	}
	ts = get_u64(r->page + r->stamp_off, r->k->big);
	commit = get_uint(r->page + r->commit_off, r->k->long_size, r->k->big) & COMMIT_MASK;
	/* what was read before is left out: the times in it are added up all the same */
	if (commit > r->page_len - r->data_off || from > commit)
		return error_new(ERROR_BAD_DATA, "the trace page at 0x%llx says %llu bytes of events", (unsigned long long)page,
				 (unsigned long long)commit);
	return from == commit ? NULL : give_events(r, page, ts, r->data_off, r->data_off + commit);
}

/* From the page whose predecessor's pointer is marked as leading to the head, to the one that was
 * written last. */
static struct error *give_ring(struct ring *r, uint64_t commit_page)
{
	_cleanup_peek_ struct peek p = {.k = r->k};
	uint64_t at = commit_page, next = 0, first = 0;

	for (unsigned n = 0; n < PAGES_MAX && !first; n++) {
		uint64_t word = peek_long(&p, at + r->list_off);

		TRY(peek_error(&p));
		next = (word & ~3ull) - r->list_off;
		if (word & 3)
			first = next;
		at = next;
		if (at == commit_page)
			break;
	}
	/* no mark: the only page is the reader's */
	if (!first)
		return NULL;
	at = first;
	for (unsigned n = 0; n < PAGES_MAX && !r->stop; n++) {
		TRY(give_page(r, at, false));
		if (at == commit_page)
			return NULL;
		at = (peek_long(&p, at + r->list_off) & ~3ull) - r->list_off;
		TRY(peek_error(&p));
	}
	return r->stop ? NULL : error_new(ERROR_BAD_DATA, "the trace ring of CPU %u does not end", r->cpu);
}

struct error *trace_records_walk(struct kernel *k, const struct trace_buffer *b, unsigned cpu,
				 bool (*each)(const struct trace_record *r, void *arg), void *arg, uint64_t *ret_lost)
{
	_cleanup_peek_ struct peek p = {.k = k};
	uint64_t table = peek_member(&p, b->buffer, "trace_buffer", "buffers"), reader, commit, own;
	_cleanup_free_ unsigned char *page = NULL;
	struct ring r = {
		.k = k,
		.cpu = cpu,
		.page_len = k->page_size,
		.list_off = peek_offset(&p, "buffer_page", "list"),
		.page_off = peek_offset(&p, "buffer_page", "page"),
		.read_off = peek_offset(&p, "buffer_page", "read"),
		.data_off = peek_offset(&p, "buffer_data_page", "data"),
		.stamp_off = peek_offset(&p, "buffer_data_page", "time_stamp"),
		.commit_off = peek_offset(&p, "buffer_data_page", "commit"),
		.each = each,
		.arg = arg,
		.lost = ret_lost,
	};

	*ret_lost = 0;
	own = peek_long(&p, table + cpu * k->long_size);
	TRY(peek_error(&p));
	if (!own)
		return NULL;
	reader = peek_member(&p, own, "ring_buffer_per_cpu", "reader_page");
	commit = peek_member(&p, own, "ring_buffer_per_cpu", "commit_page");
	if (peek_has(k, "trace_buffer", "subbuf_size")) /* 6.8: without the head of the page */
		r.page_len = peek_member(&p, b->buffer, "trace_buffer", "subbuf_size") + r.data_off;
	TRY(peek_error(&p));
	if (r.page_len > PAGE_ORDER_MAX || r.page_len < r.data_off)
		return error_new(ERROR_BAD_DATA, "the trace pages of CPU %u are of %llu bytes", cpu,
				 (unsigned long long)r.page_len);
	r.page = page = malloc(r.page_len);
	if (!page)
		return error_nomem();
	TRY(give_page(&r, reader, true));
	return reader == commit || r.stop ? NULL : give_ring(&r, commit);
}
