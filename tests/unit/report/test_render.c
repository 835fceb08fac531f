/* Renderers over hand-made reports: a full one and an empty one. */
#include "../test.h"

#include "report/render.h"

static struct report *full(void)
{
	struct report *r = report_new();
	struct report_regs regs = { .n = 2 };
	struct report_cpu cpu = { .online = true, .has_regs = true };
	struct report_module m = { .name = "oops", .taints = 1 << 12, .state = 1, .len = 4096 };
	struct report_frame f = { .exact = true };

	assert_non_null(r);
	strcpy(r->crash_id, "00000000-0000-8000-8000-000000000000");
	r->dump.format = "ELF vmcore";
	r->dump.arch = "x86_64";
	r->dump.complete = true;
	r->dump.word_size = 8;
	r->dump.level = 31;
	fact_set_u64(&r->dump.pages, 1000, FROM_HEADER);
	fact_set_u64(&r->dump.excluded, 900, FROM_HEADER);
	fact_set_u64(&r->dump.lost, 0, FROM_HEADER);
	assert_ok(fact_set(&r->release, "6.1.0", FROM_VMCOREINFO));
	assert_ok(fact_set(&r->command_line, "quiet \"x=\\y\"", FROM_MEMORY));
	assert_ok(fact_set(&r->panic.reason, "BUG: kernel NULL pointer dereference", FROM_LOG));
	assert_ok(fact_set(&r->panic.code, "48 89 <c7> 00", FROM_LOG));
	fact_set_u64(&r->crash_time, 1795297969, FROM_VMCOREINFO);
	fact_set_u64(&r->uptime_ms, 6721, FROM_LOG);
	fact_set_u64(&r->taint, 1 << 12, FROM_MEMORY);
	fact_set_u64(&r->panic.fault_address, 0x10, FROM_LOG);
	fact_set_u64(&r->panic.cpu, 1, FROM_MEMORY);
	fact_set_u64(&r->cpus_online, 5, FROM_MEMORY);
	r->panic.kind = CRASH_NULL_DEREF;
	r->panic.task = (struct report_task){ FROM_MEMORY, 309, "in\xc2\x9b\033mod" };

	f.pc = UINT64_C(0xffffffff81000010);
	f.symbol = strdup("__crash_kexec");
	f.off = 0x10;
	assert_true(vector_push(&r->panic.stack.frames, f));
	f.symbol = strdup("oops_inner");
	f.module = strdup("oops");
	f.len = 0x23;
	f.interrupted = true;
	strcpy(regs.v[0].name, "rax");
	regs.v[0].value = 1;
	strcpy(regs.v[1].name, "rip");
	regs.v[1].value = UINT64_C(0xffffffffc03f4014);
	f.regs = malloc(sizeof(regs));
	assert_non_null(f.regs);
	*f.regs = regs;
	assert_true(vector_push(&r->panic.stack.frames, f));
	r->panic.stack.why = strdup("no table covers 0x1");

	for (unsigned i = 0; i < 5; i++) {
		cpu.cpu = i;
		cpu.panicked = i == 1;
		cpu.same_as = i == 0 || i == 1 ? i : 0;
		cpu.task = (struct report_task){ FROM_MEMORY, 0, "swapper" };
		assert_true(vector_push(&r->cpus, cpu));
	}
	assert_true(vector_push(&r->modules, m));
	r->has_modules = true;
	r->log_lines = 394;
	assert_true(vector_push(&r->log_tail, strdup("[    6.721177] a \"line\"")));
	assert_ok(report_miss(r, "memory", "symbol %s is not there", "_totalram_pages"));
	assert_ok(report_conclude(r));
	return r;
}

static void has(const struct strbuf *b, const char *words)
{
	if (!strstr(strbuf_str(b), words))
		fail_msg("\"%s\" is not in:\n%s", words, strbuf_str(b));
}

static void test_text(void **state UNUSED)
{
	_cleanup_report_ struct report *r = full();
	_cleanup_strbuf_ struct strbuf b = { 0 };
	size_t col = 0;

	assert_ok(render_text.render(r, &(struct render_how){ 0 }, &b));
	has(&b, "NULL pointer dereference in oops_inner+0x10 [oops], task in???mod (pid 309) on CPU 1");
	has(&b, "Crashed       2026-11-21 21:52:49 UTC, 6.7 s after boot\n");
	has(&b, "Address       0x10: NULL + 0x10, a member behind a null pointer\n");
	has(&b, "Tainted       O: out-of-tree module\n");
	has(&b, "dump level 31, 1000 page frames, of which 900 left out on\n"
		"              purpose and 0 lost\n");
	has(&b, "Stack of the panicking task: in???mod (pid 309) on CPU 1\n");
	has(&b, "   0 __crash_kexec+0x10\n");
	has(&b, "   1 oops_inner+0x10/0x23 [oops]\n");
	has(&b, "was interrupted");
	has(&b, "rip      ffffffffc03f4014  rax      0000000000000001\n");
	has(&b, "     (the stack ends here: no table covers 0x1)\n");
	has(&b, "48 89 <c7> 00");
	has(&b, "  CPUs 0, 2-4: idle\n");
	has(&b, "  CPU 1: idle, panicked");
	has(&b, "oops(O+)");
	has(&b, "End of the log (1 of 394 lines)\n[    6.721177] a \"line\"\n");
	has(&b, "  memory: symbol _totalram_pages is not there\n");
	assert_null(strchr(strbuf_str(&b), '\033'));
	for (size_t i = 0; i < b.len; i++) {
		col = b.s[i] == '\n' ? 0 : col + 1;
		assert_true(col <= 100);
	}
}

static void test_colour_and_width(void **state UNUSED)
{
	_cleanup_report_ struct report *r = full();
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_ok(render_text.render(r, &(struct render_how){ .color = true, .width = 60 }, &b));
	has(&b, "\033[1;31m");
	has(&b, "NULL pointer dereference in oops_inner+0x10 [oops], task\n");
}

static void test_json(void **state UNUSED)
{
	_cleanup_report_ struct report *r = full();
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_ok(render_json.render(r, &(struct render_how){ 0 }, &b));
	has(&b, "{\n  \"schema\": \"salvage.report/1\",\n");
	has(&b, "\"time\": \"2026-11-21T21:52:49Z\"");
	has(&b, "\"kind\": \"null-deref\"");
	has(&b, "\"cmdline\": \"quiet \\\"x=\\\\y\\\"\"");
	has(&b, "\"uptime_s\": 6.721");
	has(&b, "\"fault_address\": \"0x10\"");
	has(&b, "\"address\": \"0xffffffff81000010\"");
	has(&b, "\"rip\": \"0xffffffffc03f4014\"");
	has(&b, "\"registers_of_frame\": 1");
	has(&b, "\"same_stack_as_cpu\": 0");
	has(&b, "\"module_out_of_tree\"");
	has(&b, "\"kernel.uptime_s\": \"dmesg\"");
	has(&b, "\"comm\": \"in\xef\xbf\xbd\xef\xbf\xbd\\u001bmod\"");
	has(&b, "\"algorithm\": \"v1\"");
}

static void test_recursion(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_non_null(r);
	for (unsigned i = 0; i < 9; i++) {
		struct report_frame f = { .pc = i > 6 ? 0x900 : 0x1000, .exact = true };

		f.symbol = strdup(i > 6 ? "outer" : "deep");
		assert_true(vector_push(&r->panic.stack.frames, f));
	}
	assert_ok(report_conclude(r));
	assert_ok(render_text.render(r, &(struct render_how){ 0 }, &b));
	has(&b, "   0 deep+0x0\n     (the same 6 times more)\n   7 outer+0x0\n   8 outer+0x0\n");
}

static void has_not(const struct strbuf *b, const char *words)
{
	if (strstr(strbuf_str(b), words))
		fail_msg("\"%s\" is in:\n%s", words, strbuf_str(b));
}

/* A machine that was attacked may hold anything: it comes out as text, and the page's policy stands. */
static void test_html(void **state UNUSED)
{
	_cleanup_report_ struct report *r = full();
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct report_cause c = { .slug = "bug", .confidence = 97, .cpu = -1 };
	struct report_evidence e = { .has_address = true, .has_value = true, .address = 0xffff, .value = 0x12 };
	struct report_blocked t = { .task = { FROM_MEMORY, 9, "<b>" }, .blocker = SIZE_MAX, .where = -1 };

	c.text = strdup("<img src=x onerror=alert(1)> & \"quoted\" 'too'");
	e.text = strdup("</script><script>");
	assert_true(vector_push(&c.evidence, e));
	assert_true(vector_push(&r->causes, c));
	assert_true(vector_push(&r->blocked, t));
	assert_true(vector_push(&r->log_tail, strdup("bytes \xff\x1b[31m </div><style>")));
	fact_set_u64(&r->memory_use.total, 1 << 30, FROM_MEMORY);
	fact_set_u64(&r->memory_use.free, 1 << 28, FROM_MEMORY);
	fact_set_u64(&r->memory_use.anonymous, 1 << 29, FROM_MEMORY);
	assert_ok(render_html.render(r, &(struct render_how){ 0 }, &b));
	has(&b, "<!DOCTYPE html>");
	has(&b, "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-");
	has(&b, "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quoted&quot; &#39;too&#39;");
	has(&b, "&lt;/script&gt;&lt;script&gt; <code class=\"dim\">0xffff: 0x12</code>");
	has(&b, "&lt;b&gt; (9)");
	has(&b, "bytes &#xfffd;&#xfffd;[31m &lt;/div&gt;&lt;style&gt;");
	has(&b, "<rect class=\"ma\" x=\"0.0\" y=\"0\" width=\"500.0\"");
	has(&b, "<title>oops_inner [oops], 1</title>");
	has(&b, "_totalram_pages is not there");
	has_not(&b, "<img");
	has_not(&b, " style=");
	has_not(&b, " onclick");
	has_not(&b, "http://");
	has_not(&b, "https://");
	assert_ptr_equal(strstr(strstr(strbuf_str(&b), "<script>") + 1, "<script>"), NULL);
}

static void test_html_of_nothing(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();
	_cleanup_strbuf_ struct strbuf b = { 0 };

	assert_non_null(r);
	assert_ok(render_html.render(r, &(struct render_how){ 0 }, &b));
	has(&b, "Crash of unknown kind");
	has(&b, "</html>");
}

/* Nothing known at all: both still come out, and say so. */
static void test_empty(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();
	_cleanup_strbuf_ struct strbuf text = { 0 }, json = { 0 };

	assert_non_null(r);
	assert_ok(render_text.render(r, &(struct render_how){ 0 }, &text));
	has(&text, "Crash of unknown kind\n");
	assert_ok(render_json.render(r, &(struct render_how){ 0 }, &json));
	has(&json, "\"signature\": null");
	has(&json, "\"modules\": null");
	has(&json, "\"time\": null");
	assert_ptr_equal(renderer_by_name("json"), &render_json);
	assert_ptr_equal(renderer_by_name("html"), &render_html);
	assert_null(renderer_by_name("pdf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_colour_and_width),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_recursion),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_html_of_nothing),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
