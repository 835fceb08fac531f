#include "../host/tree.h"
#include "../test.h"
#include "service/dialect.h"

struct row {
	const char *text;
	const char *target, *target_value, *path; /* of what is read; target null: none */
	const char *collector;
	const char *error; /* null: read */
	size_t nr_warnings;
};

static void check_rows(enum dialect_kind kind, const char *always, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		_cleanup_dialect_ struct dialect d = { .kind = kind, .file = "F" };
		_cleanup_settings_ struct settings s = { 0 };
		_cleanup_error_ struct error *e = NULL;
		char text[600];

		d.vars.spaced = kind == DIALECT_DEBIAN;
		snprintf(text, sizeof(text), "%s\n%s\n", always, r->text);
		assert_ok(sysconfig_parse(&d.vars, "F", text, strlen(text)));
		e = dialect_settings(&d, -1, &s);
		if (r->error) {
			assert_non_null(e);
			assert_string_equal(error_message(e), r->error);
			continue;
		}
		if (e)
			fail_msg("%s: %s", r->text, error_message(e));
		if (!text_equal(s.target_type, r->target) || s.warnings.n != r->nr_warnings)
			fail_msg("%s: target %s, %zu warnings", r->text, s.target_type, s.warnings.n);
		if (r->target)
			assert_string_equal(settings_get(&s, SETTING_TARGET), r->target_value);
		if (r->path)
			assert_string_equal(settings_get(&s, SETTING_PATH), r->path);
		if (r->collector)
			assert_string_equal(settings_get(&s, SETTING_CORE_COLLECTOR), r->collector);
	}
}

static void debian(void **state)
{
	static const struct row rows[] = {
		{ "", NULL, NULL, "/var/crash", "makedumpfile -c -d 31" },
		{ "KDUMP_COREDIR=/srv/crash\nMAKEDUMP_ARGS='-z -d 15'", NULL, NULL, "/srv/crash",
		  "makedumpfile -z -d 15" },
		{ "SSH = root@server\nSSH_KEY=/root/k", "ssh", "root@server", "/var/crash",
		  "makedumpfile -c -d 31 -F" },
		{ "NFS=server:/export\nKDUMP_COREDIR=/mnt", "nfs", "server:/export", "/" },
		{ "NFS=a:/b\nSSH=c@d", .error = "More than one dump targets specified (F line 3)" },
		{ "FTP=host:/path", .error = "F: FTP=host:/path: dumps are not sent by FTP; use SSH or NFS" },
		{ "USE_KDUMP=0", .error = "USE_KDUMP is not set or zero (F)" },
		{ "USE_KDUMP=", .error = "USE_KDUMP is not set or zero (F)" },
		{ "KDUMP_NUM_DUMPS=x", .error = "keep_dumps: \"x\" is not a number from 0 to 1000000 (F line 2)" },
		{ "KDUMP_COMPRESSION=xz\nNFS_TIMEO=1\nHOSTTAG=both\nKDUMP_TYPO=1", .nr_warnings = 4 },
	};

	(void)state;
	check_rows(DIALECT_DEBIAN, "USE_KDUMP=1", rows, ARRAY_SIZE(rows));
}

static void debian_failure(void **state)
{
	static const struct {
		const char *command, *action, *program;
		size_t nr_warnings;
	} rows[] = {
		{ "'reboot -f'", "reboot" },
		{ "/sbin/poweroff", "poweroff" },
		{ "/usr/local/bin/tell", "reboot", "/usr/local/bin/tell" },
		{ "'echo a; reboot'", "reboot", NULL, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_dialect_ struct dialect d = { .kind = DIALECT_DEBIAN, .file = "F" };
		_cleanup_settings_ struct settings s = { 0 };
		char text[200];

		snprintf(text, sizeof(text), "USE_KDUMP=1\nKDUMP_FAIL_CMD=%s\n", rows[i].command);
		assert_ok(sysconfig_parse(&d.vars, "F", text, strlen(text)));
		assert_ok(dialect_settings(&d, -1, &s));
		assert_string_equal(settings_get(&s, SETTING_FAILURE_ACTION), rows[i].action);
		assert_true(text_equal(settings_get(&s, SETTING_KDUMP_EMERGENCY), rows[i].program));
		assert_int_equal(s.warnings.n, rows[i].nr_warnings);
	}
}

static void suse(void **state)
{
	static const struct row rows[] = {
		{ "", NULL, NULL, "/var/crash", "makedumpfile -c -d 31" },
		{ "KDUMP_SAVEDIR=/srv/x\nKDUMP_DUMPFORMAT=zstd\nKDUMP_DUMPLEVEL=1", NULL, NULL, "/srv/x",
		  "makedumpfile -z -d 1" },
		{ "KDUMP_SAVEDIR=file:///srv/x\nKDUMP_DUMPFORMAT=raw", NULL, NULL, "/srv/x", "cp" },
		{ "KDUMP_SAVEDIR=file:/srv/x\nKDUMP_DUMPFORMAT=ELF", NULL, NULL, "/srv/x", "makedumpfile -E -d 31" },
		{ "KDUMP_SAVEDIR=ssh://me@server/x/y", "ssh", "me@server", "/x/y", "makedumpfile -c -d 31 -F" },
		{ "KDUMP_SAVEDIR=sftp://server/x\nKDUMP_DUMPFORMAT=raw", "ssh", "root@server", "/x", "cat" },
		{ "KDUMP_SAVEDIR=ssh://me:secret@server/x", "ssh", "me@server", "/x", NULL, .nr_warnings = 1 },
		{ "KDUMP_SAVEDIR=nfs://server/export/x", "nfs", "server:/export/x", "/" },
		{ "KDUMP_SAVEDIR=nfs://[fd00::1]/x", "nfs", "[fd00::1]:/x", "/" },
		{ "KDUMP_SAVEDIR=ssh://h:22/x", .error = "F: KDUMP_SAVEDIR: a port (22) is not supported; set it "
							 "for the host in /etc/ssh/ssh_config" },
		{ "KDUMP_SAVEDIR=cifs://h/x", .error = "F: KDUMP_SAVEDIR: dumps are not sent by cifs; use ssh:// "
						       "or nfs://" },
		{ "KDUMP_SAVEDIR=gopher://h/x",
		  .error = "KDUMP_SAVEDIR (gopher://h/x) is invalid (F): expected a folder or file://, ssh://, "
			   "sftp://, nfs:// with host and folder" },
		{ "KDUMP_SAVEDIR=nowhere", .error = "KDUMP_SAVEDIR (nowhere) is invalid (F): expected a folder or "
						    "file://, ssh://, sftp://, nfs:// with host and folder" },
		{ "KDUMP_SAVEDIR=ssh:///x", .error = "KDUMP_SAVEDIR (ssh:///x) is invalid (F): expected a folder or "
						     "file://, ssh://, sftp://, nfs:// with host and folder" },
		{ "KDUMP_DUMPFORMAT=none", .error = "F: KDUMP_DUMPFORMAT=none: the memory is always saved here; "
						    "KDUMP_DUMPLEVEL=31 makes it small" },
		{ "KDUMP_TRANSFER=x", .error = "F: KDUMP_TRANSFER: a command in place of saving is not supported; "
					       "remove it" },
		{ "KDUMP_DUMPLEVEL=32\nKDUMP_DUMPFORMAT=zip\nKDUMP_CONTINUE_ON_ERROR=maybe\n"
		  "KDUMP_KEEP_OLD_DUMPS=many\nKDUMP_IMMEDIATE_REBOOT=no\nKDUMP_PRESCRIPT=/x\n"
		  "KDUMP_POSTSCRIPT='a; b'\nKDUMP_TYPO=1",
		  NULL, NULL, NULL, "makedumpfile -c -d 0", .nr_warnings = 8 },
	};

	(void)state;
	check_rows(DIALECT_SUSE, "", rows, ARRAY_SIZE(rows));
}

static void suse_kernel(void **state)
{
	static const char text[] = "KDUMP_CPUS=4\nKDUMP_COMMANDLINE_APPEND=extra\nKEXEC_OPTIONS=-d\nKDUMP_KERNELVER=6.4\n";
	_cleanup_dialect_ struct dialect d = { .kind = DIALECT_SUSE, .file = "F" };
	_cleanup_sysconfig_ struct sysconfig c = { 0 };
	const char *append;

	(void)state;
	assert_ok(sysconfig_parse(&d.vars, "F", text, strlen(text)));
	assert_ok(dialect_sysconfig(&d, -1, &c));
	append = sysconfig_get(&c, SYSCONFIG_COMMANDLINE_APPEND);
	assert_true(text_ends(append, " extra"));
	assert_non_null(strstr(append, "nr_cpus=4 "));
	assert_null(strstr(append, "nr_cpus=1 "));
	assert_string_equal(sysconfig_get(&c, SYSCONFIG_KERNELVER), "6.4");
	assert_true(text_ends(sysconfig_get(&c, SYSCONFIG_KEXEC_ARGS), " -d"));
}

static void debian_kernel(void **state)
{
	_cleanup_dialect_ struct dialect d = { 0 };
	_cleanup_sysconfig_ struct sysconfig c = { 0 };
	struct tree t;

	(void)state;
	tree_init(&t);
	tree_add(&t, "etc/default/kdump-tools",
		 "USE_KDUMP=1\nKDUMP_CMDLINE_APPEND=\"a systemd.unit=kdump-tools-dump.service  b\"\n"
		 "KDUMP_CMDLINE=\"base line\"\nKDUMP_KEXEC_ARGS=-d\n");
	tree_add(&t, "boot/vmlinuz-6.1.0-9-amd64", "kernel");
	assert_ok(file_make_folders(t.fd, "var/lib/kdump", 0700));
	assert_int_equal(symlinkat("/boot/vmlinuz-6.1.0-9-amd64", t.fd, "var/lib/kdump/vmlinuz"), 0);
	assert_ok(dialect_open(t.fd, &d));
	assert_int_equal(d.kind, DIALECT_DEBIAN);
	assert_ok(dialect_sysconfig(&d, t.fd, &c));
	assert_string_equal(sysconfig_get(&c, SYSCONFIG_KERNELVER), "6.1.0-9-amd64");
	assert_string_equal(sysconfig_get(&c, SYSCONFIG_COMMANDLINE), "base line");
	assert_string_equal(sysconfig_get(&c, SYSCONFIG_COMMANDLINE_APPEND), "a b");
	assert_string_equal(sysconfig_get(&c, SYSCONFIG_KEXEC_ARGS), "-d");
	tree_done(&t);
}

/* Which of the files hold, by what they say. */
static void which_files_hold(void **state)
{
	static const struct {
		const char *conf, *sysconfig, *debian; /* null: not there */
		enum dialect_kind kind;
		const char *error;
		size_t nr_warnings;
	} rows[] = {
		{ "", NULL, NULL, DIALECT_KDUMP_CONF },
		{ "path /x", "KDUMP_IMG=a", NULL, DIALECT_KDUMP_CONF },
		{ "path /x", NULL, "USE_KDUMP=1", DIALECT_KDUMP_CONF, NULL, 1 },
		{ "# nothing\n\n  # more", NULL, "USE_KDUMP=1", DIALECT_DEBIAN },
		{ NULL, NULL, "USE_KDUMP=1", DIALECT_DEBIAN },
		{ NULL, "KDUMP_SAVEDIR=/x", NULL, DIALECT_SUSE },
		{ "", "KDUMP_DUMPFORMAT=lzo", NULL, DIALECT_SUSE },
		{ "path /x", "KDUMP_SAVEDIR=/x", NULL, 0, "which of them hold" },
		{ NULL, NULL, NULL, 0, "/etc/kdump.conf is missing" },
		{ NULL, "KDUMP_IMG=a", NULL, 0, "/etc/kdump.conf is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_dialect_ struct dialect d = { 0 };
		struct error *e;
		struct tree t;

		tree_init(&t);
		if (rows[i].conf)
			tree_add(&t, "etc/kdump.conf", rows[i].conf);
		if (rows[i].sysconfig)
			tree_add(&t, "etc/sysconfig/kdump", rows[i].sysconfig);
		if (rows[i].debian)
			tree_add(&t, "etc/default/kdump-tools", rows[i].debian);
		e = dialect_open(t.fd, &d);
		tree_done(&t);
		if (rows[i].error) {
			assert_non_null(e);
			assert_non_null(strstr(error_message(e), rows[i].error));
			error_free(e);
			continue;
		}
		assert_ok(e);
		assert_int_equal(d.kind, rows[i].kind);
		assert_int_equal(d.warnings.n, rows[i].nr_warnings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debian),
		cmocka_unit_test(debian_failure),
		cmocka_unit_test(suse),
		cmocka_unit_test(suse_kernel),
		cmocka_unit_test(debian_kernel),
		cmocka_unit_test(which_files_hold),
	};

	return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}
