/*
 * The report as one HTML file that needs nothing else: no network, no fonts, no frames. Its policy (a
 * Content-Security-Policy in the page itself) allows the one style sheet and the one program by their
 * hashes and nothing besides, so that text of a dead machine can do nothing even if it were not escaped. All of it
 * reads without the program, which only searches the log.
 */
#include <inttypes.h>
#include <string.h>

#include "base/sha256.h"
#include "base/text.h"
#include "report/html-priv.h"

void html_text(struct strbuf *out, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		size_t n = text_printable_len(text, len);
		const char *word = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '"' ? "&quot;" :
				   *text == '\'' ? "&#39;" : *text == '\t' ? " " : !n ? "&#xfffd;" : NULL;

		if (word)
			strbuf_puts(out, word);
		else
			strbuf_add(out, text, n);
		n = MAX(n, (size_t)1);
		text += n;
		len -= n;
	}
}

void html_printf(struct strbuf *out, const char *fmt, ...)
{
	struct strbuf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	html_text(out, strbuf_str(&b));
	out->failed |= b.failed;
	strbuf_done(&b);
}

/* 'sha256-...' of a policy: base64. */
static void put_hash(struct strbuf *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char d[SHA256_DIGEST_LEN + 1] = { 0 };
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, text, strlen(text));
	sha256_end(&h, d);
	strbuf_puts(out, "'sha256-");
	for (size_t i = 0; i < SHA256_DIGEST_LEN; i += 3) {
		uint32_t v = (uint32_t)d[i] << 16 | (uint32_t)d[i + 1] << 8 | (i + 2 < SHA256_DIGEST_LEN ? d[i + 2] : 0);

		strbuf_putc(out, digits[v >> 18]);
		strbuf_putc(out, digits[v >> 12 & 63]);
		strbuf_putc(out, digits[v >> 6 & 63]);
		strbuf_putc(out, i + 2 < SHA256_DIGEST_LEN ? digits[v & 63] : '=');
	}
	strbuf_putc(out, '\'');
}

static void put_head(struct strbuf *out, const struct report *r)
{
	strbuf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src ");
	put_hash(out, html_style);
	strbuf_puts(out, "; script-src ");
	put_hash(out, html_script);
	strbuf_puts(out, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
			 "content=\"no-referrer\">\n<title>");
	html_text(out, r->signature.title ? r->signature.title : "Kernel crash");
	strbuf_puts(out, "</title>\n<style>");
	strbuf_puts(out, html_style);
	strbuf_puts(out, "</style>\n</head>\n<body>\n<main>\n<h1>");
	html_text(out, r->headline ? r->headline : "Crash of unknown kind");
	strbuf_puts(out, "</h1>\n<nav><a href=\"#why\">Why</a> <a href=\"#machine\">Machine</a> <a href=\"#stack\">Stack</a> <a href=\"#cpus\">CPUs</a> "
			 "<a href=\"#memory\">Memory</a> <a href=\"#log\">Log</a></nav>\n");
}

static void open_section(struct strbuf *out, const char *id, const char *title)
{
	strbuf_printf(out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

static void put_evidence(struct strbuf *out, const struct report_evidence *e)
{
	strbuf_puts(out, "<li>");
	html_text(out, e->text);
	if (e->has_address || e->has_value)
		strbuf_puts(out, " <code class=\"dim\">");
	if (e->has_address)
		strbuf_printf(out, "0x%" PRIx64 "%s", e->address, e->has_value ? ": " : "");
	if (e->has_value)
		strbuf_printf(out, "0x%" PRIx64, e->value);
	strbuf_puts(out, e->has_address || e->has_value ? "</code></li>\n" : "</li>\n");
}

static void put_causes(struct strbuf *out, const struct report *r)
{
	if (!r->causes.n)
		return;
	open_section(out, "why", "Why");
	for (size_t i = 0; i < r->causes.n; i++) {
		const struct report_cause *c = &r->causes.v[i];

		strbuf_printf(out, "<div class=\"cause%s\"><p><span class=\"tag\">%s</span>", c->beside ? " beside" : "",
			      c->beside ? "seen beside" : confidence_words(c->confidence));
		html_text(out, c->text);
		if (!c->beside)
			strbuf_printf(out, " <span class=\"dim\"><meter min=\"0\" max=\"100\" value=\"%u\">%u %%</meter> %u&nbsp;%%</span>",
				      c->confidence, c->confidence, c->confidence);
		strbuf_puts(out, "</p>\n");
		if (c->place) {
			strbuf_puts(out, "<p><code>");
			html_text(out, c->place);
			strbuf_puts(out, "</code></p>\n");
		}
		strbuf_puts(out, "<ul>\n");
		for (size_t n = 0; n < c->evidence.n; n++)
			put_evidence(out, &c->evidence.v[n]);
		strbuf_puts(out, "</ul></div>\n");
	}
	strbuf_puts(out, "</section>\n");
}

static void put_row(struct strbuf *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	strbuf_printf(out, "<tr><th scope=\"row\">%s</th><td>", label);
	html_text(out, value);
	strbuf_puts(out, "</td></tr>\n");
}

static void put_machine(struct strbuf *out, const struct report *r)
{
	_cleanup_strbuf_ struct strbuf up = { 0 }, taint = { 0 }, kernel = { 0 };
	char when[32] = "", buf[160];

	open_section(out, "machine", "Machine");
	strbuf_puts(out, "<table class=\"facts\">\n");
	put_row(out, "Reason", r->panic.reason.text);
	put_row(out, "Panic text", r->panic.final.text);
	if (r->panic.fault_address.from != FROM_NOWHERE) {
		const char *words = address_words(r->panic.fault_address.value, r->dump.word_size != 4, buf, sizeof(buf));

		strbuf_printf(&kernel, "0x%" PRIx64 "%s%s", r->panic.fault_address.value, words ? ": " : "", words ? words : "");
		put_row(out, "Address", strbuf_str(&kernel));
		strbuf_done(&kernel);
	}
	if (r->crash_time.from != FROM_NOWHERE)
		time_text(r->crash_time.value, when);
	put_row(out, "Crashed", when);
	if (r->uptime_ms.from != FROM_NOWHERE)
		duration_text(r->uptime_ms.value, &up);
	put_row(out, "Uptime", strbuf_str(&up));
	put_row(out, "Host", r->host.text);
	if (r->release.text)
		strbuf_printf(&kernel, "%s %s %s", r->release.text, r->dump.arch ? r->dump.arch : "", r->version.text ? r->version.text : "");
	put_row(out, "Kernel", strbuf_str(&kernel));
	put_row(out, "Build id", r->build_id.text);
	put_row(out, "Command line", r->command_line.text);
	put_row(out, "Hardware", r->hardware.text);
	for (unsigned i = 0; i < 64; i++)
		if (r->taint.value >> i & 1 && taint_bit(i))
			strbuf_printf(&taint, "%s%s", taint.len ? ", " : "", taint_bit(i)->words);
	put_row(out, "Tainted", taint.len ? strbuf_str(&taint) : r->taint.from != FROM_NOWHERE ? "no" : NULL);
	put_row(out, "Dump", r->dump.file.text);
	put_row(out, "Dump is", !r->dump.complete ? "INCOMPLETE: it was cut off" : "complete");
	put_row(out, "Signature", r->signature.id);
	put_row(out, "ABRT's hash", r->signature.abrt);
	put_row(out, "Crash id", r->crash_id);
	strbuf_puts(out, "</table></section>\n");
}

static void put_stack(struct strbuf *out, const struct report_stack *s, int blame)
{
	strbuf_puts(out, "<ol class=\"stack\" start=\"0\">\n");
	for (size_t i = 0; i < s->frames.n; i++) {
		const struct report_frame *f = &s->frames.v[i];
		_cleanup_strbuf_ struct strbuf b = { 0 };

		report_frame_text(f, true, &b);
		if (i && f->interrupted)
			strbuf_puts(out, "<li class=\"cut\" value=\"0\">exception or interrupt: the code below was interrupted</li>\n");
		strbuf_printf(out, "<li value=\"%zu\"%s>%s", i, (int)i == blame ? " class=\"blame\"" : f->exact ? "" : " class=\"guess\"",
			      f->exact ? "" : "? ");
		html_text(out, strbuf_str(&b));
		strbuf_puts(out, "</li>\n");
	}
	strbuf_puts(out, "</ol>\n");
	if (!s->complete && s->why) {
		strbuf_puts(out, "<p class=\"dim\">The stack ends here: ");
		html_text(out, s->why);
		strbuf_puts(out, "</p>\n");
	}
}

static void put_stacks(struct strbuf *out, const struct report *r)
{
	const struct report_stack *blamed = report_blamed_stack(r);

	if (!r->panic.stack.frames.n && !r->panic.victim_stack.frames.n)
		return;
	open_section(out, "stack", "Stack");
	if (r->panic.victim_stack.frames.n) {
		strbuf_puts(out, "<p>Blocked task ");
		html_printf(out, "%s (pid %" PRId64 ")", r->panic.victim.comm, r->panic.victim.pid);
		strbuf_puts(out, "</p>\n");
		put_stack(out, &r->panic.victim_stack, r->panic.where);
	}
	strbuf_puts(out, "<p>Panicking task ");
	html_printf(out, "%s (pid %" PRId64 ")", r->panic.task.comm, r->panic.task.pid);
	strbuf_puts(out, "</p>\n");
	put_stack(out, &r->panic.stack, blamed == &r->panic.stack ? r->panic.where : -1);
	if (r->panic.code.text) {
		strbuf_puts(out, "<p class=\"dim\">Instruction bytes</p><pre>");
		html_text(out, r->panic.code.text);
		strbuf_puts(out, "</pre>\n");
	}
	if (r->panic.boundary >= 0 && r->panic.stack.frames.v[r->panic.boundary].regs) {
		const struct report_regs *regs = r->panic.stack.frames.v[r->panic.boundary].regs;

		strbuf_printf(out, "<details><summary>Registers at frame %d</summary><pre>", r->panic.boundary);
		for (unsigned i = 0; i < regs->n; i++) {
			html_printf(out, "%-8s %016" PRIx64, regs->v[i].name, regs->v[i].value);
			strbuf_puts(out, i % 3 == 2 ? "\n" : "   ");
		}
		strbuf_puts(out, "</pre></details>\n");
	}
	strbuf_puts(out, "</section>\n");
}

static void put_cpus(struct strbuf *out, const struct report *r)
{
	if (!r->cpus.n)
		return;
	open_section(out, "cpus", "CPUs and stacks");
	html_cpus(out, r);
	strbuf_puts(out, "<p class=\"dim\">What CPUs and blocked tasks were in, callers above; as wide as stacks go through it. The path to the crash is red.</p>\n");
	html_icicle(out, r);
	for (size_t i = 0; i < r->cpus.n; i++) {
		const struct report_cpu *c = &r->cpus.v[i];

		if (c->same_as != i || c->panicked || !c->stack.frames.n)
			continue;
		strbuf_printf(out, "<details><summary>CPU %u: ", c->cpu);
		html_printf(out, "%s", c->task.from == FROM_NOWHERE ? "unknown task" : c->task.comm);
		strbuf_puts(out, "</summary>\n");
		put_stack(out, &c->stack, -1);
		strbuf_puts(out, "</details>\n");
	}
	strbuf_puts(out, "</section>\n");
}

static void put_blocked(struct strbuf *out, const struct report *r)
{
	if (!r->blocked.n)
		return;
	open_section(out, "tasks", "Tasks that wait and take no signal");
	strbuf_printf(out, "<p class=\"dim\">%" PRIu64 " of %" PRIu64 "</p>\n<div class=\"scroll\"><table><tr><th>Task</th><th>For</th><th>In</th><th>Lock</th>"
			   "<th>Owner</th></tr>\n", r->blocked_tasks, r->tasks);
	for (size_t i = 0; i < r->blocked.n; i++) {
		const struct report_blocked *b = &r->blocked.v[i];
		_cleanup_strbuf_ struct strbuf t = { 0 };

		strbuf_puts(out, "<tr><td>");
		html_printf(out, "%s (%" PRId64 ")", b->task.comm, b->task.pid);
		strbuf_puts(out, "</td><td>");
		if (b->has_waited)
			duration_text(b->waited_ms, out);
		strbuf_puts(out, "</td><td><details><summary><code>");
		if (b->where >= 0)
			report_frame_text(&b->stack.frames.v[b->where], false, &t);
		html_text(out, strbuf_str(&t));
		strbuf_puts(out, "</code></summary>\n");
		put_stack(out, &b->stack, b->where);
		strbuf_puts(out, "</details></td><td>");
		if (b->lock.kind != LOCK_NONE)
			html_printf(out, "%s %s 0x%" PRIx64, lock_kind_words(b->lock.kind), b->lock.name, b->lock.va);
		strbuf_puts(out, "</td><td>");
		if (b->lock.owner.from != FROM_NOWHERE)
			html_printf(out, "%s (%" PRId64 ")", b->lock.owner.comm, b->lock.owner.pid);
		strbuf_puts(out, "</td></tr>\n");
	}
	strbuf_puts(out, "</table></div></section>\n");
}

static void put_io(struct strbuf *out, const struct report *r)
{
	if (!r->io.n)
		return;
	open_section(out, "io", "Requests that disks have not answered");
	strbuf_puts(out, "<div class=\"scroll\"><table><tr><th>Disk</th><th>What</th><th>Sector</th><th>Bytes</th><th>For</th></tr>\n");
	for (size_t i = 0; i < r->io.n; i++) {
		const struct report_io *q = &r->io.v[i];

		strbuf_puts(out, "<tr><td>");
		html_text(out, q->disk);
		strbuf_printf(out, "</td><td>%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>", q->write ? "write" : "read", q->sector, q->bytes);
		if (q->has_age)
			duration_text(q->age_ms, out);
		strbuf_puts(out, "</td></tr>\n");
	}
	strbuf_puts(out, "</table></div></section>\n");
}

static void put_uses(struct strbuf *out, const char *title, const struct report_use *v, size_t n)
{
	if (!n)
		return;
	strbuf_printf(out, "<details open><summary>%s</summary><table>\n", title);
	for (size_t i = 0; i < n; i++) {
		strbuf_puts(out, "<tr><td>");
		html_text(out, v[i].name);
		if (v[i].pid >= 0)
			strbuf_printf(out, " (%" PRId64 ")", v[i].pid);
		strbuf_printf(out, "</td><td>%" PRIu64 " KiB</td></tr>\n", v[i].bytes >> 10);
	}
	strbuf_puts(out, "</table></details>\n");
}

static void put_memory(struct strbuf *out, const struct report *r)
{
	const struct report_memory *m = &r->memory_use;

	if (m->free.from == FROM_NOWHERE && !m->caches.n && !m->processes.n)
		return;
	open_section(out, "memory", "Memory");
	html_memory(out, r);
	put_uses(out, "Largest processes", m->processes.v, m->processes.n);
	put_uses(out, "Largest slab caches", m->caches.v, m->caches.n);
	strbuf_puts(out, "</section>\n");
}

static void put_trouble(struct strbuf *out, const struct report *r)
{
	if (!r->signs.n)
		return;
	open_section(out, "trouble", "Trouble in the log");
	strbuf_puts(out, "<table>\n");
	for (size_t i = 0; i < r->signs.n; i++) {
		const struct report_sign *s = &r->signs.v[i];

		strbuf_puts(out, "<tr><td>");
		html_printf(out, "%s (%" PRIu64 ")", s->words, s->count);
		strbuf_puts(out, "</td><td><code>");
		html_text(out, s->last);
		strbuf_puts(out, "</code></td></tr>\n");
	}
	strbuf_puts(out, "</table></section>\n");
}

static void put_modules(struct strbuf *out, const struct report *r)
{
	if (!r->has_modules)
		return;
	open_section(out, "modules", "Modules");
	strbuf_puts(out, "<p class=\"mono\">");
	for (size_t i = 0; i < r->modules.n; i++) {
		char letters[65];

		taint_letters(r->modules.v[i].taints, letters, sizeof(letters));
		html_printf(out, "%s%s%s%s ", r->modules.v[i].name, *letters ? "(" : "", letters, *letters ? ")" : "");
	}
	strbuf_puts(out, r->modules.n ? "</p></section>\n" : "none loaded</p></section>\n");
}

static bool is_notable(const char *line)
{
	static const char *const words[] = { "panic", "BUG", "Oops", "WARNING", "rror", "RIP:", "lockup", "blocked for", "stall", "corrupt",
					     "Call Trace", "fail", "timed out" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void put_log(struct strbuf *out, const struct report *r)
{
	if (!r->log_tail.n)
		return;
	open_section(out, "log", "End of the log");
	strbuf_puts(out, "<p class=\"search hidden\"><input type=\"search\" id=\"find\" placeholder=\"search the log\" aria-label=\"search the log\"> "
			 "<span id=\"found\" class=\"dim\" role=\"status\"></span></p>\n<div id=\"lines\">\n<input type=\"checkbox\" id=\"only\"> "
			 "<label for=\"only\">only lines that look like trouble</label>\n");
	for (size_t i = 0; i < r->log_tail.n; i++) {
		strbuf_puts(out, is_notable(r->log_tail.v[i]) ? "<div class=\"e\">" : "<div>");
		html_text(out, r->log_tail.v[i]);
		strbuf_puts(out, "</div>\n");
	}
	strbuf_puts(out, "</div></section>\n");
}

static void put_foot(struct strbuf *out, const struct report *r)
{
	if (r->missing.n) {
		open_section(out, "missing", "Not available");
		strbuf_puts(out, "<table>\n");
		for (size_t i = 0; i < r->missing.n; i++) {
			strbuf_puts(out, "<tr><td>");
			html_text(out, r->missing.v[i].what);
			strbuf_puts(out, "</td><td>");
			html_text(out, r->missing.v[i].why);
			strbuf_puts(out, "</td></tr>\n");
		}
		strbuf_puts(out, "</table></section>\n");
	}
	strbuf_printf(out, "<p class=\"dim\">Report by salvage %s</p>\n</main>\n<script>%s</script>\n</body>\n</html>\n", SALVAGE_VERSION, html_script);
}

static struct error *render(const struct report *r, const struct render_how *how UNUSED, struct strbuf *out)
{
	put_head(out, r);
	put_causes(out, r);
	put_machine(out, r);
	put_stacks(out, r);
	put_cpus(out, r);
	put_blocked(out, r);
	put_io(out, r);
	put_memory(out, r);
	put_trouble(out, r);
	put_modules(out, r);
	put_log(out, r);
	put_foot(out, r);
	return strbuf_error(out);
}

const struct renderer render_html = { "html", render };
