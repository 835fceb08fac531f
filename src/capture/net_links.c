/* Interfaces: cards found by the address that they came with, VLANs, bonds and bridges made. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"
#include "capture/internal.h"
#include "capture/net.h"
#include "net/bond.h"

#define CARD_MS	   60000 /* how long a card is waited for: firmware, slow buses */
#define CARRIER_MS 30000 /* and its carrier: switches negotiate, spanning trees settle */
#define LOOK_MS	   100
#define SAY_MS	   5000

/* --- cards -------------------------------------------------------------------------- */

static bool driver_is(struct capture *c, const char *name, const char *driver)
{
	char path[80], to[512];
	ssize_t n;

	snprintf(path, sizeof(path), "sys/class/net/%s/device/driver", name);
	n = readlinkat(c->root, path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = '\0';
	return strcmp(strrchr(to, '/') ? strrchr(to, '/') + 1 : to, driver) == 0;
}

/* Virtual functions of clouds have the address of the interface that stands over them: the
 * driver tells which is meant. */
static const struct net_link *pick_card(struct net_up *n, const struct netstate *state,
					const struct plan_link *l)
{
	const struct net_link *found = NULL;

	for (size_t i = 0; i < state->links.n; i++) {
		const struct net_link *one = &state->links.v[i];
		const unsigned char *mac = one->has_permanent ? one->permanent : one->mac;

		if (one->hardware != ARPHRD_ETHER || !(one->has_permanent || one->has_mac) ||
		    *one->kind || memcmp(mac, l->permanent, MAC_LEN) != 0)
			continue;
		if (!l->driver || driver_is(n->c, one->name, l->driver))
			return one;
		if (!found)
			found = one;
	}
	return found;
}

static struct error *find_card(struct net_up *n, const struct plan_link *l, struct net_made *ret)
{
	uint64_t start = clock_now_ms(), end = MIN(n->deadline_ms, start + CARD_MS);
	bool said = false;
	char mac[18];

	for (;;) {
		_cleanup_netstate_ struct netstate state = { 0 };
		const struct net_link *found;
		uint64_t now = clock_now_ms();

		TRY(netstate_read(&state, &n->rtnl));
		found = pick_card(n, &state, l);
		if (found) {
			ret->index = found->index;
			memcpy(ret->name, found->name, sizeof(ret->name));
			memcpy(ret->mac, found->has_mac ? found->mac : l->permanent, MAC_LEN);
			return NULL;
		}
		if (now >= end)
			return error_new(ERROR_TIMEOUT, "there is no network card with the address %s (%s) after %ju s",
					 mac_format(l->permanent, mac), l->name,
					 (uintmax_t)(now - start) / 1000);
		if (!said && now - start >= SAY_MS) {
			say("waiting for the network card %s (%s)", mac_format(l->permanent, mac), l->name);
			said = true;
		}
		clock_sleep_ms(LOOK_MS);
	}
}

/* Changes an interface: up or down when `mask` says so, and what else is in the message. */
static void change_begin(struct rtnl_message *m, int index, unsigned flags, unsigned mask)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = flags,
				  .ifi_change = mask };

	rtnl_begin(m, RTM_NEWLINK, 0, &head, sizeof(head));
}

static struct error *set_up(struct net_up *n, int index, bool up, const char *name)
{
	struct rtnl_message m;
	char what[60];

	snprintf(what, sizeof(what), "%s: cannot set it %s", name, up ? "up" : "down");
	change_begin(&m, index, up ? IFF_UP : 0, IFF_UP);
	return rtnl_do(&n->rtnl, &m, what);
}

struct error *net_set_mtu(struct net_up *n, int index, unsigned mtu)
{
	struct rtnl_message m;

	change_begin(&m, index, 0, 0);
	rtnl_put_u32(&m, IFLA_MTU, mtu);
	return rtnl_do(&n->rtnl, &m, "cannot set the MTU");
}

/* A card that refuses an address or a size may still do. */
static struct error *dress_card(struct net_up *n, const struct plan_link *l, struct net_made *made)
{
	struct rtnl_message m;
	struct error *e;

	if (l->mtu)
		say_error(net_set_mtu(n, made->index, l->mtu), "%s", l->name);
	if (!l->has_mac || memcmp(l->mac, made->mac, MAC_LEN) == 0)
		return NULL;
	TRY(set_up(n, made->index, false, l->name)); /* some take it only then */
	change_begin(&m, made->index, 0, 0);
	rtnl_put(&m, IFLA_ADDRESS, l->mac, MAC_LEN);
	e = rtnl_do(&n->rtnl, &m, "cannot set its address");
	if (!e)
		memcpy(made->mac, l->mac, MAC_LEN);
	say_error(e, "%s", l->name);
	return NULL;
}

/* --- what stands on them ------------------------------------------------------------ */

static void put_vlan(struct rtnl_message *m, const struct plan_link *l)
{
	rtnl_put_u16(m, IFLA_VLAN_ID, l->vlan_id);
	rtnl_put_u16(m, IFLA_VLAN_PROTOCOL, htons(l->vlan_ad ? ETH_P_8021AD : ETH_P_8021Q));
}

static void put_bridge(struct rtnl_message *m, const struct plan_link *l)
{
	/* without the protocol ports forward at once */
	if (l->stp && l->forward_delay)
		rtnl_put_u32(m, IFLA_BR_FORWARD_DELAY, l->forward_delay);
	rtnl_put_u32(m, IFLA_BR_STP_STATE, l->stp);
}

void net_link_message(const struct plan_link *l, int parent, struct rtnl_message *m)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	size_t info, data;

	rtnl_begin(m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	rtnl_put_text(m, IFLA_IFNAME, l->name);
	if (l->mtu)
		rtnl_put_u32(m, IFLA_MTU, l->mtu);
	if (l->has_mac)
		rtnl_put(m, IFLA_ADDRESS, l->mac, MAC_LEN);
	if (parent)
		rtnl_put_u32(m, IFLA_LINK, parent);
	info = rtnl_nest(m, IFLA_LINKINFO);
	rtnl_put_text(m, IFLA_INFO_KIND, plan_link_kind_name(l->kind));
	data = rtnl_nest(m, IFLA_INFO_DATA);
	if (l->kind == PLAN_LINK_VLAN)
		put_vlan(m, l);
	else if (l->kind == PLAN_LINK_BOND)
		bond_put(m, &l->options);
	else if (l->kind == PLAN_LINK_BRIDGE)
		put_bridge(m, l);
	rtnl_nest_end(m, data);
	rtnl_nest_end(m, info);
}

static struct error *check_options(const struct plan_link *l)
{
	for (size_t i = 0; i < l->options.n; i++)
		TRY(bond_check(l->options.v[i]));
	return NULL;
}

static struct error *create(struct net_up *n, const struct plan_link *l, struct net_made *ret)
{
	const struct net_made *parent = l->parent ? net_made_named(n, l->parent) : NULL;
	_cleanup_netstate_ struct netstate state = { 0 };
	const struct net_link *found;
	struct rtnl_message m;
	char what[60];

	TRY(error_prefix(check_options(l), "%s", l->name));
	snprintf(what, sizeof(what), "%s: cannot make this %s", l->name, plan_link_kind_name(l->kind));
	net_link_message(l, parent ? parent->index : 0, &m);
	TRY(rtnl_do(&n->rtnl, &m, what));
	TRY(netstate_read(&state, &n->rtnl));
	found = netstate_named(&state, l->name);
	if (!found)
		return error_new(ERROR_OTHER, "%s: made, but not there", l->name);
	ret->index = found->index;
	memcpy(ret->name, found->name, sizeof(ret->name));
	memcpy(ret->mac, found->mac, MAC_LEN);
	return NULL;
}

static struct error *put_into_master(struct net_up *n, const struct net_made *slave,
				     const struct net_made *master)
{
	struct rtnl_message m;
	char what[80];

	snprintf(what, sizeof(what), "%s: cannot put it into %s", slave->link->name, master->link->name);
	TRY(set_up(n, slave->index, false, slave->link->name)); /* a bond takes no other */
	change_begin(&m, slave->index, 0, 0);
	rtnl_put_u32(&m, IFLA_MASTER, master->index);
	TRY(rtnl_do(&n->rtnl, &m, what));
	return set_up(n, slave->index, true, slave->link->name); /* a bridge does not */
}

static struct error *set_primary(struct net_up *n, const struct net_made *bond)
{
	const struct net_made *primary = net_made_named(n, bond->link->primary);
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC, .ifi_index = bond->index };
	struct rtnl_message m;
	size_t info, data;

	if (!primary || !primary->index)
		return NULL; /* it is not there; the others do */
	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	info = rtnl_nest(&m, IFLA_LINKINFO);
	rtnl_put_text(&m, IFLA_INFO_KIND, "bond");
	data = rtnl_nest(&m, IFLA_INFO_DATA);
	rtnl_put_u32(&m, IFLA_BOND_PRIMARY, primary->index);
	rtnl_nest_end(&m, data);
	rtnl_nest_end(&m, info);
	return rtnl_do(&n->rtnl, &m, "cannot set the preferred slave");
}

/* Of several slaves or ports each one may be missing, but not all. */
static struct error *fill_master(struct net_up *n, struct net_made *master)
{
	size_t have = 0, wanted = 0;
	struct error *last = NULL;

	for (struct net_made *one = n->made; one < master; one++) {
		struct error *e;

		if (!text_equal(one->link->master, master->link->name))
			continue;
		wanted++;
		if (!one->index)
			continue;
		e = put_into_master(n, one, master);
		have += !e;
		if (!e)
			continue;
		say("%s", error_message(e));
		error_free(last);
		last = e;
	}
	if (wanted && !have)
		return last ? last : error_new(ERROR_NOT_FOUND, "%s: nothing of what belongs to it is there",
					       master->link->name);
	error_free(last);
	if (master->link->primary)
		say_error(set_primary(n, master), "%s", master->link->name);
	return NULL;
}

/* A bond takes the address of its first slave, so that what it has is known only now. */
static struct error *look_again(struct net_up *n, struct net_made *made)
{
	_cleanup_netstate_ struct netstate state = { 0 };
	const struct net_link *l;

	TRY(netstate_read(&state, &n->rtnl));
	l = netstate_link(&state, made->index);
	if (l && l->has_mac)
		memcpy(made->mac, l->mac, MAC_LEN);
	return NULL;
}

struct error *net_make_links(struct net_up *n)
{
	const struct plan_net *plan = &n->c->plan.net;

	for (size_t i = 0; i < plan->links.n; i++) {
		const struct plan_link *l = &plan->links.v[i];
		struct net_made *made = &n->made[i];
		struct error *e;

		made->link = l;
		if (l->kind == PLAN_LINK_CARD) {
			e = find_card(n, l, made);
			if (e && l->master && error_kind(e) == ERROR_TIMEOUT) {
				say_error(e, "goes on without %s", l->name);
				continue;
			}
			TRY(e);
			TRY(dress_card(n, l, made));
		} else {
			TRY(create(n, l, made));
			TRY(fill_master(n, made));
		}
		TRY(set_up(n, made->index, true, l->name));
		TRY(look_again(n, made));
	}
	return NULL;
}

/* --- carrier ------------------------------------------------------------------------ */

static bool carries(const struct net_link *l)
{
	return (l->flags & IFF_UP) && (l->flags & IFF_LOWER_UP) &&
	       (l->operstate == IF_OPER_UP || l->operstate == IF_OPER_UNKNOWN);
}

static const char *without_carrier(struct net_up *n, const struct netstate *state)
{
	const struct plan_net *plan = &n->c->plan.net;

	for (size_t i = 0; i < plan->addresses.n; i++) {
		const struct net_made *made = net_made_named(n, plan->addresses.v[i].link);
		const struct net_link *l = made ? netstate_link(state, made->index) : NULL;

		if (l && !carries(l))
			return made->link->name;
	}
	return NULL;
}

struct error *net_wait_carrier(struct net_up *n)
{
	uint64_t start = clock_now_ms(), end = MIN(n->deadline_ms, start + CARRIER_MS);
	bool said = false;

	for (;;) {
		_cleanup_netstate_ struct netstate state = { 0 };
		uint64_t now = clock_now_ms();
		const char *name;

		TRY(netstate_read(&state, &n->rtnl));
		name = without_carrier(n, &state);
		if (!name)
			return NULL;
		if (now >= end) {
			say("%s: no carrier after %ju s; trying without", name, (uintmax_t)(now - start) / 1000);
			return NULL;
		}
		if (!said && now - start >= SAY_MS) {
			say("waiting for the carrier of %s", name);
			said = true;
		}
		clock_sleep_ms(LOOK_MS);
	}
}
