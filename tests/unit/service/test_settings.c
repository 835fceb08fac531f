#include "../test.h"
#include "service/settings.h"

#define FILE_NAME "/etc/kdump.conf"

static struct error *parse(struct settings *s, const char *text)
{
	return settings_parse(s, FILE_NAME, text, strlen(text));
}

/* Each text must be refused with exactly this message. */
static void refused(const char *text, const char *message)
{
	_cleanup_settings_ struct settings s = { 0 };
	_cleanup_error_ struct error *e = parse(&s, text);

	if (!e)
		fail_msg("\"%s\" was accepted", text);
	assert_int_equal(error_kind(e), ERROR_USAGE);
	assert_string_equal(error_message(e), message);
}

static void refusals(void **state)
{
	(void)state;
	refused("path", "Invalid kdump config value for option 'path' (/etc/kdump.conf line 1)");
	refused("path \"\"", "Invalid kdump config value for option 'path' (/etc/kdump.conf line 1)");
	refused("\n\npath # /x",
		"Invalid kdump config value for option 'path' (/etc/kdump.conf line 3)");
	refused("path /a\npath /b",
		"Duplicated kdump config value of option path (/etc/kdump.conf line 2)");
	refused("ext4 /dev/sda1\nnfs a:/b",
		"More than one dump targets specified (/etc/kdump.conf line 2)");
	refused("ext4 /dev/sda1\next4 /dev/sda1",
		"More than one dump targets specified (/etc/kdump.conf line 2)");
	refused("ext4 /dev/sda1\ndracut_args --mount \"/dev/sdb1 /x ext4 rw\"",
		"More than one dump targets specified (/etc/kdump.conf line 2)");
	refused("dracut_args --mount \"a b c d\" --mount \"e f g h\"",
		"Multiple mount targets specified in one \"dracut_args\". (/etc/kdump.conf line 1)");
	refused("dracut_args --mount \"/dev/sdb1 /x zfs\"",
		"dracut_args: --mount of type zfs is no dump target (/etc/kdump.conf line 1)");
	refused("\ndracut_args --add \"x",
		"dracut_args: a \" quote is not closed (/etc/kdump.conf line 2)");
	refused("failure_action mount_root_run_init",
		"Usage kdump.conf: failure_action {reboot|halt|poweroff|shell|dump_to_rootfs} "
		"(/etc/kdump.conf line 1)");
	refused("path /x\nfinal_action shell",
		"Usage kdump.conf: final_action {reboot|halt|poweroff} (/etc/kdump.conf line 2)");
	refused("final_action reboot|halt",
		"Usage kdump.conf: final_action {reboot|halt|poweroff} (/etc/kdump.conf line 1)");
	refused("path ../x", "Invalid kdump config value for option 'path': .. is not allowed "
			     "(/etc/kdump.conf line 1)");
}

static void unknown_and_deprecated_keys(void **state)
{
	static const char *const unknown[] = { "override_resettable", "debug", "PATH", "ext5",
					       "nfs4", "zfs", "ifc", "paths", "pat" };
	static const char *const deprecated[] = { "net", "options", "link_delay", "disk_timeout",
						  "debug_mem_level", "blacklist" };
	char text[80], message[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		snprintf(text, sizeof(text), "# one\n  %s 1\n", unknown[i]);
		snprintf(message, sizeof(message),
			 "Invalid kdump config option %s (/etc/kdump.conf line 2)", unknown[i]);
		refused(text, message);
	}
	for (size_t i = 0; i < ARRAY_SIZE(deprecated); i++) {
		snprintf(text, sizeof(text), "%s 1\n", deprecated[i]);
		snprintf(message, sizeof(message),
			 "Deprecated kdump config option: %s. Refer to kdump.conf manpage for "
			 "alternatives. (/etc/kdump.conf line 1)",
			 deprecated[i]);
		refused(text, message);
	}
}

static void other_directives_twice_are_refused(void **state)
{
	(void)state;
	refused("kdump_pre /a\nkdump_pre /b",
		"Duplicated kdump config value of option kdump_pre (/etc/kdump.conf line 2)");
}

static void empty_file_has_the_defaults(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	(void)state;
	assert_ok(parse(&s, ""));
	assert_string_equal(settings_get(&s, SETTING_PATH), "/var/crash");
	assert_string_equal(settings_get(&s, SETTING_CORE_COLLECTOR),
			    "makedumpfile -l --message-level 7 -d 31");
	assert_string_equal(settings_get(&s, SETTING_FAILURE_ACTION), "reboot");
	assert_string_equal(settings_get(&s, SETTING_FINAL_ACTION), "reboot");
	assert_string_equal(settings_get(&s, SETTING_AUTO_RESET_CRASHKERNEL), "yes");
	assert_null(settings_get(&s, SETTING_EXTRA_BINS));
	assert_null(settings_get(&s, SETTING_TARGET));
	assert_null(s.target_type);
}

static void every_kind_of_target(void **state)
{
	static const char *const types[] = { "ext2", "ext3", "ext4", "xfs", "btrfs", "minix", "vfat",
					     "f2fs", "virtiofs", "raw", "nfs", "ssh" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_settings_ struct settings s = { 0 };
		char text[80];

		snprintf(text, sizeof(text), "sshkey /root/k\n%s some where\n", types[i]);
		assert_ok(parse(&s, text));
		assert_string_equal(s.target_type, types[i]);
		assert_string_equal(settings_target(&s, types[i]), "some where");
		assert_null(settings_target(&s, "zfs"));
		assert_string_equal(settings_get(&s, SETTING_SSHKEY), "/root/k");
	}
}

static void target_of_dracut_args(void **state)
{
	_cleanup_settings_ struct settings s = { 0 }, nfs = { 0 };

	(void)state;
	assert_ok(parse(&s, "dracut_args --mount \"/dev/sdb1 /x xfs ro\" --add-drivers e1000\n"));
	assert_string_equal(s.target_type, "xfs");
	assert_string_equal(settings_get(&s, SETTING_TARGET), "/dev/sdb1");
	assert_string_equal(s.dracut.options, "ro");
	assert_string_equal(s.dracut.modules.v[0], "e1000");
	assert_ok(parse(&nfs, "dracut_args --mount 'a:/b /x nfs4'"));
	assert_string_equal(nfs.target_type, "nfs");
}

static void value_of_path(const char *text, const char *expected)
{
	_cleanup_settings_ struct settings s = { 0 };

	assert_ok(parse(&s, text));
	assert_string_equal(settings_get(&s, SETTING_PATH), expected);
}

static void blanks_comments_and_quotes(void **state)
{
	(void)state;
	value_of_path("path /var/cr#ash", "/var/cr");
	value_of_path("\tpath\t\t/x\t # c", "/x");
	value_of_path("#path /y\n  # path /z\n path /x", "/x");
	value_of_path("path /x y z", "/x y z");
	value_of_path("path \"/x y\"", "/x y");
	value_of_path("path \"/x", "\"/x");
	value_of_path("path \"", "\"");
	value_of_path("path /x\r\n", "/x");
	value_of_path("\n\n\npath /x", "/x");
}

static void values_are_kept(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	(void)state;
	assert_ok(parse(&s, "xfs UUID=11-22\ncore_collector \"makedumpfile -l -d 31\"\n"
			    "auto_reset_crashkernel maybe\nforce_rebuild 2\n"
			    "extra_bins /bin/a /bin/b\nextra_modules m1 m2\n"
			    "failure_action dump_to_rootfs\nfinal_action poweroff\n"));
	assert_string_equal(s.target_type, "xfs");
	assert_string_equal(settings_get(&s, SETTING_TARGET), "UUID=11-22");
	assert_int_equal(s.line[SETTING_TARGET], 1);
	assert_string_equal(settings_get(&s, SETTING_CORE_COLLECTOR), "makedumpfile -l -d 31");
	assert_string_equal(settings_get(&s, SETTING_AUTO_RESET_CRASHKERNEL), "maybe");
	assert_string_equal(settings_get(&s, SETTING_FAILURE_ACTION), "dump_to_rootfs");
	assert_string_equal(settings_get(&s, SETTING_FINAL_ACTION), "poweroff");
	assert_string_equal(settings_get(&s, SETTING_EXTRA_MODULES), "m1 m2");
	assert_int_equal(s.warnings.n, 0);
}

static void default_is_the_old_failure_action(void **state)
{
	_cleanup_settings_ struct settings s = { 0 }, twice = { 0 };

	(void)state;
	assert_ok(parse(&s, "path /x\ndefault shell\n"));
	assert_string_equal(settings_get(&s, SETTING_FAILURE_ACTION), "shell");
	assert_int_equal(s.warnings.n, 2);
	assert_non_null(strstr(s.warnings.v[0], "(/etc/kdump.conf line 2)"));
	assert_error(parse(&twice, "default reboot\nfailure_action shell\n"), ERROR_USAGE,
		     "Duplicated kdump config value of option failure_action");
	assert_int_equal(twice.warnings.n, 2);
}

static void rebuild_wishes(void **state)
{
	static const struct {
		const char *text, *message;
		bool force, never;
	} rows[] = {
		{ "", NULL, false, false },
		{ "force_rebuild 1", NULL, true, false },
		{ "force_rebuild 0\nforce_no_rebuild 1", NULL, false, true },
		{ "force_rebuild 2", "Error: force_rebuild value is invalid" },
		{ "force_no_rebuild yes", "Error: force_no_rebuild value is invalid" },
		{ "force_rebuild 1\nforce_no_rebuild 1",
		  "Error: force_rebuild and force_no_rebuild are enabled simultaneously in "
		  "kdump.conf" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_settings_ struct settings s = { 0 };
		bool force = true, never = true;

		assert_ok(parse(&s, rows[i].text));
		if (rows[i].message) {
			assert_error(settings_rebuild_wish(&s, &force, &never), ERROR_USAGE,
				     rows[i].message);
			continue;
		}
		assert_ok(settings_rebuild_wish(&s, &force, &never));
		assert_int_equal(force, rows[i].force);
		assert_int_equal(never, rows[i].never);
	}
}

static void binary_is_refused(void **state)
{
	_cleanup_settings_ struct settings s = { 0 };

	(void)state;
	assert_error(settings_parse(&s, FILE_NAME, "path /x\0y", 9), ERROR_USAGE, "NUL byte");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(unknown_and_deprecated_keys),
		cmocka_unit_test(other_directives_twice_are_refused),
		cmocka_unit_test(empty_file_has_the_defaults),
		cmocka_unit_test(every_kind_of_target),
		cmocka_unit_test(target_of_dracut_args),
		cmocka_unit_test(blanks_comments_and_quotes),
		cmocka_unit_test(values_are_kept),
		cmocka_unit_test(default_is_the_old_failure_action),
		cmocka_unit_test(rebuild_wishes),
		cmocka_unit_test(binary_is_refused),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
