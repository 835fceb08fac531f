/* The plan's network: what is written reads back the same; what contradicts itself is refused. */
#include "../test.h"

#include "plan/plan.h"

#define NET                                                                                              \
	"net-link eth0 card permanent=52:54:00:00:00:01 driver=virtio_net mtu=9000 master=bond0\n"       \
	"net-link eth1 card permanent=52:54:00:00:00:02 mac=02:00:00:00:00:02 master=bond0\n"            \
	"net-link bond0 bond mac=52:54:00:00:00:01 primary=eth1 mode=1 miimon=100\n"                     \
	"net-link bond0.5 vlan parent=bond0 id=5 ad=1 master=br0\n"                                      \
	"net-link br0 bridge stp=1 forward-delay=400\n"                                                  \
	"net-address br0 192.168.5.10/24 dhcp until=1700000000\n"                                        \
	"net-address br0 2001:db8::10/64 auto\n"                                                         \
	"net-address eth0 10.0.0.1/8\n"                                                                  \
	"net-route br0 0.0.0.0/0 via 192.168.5.1\n"                                                      \
	"net-route br0 192.168.9.0/24\n"                                                                 \
	"net-server 192.168.9.1\n"

#define PLAN(net) "plan 1\ntarget ssh\ndevice root@srv\npath /d\n" net "ssh ssh -F /c srv\ncollector /bin/salvage-collect\n"

static struct error *parse(const char *text, struct plan *p)
{
	return plan_parse("test", text, strlen(text), p, NULL);
}

static void test_there_and_back(void **state)
{
	_cleanup_plan_ struct plan p = { 0 }, again = { 0 };
	_cleanup_strbuf_ struct strbuf one = { 0 }, two = { 0 };
	_cleanup_strbuf_ struct strbuf net = { 0 };

	assert_ok(parse(PLAN(NET), &p));
	assert_int_equal(p.target.kind, PLAN_TARGET_SSH);
	assert_int_equal(p.net.links.n, 5);
	assert_int_equal(p.net.links.v[2].options.n, 2);
	assert_true(p.net.links.v[3].vlan_ad);
	assert_int_equal(p.net.addresses.v[0].how, PLAN_ADDRESS_DHCP);
	assert_int_equal(p.net.addresses.v[0].until, 1700000000);
	assert_int_equal(p.net.routes.v[1].via.family, 0);
	assert_int_equal(p.ssh.n, 4);
	plan_net_write(&p.net, &net);
	assert_string_equal(strbuf_str(&net), NET);
	assert_ok(plan_write(&p, &one));
	assert_ok(parse(strbuf_str(&one), &again));
	assert_ok(plan_write(&again, &two));
	assert_string_equal(strbuf_str(&one), strbuf_str(&two));
}

static void test_copy(void **state)
{
	_cleanup_plan_ struct plan p = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct plan_net copy = { 0 };

	assert_ok(parse(PLAN(NET), &p));
	assert_ok(plan_net_copy(&p.net, &copy));
	plan_net_write(&copy, &text);
	assert_string_equal(strbuf_str(&text), NET);
	plan_net_done(&copy);
}

static void test_refused(void **state)
{
	static const struct {
		const char *net, *words;
	} cases[] = {
		{ "net-link eth0 card\nnet-server 1.2.3.4\n", "permanent=, which is not said" },
		{ "net-link eth0 card permanent=52:54\nnet-server 1.2.3.4\n", "no address of a card" },
		{ "net-link eth0 tunnel\n", "no kind of link" },
		{ "net-link eth0\n", "a name and a kind" },
		{ "net-link an-interface-name-too-long card permanent=52:54:00:00:00:01\n", "no name for an interface" },
		{ "net-link v vlan id=5 parent=eth0\nnet-server 1.2.3.4\n", "stands before it" },
		{ "net-link v vlan id=4095\n", "0 to 4094" },
		{ "net-link eth0 card permanent=52:54:00:00:00:01 master=bond0\nnet-server 1.2.3.4\n", "stands behind it" },
		{ "net-link eth0 card permanent=52:54:00:00:00:01 mode=1\n", "no option of a card" },
		{ "net-link eth0 card permanent=52:54:00:00:00:01\nnet-link eth0 bond\nnet-server 1.2.3.4\n", "twice" },
		{ "net-address eth0 1.2.3.4/24\nnet-server 1.2.3.4\n", "no link eth0" },
		{ "net-address eth0 1.2.3.4/24 auto\n", "says nothing" },
		{ "net-address eth0 1.2.3/24\n", "no address" },
		{ "net-route eth0 1.2.3.4/24 over 1.2.3.5\n", "via ADDRESS" },
		{ "net-server 1.2.3.4\n", "no link to reach it" },
		{ "net-server there\n", "no address" },
		{ "", "net-server is not said" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf text = { 0 };
		struct plan p;

		strbuf_printf(&text, "plan 1\ntarget ssh\ndevice root@srv\npath /d\n%sssh ssh srv\n"
				     "collector /bin/salvage-collect\n",
			      cases[i].net);
		assert_error(parse(strbuf_str(&text), &p), ERROR_USAGE, cases[i].words);
	}
}

static void test_remote(void **state)
{
	struct plan_place place = { .fstype = "nfs" };

	assert_true(plan_place_is_remote(&place));
	assert_false(plan_place_has_device(&place));
	place.fstype = "ext4";
	assert_false(plan_place_is_remote(&place));
	assert_true(plan_place_has_device(&place));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_remote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
