/* What a dump of rtnetlink says: interfaces of all kinds, addresses, routes; and broken ones. */
#include "../test.h"

#include "net/bond.h"
#include "net/netstate.h"
#include "recorded.h"

static void test_addresses_as_text(void **state)
{
	struct inet_addr a, net;
	char text[INET_TEXT];

	assert_true(inet_parse("192.0.2.77/20", &a));
	assert_string_equal(inet_format_prefix(&a, text), "192.0.2.77/20");
	assert_true(inet_parse("192.0.0.0/20", &net));
	assert_true(inet_within(&a, &net));
	assert_true(inet_parse("192.0.16.1", &a));
	assert_false(inet_within(&a, &net));
	assert_int_equal(a.prefix, 32);
	assert_true(inet_parse("2001:DB8::1/64", &a));
	assert_string_equal(inet_format_prefix(&a, text), "2001:db8::1/64");
	assert_false(inet_within(&a, &net));
	assert_false(inet_parse("192.0.2.1/33", &a));
	assert_false(inet_parse("192.0.2.1/", &a));
	assert_false(inet_parse("192.0.2.1/-1", &a));
	assert_false(inet_parse("::1/129", &a));
	assert_false(inet_parse("192.0.2", &a));
	assert_false(inet_parse("", &a));
}

static void test_links(void **state)
{
	_cleanup_netstate_ struct netstate n = { 0 };
	_cleanup_strbuf_ struct strbuf dump = { 0 };
	const struct net_link *l;

	rec_link(&dump, &(struct rec_link){ 1, "lo" });
	rec_link(&dump, &(struct rec_link){ 2, "eno1", .mac = "52:54:00:00:00:aa", .permanent = "52:54:00:00:00:01",
					    .master = 5, .mtu = 9000 });
	rec_link(&dump, &(struct rec_link){ 3, "eno2", .mac = "52:54:00:00:00:aa", .master = 5,
					    .slave_permanent = "52:54:00:00:00:02" });
	rec_link(&dump, &(struct rec_link){ 5, "bond0", .kind = "bond", .mac = "52:54:00:00:00:aa",
					    .bond_mode = 1, .bond_miimon = 100, .bond_primary = 3 });
	rec_link(&dump, &(struct rec_link){ 6, "bond0.5", .kind = "vlan", .mac = "52:54:00:00:00:aa", .lower = 5,
					    .vlan_id = 5 });
	rec_link(&dump, &(struct rec_link){ 7, "br0", .kind = "bridge", .stp = true });
	rec_address(&dump, 6, "192.168.5.10/24", UINT32_MAX);
	rec_address(&dump, 6, "2001:db8::10/64", 1800);
	assert_ok(strbuf_error(&dump));
	assert_ok(netstate_parse(&n, dump.s, dump.len));
	assert_int_equal(n.links.n, 6);
	l = netstate_named(&n, "eno1");
	assert_non_null(l);
	assert_true(l->has_permanent && l->permanent[5] == 1 && l->mac[5] == 0xaa);
	assert_int_equal(l->mtu, 9000);
	assert_int_equal(l->master, 5);
	l = netstate_link(&n, 3);
	assert_true(l->has_permanent && l->permanent[5] == 2);
	l = netstate_link(&n, 5);
	assert_string_equal(l->kind, "bond");
	assert_int_equal(l->bond.n, 2); /* what is usual is not said */
	assert_string_equal(l->bond.v[0], "mode=1");
	assert_string_equal(l->bond.v[1], "miimon=100");
	assert_int_equal(l->bond_primary, 3);
	l = netstate_link(&n, 6);
	assert_int_equal(l->vlan_id, 5);
	assert_false(l->vlan_ad);
	assert_int_equal(l->lower, 5);
	l = netstate_link(&n, 7);
	assert_true(l->stp);
	assert_int_equal(l->forward_delay, 1500);
	assert_int_equal(n.addresses.n, 2);
	assert_int_equal(n.addresses.v[0].valid_s, UINT32_MAX);
	assert_int_equal(n.addresses.v[1].valid_s, 1800);
	assert_int_equal(n.addresses.v[1].addr.prefix, 64);
}

/* Every length cut off: no read past the end (the sanitizers look), no wrong interface. */
static void test_cut_off(void **state)
{
	_cleanup_strbuf_ struct strbuf dump = { 0 };

	rec_link(&dump, &(struct rec_link){ 5, "bond0", .kind = "bond", .bond_mode = 1, .bond_miimon = 100 });
	for (size_t len = 0; len < dump.len; len++) {
		_cleanup_netstate_ struct netstate n = { 0 };
		_cleanup_free_ char *part = malloc(len + 1);

		memcpy(part, dump.s, len);
		error_free(netstate_parse(&n, part, len));
		assert_int_equal(n.links.n, 0);
	}
}

static void test_route(void **state)
{
	_cleanup_strbuf_ struct strbuf answer = { 0 }, other = { 0 };
	struct net_route r;
	char text[INET_TEXT];

	rec_route(&answer, 6, "192.168.5.1", "192.168.5.10");
	assert_ok(route_parse(answer.s, answer.len, &r));
	assert_int_equal(r.index, 6);
	assert_string_equal(inet_format(&r.via, text), "192.168.5.1");
	assert_string_equal(inet_format(&r.source, text), "192.168.5.10");
	rec_link(&other, &(struct rec_link){ 1, "lo" });
	assert_error(route_parse(other.s, other.len, &r), ERROR_BAD_DATA, "no route");
	assert_error(route_parse(answer.s, 20, &r), ERROR_BAD_DATA, "no route");
}

/* Words and attributes say the same. */
static void test_bond_options(void **state)
{
	static const char *const options[] = { "mode=1", "miimon=100", "updelay=200", "arp_validate=3",
					       "arp_ip_target=10.0.0.1,10.0.0.2", "fail_over_mac=1" };
	_cleanup_words_ struct words in = { 0 }, out = { 0 };
	struct rtnl_message m;
	struct attr data;
	struct attr_walk w;
	int primary;
	size_t nest;
	char none = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		assert_ok(bond_check(options[i]));
		assert_ok(words_add(&in, options[i]));
	}
	rtnl_begin(&m, RTM_NEWLINK, 0, &none, 0);
	nest = rtnl_nest(&m, IFLA_INFO_DATA);
	bond_put(&m, &in);
	rtnl_nest_end(&m, nest);
	assert_false(m.failed);
	w = (struct attr_walk){ m.bytes + nest, m.len - nest };
	assert_true(attr_next(&w, &data));
	assert_ok(bond_words(&data, &out, &primary));
	assert_int_equal(out.n, in.n);
	for (size_t i = 0; i < out.n; i++)
		assert_true(words_have(&in, out.v[i]));
	assert_error(bond_check("mode"), ERROR_USAGE, "no option of a bond");
	assert_error(bond_check("color=red"), ERROR_USAGE, "no option of a bond");
	assert_error(bond_check("mode=256"), ERROR_USAGE, "not a value");
	assert_error(bond_check("arp_ip_target=10.0.0.1,,"), ERROR_USAGE, "not a value");
	assert_error(bond_check("arp_ip_target=::1"), ERROR_USAGE, "not a value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_as_text), cmocka_unit_test(test_links),
		cmocka_unit_test(test_cut_off),		  cmocka_unit_test(test_route),
		cmocka_unit_test(test_bond_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
