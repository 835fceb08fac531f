#include "machine.h"
#include "service/inputs.h"

#define EMPTY_DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void reasons_are(const char *old_text, const char *now_text, const char *expected)
{
	_cleanup_inputs_ struct inputs old = { 0 }, now = { 0 };
	_cleanup_words_ struct words reasons = { 0 };
	_cleanup_strbuf_ struct strbuf got = { 0 };

	assert_ok(inputs_parse(&old, "old", old_text, strlen(old_text)));
	assert_ok(inputs_parse(&now, "now", now_text, strlen(now_text)));
	assert_ok(inputs_compare(&old, &now, &reasons));
	for (size_t i = 0; i < reasons.n; i++)
		strbuf_printf(&got, "%s%s", i ? "|" : "", reasons.v[i]);
	assert_string_equal(strbuf_str(&got), expected);
}

#define OTHER_DIGEST "00000000000000000000000000000000000000000000000000000000000000ff"
#define FILE_A	     "file " EMPTY_DIGEST " /a\n"
#define FILE_A_NEW   "file " OTHER_DIGEST " /a\n"
#define FILE_B	     "file " EMPTY_DIGEST " /b with blank\n"

static void each_difference_has_its_sentence(void **state)
{
	(void)state;
	reasons_are("inputs 1\n" FILE_A "module m\n", "inputs 1\nmodule m\n" FILE_A, "");
	reasons_are("inputs 1\n" FILE_A, "inputs 1\n" FILE_A_NEW FILE_B,
		    "Detected change(s) in the following file(s): /a /b with blank");
	reasons_are("inputs 1\n" FILE_A FILE_B, "inputs 1\n" FILE_A,
		    "Detected change(s) in the following file(s): /b with blank");
	reasons_are("inputs 1\nplace path /x\n", "inputs 1\nplace path /y\n",
		    "Detected change in File System");
	reasons_are("inputs 1\nmodule a\n", "inputs 1\nmodule a\nmodule b\nmodule c\n",
		    "Detected change in block device driver, new loaded module: b c");
	reasons_are("inputs 1\nmodule a\nmodule b\n", "inputs 1\nmodule a\n",
		    "Detected modules that are not needed any more: b");
	reasons_are("inputs 1\nfact final-action reboot\n", "inputs 1\nfact final-action halt\n",
		    "Detected change in the settings of the image");
	reasons_are("inputs 1\nimage " EMPTY_DIGEST " /i\n", "inputs 1\n", "");
}

static void files_by_their_content(void **state)
{
	_cleanup_inputs_ struct inputs in = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct tree t;

	(void)state;
	tree_init(&t);
	tree_add(&t, "etc/empty", "");
	assert_ok(inputs_add_file(&in, INPUT_FILE, t.fd, "etc/empty", true));
	assert_ok(inputs_add(&in, INPUT_FACT, "a\nb"));
	assert_error(inputs_add_file(&in, INPUT_FILE, t.fd, "/etc/gone", true), ERROR_NOT_FOUND,
		     "/etc/gone");
	assert_ok(inputs_write(&in, &text));
	assert_string_equal(strbuf_str(&text),
			    "inputs 1\nfile " EMPTY_DIGEST " /etc/empty\nfact a b\n");
	tree_done(&t);
}

static void what_is_no_record(void **state)
{
	static const char *const texts[] = { "", "inputs 2\n", "inputs 1\nfile 12 /x\n",
					     "inputs 1\nfile\n", "inputs 1\nother x\n",
					     "inputs 1\nmodule\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_inputs_ struct inputs in = { 0 };

		assert_error(inputs_parse(&in, "NAME", texts[i], strlen(texts[i])), ERROR_BAD_DATA,
			     "NAME: not a list of inputs");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_has_its_sentence),
		cmocka_unit_test(files_by_their_content),
		cmocka_unit_test(what_is_no_record),
	};

	return cmocka_run_group_tests_name("inputs", tests, NULL, NULL);
}
