/* The hash that ABRT computes of an oops. The lists of functions and the hashes are those of satyr's and
 * ABRT's published samples (rhbz#827868, oops6, short-oops, nmi_oops). */
#include "../test.h"

#include "analyze/log.h"
#include "base/sha1.h"

static void test_sha1(void **state UNUSED)
{
	/* FIPS 180-1, appendices A and B, and the empty text */
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55\xbf\xef\x95\x60\x18\x90\xaf\xd8\x07\x09" },
		{ "abc", "\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "\x84\x98\x3e\x44\x1c\x3b\xd2\x6e\xba\xae\x4a\xa1\xf9\x51\x29\xe5\xe5\x46\x70\xf1" },
	};
	unsigned char digest[SHA1_DIGEST_LEN];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		sha1(rows[i].text, strlen(rows[i].text), digest);
		assert_memory_equal(digest, rows[i].digest, sizeof(digest));
	}
}

static const char *const network[] = {
	"warn_slowpath_common", "warn_slowpath_null", "__alloc_pages_nodemask", "? ip_copy_metadata", "? ip_forward_options",
	"alloc_pages_current", "__get_free_pages", "kmalloc_order_trace", "__kmalloc", "? pppol2tp_xmit [l2tp_ppp]",
	"pskb_expand_head", "? __mod_zone_page_state", "? kfree_skb", "pppol2tp_xmit [l2tp_ppp]", "ppp_push [ppp_generic]",
	"? pskb_expand_head", "? free_compound_page", "? __put_compound_page", "? put_compound_page",
	"ppp_xmit_process [ppp_generic]", "ppp_start_xmit [ppp_generic]", "dev_hard_start_xmit", "sch_direct_xmit", "__qdisc_run",
	"net_tx_action", "__do_softirq", "run_ksoftirqd", "? __do_softirq", "kthread", "kernel_thread_helper",
	"? kthread_freezable_should_stop", "? gs_change", NULL,
};

/* "? name [module]" as the kernels of that time printed it. */
static void add(struct abrt_trace *t, const char *entry, bool addresses)
{
	const char *mark = entry[0] == '?' ? "? " : "", *name = entry + (entry[0] == '?' ? 2 : 0);
	size_t len = strcspn(name, " ");
	char line[200];

	snprintf(line, sizeof(line), " %s%s%.*s+0x7f/0xc0%s", addresses ? "[<ffffffff81057adf>] " : "", mark, (int)len, name, name + len);
	assert_true(abrt_add_line(t, line));
}

static void hash_of(const char *const *entries, struct abrt_trace how, bool addresses, char hash[41])
{
	for (size_t i = 0; entries[i]; i++)
		add(&how, entries[i], addresses);
	abrt_hash(&how, hash);
	abrt_done(&how);
}

static void test_published(void **state UNUSED)
{
	struct abrt_trace all = { .limit = 1000, .normalize = true, .unreliable = true };
	char hash[41];

	hash_of(network, (struct abrt_trace){ .normalize = true }, true, hash);
	assert_string_equal(hash, "5718b3a86c64e7bed5e8ead08ae3084e447ddbee");
	hash_of(network, (struct abrt_trace){ .normalize = true }, false, hash);
	assert_string_equal(hash, "5718b3a86c64e7bed5e8ead08ae3084e447ddbee");
	/* satyr's own hash is of all frames, behind a word of its own */
	strbuf_puts(&all.names, "Thread\n");
	hash_of(network, all, true, hash);
	assert_string_equal(hash, "53f62f9d6f7de093f50653863d200f4789ace7ef");
}

static const char *trace_hash(struct log *l, const char *text, char hash[41])
{
	const struct log_event *panic, *cause;
	struct log_details d;

	assert_ok(log_init(l, 10));
	assert_ok(log_add_text(l, text));
	cause = log_cause(l, &panic);
	assert_non_null(cause);
	log_cause_details(l, cause, &d);
	assert_non_null(d.trace);
	abrt_hash(d.trace, hash);
	return strbuf_str(&d.trace->names);
}

/* Samples that ABRT's tests call equal or hash at all, in kernels' old and new forms. */
static void test_traces_of_logs(void **state UNUSED)
{
	static const struct {
		const char *text, *names;
	} rows[] = {
		{ "general protection fault: 0000 [#1] SMP\n"
		  "RIP: 0010:[<ffffffff81173f56>]  [<ffffffff81173f56>] fget_light+0x96/0xe0\n"
		  "Stack:\n ffff8800c262ff78 ffffffff81172bb8\nCall Trace:\n"
		  " [<ffffffff81172bb8>] sys_read+0x28/0x90\n [<ffffffff815dccc2>] system_call_fastpath+0x16/0x1b\n"
		  "Code: 75 4a c7 06\nRIP  [<ffffffff81173f56>] fget_light+0x96/0xe0\n"
		  "Kernel panic - not syncing: Fatal exception\nCall Trace:\n [<ffffffff81000000>] panic+0x1/0x2\n",
		  "fget_light\nsys_read\nsystem_call_fastpath\n" },
		{ "kernel BUG at a.c:1!\nCall Trace:\n  <NMI>  [<ffffffff810eb800>] ? watchdog_overflow_callback+0x60/0xd0\n"
		  "  [<ffffffff8105cd86>] warn_slowpath_common+0x66/0x80\n  [<ffffffff816465e9>] nmi_handle.isra.0+0x59/0x90\n"
		  "  <<EOE>>  [<ffffffff810944f0>] account_idle_ticks+0x90/0xa0\n  [<ffffffffa018b000>] ? 0xffffffffa018afff\n"
		  "  [<ffffffff8101c06b>] cpu_idle+0x11b/0x140\nCode: 1\n  [<ffffffff8101c06b>] late+0x11b/0x140\n",
		  "warn_slowpath_common\nnmi_handle.isra.0\naccount_idle_ticks\ncpu_idle\n" },
		{ "BUG: kernel NULL pointer dereference, address: 0000000000000010\nOops: 0002 [#1] PREEMPT SMP NOPTI\n"
		  "RIP: 0010:weigh+0x5/0x10 [zoo]\nCode: 0f 1f\nRSP: 0018:ffffd198803cbd40 EFLAGS: 00000246\nCall Trace:\n <TASK>\n"
		  " ? __die_body.cold+0x1a/0x1f\n die_null+0x18/0x20 [zoo 1234abcd]\n do_one_initcall+0x59/0x220\n </TASK>\n"
		  "Modules linked in: zoo\nKernel panic - not syncing: Fatal exception\n",
		  "die_null\ndo_one_initcall\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct log l;
		char hash[41];

		assert_string_equal(trace_hash(&l, rows[i].text, hash), rows[i].names);
		assert_int_equal(strlen(hash), 40);
		log_done(&l);
	}
}

static void test_nothing_to_hash(void **state UNUSED)
{
	struct abrt_trace t = { 0 };
	char hash[41] = "?";

	assert_false(abrt_add_line(&t, "Code: 75 4a c7"));
	assert_false(abrt_add_line(&t, ""));
	assert_false(abrt_add_line(&t, "[<"));
	assert_false(abrt_add_line(&t, "a+b"));
	assert_true(abrt_add_line(&t, " [<f88e11c7>] ? radeon_cp_resume+0x7d/0xbc [radeon]"));
	abrt_hash(&t, hash);
	assert_string_equal(hash, "");
	abrt_done(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha1),
		cmocka_unit_test(test_published),
		cmocka_unit_test(test_traces_of_logs),
		cmocka_unit_test(test_nothing_to_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
