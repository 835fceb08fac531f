#include "../test.h"
#include "service/dracut_args.h"

static void parse(struct dracut_args *d, const char *text)
{
	*d = (struct dracut_args){ 0 };
	assert_ok(dracut_args_parse(d, text));
}

static void modules(void **state)
{
	_cleanup_dracut_args_ struct dracut_args d;

	(void)state;
	parse(&d, "--add-drivers \"a b\" --force-drivers=c --filesystems 'xfs a' --omit-drivers 'e f.*'");
	assert_int_equal(d.modules.n, 4);
	assert_string_equal(d.modules.v[2], "c");
	assert_string_equal(d.modules.v[3], "xfs");
	assert_int_equal(d.omit_modules.n, 1);
	assert_string_equal(d.omit_modules.v[0], "e");
	assert_int_equal(d.warnings.n, 1);
	assert_string_equal(d.warnings.v[0],
			    "dracut_args: --omit-drivers f.* has no effect: name the modules");
}

static void files(void **state)
{
	_cleanup_dracut_args_ struct dracut_args d;

	(void)state;
	parse(&d, "-I /bin/a --install \"/bin/b /bin/a\" -i /etc/x /y --include /z here --install-optional /n");
	assert_int_equal(d.install.n, 2);
	assert_string_equal(d.install.v[1], "/bin/b");
	assert_int_equal(d.optional.n, 1);
	assert_int_equal(d.include.n, 1);
	assert_string_equal(d.include.v[0].source, "/etc/x");
	assert_string_equal(d.include.v[0].path, "/y");
	assert_int_equal(d.warnings.n, 1);
}

static void mounts(void **state)
{
	_cleanup_dracut_args_ struct dracut_args d, two, none = { 0 };

	(void)state;
	parse(&d, "--mount \"/dev/sdb1 /mnt ext4 ro,noatime\"");
	assert_string_equal(d.device, "/dev/sdb1");
	assert_string_equal(d.fstype, "ext4");
	assert_string_equal(d.options, "ro,noatime");
	parse(&two, "--mount 'a b nfs' --mount 'c d xfs'");
	assert_int_equal(two.nr_mounts, 2);
	assert_null(two.options);
	assert_error(dracut_args_parse(&none, "--mount /dev/sda"), ERROR_USAGE, "expected --mount");
	dracut_args_done(&none);
	assert_error(dracut_args_parse(&none, "--add \"x"), ERROR_USAGE, "quote is not closed");
	dracut_args_done(&none);
	dracut_args_done(&two);
}

static void parts_and_packing(void **state)
{
	static const struct {
		const char *text, *packing;
		size_t warnings, notes;
		bool no_watchdog;
	} rows[] = {
		{ "", NULL, 0, 0 },
		{ "--add \"network multipath\"", NULL, 0, 2 },
		{ "-a fips", NULL, 1, 0 },
		{ "-anetwork", NULL, 0, 1 },
		{ "--omit watchdog", NULL, 0, 0, true },
		{ "-o 'plymouth watchdog'", NULL, 0, 1, true },
		{ "--gzip", "gzip", 0, 0 },
		{ "--zstd --no-compress", "none", 0, 0 },
		{ "--compress=\"zstd -3\"", "zstd", 0, 0 },
		{ "--compress xz", NULL, 1, 0 },
		{ "--xz", NULL, 1, 0 },
		{ "-v -f --hostonly --tmpdir /x", NULL, 0, 4 },
		{ "--kernel-cmdline 'a b'", NULL, 1, 0 },
		{ "--nonsense -Z word", NULL, 3, 0 },
		{ "--add-drivers", NULL, 1, 0 },
		{ "--include /x", NULL, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_dracut_args_ struct dracut_args d;

		parse(&d, rows[i].text);
		if (d.warnings.n != rows[i].warnings || d.notes.n != rows[i].notes)
			fail_msg("%s: %zu warnings, %zu notes", rows[i].text, d.warnings.n, d.notes.n);
		assert_int_equal(d.no_watchdog, rows[i].no_watchdog);
		assert_true(text_equal(d.packing, rows[i].packing));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules),
		cmocka_unit_test(files),
		cmocka_unit_test(mounts),
		cmocka_unit_test(parts_and_packing),
	};

	return cmocka_run_group_tests_name("dracut_args", tests, NULL, NULL);
}
