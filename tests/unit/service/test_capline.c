#include "service/capline.h"
#include "fixture.h"

static void line_is(const char *cmdline, const char *conf, const char *expected)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };
	_cleanup_free_ char *line = NULL;

	tree_add(&t, "proc/cmdline", cmdline);
	assert_ok(sysconfig_parse(&s, "sysconfig", conf, strlen(conf)));
	assert_ok(capline_make(t.fd, &s, &line));
	assert_string_equal(line, expected);
}

static void watchdog(const char *name, const char *module, const char *state, const char *timeout)
{
	char path[200], link[200];

	snprintf(path, sizeof(path), "sys/devices/%s/driver/x", module);
	tree_add(&t, path, "");
	snprintf(path, sizeof(path), "sys/devices/%s/driver/module", module);
	snprintf(link, sizeof(link), "../../module/%s", module);
	machine_link(&t, path, link);
	snprintf(path, sizeof(path), "sys/class/watchdog/%s/device", name);
	snprintf(link, sizeof(link), "../../../devices/%s", module);
	machine_link(&t, path, link);
	snprintf(path, sizeof(path), "sys/class/watchdog/%s/state", name);
	tree_add(&t, path, state);
	snprintf(path, sizeof(path), "sys/class/watchdog/%s/timeout", name);
	tree_add(&t, path, timeout);
}

/* The row of the established service's own test. */
static void established_example(void **state)
{
	(void)state;
	tree_add(&t, "proc/cpuinfo", "processor\t: 0\ninitial apicid\t: 0\n");
	watchdog("watchdog0", "hpwdt", "active\n", "30\n");
	line_is("BOOT_IMAGE=(hd0)/vmlinuz root=/dev/sda ro crashkernel=256M rd.lvm.lv=a/b "
		"rd.lvm.lv=c/d quiet foo= bar=1\n",
		"KDUMP_COMMANDLINE_REMOVE=\"quiet bar\"\nKDUMP_COMMANDLINE_APPEND='irqpoll nr_cpus=1'",
		"BOOT_IMAGE=(hd0)/vmlinuz ro irqpoll nr_cpus=1 disable_cpu_apicid=0 "
		"hpwdt.pretimeout=0 hpwdt.kdumptimeout=0 rd.systemd.gpt_auto=no");
}

static void no_polling_on_graviton(void **state)
{
	(void)state;
	tree_add(&t, "proc/cpuinfo", "");
	tree_add(&t, "proc/sys/kernel/arch", "aarch64\n");
	tree_add(&t, "sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	line_is("a\n", "KDUMP_COMMANDLINE_APPEND='irqpoll nr_cpus=1'", "a nr_cpus=1 rd.systemd.gpt_auto=no");
	tree_add(&t, "sys/class/dmi/id/sys_vendor", "QEMU\n");
	line_is("a\n", "KDUMP_COMMANDLINE_APPEND='irqpoll nr_cpus=1'",
		"a irqpoll nr_cpus=1 rd.systemd.gpt_auto=no");
}

static void what_is_always_removed(void **state)
{
	(void)state;
	tree_add(&t, "proc/cpuinfo", "");
	line_is("a crashkernel=1M,high crashkernel=2M panic_on_warn root=UUID=1 rd.lvm.lv=x "
		"rd.luks.uuid=x rd.dm.uuid=x rd.md.uuid=x fcoe=e netroot=n rd.iscsi.initiator=i "
		"iscsi_initiator=i rootflags=x rooty b=\"c d\" e\n",
		"KDUMP_COMMANDLINE_APPEND=", "a rootflags=x rooty b=\"c d\" e rd.systemd.gpt_auto=no");
}

static void base_and_words_of_the_file(void **state)
{
	(void)state;
	tree_add(&t, "proc/cpuinfo", "processor : 0\napicid : 9\n");
	line_is("not this\n",
		"KDUMP_COMMANDLINE='console=ttyS0 console=tty0 log-buf-len=1M'\n"
		"KDUMP_COMMANDLINE_REMOVE='console=tty0 log_buf_len'\nKDUMP_COMMANDLINE_APPEND='x\n y'",
		"console=ttyS0 x  y rd.systemd.gpt_auto=no");
	/* `init` gets its words untouched, at the end */
	line_is("a -- quiet b=\n", "KDUMP_COMMANDLINE_REMOVE=quiet\nKDUMP_COMMANDLINE_APPEND=c",
		"a c rd.systemd.gpt_auto=no -- quiet b=");
}

static void open_quotes_are_refused(void **state)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };
	char *line;

	(void)state;
	tree_add(&t, "proc/cmdline", "a \"b c\n");
	assert_error(capline_make(t.fd, &s, &line), ERROR_USAGE, "quote");
}

static void only_running_watchdogs_count(void **state)
{
	_cleanup_words_ struct words w = { 0 };
	unsigned timeout;

	(void)state;
	assert_ok(watchdogs_active(t.fd, &w, &timeout));
	assert_int_equal(w.n, 0);
	assert_int_equal(timeout, 0);
	watchdog("watchdog0", "iTCO_wdt", "active\n", "60\n");
	watchdog("watchdog1", "softdog", "inactive\n", "10\n");
	watchdog("watchdog2", "i6300esb", "active\n", "20\n");
	assert_ok(watchdogs_active(t.fd, &w, &timeout));
	assert_int_equal(w.n, 2);
	assert_string_equal(w.v[0], "iTCO_wdt");
	assert_string_equal(w.v[1], "i6300esb");
	assert_int_equal(timeout, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(established_example, setup, teardown),
		cmocka_unit_test_setup_teardown(no_polling_on_graviton, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_always_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(base_and_words_of_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(open_quotes_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(only_running_watchdogs_count, setup, teardown),
	};

	return cmocka_run_group_tests_name("capline", tests, NULL, NULL);
}
