/* Plans, results and the machine's state as JSON; doc/kexec-json.md says what the fields mean. */
#include "base/json.h"

#include "kexec/plan.h"

#define VERSION 1

static const char *call_name(enum kexec_call call)
{
	return call == KEXEC_CALL_FILE	   ? "kexec_file_load" :
	       call == KEXEC_CALL_SEGMENTS ? "kexec_load" :
					     NULL;
}

static void add_range(struct json *j, uint64_t start, uint64_t end)
{
	json_hex(j, "start", start);
	json_hex(j, "end", end);
}

static void add_segments(struct json *j, const struct kexec_plan *p)
{
	char digest[65];

	json_hex(j, "entry", p->entry);
	json_open(j, "segments", '[');
	for (size_t i = 0; i < p->parts.n; i++) {
		const struct kexec_part *part = &p->parts.v[i];

		json_open(j, NULL, '{');
		json_string(j, "name", part->name);
		add_range(j, part->pa, part->pa + part->mem_len);
		json_u64(j, "bytes", part->len);
		json_bool(j, "in_digest", part->in_digest);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "memory_map", '[');
	for (size_t i = 0; i < p->e820.rows.n; i++) {
		const struct e820_entry *row = &p->e820.rows.v[i];

		json_open(j, NULL, '{');
		add_range(j, row->start, row->start + row->len);
		json_u64(j, "type", row->type);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_string(j, "digest", plan_digest(p, digest) ? digest : NULL);
}

static void add_plan(struct json *j, const struct kexec_plan *p)
{
	_cleanup_free_ char *release = image_release(&p->image);

	json_open(j, "kernel", '{');
	json_string(j, "file", p->image.name);
	json_open(j, "layers", '[');
	for (size_t i = 0; i < p->image.nr_layers; i++)
		json_string(j, NULL, p->image.layers[i]);
	json_close(j, ']');
	json_u64(j, "bytes", p->kernel.len);
	json_string(j, "release", release);
	json_bool(j, "signed", plan_signed(p));
	json_close(j, '}');
	json_u64(j, "initrd_bytes", p->initrd.len);
	json_string(j, "command_line",
		    p->first == KEXEC_CALL_SEGMENTS ? p->full_cmdline : p->cmdline);
	json_open(j, "reserved", '[');
	for (size_t i = 0; i < p->regions.n; i++) {
		json_open(j, NULL, '{');
		add_range(j, p->regions.v[i].start, p->regions.v[i].end);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_string(j, "first_call", call_name(p->first));
	json_string(j, "why", p->note);
	json_bool(j, "may_fall_back", p->may_fall_back);
	json_string(j, "warning", p->warning);
	if (p->have_segments)
		add_segments(j, p);
}

static void add_result(struct json *j, const struct kexec_result *r)
{
	static const char *const before[] = {
		[KEXEC_BEFORE_NONE] = "none",
		[KEXEC_BEFORE_KEPT] = "kept",
		[KEXEC_BEFORE_RESTORED] = "restored",
		[KEXEC_BEFORE_LOST] = "lost",
	};

	json_bool(j, "ok", r->reason == KEXEC_OK);
	json_string(j, "reason", kexec_reason_name(r->reason));
	json_string(j, "sentence", r->sentence);
	json_string(j, "next", r->next);
	json_string(j, "call", call_name(r->used));
	if (r->err)
		json_i64(j, "errno", r->err);
	json_string(j, "capture_kernel_before", before[r->before]);
	if (r->gap_us)
		json_u64(j, "gap_us", r->gap_us);
}

static struct error *finish(struct strbuf *text, FILE *to)
{
	TRY(strbuf_error(text));
	if (fprintf(to, "%s", strbuf_str(text)) < 0 || fflush(to) < 0)
		return error_new(ERROR_SYSTEM, "the JSON could not be written out");
	return NULL;
}

struct error *kexec_plan_json(const struct kexec_plan *plan, const struct kexec_result *result,
			      FILE *to)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json j;

	json_init(&j, &text);
	json_open(&j, NULL, '{');
	json_u64(&j, "version", VERSION);
	add_result(&j, result);
	if (plan)
		add_plan(&j, plan);
	json_close(&j, '}');
	return finish(&text, to);
}

static void add_limit(struct json *j, const char *key, int64_t limit)
{
	if (limit < 0)
		json_null(j, key);
	else
		json_i64(j, key, limit);
}

struct error *kexec_status_json(int root, FILE *to)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct kexec_state s;
	struct json j;

	TRY(host_kexec_state(root, &s));
	json_init(&j, &text);
	json_open(&j, NULL, '{');
	json_u64(&j, "version", VERSION);
	json_bool(&j, "kexec_supported", s.supported);
	json_bool(&j, "crash_supported", s.crash_supported);
	json_bool(&j, "loaded", s.loaded);
	json_bool(&j, "crash_loaded", s.crash_loaded);
	json_u64(&j, "crash_size", s.crash_size);
	json_string(&j, "lockdown", s.lockdown[0] ? s.lockdown : NULL);
	json_bool(&j, "load_disabled", s.load_disabled);
	add_limit(&j, "loads_left_panic", s.limit_panic);
	add_limit(&j, "loads_left_reboot", s.limit_reboot);
	json_bool(&j, "ima_appraises_kernels", s.ima_appraises);
	json_bool(&j, "hotplug_updates", s.hotplug_updates);
	json_u64(&j, "core_headers_room", s.elfcorehdr_size);
	json_close(&j, '}');
	return finish(&text, to);
}
