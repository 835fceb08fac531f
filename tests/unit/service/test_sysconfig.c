#include "../test.h"
#include "service/sysconfig.h"

static struct error *parse(struct sysconfig *s, const char *text)
{
	return sysconfig_parse(s, "/etc/sysconfig/kdump", text, strlen(text));
}

static void append_is(const char *text, const char *expected)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };

	assert_ok(parse(&s, text));
	assert_string_equal(sysconfig_get(&s, SYSCONFIG_COMMANDLINE_APPEND), expected);
}

static void spellings(void **state)
{
	(void)state;
	append_is("KDUMP_COMMANDLINE_APPEND=one", "one");
	append_is("  export KDUMP_COMMANDLINE_APPEND=\"one two\" # c", "one two");
	append_is("KDUMP_COMMANDLINE_APPEND='a \"b\" $c'", "a \"b\" $c");
	append_is("KDUMP_COMMANDLINE_APPEND=a\"b c\"'d e'f", "ab cd ef");
	append_is("KDUMP_COMMANDLINE_APPEND=a\\ b", "a b");
	append_is("KDUMP_COMMANDLINE_APPEND=\"a \\\"b\\\" \\x\"", "a \"b\" \\x");
	append_is("KDUMP_COMMANDLINE_APPEND=\"a \\\nb\"", "a b");
	append_is("KDUMP_COMMANDLINE_APPEND=\"a\nb\"\nKDUMP_IMG=x", "a\nb");
	append_is("KDUMP_COMMANDLINE_APPEND=", "");
	append_is("KDUMP_COMMANDLINE_APPEND=\"\"", "");
	append_is("#KDUMP_COMMANDLINE_APPEND=x\nKDUMP_COMMANDLINE_APPEND=y#z", "y#z");
	append_is("KDUMP_COMMANDLINE_APPEND=a\nKDUMP_COMMANDLINE_APPEND=b", "b");
	append_is("KDUMP_COMMANDLINE_APPEND=a; KDUMP_COMMANDLINE_APPEND+=' b'", "a b");
	append_is("KDUMP_COMMANDLINE_APPEND=a\n"
		  "KDUMP_COMMANDLINE_APPEND=\"$KDUMP_COMMANDLINE_APPEND b ${NONE}c\"",
		  "a b c");
	append_is("KDUMP_COMMANDLINE_APPEND=size=90%,$", "size=90%,$");
}

/* What a file adds to without having assigned it is the stock value. */
static void adding_to_the_stock_value(void **state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };

	(void)state;
	strbuf_printf(&b, "%s more", sysconfig_stock(NULL, SYSCONFIG_COMMANDLINE_APPEND));
	append_is("KDUMP_COMMANDLINE_APPEND+=\" more\"", strbuf_str(&b));
}

static void stock_by_cpu(void **state)
{
	static const struct {
		const char *arch, *append, *kexec_args;
		bool removes_cma;
	} rows[] = {
		{ "x86_64", "irqpoll nr_cpus=1 reset_devices cgroup_disable=memory mce=off numa=off ", "-s", true },
		{ "aarch64", "irqpoll nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 panic=10 swiotlb=noforce ",
		  "-s", true },
		{ "ppc64le", "irqpoll nr_cpus=16 noirqdistrib ", "-s", false },
		{ "ppc64", "irqpoll nr_cpus=16 noirqdistrib ", "--dt-no-old-root", false },
		{ "s390x", "nr_cpus=1 cgroup_disable=memory ", "-s", true },
		{ "riscv64", "irqpoll nr_cpus=1 reset_devices panic=10 ", "", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *append = sysconfig_stock(rows[i].arch, SYSCONFIG_COMMANDLINE_APPEND);

		assert_true(text_starts(append, rows[i].append));
		assert_non_null(strstr(append, " novmcoredd hugetlb_cma=0 kfence.sample_interval=0"));
		assert_string_equal(sysconfig_stock(rows[i].arch, SYSCONFIG_KEXEC_ARGS), rows[i].kexec_args);
		assert_int_equal(!!strstr(sysconfig_stock(rows[i].arch, SYSCONFIG_COMMANDLINE_REMOVE), " cma "),
				 rows[i].removes_cma);
	}
	assert_true(text_starts(sysconfig_stock("ppc64le", SYSCONFIG_FADUMP_APPEND), "nr_cpus=16 numa=off"));
}

/* As Ansible writes /etc/default files, and systemd reads them. */
static void blanks_around_the_equals_sign(void **state)
{
	static const char text[] = "A = 1\nB =  \"two words\"  \nC= three words\nD=\"as ever\"\n E =a b#c\nF = \nG =";
	static const char *const expected[][2] = { { "A", "1" }, { "B", "two words" }, { "C", "three words" },
						   { "D", "as ever" }, { "E", "a b#c" }, { "F", "" }, { "G", "" } };
	_cleanup_sysconfig_ struct sysconfig s = { .spaced = true };

	(void)state;
	assert_ok(parse(&s, text));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(sysconfig_assigned(&s, expected[i][0]), expected[i][1]);
	assert_null(sysconfig_assigned(&s, "H"));
}

static void stock_values(void **state)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };

	(void)state;
	assert_ok(parse(&s, ""));
	assert_string_equal(sysconfig_get(&s, SYSCONFIG_KERNELVER), "");
	assert_string_equal(sysconfig_get(&s, SYSCONFIG_IMG), "vmlinuz");
	assert_string_equal(sysconfig_get(&s, SYSCONFIG_COMMANDLINE_REMOVE),
			    "hugepages hugepagesz slub_debug quiet log_buf_len swiotlb cma "
			    "hugetlb_cma ignition.firstboot");
#ifdef __x86_64__
	assert_string_equal(sysconfig_get(&s, SYSCONFIG_KEXEC_ARGS), "-s");
	assert_string_equal(
		sysconfig_get(&s, SYSCONFIG_COMMANDLINE_APPEND),
		"irqpoll nr_cpus=1 reset_devices cgroup_disable=memory mce=off numa=off "
		"udev.children-max=2 panic=10 acpi_no_memhotplug transparent_hugepage=never "
		"nokaslr hest_disable cma=0 pcie_ports=compat novmcoredd hugetlb_cma=0 "
		"kfence.sample_interval=0 initramfs_options=size=90% "
		"debugfs=off initcall_blacklist=tracer_init_tracefs");
#endif
}

static void refused(const char *text, const char *message)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };
	_cleanup_error_ struct error *e = parse(&s, text);

	if (!e)
		fail_msg("\"%s\" was accepted", text);
	assert_string_equal(error_message(e), message);
}

static void what_needs_a_shell_is_refused(void **state)
{
	(void)state;
	refused("A=1\nKDUMP_KERNELVER=$(uname -r)",
		"/etc/sysconfig/kdump line 2: command substitution is not done here; write the "
		"value");
	refused("KDUMP_KERNELVER=\"`uname -r`\"",
		"/etc/sysconfig/kdump line 1: command substitution is not done here; write the "
		"value");
	refused("\nif [ -f /x ]; then",
		"/etc/sysconfig/kdump line 2: expected NAME=value; this file is read, not run");
	refused("A=\"${B:-c}\"",
		"/etc/sysconfig/kdump line 1: only ${NAME} is understood of the ${...} forms");
	refused("A=1\nB=\"open\nC=2", "/etc/sysconfig/kdump line 2: a double quote is not closed");
	refused("B='open", "/etc/sysconfig/kdump line 1: a single quote is not closed");
	refused("A=b&c", "/etc/sysconfig/kdump line 1: shell syntax is not understood here, only "
			 "NAME=value; put the value in quotes");
	refused("A = 1", "/etc/sysconfig/kdump line 1: expected NAME=value; this file is read, not "
			 "run");
}

static void unknown_names_are_told(void **state)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };

	(void)state;
	assert_ok(parse(&s, "OTHER=1\nKDUMP_SYSLOGLVL=0\nKDUMP_TYPO=1\n"));
	assert_ok(sysconfig_check_names(&s, "/etc/sysconfig/kdump"));
	assert_int_equal(s.warnings.n, 1);
	assert_string_equal(s.warnings.v[0],
			    "/etc/sysconfig/kdump line 3: KDUMP_TYPO is not known and has no "
			    "effect");
}

/* `+=` and $NAME could double a value with every line. */
static void values_stay_small(void **state)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };

	(void)state;
	strbuf_puts(&text, "A=0123456789abcdef\n");
	for (int i = 0; i < 40; i++)
		strbuf_puts(&text, "A=$A$A\n");
	assert_error(parse(&s, strbuf_str(&text)), ERROR_USAGE, "longer than 64 KiB");
}

/* Refused where the limit is passed, on line 2, and not when the closing quote was reached. */
static void values_stay_small_in_quotes(void **state)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	(void)state;
	strbuf_puts(&text, "A=");
	strbuf_fill(&text, 'x', 60000);
	strbuf_puts(&text, "\nB=\"$A$A\n$A$A\"\n");
	refused(strbuf_str(&text), "/etc/sysconfig/kdump line 2: a value is longer than 64 KiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(stock_values),
		cmocka_unit_test(adding_to_the_stock_value),
		cmocka_unit_test(stock_by_cpu),
		cmocka_unit_test(blanks_around_the_equals_sign),
		cmocka_unit_test(what_needs_a_shell_is_refused),
		cmocka_unit_test(unknown_names_are_told),
		cmocka_unit_test(values_stay_small),
		cmocka_unit_test(values_stay_small_in_quotes),
	};

	return cmocka_run_group_tests_name("sysconfig", tests, NULL, NULL);
}
