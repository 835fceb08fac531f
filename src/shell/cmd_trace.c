/* trace: what ftrace had recorded. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/ftrace.h"
#include "kernel/peek.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/tasks.h"
#include "shell/value.h"

enum { OPT_CPUS = 1, OPT_LAST, OPT_INSTANCE };

static const struct option_def options[] = {
	{'c', NULL, "CPUS", "of some CPUs: 0, 1,3, 2-4, all", OPT_CPUS},
	{'n', NULL, "COUNT", "the last COUNT events", OPT_LAST},
	{'i', NULL, "NAME", "the buffer of an instance", OPT_INSTANCE},
	{0},
};

#define RECORDS_MAX (1u << 21)
#define BYTES_MAX   (512u << 20)
#define TEXT_MAX    1024
#define COMMON_LEN  8 /* struct trace_entry: type, flags, preempt_count, pid */

struct record {
	uint64_t ts;
	size_t at, len; /* in the pool of bytes */
	size_t order;
	unsigned cpu;
};

struct request {
	struct shell *sh;
	const char *instance; /* null: the buffer of all */
	const char *cpus;
	int64_t last; /* 0: all */
	struct trace_events events;
	VECTOR(struct record) records;
	struct strbuf pool;
	struct trace_buffer buffer;
	bool found, full;
	uint64_t lost;
};

/* ---- gathering ---- */

static bool pick(const struct trace_buffer *b, void *arg)
{
	struct request *r = arg;

	if (strcmp(b->name, r->instance ? r->instance : "") != 0)
		return true;
	r->buffer = *b;
	r->found = true;
	return false;
}

static bool take(const struct trace_record *t, void *arg)
{
	struct request *r = arg;
	struct record n = {t->ts, r->pool.len, t->len, r->records.n, t->cpu};

	if (r->records.n == RECORDS_MAX || r->pool.len + t->len > BYTES_MAX) {
		r->full = true;
		return false;
	}
	strbuf_add(&r->pool, t->bytes, t->len);
	return !r->pool.failed && vector_push(&r->records, n) && !shell_interrupted();
}

static int by_time(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* ---- showing ---- */

static const char *command_of(struct shell *sh, int64_t pid)
{
	for (size_t i = 0; sh->tasks && i < sh->tasks->n; i++)
		if (sh->tasks->v[i].pid == pid)
			return pid ? sh->tasks->v[i].comm : "<idle>";
	return "<...>";
}

static void add_text(struct strbuf *out, const unsigned char *bytes, size_t len)
{
	size_t n = strnlen((const char *)bytes, MIN(len, (size_t)TEXT_MAX));

	while (n && (bytes[n - 1] == '\n' || bytes[n - 1] == ' '))
		n--;
	strbuf_add_clean(out, (const char *)bytes, n);
}

static bool is_code(const struct trace_field *f)
{
	static const char *const names[] = {"ip", "parent_ip", "func", "function", "caller", "call_site", "callsite"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(f->name, names[i]) == 0)
			return f->len == 8 || f->len == 4;
	return false;
}

static void add_number(struct request *r, const struct trace_field *f, uint64_t v, struct strbuf *out)
{
	char name[600] = "";

	if (is_code(f))
		value_symbol_text(r->sh, v, 16, name, sizeof(name));
	if (name[0])
		strbuf_puts(out, name);
	else if (strchr(f->type, '*') || is_code(f) || strstr(f->name, "addr") || strstr(f->name, "flags"))
		strbuf_printf(out, "0x%" PRIx64, v);
	else if (f->is_signed && f->len < 8)
		strbuf_printf(out, "%" PRId64, (int64_t)(v << (64 - 8 * f->len)) >> (64 - 8 * f->len));
	else
		strbuf_printf(out, f->is_signed ? "%" PRId64 : "%" PRIu64, v);
}

static void add_field(struct request *r, const struct trace_field *f, const unsigned char *bytes, size_t len,
		      struct strbuf *out)
{
	bool big = r->sh->kernel->big;
	size_t n = f->len ? f->len : f->off <= len ? len - f->off : 0;

	if (f->off > len || n > len - f->off)
		return;
	strbuf_printf(out, "%s%s=", out->len ? " " : "", f->name);
	if (text_starts(f->type, "__data_loc") && n == 4) {
		uint32_t where = get_u32(bytes + f->off, big), at = where & 0xffff, size = where >> 16;

		if (at <= len && size <= len - at && strstr(f->type, "char"))
			add_text(out, bytes + at, size);
		else
			strbuf_printf(out, "(%u bytes)", size);
	} else if (strstr(f->type, "char") && (strchr(f->type, '[') || !f->len)) {
		add_text(out, bytes + f->off, n);
	} else if (n == 1 || n == 2 || n == 4 || n == 8) {
		add_number(r, f, get_uint(bytes + f->off, n, big), out);
	} else {
		for (size_t i = 0; i < n && i < 32; i++)
			strbuf_printf(out, "%02x", bytes[f->off + i]);
	}
}

/* The kernel's own column: interrupts off, need to be rescheduled, in an interrupt, depth. */
static void flag_text(unsigned flags, unsigned depth, char buf[8])
{
	buf[0] = flags & 1 ? 'd' : '.';
	buf[1] = flags & 4 ? 'N' : '.';
	buf[2] = flags & 0x40 ? 'Z' : (flags & 0x18) == 0x18 ? 'H' : flags & 8 ? 'h' : flags & 0x10 ? 's' : '.';
	buf[3] = depth & 15 ? (char)((depth & 15) < 10 ? '0' + (depth & 15) : 'a' + (depth & 15) - 10) : '.';
	buf[4] = '\0';
}

static struct error *put(struct request *r, const struct record *n)
{
	struct shell *sh = r->sh;
	const unsigned char *bytes = (const unsigned char *)r->pool.s + n->at;
	bool big = sh->kernel->big;
	_cleanup_strbuf_ struct strbuf fields = {0};
	const struct trace_event *e;
	char flags[8], id[16];
	int64_t pid;

	if (n->len < COMMON_LEN)
		return NULL;
	e = trace_event_by_id(&r->events, get_u16(bytes, big));
	pid = (int32_t)get_u32(bytes + 4, big);
	flag_text(bytes[2], bytes[3], flags);
	for (size_t i = 0; e && i < e->fields.n; i++)
		if (e->fields.v[i].off >= COMMON_LEN)
			add_field(r, &e->fields.v[i], bytes, n->len, &fields);
	TRY(strbuf_error(&fields));
	snprintf(id, sizeof(id), "event %u", get_u16(bytes, big));
	row_begin(sh, "event");
	row_str(sh, "command", 16, command_of(sh, pid));
	row_text(sh, "-");
	row_i64(sh, "pid", -7, pid);
	row_text(sh, " [%03u] %s ", n->cpu, flags);
	row_only_u64(sh, "cpu", n->cpu);
	row_only_str(sh, "flags", flags);
	row_only_u64(sh, "ts_ns", n->ts);
	row_text(sh, "%5" PRIu64 ".%06" PRIu64 ": ", n->ts / 1000000000, n->ts / 1000 % 1000000);
	row_str(sh, "event", 0, e ? e->name : id);
	row_text(sh, ": ");
	row_str(sh, "fields", 0, strbuf_str(&fields));
	row_end(sh);
	return NULL;
}

static struct error *show(struct request *r)
{
	const struct shell_tasks *all;
	struct cpus cpus;
	size_t first = 0;
	struct error *e = NULL;

	error_free(shell_tasks_load(r->sh, &all)); /* only names come from it */
	TRY(trace_buffers_walk(r->sh->kernel, pick, r));
	if (!r->found)
		return error_new(ERROR_USAGE, "%s: no instance of that name; \"trace\" lists them", r->instance ? r->instance : "trace");
	TRY(trace_events_load(r->sh->kernel, &r->events));
	TRY(value_cpus(r->sh, r->cpus, &cpus));
	for (unsigned cpu = 0; cpu < MIN(cpus.nr, r->buffer.cpus) && !e && !shell_interrupted(); cpu++) {
		uint64_t lost = 0;

		if (!cpus.in[cpu])
			continue;
		e = trace_records_walk(r->sh->kernel, &r->buffer, cpu, take, r, &lost);
		r->lost += lost;
		if (e && error_kind(e) != ERROR_NOMEM) { /* the events before it are good */
			fprintf(r->sh->errors, "trace: %s\n", error_message(e));
			error_free(e);
			e = NULL;
		}
	}
	cpus_done(&cpus);
	TRY(e);
	TRY(strbuf_error(&r->pool));
	if (r->records.n)
		qsort(r->records.v, r->records.n, sizeof(*r->records.v), by_time);
	if (r->last && (uint64_t)r->last < r->records.n)
		first = r->records.n - (size_t)r->last;
	for (size_t i = first; i < r->records.n && !shell_interrupted(); i++)
		TRY(put(r, &r->records.v[i]));
	if (!r->records.n)
		row_text(r->sh, "the trace buffer is empty: nothing was traced\n");
	if (r->lost)
		fprintf(r->sh->errors, "trace: %" PRIu64 " pages of the buffer are not in the dump\n", r->lost);
	if (r->full)
		fprintf(r->sh->errors, "trace: more than %u events: the rest is left out\n", RECORDS_MAX);
	return NULL;
}

/* ---- the buffers ---- */

static bool put_buffer(const struct trace_buffer *b, void *arg)
{
	struct shell *sh = arg;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t table = peek_member(&p, b->buffer, "trace_buffer", "buffers"), entries = 0, overrun = 0;

	for (unsigned cpu = 0; cpu < b->cpus && !peek_failed(&p); cpu++) {
		uint64_t own = peek_long(&p, table + cpu * sh->kernel->long_size);

		if (own) {
			entries += peek_member(&p, own, "ring_buffer_per_cpu", "entries");
			overrun += peek_member(&p, own, "ring_buffer_per_cpu", "overrun");
		}
	}
	if (!peek_ok(&p))
		return true;
	row_begin(sh, "buffer");
	row_addr(sh, "trace_array", b->va);
	row_text(sh, "  ");
	row_str(sh, "tracer", -12, b->tracer);
	row_text(sh, "  ");
	row_u64(sh, "written", 10, entries);
	row_text(sh, "  ");
	row_u64(sh, "overwritten", 11, overrun);
	row_text(sh, "  ");
	row_str(sh, "instance", 0, b->name[0] ? b->name : "(all)");
	row_end(sh);
	return !shell_interrupted();
}

static struct error *run(struct shell *sh, struct options *o)
{
	struct request r = {.sh = sh, .cpus = "all"};
	struct error *e = NULL;
	char **words;
	int id, n;

	while (!e && (id = options_next(o)) > 0) {
		if (id == OPT_CPUS)
			r.cpus = o->value;
		else if (id == OPT_INSTANCE)
			r.instance = o->value;
		else
			e = value_count(o->value, &r.last);
	}
	TRY(e);
	words = command_words(o, &n);
	if (id < 0 || n > 1 || r.last < 0 || (n && strcmp(words[0], "show") != 0))
		return command_misused();
	if (!n) {
		row_middle(sh, 0, "TRACE_ARRAY");
		row_text(sh, "  TRACER           WRITTEN  OVERWRITTEN  INSTANCE\n");
		return trace_buffers_walk(sh->kernel, put_buffer, sh);
	}
	e = show(&r);
	trace_events_done(&r.events);
	vector_done(&r.records);
	strbuf_done(&r.pool);
	return e;
}

const struct command cmd_trace = {
	.name = "trace",
	.args = "[show [-c cpus] [-n count] [-i instance]]",
	.summary = "show what ftrace had recorded; without words, its buffers",
	.text = "  trace show -n 50\n"
		"  trace show | grep sched_switch\n",
	.options = options,
	.run = run,
};
