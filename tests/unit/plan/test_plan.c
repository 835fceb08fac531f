/* The plan: the same struct after writing and reading; mistakes named by their line. */
#include "../test.h"

#include "plan/plan.h"

#define HEAD "plan 1\n"
#define NEEDED                                                                                  \
	"target fs\ndevice /dev/vda1\nfstype ext4\npath /var/crash\n"                           \
	"collector /bin/salvage-collect -l -d 31\n"

static struct error *parse(const char *text, struct plan *p, struct words *warnings)
{
	return plan_parse("salvage.plan", text, strlen(text), p, warnings);
}

static void least_plan_has_the_defaults(void **state)
{
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_words_ struct words warnings = { 0 };

	assert_ok(parse(HEAD NEEDED, &p, &warnings));
	assert_int_equal(warnings.n, 0);
	assert_string_equal(p.target.device, "/dev/vda1");
	assert_string_equal(p.target.fstype, "ext4");
	assert_null(p.target.options);
	assert_string_equal(p.path, "/var/crash");
	assert_int_equal(p.collector.n, 4);
	assert_string_equal(p.collector.v[3], "31");
	assert_int_equal(p.failure_action, PLAN_REBOOT);
	assert_int_equal(p.final_action, PLAN_REBOOT);
	assert_false(p.no_report);
	assert_false(p.no_dmesg);
	assert_int_equal(plan_limit_s(&p, PLAN_STEP_SYNC), 600);
	assert_null(p.root.device);
}

static void every_key_is_taken(void **state)
{
	_cleanup_plan_ struct plan p = { 0 };

	assert_ok(parse(HEAD "# a comment\n\nhost  web 1 \nkernel 6.1.0-1-amd64\n"
			"module /m/a.ko\nmodule! /m/b.ko  x=1 y=\"a b\"\n" NEEDED
			"mount-options noatime,discard\ndirectory ip-time\n"
			"timezone-offset -3600\nreport no\ndmesg no\n"
			"failure-action dump_to_rootfs\nfinal-action poweroff\n"
			"root-device UUID=12-34\nroot-fstype xfs\nroot-options ro\n"
			"limit collector 7\nlimit sync  8\nwatchdog 60\naddress 10.0.0.2\n"
			"hook-veto /h/pre\nhook-pre /h/p 1\nhook-pre /h/p2\nhook-post /h/q\n"
			"hook-emergency /h/e\nkeep-count 3\nkeep-bytes 4096\nkeep-free 7\n"
			"evidence efi\nevidence rootfs",
			&p, NULL));
	assert_string_equal(p.host, "web 1");
	assert_int_equal(p.modules.n, 2);
	assert_string_equal(p.modules.v[0].path, "/m/a.ko");
	assert_null(p.modules.v[0].parameters);
	assert_false(p.modules.v[0].required);
	assert_string_equal(p.modules.v[1].parameters, "x=1 y=\"a b\"");
	assert_true(p.modules.v[1].required);
	assert_int_equal(p.timezone_offset, -3600);
	assert_true(p.no_report && p.no_dmesg);
	assert_int_equal(p.failure_action, PLAN_DUMP_TO_ROOTFS);
	assert_int_equal(p.final_action, PLAN_POWEROFF);
	assert_string_equal(p.root.device, "UUID=12-34");
	assert_int_equal(plan_limit_s(&p, PLAN_STEP_COLLECTOR), 7);
	assert_int_equal(plan_limit_s(&p, PLAN_STEP_SYNC), 8);
	assert_int_equal(p.watchdog_s, 60);
	assert_string_equal(p.address, "10.0.0.2");
	assert_string_equal(p.hooks[PLAN_HOOK_VETO].v[0], "/h/pre");
	assert_int_equal(p.hooks[PLAN_HOOK_PRE].n, 2);
	assert_string_equal(p.hooks[PLAN_HOOK_PRE].v[0], "/h/p 1");
	assert_int_equal(p.hooks[PLAN_HOOK_POST].n, 1);
	assert_int_equal(p.hooks[PLAN_HOOK_EMERGENCY].n, 1);
	assert_int_equal(p.keep_count, 3);
	assert_int_equal(p.keep_bytes, 4096);
	assert_int_equal(p.keep_free, 7);
	assert_int_equal(p.nr_evidence, 2);
	assert_int_equal(p.evidence[0], PLAN_EVIDENCE_EFI);
	assert_int_equal(p.evidence[1], PLAN_EVIDENCE_ROOTFS);
}

static void written_and_read_is_the_same(void **state)
{
	static const char *const texts[] = {
		HEAD NEEDED,
		HEAD "host h\nkernel k\nmodule /m/a.ko\nmodule! /m/b.ko x=1 y=\"a b\"\nmodule /m/c.ko\n"
		     "target fs\ndevice LABEL=my  disk\nfstype xfs\nmount-options nouuid\n"
		     "path /\ntimezone-offset 19800\n"
		     "collector scp '' 'a b' \"it's\" back\\\\slash '$x' \"q\\\"q\"\n"
		     "report no\ndmesg no\nfailure-action shell\nfinal-action halt\n"
		     "root-device /dev/sda1\nroot-fstype ext4\nroot-options data=ordered\n"
		     "limit modules 1\nlimit device 2\nlimit mount 3\nlimit dmesg 4\n"
		     "limit report 5\nlimit collector 6\nlimit sync 7\nlimit action 8\n"
		     "watchdog 9\naddress fd00::1\ndirectory debian\nhook-veto /v\nhook-pre /a\nhook-pre /b\n"
		     "hook-post /c\nhook-emergency /d\nkeep-count 1\nkeep-bytes 2\nkeep-free 3\n"
		     "limit hook 10\nlimit retention 11\nlimit evidence 12\nevidence pmsg\nevidence efi\n",
		HEAD "target fs\ndevice /dev/mapper/vg-lv\nfstype ext4\n"
		     "array md127 1.2 3 MD=1:2:3:4\nmap mp mpath-3600\nrow 0 100 multipath 0 1 alua 2 <WWID=naa.5>\n"
		     "map vg-lv LVM-abc\nrow 0 16 linear <PV=a-b> 2048\nrow 16 8 linear </dev/md127p1> 0\n"
		     "map z\nrow 0 9 zero\nkey salvage:u /etc/keys/u\nkernel-keys yes\n"
		     "path /\ncollector /bin/salvage-collect\n",
		HEAD "target raw\ndevice /dev/disk/by-id/x\ncollector /bin/salvage-collect\n",
		HEAD "target fs\ndevice my tag\nfstype virtiofs\npath /\ncollector /bin/salvage-collect\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_strbuf_ struct strbuf once = { 0 }, twice = { 0 };
		_cleanup_plan_ struct plan a = { 0 }, b = { 0 };

		assert_ok(parse(texts[i], &a, NULL));
		assert_ok(plan_write(&a, &once));
		assert_ok(plan_parse("again", once.s, once.len, &b, NULL));
		assert_ok(plan_write(&b, &twice));
		assert_string_equal(once.s, twice.s);
		assert_int_equal(a.collector.n, b.collector.n);
		for (size_t j = 0; j < a.collector.n; j++)
			assert_string_equal(a.collector.v[j], b.collector.v[j]);
		assert_int_equal(a.modules.n, b.modules.n);
		assert_int_equal(a.target.kind, b.target.kind);
		assert_int_equal(a.layers.n, b.layers.n);
		assert_int_equal(a.keys.n, b.keys.n);
		assert_string_equal(a.target.device, b.target.device);
		for (int j = 0; j < PLAN_STEP_COUNT; j++)
			assert_int_equal(a.limit_s[j], b.limit_s[j]);
		assert_int_equal(a.watchdog_s, b.watchdog_s);
		assert_int_equal(a.failure_action, b.failure_action);
		assert_int_equal(a.final_action, b.final_action);
		assert_int_equal(a.timezone_offset, b.timezone_offset);
		assert_int_equal(a.no_report, b.no_report);
	}
}

static void mistakes_name_their_line(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "salvage.plan:1: the first line" },
		{ "host x\n" NEEDED, "salvage.plan:1: the first line" },
		{ "plan 2\n" NEEDED, "version 2" },
		{ HEAD "host\n" NEEDED, "salvage.plan:2: host has no value" },
		{ HEAD "host a\n\nhost b\n" NEEDED, "salvage.plan:4: host stands on line 2 already" },
		{ HEAD NEEDED "plan 1\n", "salvage.plan:7: plan" },
		{ HEAD "target tape\n", "salvage.plan:2: target: \"tape\"" },
		{ HEAD NEEDED "report maybe\n", "salvage.plan:7: report: \"maybe\"" },
		{ HEAD NEEDED "final-action shell\n", "salvage.plan:7: final-action" },
		{ HEAD NEEDED "failure-action explode\n", "salvage.plan:7: failure-action" },
		{ HEAD NEEDED "limit nothing 3\n", "\"nothing\" is no step" },
		{ HEAD NEEDED "limit sync 0\n", "salvage.plan:7: limit" },
		{ HEAD NEEDED "limit sync 1\nlimit sync 2\n", "salvage.plan:8: limit" },
		{ HEAD NEEDED "limit sync\n", "salvage.plan:7: limit" },
		{ HEAD NEEDED "timezone-offset noon\n", "salvage.plan:7: timezone-offset" },
		{ HEAD NEEDED "watchdog -1\n", "salvage.plan:7: watchdog" },
		{ HEAD NEEDED "module m.ko\n", "\"m.ko\" is not an absolute path" },
		{ HEAD NEEDED "failure-action dump_to_rootfs\n", "root-device is not said" },
		{ HEAD "target fs\n", "device is not said" },
		{ HEAD "device /dev/x\n", "target is not said" },
		{ HEAD "target fs\ndevice sda\n", "\"sda\" is not /dev/" },
		{ HEAD "target fs\ndevice UUID=\n", "is not /dev/" },
		{ HEAD "target fs\ndevice /dev/x\n", "fstype is not said" },
		{ HEAD "target fs\ndevice /dev/x\nfstype f\n", "path is not said" },
		{ HEAD "target fs\ndevice /dev/x\nfstype f\npath a\n", "not absolute" },
		{ HEAD "target fs\ndevice /dev/x\nfstype f\npath /a/../b\n", "holds \"..\"" },
		{ HEAD "target fs\ndevice /dev/x\nfstype f\npath /a\n", "collector is not said" },
		{ HEAD NEEDED "directory mine\n", "\"mine\" is no naming" },
		{ HEAD NEEDED "address a/b\n", "holds a /" },
		{ HEAD NEEDED "hook-pre a\n", "hook \"a\" is not an absolute path" },
		{ HEAD NEEDED "hook-veto /a\nhook-veto /b\n", "hook-veto stands on line 7" },
		{ HEAD NEEDED "keep-count 0\n", "salvage.plan:7: keep-count" },
		{ HEAD NEEDED "keep-bytes 1G\n", "salvage.plan:7: keep-bytes" },
		{ HEAD NEEDED "evidence nowhere\n", "\"nowhere\" is no second place" },
		{ HEAD NEEDED "evidence efi\nevidence efi\n", "efi is said already" },
		{ HEAD NEEDED "evidence rootfs\n", "root-device is not said" },
		{ HEAD NEEDED "row 0 1 linear </dev/x> 0\n", "a row belongs to the map before it" },
		{ HEAD NEEDED "map a\n", "map a has no rows" },
		{ HEAD NEEDED "map a/b\nrow 0 1 zero\n", "\"a/b\" is no name" },
		{ HEAD NEEDED "map a\nrow 0 0 zero\n", "salvage.plan:8: row: \"0 0 zero\" is not START" },
		{ HEAD NEEDED "map a\nrow 0 1 linear <sda> 0\n", "no device between" },
		{ HEAD NEEDED "map a\nrow 0 1 linear <PV=x 0\n", "no device between" },
		{ HEAD NEEDED "array md0 1.2 0 MD=x\n", "expected NAME METADATA COUNT MEMBER" },
		{ HEAD NEEDED "array md0 1.2 1 sda\n", "\"sda\" is no device" },
		{ HEAD NEEDED "key nocolon /k\n", "expected PREFIX:DESCRIPTION" },
		{ HEAD NEEDED "key a:b k\n", "is not an absolute path" },
		{ HEAD "collector 'a\n", "salvage.plan:2: collector: a ' quote" },
	};
	_cleanup_plan_ struct plan p = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_error(parse(bad[i].text, &p, NULL), ERROR_USAGE, bad[i].words);
	assert_error(plan_parse("p", "plan 1\n\0", 8, &p, NULL), ERROR_USAGE, "NUL");
}

static void unknown_keys_are_a_warning(void **state)
{
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_words_ struct words warnings = { 0 };

	assert_ok(parse(HEAD NEEDED "sing loudly\n", &p, &warnings));
	assert_int_equal(warnings.n, 1);
	assert_non_null(strstr(warnings.v[0], "salvage.plan:7: unknown key \"sing\""));
}

static void writer_refuses_what_would_not_come_back(void **state)
{
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_strbuf_ struct strbuf b = { 0 };
	char *good;

	assert_error(plan_write(&p, &b), ERROR_USAGE, "device is not said");
	assert_ok(parse(HEAD NEEDED, &p, NULL));
	good = p.path;
	p.path = (char *)"/a\nreport no";
	assert_error(plan_write(&p, &b), ERROR_USAGE, "newline");
	p.path = (char *)"/a ";
	assert_error(plan_write(&p, &b), ERROR_USAGE, "blank");
	p.path = good;
	assert_ok(plan_add_module(&p, "/a b.ko", NULL, false));
	assert_error(plan_write(&p, &b), ERROR_USAGE, "can't hold blanks");
	p.modules.v[0].path[2] = '_';
	p.final_action = PLAN_SHELL;
	assert_error(plan_write(&p, &b), ERROR_USAGE, "final action");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_plan_has_the_defaults),
		cmocka_unit_test(every_key_is_taken),
		cmocka_unit_test(written_and_read_is_the_same),
		cmocka_unit_test(mistakes_name_their_line),
		cmocka_unit_test(unknown_keys_are_a_warning),
		cmocka_unit_test(writer_refuses_what_would_not_come_back),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
