/* fence_kdump_args, and who must not be told. */
#include "../test.h"

#include <sys/socket.h>

#include "service/fence.h"

static void test_args(void **state)
{
	struct plan_fence f = { 0 };
	int family;

	assert_ok(fence_args(NULL, &f, &family));
	assert_int_equal(f.port, 7410);
	assert_int_equal(f.interval_s, 10);
	assert_int_equal(f.count, 0);
	assert_int_equal(family, 0);
	assert_ok(fence_args("-p 7411 -f ipv4 --count=3 -i5 --interval 6 -v", &f, &family));
	assert_int_equal(f.port, 7411);
	assert_int_equal(f.interval_s, 6);
	assert_int_equal(f.count, 3);
	assert_int_equal(family, AF_INET);
	assert_error(fence_args("-p 0", &f, &family), ERROR_USAGE, "1 to 65535");
	assert_error(fence_args("-f ipx", &f, &family), ERROR_USAGE, "ipx is no family");
	assert_error(fence_args("-x", &f, &family), ERROR_USAGE, "option -x is not known");
	assert_error(fence_args("-i", &f, &family), ERROR_USAGE, "has no value");
	assert_error(fence_args("--counts 3", &f, &family), ERROR_USAGE, "not known");
}

static struct error *one_way(const struct network_source *s, const struct inet_addr *to, struct net_route *ret)
{
	*ret = (struct net_route){ .index = 1, .type = 2 /* RTN_LOCAL */ };
	return NULL;
}

static void test_own(void **state)
{
	const struct network_source source = { .route = one_way };
	const struct network_how how = { .source = &source };
	static const char conf[] = "fence_kdump_nodes node1 192.0.2.9\n";
	struct words modules = { 0 }, warnings = { 0 };
	struct settings s = { 0 };
	struct plan_fence f = { 0 };
	struct plan_net net = { 0 };

	assert_ok(settings_parse(&s, "/etc/kdump.conf", conf, sizeof(conf) - 1));
	assert_error(fence_resolve(&how, &s, "node1", &f, &net, &modules, &warnings), ERROR_USAGE,
		     "Option fence_kdump_nodes cannot contain node1");
	settings_done(&s);
	assert_ok(settings_parse(&s, "/etc/kdump.conf", "fence_kdump_nodes 192.0.2.9\n", 28));
	assert_error(fence_resolve(&how, &s, "node1", &f, &net, &modules, &warnings), ERROR_USAGE,
		     "Option fence_kdump_nodes cannot contain 192.0.2.9");
	settings_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_args),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
