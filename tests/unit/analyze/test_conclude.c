/* From facts to the blamed frame, the headline and the signature. */
#include "../test.h"

#include "analyze/report.h"

static void add_frame(struct report *r, const char *symbol, uint64_t off, const char *module,
		      bool interrupted)
{
	struct report_frame f = { .pc = 0xffffffff81000000 + off, .off = off, .len = 0x100,
				  .exact = true, .interrupted = interrupted };

	f.symbol = symbol ? strdup(symbol) : NULL;
	f.module = module ? strdup(module) : NULL;
	assert_true(vector_push(&r->panic.stack.frames, f));
}

static void test_oops(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	r->panic.kind = CRASH_NULL_DEREF;
	r->panic.task = (struct report_task){ FROM_MEMORY, 309, "insmod" };
	fact_set_u64(&r->panic.cpu, 1, FROM_MEMORY);
	fact_set_u64(&r->uptime_ms, 6721, FROM_LOG);
	fact_set_u64(&r->taint, 1 << 12 | 1 << 13, FROM_MEMORY);
	assert_ok(fact_set(&r->release, "6.1.0", FROM_VMCOREINFO));
	assert_ok(fact_set(&r->release, "not this", FROM_LOG));
	add_frame(r, "__crash_kexec", 0x10, NULL, true);
	add_frame(r, "oops_end", 0x10, NULL, false);
	add_frame(r, "asm_exc_page_fault", 0x22, NULL, false);
	add_frame(r, "oops_inner.constprop.0", 0x14, "oops", true);
	add_frame(r, "oops_outer", 0xb, "oops", false);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.where, 3);
	assert_int_equal(r->panic.boundary, 3);
	assert_string_equal(r->headline,
			    "NULL pointer dereference in oops_inner.constprop.0+0x14 [oops], task "
			    "insmod (pid 309) on CPU 1, kernel 6.1.0, 6.7 s after boot; tainted: "
			    "out-of-tree module, unsigned module");
	assert_string_equal(r->signature.title, "NULL pointer dereference in oops_inner [oops]");
}

static void test_panic_blames_its_caller(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	r->panic.kind = CRASH_SYSRQ;
	fact_set_u64(&r->taint, 0, FROM_MEMORY);
	add_frame(r, "__crash_kexec", 0x10, NULL, true);
	add_frame(r, "vpanic", 0x10, NULL, false);
	add_frame(r, "panic", 0x10, NULL, false);
	add_frame(r, "sysrq_handle_crash", 0x1a, NULL, false);
	/* typed at a serial console: the interrupted code has nothing to do with it */
	add_frame(r, "idle_loop", 0x1, NULL, true);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.where, 3);
	assert_int_equal(r->panic.boundary, 4);
	assert_string_equal(r->headline,
			    "Crash asked for by SysRq in sysrq_handle_crash+0x1a; not tainted");
}

static void test_jump_to_null(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	r->panic.kind = CRASH_NULL_DEREF;
	add_frame(r, "oops_end", 0x10, NULL, false);
	add_frame(r, NULL, 0, NULL, true);
	r->panic.stack.frames.v[1].pc = 0;
	add_frame(r, "caller", 0x5, "m", false);
	assert_ok(report_conclude(r));
	assert_string_equal(r->headline,
			    "NULL pointer dereference in 0x0, called from caller+0x5 [m]");
	assert_string_equal(r->signature.title, "NULL pointer dereference in caller [m]");
}

/* An oops in an interrupt handler: the note is the exception's, and farther out is code that
 * has nothing to do with it. */
static void test_oops_in_interrupt(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	r->panic.kind = CRASH_PAGE_FAULT;
	add_frame(r, "bad_handler", 0x14, "m", true);
	add_frame(r, "handle_irq", 0x2, NULL, false);
	add_frame(r, "idle_loop", 0x1, NULL, true);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.where, 0);
	assert_int_equal(r->panic.boundary, 0);
}

static void test_no_log_but_a_stack(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	add_frame(r, "vpanic", 0x10, NULL, true);
	add_frame(r, "panic", 0x10, NULL, false);
	add_frame(r, "sysrq_handle_crash", 0x1a, NULL, false);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.kind, CRASH_SYSRQ);
	assert_int_equal(r->panic.where, 2);
}

static void test_a_check_blames_its_caller(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	r->panic.kind = CRASH_LIST_CORRUPTION;
	add_frame(r, "__list_del_entry_valid.cold", 0x7, NULL, true);
	add_frame(r, "forgetful", 0x30, "m", false);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.boundary, 0);
	assert_int_equal(r->panic.where, 1);
}

/* The watchdog that panics is not to blame for a task that hangs. */
static void test_hung_task(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();
	struct report_stack watchdog;

	assert_non_null(r);
	r->panic.kind = CRASH_HUNG_TASK;
	r->panic.task = (struct report_task){ FROM_MEMORY, 28, "khungtaskd" };
	add_frame(r, "panic", 0x10, NULL, true);
	add_frame(r, "watchdog", 0x10, NULL, false);
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.where, -1);
	assert_string_equal(r->headline, "Hung task, task khungtaskd (pid 28)");

	watchdog = r->panic.stack;
	r->panic.stack = (struct report_stack){ 0 };
	add_frame(r, "__schedule", 0x10, NULL, false);
	add_frame(r, "mutex_lock", 0x10, NULL, false);
	add_frame(r, "stuck", 0x10, "m", false);
	r->panic.victim_stack = r->panic.stack;
	r->panic.stack = watchdog;
	r->panic.victim = (struct report_task){ FROM_MEMORY, 310, "dd" };
	assert_ok(report_conclude(r));
	assert_int_equal(r->panic.where, 2);
	assert_string_equal(r->headline, "Hung task in stuck+0x10 [m], task dd (pid 310), found by "
					 "khungtaskd (pid 28)");
	assert_string_equal(r->signature.title, "Hung task in stuck [m]");
}

static void test_only_the_log(void **state UNUSED)
{
	_cleanup_report_ struct report *r = report_new();

	assert_non_null(r);
	assert_ok(report_conclude(r));
	assert_string_equal(r->headline, "Crash of unknown kind");
	assert_string_equal(r->signature.id, "");
	r->panic.kind = CRASH_BUG;
	r->panic.where_text = strdup("f+0x1/0x2");
	assert_ok(report_conclude(r));
	assert_string_equal(r->headline, "Failed assertion (BUG) in f+0x1/0x2");
}

/* Offsets, addresses and compiler suffixes do not change a signature; the kind does. */
static void test_signature_is_stable(void **state UNUSED)
{
	char first[72];

	for (int i = 0; i < 3; i++) {
		_cleanup_report_ struct report *r = report_new();

		assert_non_null(r);
		r->panic.kind = i == 2 ? CRASH_PAGE_FAULT : CRASH_NULL_DEREF;
		add_frame(r, "oops_end", 1, NULL, false);
		add_frame(r, i ? "f.isra.0" : "f", 0x10 + (unsigned)i, "m", true);
		if (i)
			add_frame(r, "stale", 3, NULL, false);
		if (i)
			r->panic.stack.frames.v[2].exact = false;
		add_frame(r, "g", 0x99, NULL, false);
		add_frame(r, "do_syscall_64", (unsigned)i, NULL, false);
		assert_ok(report_conclude(r));
		assert_int_equal(strlen(r->signature.id), 71);
		if (i == 0)
			memcpy(first, r->signature.id, sizeof(first));
		else if (i == 1)
			assert_string_equal(r->signature.id, first);
		else
			assert_string_not_equal(r->signature.id, first);
	}
}

static void test_addresses(void **state UNUSED)
{
	char buf[128];

	assert_string_equal(address_words(0, true, buf, sizeof(buf)), "NULL");
	assert_string_equal(address_words(0x10, true, buf, sizeof(buf)),
			    "NULL + 0x10, a member behind a null pointer");
	assert_string_equal(address_words(0xfffffffffffffff4, true, buf, sizeof(buf)),
			    "error value -12 used as a pointer");
	assert_string_equal(address_words(0xfffffff4, false, buf, sizeof(buf)),
			    "error value -12 used as a pointer");
	assert_non_null(strstr(address_words(0xdead000000000108, true, buf, sizeof(buf)), "poison 1"));
	assert_non_null(strstr(address_words(0x6b6b6b6b6b6b6b73, true, buf, sizeof(buf)), "freed"));
	assert_null(address_words(0xffff888000000000, true, buf, sizeof(buf)));
}

static void test_durations_and_taint(void **state UNUSED)
{
	const struct { uint64_t ms; const char *words; } rows[] = {
		{ 6721, "6.7 s" }, { 130000, "2 min 10 s" }, { 11520000, "3 h 12 min" },
		{ UINT64_C(1051200000), "12 d 4 h" },
	};
	char buf[65];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_strbuf_ struct strbuf b = { 0 };

		duration_text(rows[i].ms, &b);
		assert_string_equal(strbuf_str(&b), rows[i].words);
	}
	taint_letters(1 | 1 << 12 | UINT64_C(1) << 63, buf, sizeof(buf));
	assert_string_equal(buf, "PO?");
	assert_null(taint_bit(20));
	assert_int_equal(taint_bit(9)->letter, 'W');
	assert_int_equal(taint_bit(18)->letter, 'N');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oops),
		cmocka_unit_test(test_panic_blames_its_caller),
		cmocka_unit_test(test_jump_to_null),
		cmocka_unit_test(test_oops_in_interrupt),
		cmocka_unit_test(test_no_log_but_a_stack),
		cmocka_unit_test(test_a_check_blames_its_caller),
		cmocka_unit_test(test_hung_task),
		cmocka_unit_test(test_only_the_log),
		cmocka_unit_test(test_signature_is_stable),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_durations_and_taint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
