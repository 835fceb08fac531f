#include "../test.h"

static void nests_and_escapes(void **state)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct json j;

	(void)state;
	json_init(&j, &b);
	j.compact = true;
	json_open(&j, NULL, '{');
	json_string(&j, "a\"", "x\ny\x01\xff\xc3\xa9");
	json_open(&j, "list", '[');
	json_hex(&j, NULL, 0xffffffff81000000);
	json_i64(&j, NULL, -1);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	json_string(&j, "none", NULL);
	json_bool(&j, "yes", true);
	json_fixed(&j, "t", 1.25, 1);
	json_close(&j, '}');
	assert_string_equal(strbuf_str(&b),
			    "{\"a\\\"\":\"x\\ny\\u0001\xef\xbf\xbd\xc3\xa9\",\"list\":"
			    "[\"0xffffffff81000000\",-1,{}],\"none\":null,\"yes\":true,\"t\":1.2}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nests_and_escapes) };

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
