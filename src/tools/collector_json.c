/* --json: what is said, how far it is and how it ended, an object a line (makedumpfile(8)). */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "tools/collector_job.h"

#define PROGRESS_MS 1000

static void send(const struct job *j, struct strbuf *line)
{
	if (!line->failed)
		fwrite(line->s, 1, line->len, j->talk);
	fflush(j->talk);
}

static void begin(struct json *js, struct strbuf *line, const char *event)
{
	json_init(js, line);
	js->compact = true;
	json_open(js, NULL, '{');
	json_string(js, "event", event);
}

void job_json_message(const struct job *j, enum message_bit bit, const char *text)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	_cleanup_free_ char *copy = strdup(text);
	struct json js;

	if (!copy || !*text_strip(copy))
		return;
	begin(&js, &line, "message");
	json_string(&js, "kind", bit & MSG_ERROR ? "error" : bit & MSG_COMMON ? "common" :
			  bit & MSG_REPORT ? "report" : "debug");
	json_string(&js, "text", text_strip(copy));
	json_close(&js, '}');
	send(j, &line);
}

void job_json_progress(struct job *j, const char *step, uint64_t done, uint64_t total)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	uint64_t now = clock_now_ms(), spent;
	struct json js;

	if (!j->json_step || !text_equal(j->json_step, step)) {
		j->json_step = step;
		j->json_began_ms = now;
		j->json_shown_ms = 0;
	}
	if (done < total && now - j->json_shown_ms < PROGRESS_MS)
		return;
	j->json_shown_ms = now;
	spent = now - j->json_began_ms;
	begin(&js, &line, "progress");
	json_string(&js, "step", step);
	json_u64(&js, "done", done);
	json_u64(&js, "total", total);
	json_fixed(&js, "percent", total ? done * 100.0 / total : 100.0, 1);
	if (done)
		json_u64(&js, "eta_s", (uint64_t)((double)spent / 1000 * (total - done) / done));
	json_close(&js, '}');
	send(j, &line);
}

static void add_counts(struct json *js, const struct collect_result *c)
{
	const struct collect_counts *n = &c->counts;

	json_i64(js, "level", c->level);
	json_bool(js, "complete", c->complete);
	json_open(js, "pages", '{');
	json_u64(js, "memory", n->memory);
	json_u64(js, "stored", n->stored);
	json_u64(js, "zero", n->zero);
	json_u64(js, "cache", n->dropped[CLASS_CACHE]);
	json_u64(js, "cache_private", n->dropped[CLASS_CACHE_PRIVATE]);
	json_u64(js, "user", n->dropped[CLASS_USER]);
	json_u64(js, "free", n->dropped[CLASS_FREE]);
	json_u64(js, "hwpoison", n->dropped[CLASS_HWPOISON]);
	json_u64(js, "offline", n->dropped[CLASS_OFFLINE]);
	json_u64(js, "unused_map", n->dropped[CLASS_UNUSED_MAP]);
	json_u64(js, "excluded_before", n->already);
	json_u64(js, "lost", n->lost);
	json_close(js, '}');
	json_u64(js, "bytes_written", c->bytes_written);
	json_fixed(js, "filter_s", c->filter_ms / 1000.0, 3);
	json_fixed(js, "copy_s", c->copy_ms / 1000.0, 3);
}

void job_json_end(const struct job *j, int status, const char *how)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	struct json js;

	begin(&js, &line, "end");
	json_string(&js, "status", how);
	json_i64(&js, "exit", status);
	if (j->nr_outputs || j->output) {
		json_open(&js, "outputs", '[');
		for (int i = 0; i < j->nr_targets; i++)
			json_string(&js, NULL, job_target_name(j, i));
		json_close(&js, ']');
	}
	if (j->result && (j->result->begun || status != j->failed_status))
		add_counts(&js, j->result);
	json_close(&js, '}');
	send(j, &line);
}
