/* The report for programs: one object, schema "salvage.report/1", described in doc/report.md. */
#include <string.h>

#include "report/json-priv.h"

#define SCHEMA "salvage.report/1"

static void put_u64(struct json *j, const char *key, const struct fact_u64 *f)
{
	if (f->from == FROM_NOWHERE)
		json_null(j, key);
	else
		json_u64(j, key, f->value);
}

static void put_regs(struct json *j, const char *key, const struct report_regs *regs)
{
	json_open(j, key, '{');
	for (unsigned i = 0; i < regs->n; i++)
		json_hex(j, regs->v[i].name, regs->v[i].value);
	json_close(j, '}');
}

static void put_place(struct json *j, const struct report_frame *f)
{
	json_hex(j, "address", f->pc);
	json_string(j, "symbol", f->symbol);
	if (f->symbol) {
		json_u64(j, "offset", f->off);
		if (f->len)
			json_u64(j, "length", f->len);
		else
			json_null(j, "length");
	}
	json_string(j, "module", f->module);
}

void json_frames(struct json *j, const struct report_stack *s)
{
	json_open(j, "frames", '[');
	for (size_t i = 0; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];

		json_open(j, NULL, '{');
		put_place(j, f);
		json_bool(j, "reliable", f->exact);
		json_bool(j, "interrupted", f->interrupted);
		if (f->regs && i)
			put_regs(j, "registers", f->regs);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_bool(j, "complete", s->complete);
	json_string(j, "incomplete_why", s->complete ? NULL : s->why);
}

static void put_task(struct json *j, const struct report_task *t)
{
	if (t->from == FROM_NOWHERE) {
		json_null(j, "task");
		return;
	}
	json_open(j, "task", '{');
	json_i64(j, "pid", t->pid);
	json_string(j, "comm", t->comm);
	json_close(j, '}');
}

static void put_taint(struct json *j, const struct fact_u64 *taint)
{
	char letters[65];

	if (taint->from == FROM_NOWHERE) {
		json_null(j, "taint");
		return;
	}
	taint_letters(taint->value, letters, sizeof(letters));
	json_open(j, "taint", '{');
	json_u64(j, "bits", taint->value);
	json_string(j, "letters", letters);
	json_open(j, "flags", '[');
	for (unsigned i = 0; i < 64; i++)
		if (taint->value >> i & 1)
			json_string(j, NULL, taint_bit(i) ? taint_bit(i)->slug : "unknown");
	json_close(j, ']');
	json_close(j, '}');
}

static void put_kernel(struct json *j, const struct report *r)
{
	json_open(j, "host", '{');
	json_string(j, "name", r->host.text);
	json_string(j, "arch", r->dump.arch);
	json_string(j, "hardware", r->hardware.text);
	put_u64(j, "memory_bytes", &r->memory);
	json_open(j, "cpus", '{');
	put_u64(j, "online", &r->cpus_online);
	put_u64(j, "present", &r->cpus_present);
	put_u64(j, "possible", &r->cpus_possible);
	json_close(j, '}');
	json_close(j, '}');

	json_open(j, "kernel", '{');
	json_string(j, "release", r->release.text);
	json_string(j, "version", r->version.text);
	json_string(j, "build_id", r->build_id.text);
	put_taint(j, &r->taint);
	json_string(j, "cmdline", r->command_line.text);
	if (r->uptime_ms.from != FROM_NOWHERE)
		json_fixed(j, "uptime_s", (double)r->uptime_ms.value / 1000, 3);
	else
		json_null(j, "uptime_s");
	json_close(j, '}');
}

static void put_panic(struct json *j, const struct report *r)
{
	const struct report_stack *s = &r->panic.stack;
	const struct report_frame *at = NULL;
	int regs = r->panic.boundary >= 0 ? r->panic.boundary : 0;

	if (r->panic.where >= 0)
		at = &report_blamed_stack(r)->frames.v[r->panic.where];
	json_open(j, "panic", '{');
	json_string(j, "kind", crash_kinds[r->panic.kind].slug);
	json_string(j, "reason", r->panic.reason.text);
	json_string(j, "panic_text", r->panic.final.text);
	put_u64(j, "cpu", &r->panic.cpu);
	put_task(j, &r->panic.task);
	if (r->panic.fault_address.from != FROM_NOWHERE)
		json_hex(j, "fault_address", r->panic.fault_address.value);
	if (at) {
		json_open(j, "ip", '{');
		put_place(j, at);
		json_close(j, '}');
	} else {
		json_null(j, "ip");
	}
	json_string(j, "code", r->panic.code.text);
	json_frames(j, s);
	if ((size_t)regs < s->frames.n && s->frames.v[regs].regs) {
		json_u64(j, "registers_of_frame", (uint64_t)regs);
		put_regs(j, "registers", s->frames.v[regs].regs);
	}
	if (r->panic.victim.from != FROM_NOWHERE) {
		json_open(j, "victim", '{');
		put_task(j, &r->panic.victim);
		json_frames(j, &r->panic.victim_stack);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void put_cpus(struct json *j, const struct report *r)
{
	json_open(j, "cpus", '[');
	for (size_t i = 0; i < r->cpus.n; i++) {
		const struct report_cpu *c = &r->cpus.v[i];

		json_open(j, NULL, '{');
		json_u64(j, "cpu", c->cpu);
		json_bool(j, "online", c->online);
		json_bool(j, "panicked", c->panicked);
		json_bool(j, "has_registers", c->has_regs);
		put_task(j, &c->task);
		json_string(j, "note", c->why);
		if (c->same_as != i)
			json_u64(j, "same_stack_as_cpu", r->cpus.v[c->same_as].cpu);
		json_frames(j, c->panicked ? &r->panic.stack : &r->cpus.v[c->same_as].stack);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_modules(struct json *j, const struct report *r)
{
	static const char *const states[] = { "live", "coming", "going", "unformed" };
	char letters[65];

	if (!r->has_modules) {
		json_null(j, "modules");
		return;
	}
	json_open(j, "modules", '[');
	for (size_t i = 0; i < r->modules.n; i++) {
		const struct report_module *m = &r->modules.v[i];

		taint_letters(m->taints, letters, sizeof(letters));
		json_open(j, NULL, '{');
		json_string(j, "name", m->name);
		json_string(j, "version", m->version[0] ? m->version : NULL);
		json_string(j, "taints", letters);
		json_string(j, "state",
			    m->state >= 0 && m->state < (int64_t)ARRAY_SIZE(states) ?
				    states[m->state] : "unknown");
		json_u64(j, "bytes", m->len);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_log(struct json *j, const struct report *r)
{
	json_open(j, "log", '{');
	json_u64(j, "lines", r->log_lines);
	json_u64(j, "damaged", r->log_damaged);
	json_open(j, "tail", '[');
	for (size_t i = 0; i < r->log_tail.n; i++)
		json_string(j, NULL, r->log_tail.v[i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void put_dump(struct json *j, const struct report *r)
{
	json_open(j, "dump", '{');
	json_string(j, "file", r->dump.file.text);
	json_string(j, "format", r->dump.format);
	json_bool(j, "flattened", r->dump.flattened);
	json_bool(j, "complete", r->dump.complete);
	put_u64(j, "bytes", &r->dump.bytes);
	if (r->dump.level >= 0)
		json_i64(j, "level", r->dump.level);
	else
		json_null(j, "level");
	json_u64(j, "page_size", r->dump.page_size);
	put_u64(j, "pages", &r->dump.pages);
	put_u64(j, "pages_excluded", &r->dump.excluded);
	put_u64(j, "pages_lost", &r->dump.lost);
	json_close(j, '}');
}

/* Where each inferred value was found. */
static void put_sources(struct json *j, const struct report *r)
{
	const struct {
		const char *path;
		enum fact_source from;
	} rows[] = {
		{ "time", r->crash_time.from },
		{ "host.name", r->host.from },
		{ "host.hardware", r->hardware.from },
		{ "host.memory_bytes", r->memory.from },
		{ "kernel.release", r->release.from },
		{ "kernel.version", r->version.from },
		{ "kernel.build_id", r->build_id.from },
		{ "kernel.taint", r->taint.from },
		{ "kernel.cmdline", r->command_line.from },
		{ "kernel.uptime_s", r->uptime_ms.from },
		{ "panic.reason", r->panic.reason.from },
		{ "panic.cpu", r->panic.cpu.from },
		{ "panic.task", r->panic.task.from },
		{ "panic.fault_address", r->panic.fault_address.from },
		{ "panic.code", r->panic.code.from },
	};

	json_open(j, "sources", '{');
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].from != FROM_NOWHERE)
			json_string(j, rows[i].path, fact_source_name(rows[i].from));
	json_close(j, '}');
}

static struct error *render(const struct report *r, const struct render_how *how UNUSED,
			    struct strbuf *out)
{
	struct json j;
	char when[32];

	json_init(&j, out);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", SCHEMA);
	json_string(&j, "crash_id", r->crash_id[0] ? r->crash_id : NULL);
	if (r->crash_time.from != FROM_NOWHERE)
		time_text(r->crash_time.value, when);
	json_string(&j, "time", r->crash_time.from != FROM_NOWHERE ? when : NULL);
	json_string(&j, "headline", r->headline);
	json_open(&j, "reporter", '{');
	json_string(&j, "name", "salvage");
	json_string(&j, "version", SALVAGE_VERSION);
	json_close(&j, '}');
	put_kernel(&j, r);
	put_panic(&j, r);
	if (r->signature.id[0]) {
		json_open(&j, "signature", '{');
		json_string(&j, "id", r->signature.id);
		json_string(&j, "title", r->signature.title);
		json_string(&j, "algorithm", "v1");
		json_string(&j, "exact", r->signature.exact);
		json_string(&j, "coarse", r->signature.coarse);
		json_string(&j, "abrt", r->signature.abrt[0] ? r->signature.abrt : NULL);
		json_close(&j, '}');
	} else {
		json_null(&j, "signature");
	}
	json_causes(&j, r);
	put_cpus(&j, r);
	json_states(&j, r);
	put_modules(&j, r);
	put_log(&j, r);
	put_dump(&j, r);
	json_open(&j, "missing", '[');
	for (size_t i = 0; i < r->missing.n; i++) {
		json_open(&j, NULL, '{');
		json_string(&j, "what", r->missing.v[i].what);
		json_string(&j, "why", r->missing.v[i].why);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	put_sources(&j, r);
	json_close(&j, '}');
	return strbuf_error(out);
}

const struct renderer render_json = { "json", render };
