/* Boot loader entries: order of versions, and scripts that are not as they should be. Whole trees
 * are in tests/cases/kexec-load. */
#include "../test.h"

#include "service/bls.h"
#include "service/grub.h"

static const struct grub_where nowhere = { -1, "boot/grub" };

static void versions_are_in_their_order(void **state)
{
	static const char *const order[] = { "6.9~rc1", "6.9", "6.10~rc1", "6.10~rc2", "6.10", "6.10.0-1", "6.10.0-2",
					     "6.10.0-10", "6.10.0.1", "6.11" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		for (size_t j = 0; j < ARRAY_SIZE(order); j++) {
			int c = version_compare(order[i], order[j]), want = i < j ? -1 : i > j;

			if (c != want)
				fail_msg("%s %s: %d", order[i], order[j], c);
		}
	assert_int_equal(version_compare("007", "7"), 0);
	assert_true(version_compare("a10", "a9") > 0);
	assert_true(version_compare("", "0") < 0);
}

static void counters_are_no_part_of_an_id(void **state)
{
	static const struct {
		const char *name, *id;
		bool exhausted;
	} rows[] = {
		{ "a.conf", "a.conf", false },	       { "a+3.conf", "a.conf", false },
		{ "a+0-3.conf", "a.conf", true },      { "a+2-1.conf", "a.conf", false },
		{ "6.1+deb13.conf", "6.1+deb13.conf", false }, { "a+.conf", "a+.conf", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[] = "linux /k\noptions a\noptions  b c \n";
		struct bls_entry e = { 0 };

		assert_ok(bls_parse(rows[i].name, text, &e));
		assert_string_equal(e.id, rows[i].id);
		assert_int_equal(e.exhausted, rows[i].exhausted);
		assert_string_equal(e.options, "a b c");
		bls_entry_done(&e);
	}
}

static void an_entry_without_kernel_is_none(void **state)
{
	char text[] = "title x\n# linux /k\nlinux\n";
	struct bls_entry e = { 0 };

	(void)state;
	assert_error(bls_parse("a.conf", text, &e), ERROR_BAD_DATA, "names no kernel");
}

static void assert_starts(const char *script, const char *kernel, const char *line)
{
	_cleanup_boot_entry_ struct boot_entry e = { 0 };

	assert_ok(grub_entry(&nowhere, script, NULL, &e));
	assert_string_equal(e.kernel, kernel);
	assert_string_equal(e.cmdline, line);
}

static void scripts_are_run(void **state)
{
	(void)state;
	assert_starts("menuentry a {\nlinux /k x=1 y\n}", "/k", "x=1 y");
	assert_starts("menuentry a { linux /k 'a b' c\"d e\"f g\\ h \"\\\"\"; initrd /i; }", "/k", "\"a b\" \"cd ef\" \"g h\" \\\"");
	assert_starts("v='1 2'\nset k=/k\nmenuentry a { linux $k a$v \"b$v\" ${v}c; }", "/k", "a1 2 \"b1 2\" 1 2c");
	assert_starts("if [ a = b ]; then set default=0; elif [ 1 -lt 2 ]; then set default=1; else set default=0; fi\n"
		      "menuentry a { linux /a; }\nmenuentry b { linux /b; }", "/b", "");
	assert_starts("if [ a = b -o ! c = d -a -n x ]; then set default=b; fi\n"
		      "menuentry a --id=a { linux /a; }\nmenuentry t --id b { linux /b; }", "/b", "");
	assert_starts("function f { menuentry x { linux /x; }; }\nfor i in 1 2; do menuentry y { linux /y; }; done\n"
		      "menuentry a { # no\n linux /a \\\n b # c\n}", "/a", "b");
	assert_starts("default=s\nsubmenu s { submenu t { menuentry u { linux /u; }; }; }", "/u", "");
	assert_starts("default='A>B>1'\nmenuentry z { true; }\nsubmenu A { submenu B { menuentry p { linux /p; }\nmenuentry q { linux /q; }; }; }",
		      "/q", "");
	assert_starts("default='a > b'\nmenuentry z { true; }\nmenuentry 'a > b' { linux /k; }", "/k", "");
	assert_starts("menuentry a { if true; then linux /a; else linux /b; fi; menuentry c { true; }; }", "/a", "");
}

static void bad_scripts_are_refused(void **state)
{
	static const char *const bad[] = {
		"menuentry a {\nlinux /k", "menuentry a linux /k", "if true; then menuentry a { linux /k; }",
		"if true\nfi", "while true; do x", "function f x",
	};
	_cleanup_strbuf_ struct strbuf deep = { 0 };
	struct boot_entry e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error *err = grub_entry(&nowhere, bad[i], NULL, &e);

		if (!err)
			fail_msg("%s", bad[i]);
		error_free(err);
	}
	for (int i = 0; i < 1000; i++)
		strbuf_puts(&deep, "submenu a { ");
	assert_error(grub_entry(&nowhere, deep.s, NULL, &e), ERROR_BAD_DATA, "levels");
	assert_error(grub_entry(&nowhere, "", NULL, &e), ERROR_NOT_FOUND, "no entry");
	assert_error(grub_entry(&nowhere, "menuentry a { fwsetup; }", NULL, &e), ERROR_UNSUPPORTED, "no Linux");
}

static void the_environment_is_unquoted(void **state)
{
	_cleanup_words_ struct words vars = { 0 };

	(void)state;
	assert_ok(grubenv_parse("# GRUB Environment Block\na=b\\\\c\\\nd\nempty=\nx=y=z\n####", &vars));
	assert_int_equal(vars.n, 6);
	assert_string_equal(vars.v[3], "");
	assert_string_equal(vars.v[4], "x");
	assert_string_equal(vars.v[5], "y=z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_in_their_order),
		cmocka_unit_test(counters_are_no_part_of_an_id),
		cmocka_unit_test(an_entry_without_kernel_is_none),
		cmocka_unit_test(scripts_are_run),
		cmocka_unit_test(bad_scripts_are_refused),
		cmocka_unit_test(the_environment_is_unquoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
