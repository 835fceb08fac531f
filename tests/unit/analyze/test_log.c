/* The log's verdict: which line is the reason of a crash. Texts are written after the
 * kernel's formats; the first two are what 6.1 printed in a virtual machine, shortened. */
#include "../test.h"

#include "analyze/log.h"

static void verdict(const char *text, enum crash_kind kind, const char *reason)
{
	const struct log_event *cause, *panic;
	struct log l;

	assert_ok(log_init(&l, 10));
	assert_ok(log_add_text(&l, text));
	cause = log_cause(&l, &panic);
	assert_non_null(cause);
	assert_string_equal(cause->text, reason);
	assert_int_equal(log_cause_kind(cause), kind);
	log_done(&l);
}

#define SYSRQ                                                                                   \
	"[    5.327277] sysrq: Trigger a crash\n"                                               \
	"[    5.327606] Kernel panic - not syncing: sysrq triggered crash\n"                    \
	"[    5.327880] CPU: 0 PID: 1 Comm: init Kdump: loaded Not tainted 6.1.0-56-amd64 #1\n"  \
	"[    5.328597] Call Trace:\n"                                                          \
	"[    5.329865]  panic+0x118/0x2f4\n"                                                   \
	"[    5.329865] RIP: 0033:0x47b7a0\n"                                                   \
	"[    5.329865] Code: 40 00 48 <48> 3d\n"

#define OOPS                                                                                    \
	"[    6.718595] BUG: kernel NULL pointer dereference, address: 0000000000000010\n"      \
	"[    6.718756] #PF: supervisor write access in kernel mode\n"                          \
	"[    6.719318] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"                                    \
	"[    6.719485] CPU: 1 PID: 309 Comm: ins mod Kdump: loaded Tainted: G   OE 6.1.0\n"    \
	"[    6.719964] RIP: 0010:oops_inner.constprop.0+0x14/0x23 [oops]\n"                    \
	"[    6.721177] Code: 48 89 <c7> 00\n"                                                  \
	"[    6.721177] RIP: 0033:0x47fbe9\n"                                                   \
	"[    6.721177] Code: 08 89 e8 5b\n"                                                    \
	"[    6.721178] ---[ end trace 0000000000000000 ]---\n"

static void test_sysrq(void **state UNUSED)
{
	const struct log_event *cause, *panic;
	struct log_details d;
	struct log l;

	verdict(SYSRQ, CRASH_SYSRQ, "Kernel panic - not syncing: sysrq triggered crash");
	assert_ok(log_init(&l, 3));
	assert_ok(log_add_text(&l, SYSRQ));
	cause = log_cause(&l, &panic);
	assert_ptr_equal(cause, panic);
	log_cause_details(&l, cause, &d);
	assert_string_equal(d.comm, "init");
	assert_int_equal(d.pid, 1);
	assert_int_equal(d.cpu, 0);
	/* the user's registers and bytes are not the kernel's */
	assert_null(d.rip);
	assert_null(d.code);
	/* the window holds the last three lines */
	assert_int_equal(l.lines, 7);
	assert_int_equal(l.window_n, 3);
	assert_int_equal(log_window_line(&l, 0)->number, 4);
	assert_int_equal(l.last_us, 5329865);
	log_done(&l);
}

static void test_oops(void **state UNUSED)
{
	const struct log_event *cause, *panic;
	struct log_details d;
	struct log l;

	verdict(OOPS, CRASH_NULL_DEREF,
		"BUG: kernel NULL pointer dereference, address: 0000000000000010");
	assert_ok(log_init(&l, 100));
	assert_ok(log_add_text(&l, OOPS "[    6.8] no time\n"
				   "[    6.800000] Kernel panic - not syncing: Fatal exception\n"));
	cause = log_cause(&l, &panic);
	assert_non_null(panic);
	assert_int_equal(cause->kind, CRASH_NULL_DEREF);
	log_cause_details(&l, cause, &d);
	assert_string_equal(d.rip, "oops_inner.constprop.0+0x14/0x23 [oops]");
	assert_string_equal(d.code, "48 89 <c7> 00");
	assert_string_equal(d.comm, "ins mod");
	assert_int_equal(d.pid, 309);
	assert_true(d.has_address);
	assert_int_equal(d.address, 0x10);
	log_done(&l);
}

static void test_fatal_exception_is_never_the_reason(void **state UNUSED)
{
	verdict("[1.000000] list_del corruption. prev->next should be ffff1, but was ffff2\n"
		"[1.000010] ------------[ cut here ]------------\n"
		"[1.000011] kernel BUG at lib/list_debug.c:56!\n"
		"[1.000012] invalid opcode: 0000 [#1] PREEMPT SMP\n"
		"[1.000013] CPU: 3 PID: 7 Comm: kworker/3:0 Tainted: G\n"
		"[1.000100] ---[ end trace 0000000000000000 ]---\n"
		"[1.200000] Kernel panic - not syncing: Fatal exception in interrupt\n",
		CRASH_LIST_CORRUPTION,
		"list_del corruption. prev->next should be ffff1, but was ffff2");
	verdict("[1.000000] Oops: general protection fault, probably for non-canonical address "
		"0xdead000000000108: 0000 [#1] SMP NOPTI\n"
		"[1.000100] ---[ end trace 0000000000000000 ]---\n"
		"[1.200000] Kernel panic - not syncing: Fatal exception\n",
		CRASH_GENERAL_PROTECTION,
		"Oops: general protection fault, probably for non-canonical address "
		"0xdead000000000108: 0000 [#1] SMP NOPTI");
	/* nothing else there: then it has to do */
	verdict("[1.200000] Kernel panic - not syncing: Fatal exception\n", CRASH_OOPS,
		"Kernel panic - not syncing: Fatal exception");
}

/* An oops that the machine survived is not the reason of a later crash. */
static void test_older_trouble(void **state UNUSED)
{
	verdict(OOPS "[ 5000.000000] sysrq: Trigger a crash\n"
		     "[ 5000.000001] Kernel panic - not syncing: sysrq triggered crash\n",
		CRASH_SYSRQ, "Kernel panic - not syncing: sysrq triggered crash");
	verdict(OOPS "[ 5000.000000] BUG: unable to handle page fault for address: ffffb00\n"
		     "[ 5000.000001] Oops: 0000 [#2] SMP\n"
		     "[ 5000.000100] ---[ end trace 0 ]---\n"
		     "[ 5000.200000] Kernel panic - not syncing: Fatal exception\n",
		CRASH_PAGE_FAULT, "BUG: unable to handle page fault for address: ffffb00");
	verdict("[ 1.000000] WARNING: CPU: 1 PID: 2 at net/core/dev.c:1 dev_x+0x1/0x2\n" OOPS,
		CRASH_NULL_DEREF,
		"BUG: kernel NULL pointer dereference, address: 0000000000000010");
}

/* The second oops came out of the first one's report. */
static void test_oops_in_oops(void **state UNUSED)
{
	verdict("[    9.000000] BUG: unable to handle page fault for address: ffffc90000000000\n"
		"[    9.000001] Oops: 0000 [#1] SMP\n"
		"[    9.000002] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
		"[    9.000003] Oops: 0000 [#2] SMP\n"
		"[    9.000004] ---[ end trace 0000000000000000 ]---\n"
		"[    9.100000] Kernel panic - not syncing: Fatal exception\n",
		CRASH_PAGE_FAULT, "BUG: unable to handle page fault for address: ffffc90000000000");
}

static void test_panics_that_speak_of_another_line(void **state UNUSED)
{
	verdict("[10.000000] watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [cat:99]\n"
		"[10.000001] CPU: 2 PID: 99 Comm: cat Not tainted 6.1\n"
		"[10.000002] RIP: 0010:spin+0x3/0x10\n"
		"[10.000003] Kernel panic - not syncing: softlockup: hung tasks\n",
		CRASH_SOFT_LOCKUP, "watchdog: BUG: soft lockup - CPU#2 stuck for 22s! [cat:99]");
	verdict("[ 5.000000] INFO: task old:70 blocked for more than 120 seconds.\n"
		"[10.000000] INFO: task dd:77 blocked for more than 120 seconds.\n"
		"[10.100000] INFO: task cp:78 blocked for more than 120 seconds.\n"
		"[10.200000] Kernel panic - not syncing: hung_task: blocked tasks\n",
		CRASH_HUNG_TASK, "INFO: task dd:77 blocked for more than 120 seconds.");
	verdict("[10.000000] INFO: task dd:77 blocked for more than 120 seconds.\n"
		"[10.000003] Kernel panic - not syncing: hung_task: blocked tasks\n",
		CRASH_HUNG_TASK, "INFO: task dd:77 blocked for more than 120 seconds.");
	verdict("[10.000000] WARNING: CPU: 0 PID: 1 at mm/x.c:3 f+0x1/0x2\n"
		"[10.000003] Kernel panic - not syncing: kernel: panic_on_warn set ...\n",
		CRASH_WARNING, "WARNING: CPU: 0 PID: 1 at mm/x.c:3 f+0x1/0x2");
	verdict("[10.000000] rcu: INFO: rcu_preempt self-detected stall on CPU\n"
		"[10.000003] Kernel panic - not syncing: RCU Stall\n",
		CRASH_RCU_STALL, "rcu: INFO: rcu_preempt self-detected stall on CPU");
	verdict("[10.000000] BUG: KASAN: slab-use-after-free in f+0x1/0x2\n"
		"[10.000003] Kernel panic - not syncing: KASAN: panic_on_warn set ...\n",
		CRASH_SANITIZER, "BUG: KASAN: slab-use-after-free in f+0x1/0x2");
	verdict("[10.000000] Watchdog detected hard LOCKUP on cpu 5\n"
		"[10.000003] Kernel panic - not syncing: Hard LOCKUP\n",
		CRASH_HARD_LOCKUP, "Watchdog detected hard LOCKUP on cpu 5");
}

static void test_panics_that_speak_for_themselves(void **state UNUSED)
{
	verdict("[ 1.0] x\n[ 2.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on "
		"unknown-block(0,0)\n",
		CRASH_NO_ROOT,
		"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)");
	verdict("[2.000000] Kernel panic - not syncing: Attempted to kill init! "
		"exitcode=0x00000100\n", CRASH_INIT_DIED,
		"Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100");
	verdict("[2.000000] Kernel panic - not syncing: flux capacitor\n", CRASH_PANIC,
		"Kernel panic - not syncing: flux capacitor");
	/* the first panic() wins */
	verdict("[2.000000] Kernel panic - not syncing: first\n"
		"[2.000001] BUG: kernel NULL pointer dereference, address: 0\n"
		"[2.000002] Kernel panic - not syncing: Fatal exception\n",
		CRASH_PANIC, "Kernel panic - not syncing: first");
}

static void test_callers_and_old_prefixes(void **state UNUSED)
{
	const struct log_event *cause, *panic;
	struct log_details d;
	uint64_t us = 0;
	bool has_time;
	struct log l;

	assert_int_equal(log_prefix("[   12.345678] [   T17] text", &us, &has_time), 24);
	assert_int_equal(us, 12345678);
	assert_int_equal(log_prefix("<6>[    0.000001] text", &us, &has_time), 18);
	assert_int_equal(us, 1);
	assert_true(has_time);
	assert_int_equal(log_prefix("[drm] text", &us, &has_time), 0);
	assert_false(has_time);
	assert_int_equal(log_prefix("[    1.000000] [drm] text", &us, &has_time), 15);

	/* 3.10 */
	assert_ok(log_init(&l, 10));
	assert_ok(log_add_text(&l, "<1>[ 9.000000] BUG: unable to handle kernel NULL pointer "
				   "dereference at 0000000000000028\n"
				   "<4>[ 9.000001] Oops: 0002 [#1] SMP \n"
				   "<4>[ 9.000002] RIP: 0010:[<ffffffff8139a8d6>]  "
				   "[<ffffffff8139a8d6>] sysrq_handle_crash+0x16/0x20\n"));
	cause = log_cause(&l, &panic);
	assert_non_null(cause);
	assert_int_equal(cause->kind, CRASH_NULL_DEREF);
	log_cause_details(&l, cause, &d);
	assert_string_equal(d.rip, "sysrq_handle_crash+0x16/0x20");
	assert_int_equal(d.address, 0x28);
	log_done(&l);
}

static void test_nothing_happened(void **state UNUSED)
{
	const struct log_event *panic;
	struct log l;

	assert_ok(log_init(&l, 10));
	assert_ok(log_add_text(&l, "[ 0.000000] Linux version 6.1 (x)\n"
				   "[ 0.000001] DMI: SMBIOS 2.8 present.\n"
				   "[ 0.000001] DMI: Acme 9000, BIOS 1.0 01/01/2020\n"
				   "[ 0.000001] Kernel command line: ro quiet\n"
				   "[ 1.000000] WARNING: CPU: 1 PID: 1 at x.c:1 f\n"));
	assert_null(log_cause(&l, &panic));
	assert_string_equal(l.hardware, "Acme 9000, BIOS 1.0 01/01/2020");
	assert_string_equal(l.command_line, "ro quiet");
	assert_string_equal(l.banner, "Linux version 6.1 (x)");
	/* what user space writes into the log is shown, not believed */
	assert_ok(log_add(&l, "[ 2.000000] Kernel panic - not syncing: haha", false));
	assert_null(log_cause(&l, &panic));
	log_done(&l);
}

/* Many events: memory stays bounded, the ends are kept. */
static void test_many_events(void **state UNUSED)
{
	const struct log_event *cause, *panic;
	struct log l;
	char line[100];

	assert_ok(log_init(&l, 5));
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line), "[%5d.000000] WARNING: CPU: 0 at %d", i, i);
		assert_ok(log_add(&l, line, true));
	}
	assert_ok(log_add_text(&l, OOPS));
	assert_true(l.events.n < 200);
	cause = log_cause(&l, &panic);
	assert_non_null(cause);
	assert_int_equal(cause->kind, CRASH_NULL_DEREF);
	log_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sysrq),
		cmocka_unit_test(test_oops),
		cmocka_unit_test(test_fatal_exception_is_never_the_reason),
		cmocka_unit_test(test_older_trouble),
		cmocka_unit_test(test_oops_in_oops),
		cmocka_unit_test(test_panics_that_speak_of_another_line),
		cmocka_unit_test(test_panics_that_speak_for_themselves),
		cmocka_unit_test(test_callers_and_old_prefixes),
		cmocka_unit_test(test_nothing_happened),
		cmocka_unit_test(test_many_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
