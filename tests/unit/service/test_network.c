/* From recorded networks to the plan: plain, VLAN on a bond, bridge, version 6, and what is refused. */
#include "../test.h"

#include "../net/recorded.h"
#include "machine.h"
#include "service/network.h"
#include "plan/plan.h"

#define NOW 1000000

struct recorded {
	struct network_source source;
	struct strbuf state, route;
};

static struct error *recorded_state(const struct network_source *s, struct netstate *ret)
{
	const struct recorded *r = (const struct recorded *)s;

	return netstate_parse(ret, strbuf_str(&r->state), r->state.len);
}

static struct error *recorded_route(const struct network_source *s, const struct inet_addr *to,
				    struct net_route *ret)
{
	const struct recorded *r = (const struct recorded *)s;

	if (!r->route.len)
		return error_new(ERROR_NOT_FOUND, "there is no way");
	return route_parse(strbuf_str(&r->route), r->route.len, ret);
}

struct fixture {
	struct tree tree;
	struct recorded recorded;
	struct plan_net net;
	struct words modules, warnings;
};

static void card(struct fixture *f, const char *name, unsigned slot, const char *driver)
{
	char folder[80], link[80], to[120];

	snprintf(folder, sizeof(folder), "sys/devices/pci0000:00/0000:00:%02x.0", slot);
	machine_driver(&f->tree, folder, driver, driver, NULL);
	snprintf(link, sizeof(link), "sys/devices/pci0000:00/0000:00:%02x.0/net/%s/device", slot, name);
	machine_link(&f->tree, link, "../..");
	snprintf(link, sizeof(link), "sys/class/net/%s", name);
	snprintf(to, sizeof(to), "../../devices/pci0000:00/0000:00:%02x.0/net/%s", slot, name);
	machine_link(&f->tree, link, to);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	machine_init(&f->tree);
	f->recorded.source = (struct network_source){ recorded_state, recorded_route };
	rec_link(&f->recorded.state, &(struct rec_link){ 1, "lo" });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	plan_net_done(&f->net);
	words_done(&f->modules);
	words_done(&f->warnings);
	strbuf_done(&f->recorded.state);
	strbuf_done(&f->recorded.route);
	tree_done(&f->tree);
	free(f);
	return 0;
}

static struct error *plan_for(struct fixture *f, const char *server)
{
	struct network_how how = { .root = f->tree.fd, .now = NOW, .source = &f->recorded.source };
	struct inet_addr a;

	assert_true(inet_parse(server, &a));
	return network_plan(&how, &a, &f->net, &f->modules, &f->warnings);
}

static void assert_plan(const struct fixture *f, const char *text)
{
	_cleanup_strbuf_ struct strbuf got = { 0 };

	assert_ok(plan_net_check(&f->net));
	plan_net_write(&f->net, &got);
	assert_string_equal(strbuf_str(&got), text);
}

#define LINK(...) rec_link(&f->recorded.state, &(struct rec_link){ __VA_ARGS__ })

static void test_plain(void **state)
{
	struct fixture *f = *state;

	card(f, "enp1s0", 1, "virtio_net");
	card(f, "enp2s0", 2, "e1000e");
	LINK(2, "enp1s0", .mac = "52:54:00:00:00:01", .permanent = "52:54:00:00:00:01");
	LINK(3, "enp2s0", .mac = "52:54:00:00:00:02", .permanent = "52:54:00:00:00:02");
	rec_address(&f->recorded.state, 2, "10.9.9.9/24", UINT32_MAX); /* no business of the dump */
	rec_address(&f->recorded.state, 3, "192.168.5.10/24", UINT32_MAX);
	rec_address(&f->recorded.state, 3, "192.168.5.99/24", UINT32_MAX); /* nor this one */
	rec_route(&f->recorded.route, 3, "192.168.5.1", "192.168.5.10");
	assert_ok(plan_for(f, "10.1.2.3"));
	assert_plan(f, "net-link enp2s0 card permanent=52:54:00:00:00:02 driver=e1000e\n"
		       "net-address enp2s0 192.168.5.10/24\n"
		       "net-route enp2s0 10.1.2.3/32 via 192.168.5.1\n"
		       "net-server 10.1.2.3\n");
	assert_int_equal(f->modules.n, 1);
	assert_string_equal(f->modules.v[0], "e1000e");
}

/* On the link itself nothing has to be said of the way; a lease has its end. */
static void test_lent(void **state)
{
	struct fixture *f = *state;

	card(f, "eth0", 1, "virtio_net");
	LINK(2, "eth0", .mac = "52:54:00:00:00:01", .mtu = 9000);
	rec_address(&f->recorded.state, 2, "192.168.5.10/24", 3600);
	rec_route(&f->recorded.route, 2, NULL, "192.168.5.10");
	assert_ok(plan_for(f, "192.168.5.2"));
	assert_plan(f, "net-link eth0 card permanent=52:54:00:00:00:01 driver=virtio_net mtu=9000\n"
		       "net-address eth0 192.168.5.10/24 dhcp until=1003600\n"
		       "net-server 192.168.5.2\n");
}

static void test_vlan_on_bond(void **state)
{
	struct fixture *f = *state;

	card(f, "eno1", 1, "virtio_net");
	card(f, "eno2", 2, "e1000e");
	LINK(2, "eno1", .mac = "52:54:00:00:00:01", .permanent = "52:54:00:00:00:01", .master = 5);
	LINK(3, "eno2", .mac = "52:54:00:00:00:01", .slave_permanent = "52:54:00:00:00:02", .master = 5);
	LINK(5, "bond0", .kind = "bond", .mac = "52:54:00:00:00:01", .bond_mode = 1, .bond_miimon = 100,
	     .bond_primary = 3);
	LINK(6, "bond0.5", .kind = "vlan", .mac = "52:54:00:00:00:01", .lower = 5, .vlan_id = 5);
	rec_address(&f->recorded.state, 6, "192.168.5.10/24", UINT32_MAX);
	rec_route(&f->recorded.route, 6, NULL, "192.168.5.10");
	assert_ok(plan_for(f, "192.168.5.2"));
	assert_plan(f,
		    "net-link eno1 card permanent=52:54:00:00:00:01 driver=virtio_net master=bond0\n"
		    "net-link eno2 card permanent=52:54:00:00:00:02 driver=e1000e master=bond0\n"
		    "net-link bond0 bond mac=52:54:00:00:00:01 primary=eno2 mode=1 miimon=100\n"
		    "net-link bond0.5 vlan parent=bond0 id=5\n"
		    "net-address bond0.5 192.168.5.10/24\n"
		    "net-server 192.168.5.2\n");
	assert_true(words_have(&f->modules, "bonding"));
	assert_true(words_have(&f->modules, "8021q"));
	assert_true(words_have(&f->modules, "e1000e"));
	/* a second server on the same way adds nothing */
	assert_ok(plan_for(f, "192.168.5.3"));
	assert_int_equal(f->net.links.n, 4);
	assert_int_equal(f->net.addresses.n, 1);
}

/* A bridge's taps and virtual machines are left out. */
static void test_bridge(void **state)
{
	struct fixture *f = *state;

	card(f, "eth0", 1, "virtio_net");
	LINK(2, "eth0", .mac = "52:54:00:00:00:01", .permanent = "52:54:00:00:00:01", .master = 4);
	LINK(3, "vnet0", .kind = "tun", .mac = "fe:54:00:00:00:07", .master = 4);
	LINK(4, "br0", .kind = "bridge", .mac = "52:54:00:00:00:01", .stp = true);
	rec_address(&f->recorded.state, 4, "192.168.5.10/24", UINT32_MAX);
	rec_route(&f->recorded.route, 4, NULL, "192.168.5.10");
	assert_ok(plan_for(f, "192.168.5.2"));
	assert_plan(f, "net-link eth0 card permanent=52:54:00:00:00:01 driver=virtio_net master=br0\n"
		       "net-link br0 bridge mac=52:54:00:00:00:01 stp=1 forward-delay=1500\n"
		       "net-address br0 192.168.5.10/24\n"
		       "net-server 192.168.5.2\n");
}

static void test_version_6(void **state)
{
	struct fixture *f = *state;

	card(f, "eth0", 1, "virtio_net");
	LINK(2, "eth0", .mac = "52:54:00:00:00:01");
	rec_address(&f->recorded.state, 2, "2001:db8::10/64", 1800);
	rec_route(&f->recorded.route, 2, "fe80::1", "2001:db8::10");
	assert_ok(plan_for(f, "2001:db8:1::2"));
	assert_plan(f, "net-link eth0 card permanent=52:54:00:00:00:01 driver=virtio_net\n"
		       "net-address eth0 2001:db8::10/64 auto until=1001800\n"
		       "net-route eth0 2001:db8:1::2/128 via fe80::1\n"
		       "net-server 2001:db8:1::2\n");
	assert_true(words_have(&f->modules, "ipv6"));
}

/* The card's own address was changed: found by the old one, given the new one. */
static void test_other_mac(void **state)
{
	struct fixture *f = *state;

	card(f, "eth0", 1, "virtio_net");
	LINK(2, "eth0", .mac = "02:00:00:00:00:07", .permanent = "52:54:00:00:00:01");
	rec_address(&f->recorded.state, 2, "192.168.5.10/24", UINT32_MAX);
	rec_route(&f->recorded.route, 2, NULL, NULL); /* the kernel need not name a source */
	assert_ok(plan_for(f, "192.168.5.2"));
	assert_plan(f, "net-link eth0 card permanent=52:54:00:00:00:01 mac=02:00:00:00:00:07 driver=virtio_net\n"
		       "net-address eth0 192.168.5.10/24\n"
		       "net-server 192.168.5.2\n");
}

static void test_refused(void **state)
{
	struct fixture *f = *state;

	assert_error(plan_for(f, "192.168.5.2"), ERROR_NOT_FOUND, "there is no way");
	LINK(2, "wg0", .kind = "wireguard");
	LINK(3, "dev0", .mac = "52:54:00:00:00:01"); /* no device in sysfs */
	LINK(4, "br0", .kind = "bridge");
	rec_address(&f->recorded.state, 2, "192.168.5.10/24", UINT32_MAX);
	rec_address(&f->recorded.state, 3, "192.168.6.10/24", UINT32_MAX);
	rec_address(&f->recorded.state, 4, "192.168.7.10/24", UINT32_MAX);
	rec_route(&f->recorded.route, 2, NULL, "192.168.5.10");
	assert_error(plan_for(f, "192.168.5.2"), ERROR_UNSUPPORTED, "of kind wireguard");
	f->recorded.route.len = 0;
	rec_route(&f->recorded.route, 3, NULL, "192.168.6.10");
	assert_error(plan_for(f, "192.168.6.2"), ERROR_UNSUPPORTED, "no network card");
	f->recorded.route.len = 0;
	rec_route(&f->recorded.route, 4, NULL, "192.168.7.10");
	assert_error(plan_for(f, "192.168.7.2"), ERROR_UNSUPPORTED, "no port that leads out");
}

/* Interfaces that stand on each other in a circle end. */
static void test_circle(void **state)
{
	struct fixture *f = *state;

	LINK(2, "a", .kind = "vlan", .lower = 3, .vlan_id = 1);
	LINK(3, "b", .kind = "vlan", .lower = 2, .vlan_id = 2);
	rec_address(&f->recorded.state, 2, "192.168.5.10/24", UINT32_MAX);
	rec_route(&f->recorded.route, 2, NULL, "192.168.5.10");
	assert_error(plan_for(f, "192.168.5.2"), ERROR_UNSUPPORTED, "deep on each other");
}

static void test_names(void **state)
{
	struct inet_list list;
	char text[INET_TEXT];

	assert_ok(network_resolve("[2001:db8::7]", &list));
	assert_int_equal(list.n, 1);
	assert_string_equal(inet_format(&list.v[0], text), "2001:db8::7");
	assert_ok(network_resolve("192.0.2.1", &list));
	assert_int_equal(list.n, 1);
	assert_error(network_resolve("", &list), ERROR_USAGE, "no name of a host");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_plain),	   T(test_lent),    T(test_vlan_on_bond), T(test_bridge), T(test_version_6),
		T(test_other_mac), T(test_refused), T(test_circle),	   T(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
