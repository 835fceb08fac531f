#include "service/bls_edit.h"
#include "service/bootmenu.h"
#include "service/crashkernel_reset.h"
#include "service/shellvar.h"
#include "fixture.h"

/* crashkernel=1M is wanted, fadump is not. */
static struct boot_edit edit;

static int make_edit(void **state)
{
	assert_ok(words_add(&edit.set, "crashkernel=1M"));
	assert_ok(words_add(&edit.remove, "fadump"));
	return setup(state);
}

static int drop_edit(void **state)
{
	boot_edit_done(&edit);
	edit = (struct boot_edit){ 0 };
	return teardown(state);
}

/* `want` null: nothing changes. A second time nothing ever does. */
static void args_become(const char *args, const char *want)
{
	_cleanup_free_ char *now = NULL, *again = NULL;

	assert_ok(boot_args_edit(args, strlen(args), &edit, true, &now));
	if (!want) {
		assert_null(now);
		return;
	}
	assert_non_null(now);
	assert_string_equal(now, want);
	assert_ok(boot_args_edit(now, strlen(now), &edit, true, &again));
	assert_null(again);
}

static void words(void **state)
{
	(void)state;
	args_become("ro quiet", "ro quiet crashkernel=1M");
	args_become("", "crashkernel=1M");
	args_become("ro  crashkernel=2M   quiet ", "ro  crashkernel=1M   quiet ");
	args_become("crashkernel=256M,high ro crashkernel=72M,low x", "crashkernel=1M ro x");
	args_become("ro crashkernel=1M", NULL);
	args_become("fadump=on ro crashkernel=1M", "ro crashkernel=1M");
	args_become("ro fadump crashkernel=1M", "ro crashkernel=1M");
	args_become("ro -- crashkernels", "ro crashkernel=1M -- crashkernels");
	args_become("a=\"b crashkernel=3M c\" d", "a=\"b crashkernel=3M c\" d crashkernel=1M");
	args_become("crashkernel", "crashkernel=1M");
	args_become("xcrashkernel=1M", "xcrashkernel=1M crashkernel=1M");
	args_become("\tro\n", "\tro\ncrashkernel=1M");
}

static void only_what_is_there(void **state)
{
	_cleanup_free_ char *now = NULL;

	(void)state;
	assert_ok(boot_args_edit("ro", 2, &edit, false, &now));
	assert_null(now);
}

static void words_that_need_quoting_are_refused(void **state)
{
	static const char *const bad[] = { "a=$(x)", "a=b c", "a='b'", "a=\"", "a;b", "a\nb", "a=\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_boot_edit_ struct boot_edit e = { 0 };

		assert_ok(words_add(&e.set, bad[i]));
		assert_error(boot_edit_check(&e), ERROR_USAGE, "quoting");
	}
	assert_ok(boot_edit_check(&edit));
}

static void shell_becomes(const char *text, const char *want)
{
	_cleanup_free_ char *now = NULL;

	assert_ok(shellvar_edit_last(text, strlen(text), "X", &edit, &now));
	if (!want) {
		assert_null(now);
		return;
	}
	assert_non_null(now);
	assert_string_equal(now, want);
}

static void shell_files(void **state)
{
	(void)state;
	shell_becomes("X=\"a b\"\n", "X=\"a b crashkernel=1M\"\n");
	shell_becomes("X='a b' # c\n", "X='a b crashkernel=1M' # c\n");
	shell_becomes("X=\n", "X=\"crashkernel=1M\"\n");
	shell_becomes("X=\"\"", "X=\"crashkernel=1M\"");
	shell_becomes("X=quiet;Y=z\n", "X=\"quiet crashkernel=1M\";Y=z\n");
	shell_becomes("X=`x y`\n", "X=`x y`\" crashkernel=1M\"\n");
	shell_becomes("X=$(x y)\n", "X=$(x y)\" crashkernel=1M\"\n");
	shell_becomes("X=\"a\"\nX+=\" b\"\n", "X=\"a\"\nX+=\" b crashkernel=1M\"\n");
	shell_becomes("# X=\"a\"\nXY=\"b\"\necho X=\"c\"", "# X=\"a\"\nXY=\"b\"\necho X=\"c\"\nX=\"crashkernel=1M\"\n");
	shell_becomes("if x; then X=\"a fadump=on\"; fi\n", "if x; then X=\"a crashkernel=1M\"; fi\n");
	shell_becomes("X=\"crashkernel=1M\"\n", NULL);
	shell_becomes("export X='crashkernel=2M'", "export X='crashkernel=1M'");
	shell_becomes("X=\"never closed", "X=\"never closed crashkernel=1M");
	shell_becomes("X=\"a \\\n  b\"\n", "X=\"a \\\n  b crashkernel=1M\"\n");
}

static void entries(void **state)
{
	static const struct {
		const char *text, *variable, *want;
	} rows[] = {
		{ "linux /a\noptions ro\n", NULL, "linux /a\noptions ro crashkernel=1M\n" },
		{ "linux /a\n", NULL, "linux /a\noptions crashkernel=1M\n" },
		{ "linux /a", NULL, "linux /a\noptions crashkernel=1M\n" },
		{ "options a\noptions\tb crashkernel=2M\nlinux /a", NULL,
		  "options a\noptions\tb crashkernel=1M\nlinux /a" },
		{ "options $kernelopts x\n", "ro crashkernel=2M", "options ro crashkernel=1M x\n" },
		{ "options ${kernelopts}\n", "ro", "options ${kernelopts} crashkernel=1M\n" },
		{ "options $kernelopts crashkernel=9M\n", "crashkernel=2M", "options $kernelopts crashkernel=1M\n" },
		{ "# options ro\noptionsx y\n", NULL, "# options ro\noptionsx y\noptions crashkernel=1M\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *now = NULL;

		assert_ok(bls_edit_entry(rows[i].text, strlen(rows[i].text), rows[i].variable, &edit, &now));
		assert_non_null(now);
		assert_string_equal(now, rows[i].want);
	}
}

static void grubenv_keeps_its_length(void **state)
{
	char block[64 + 1], *now = NULL;

	(void)state;
	memset(block, '#', 64);
	block[64] = '\0';
	memcpy(block, "# G\nkernelopts=ro fadump=on\nx=1\n", 32);
	assert_ok(grubenv_edit(block, 64, &edit, &now));
	assert_non_null(now);
	assert_int_equal(strlen(now), 64);
	assert_true(text_starts(now, "# G\nkernelopts=ro crashkernel=1M\nx=1\n###"));
	free(now);
	assert_error(grubenv_edit(block, 32, &edit, &now), ERROR_NO_SPACE, "do not hold");
	assert_ok(grubenv_edit("# G\nx=1\n", 8, &edit, &now));
	assert_null(now);
}

static void real_time_releases(void **state)
{
	static const char *const yes[] = { "6.12.48-rt-amd64", "5.14.0-427.13.1.rt7.312.el9.x86_64",
					   "6.6.0-rt15", "/boot/vmlinuz-4.9.0+rt" };
	static const char *const no[] = { "6.12.48-amd64", "6.1-art", "6.1.rtx", "5.0-smart", "rt" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(release_is_real_time(yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(release_is_real_time(no[i]));
}

/* A change that fails halfway leaves every file as it was, owner, mode and all. */
static void undone(void **state)
{
	_cleanup_boot_changes_ struct boot_changes c = { .root = t.fd };
	_cleanup_boot_file_ struct boot_file f = { 0 };
	_cleanup_free_ char *text = NULL;
	struct stat st;

	(void)state;
	tree_add(&t, "etc/zipl.real", "old\n");
	machine_link(&t, "etc/zipl.link", "zipl.real");
	assert_int_equal(fchmodat(t.fd, "etc/zipl.real", 0640, 0), 0);
	assert_ok(boot_file_read(t.fd, "/etc/zipl.link", &f));
	assert_string_equal(f.path, "/etc/zipl.real");
	assert_ok(boot_file_write(&c, &f, "new", 3));
	assert_ok(boot_file_write(&c, &f, "newer", 5));
	assert_ok(boot_file_create(&c, "/etc/made", "x"));
	assert_int_equal(c.files.n, 1);
	assert_ok(file_read(t.fd, "etc/zipl.link", 100, &text, NULL));
	assert_string_equal(text, "newer");
	assert_ok(boot_changes_undo(&c));
	free(take_ptr(text));
	assert_ok(file_read(t.fd, "etc/zipl.link", 100, &text, NULL));
	assert_string_equal(text, "old\n");
	assert_int_equal(fstatat(t.fd, "etc/zipl.real", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_false(file_exists(t.fd, "etc/made"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words, make_edit, drop_edit),
		cmocka_unit_test_setup_teardown(only_what_is_there, make_edit, drop_edit),
		cmocka_unit_test_setup_teardown(words_that_need_quoting_are_refused, make_edit, drop_edit),
		cmocka_unit_test_setup_teardown(shell_files, make_edit, drop_edit),
		cmocka_unit_test_setup_teardown(entries, make_edit, drop_edit),
		cmocka_unit_test_setup_teardown(grubenv_keeps_its_length, make_edit, drop_edit),
		cmocka_unit_test(real_time_releases),
		cmocka_unit_test_setup_teardown(undone, make_edit, drop_edit),
	};

	return cmocka_run_group_tests_name("bootedit", tests, NULL, NULL);
}
