/*
 * Recordings of rtnetlink for the tests, made with the message builder: interfaces, addresses and
 * routes as a kernel's dump shows them (include/uapi/linux/if_link.h, rtnetlink.h).
 */
#pragma once

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/inet.h"
#include "net/rtnl.h"

#define REC_PERM_ADDRESS 54 /* IFLA_PERM_ADDRESS */

struct rec_link {
	int index;
	const char *name, *kind, *mac, *permanent;
	int master, lower;
	unsigned mtu;
	unsigned vlan_id;
	unsigned bond_mode, bond_miimon;
	int bond_primary;
	const char *slave_permanent; /* of a bond's slave, as kernels before 5.6 tell it */
	bool stp;
};

static inline void rec_finish(struct rtnl_message *m, struct strbuf *to)
{
	struct nlmsghdr *h = (struct nlmsghdr *)m->bytes;

	assert_false(m->failed);
	h->nlmsg_len = m->len;
	strbuf_add(to, m->bytes, m->len);
}

static inline void rec_mac(struct rtnl_message *m, unsigned type, const char *text)
{
	unsigned char mac[MAC_LEN];

	if (!text)
		return;
	assert_true(mac_parse(text, mac));
	rtnl_put(m, type, mac, sizeof(mac));
}

static inline void rec_info(struct rtnl_message *m, const struct rec_link *l)
{
	size_t info = rtnl_nest(m, IFLA_LINKINFO), data;

	if (l->kind) {
		rtnl_put_text(m, IFLA_INFO_KIND, l->kind);
		data = rtnl_nest(m, IFLA_INFO_DATA);
		if (strcmp(l->kind, "vlan") == 0) {
			rtnl_put_u16(m, IFLA_VLAN_ID, l->vlan_id);
			rtnl_put_u16(m, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021Q));
		} else if (strcmp(l->kind, "bond") == 0) {
			rtnl_put_u8(m, IFLA_BOND_MODE, l->bond_mode);
			rtnl_put_u32(m, IFLA_BOND_MIIMON, l->bond_miimon);
			rtnl_put_u8(m, IFLA_BOND_USE_CARRIER, 1);
			if (l->bond_primary)
				rtnl_put_u32(m, IFLA_BOND_PRIMARY, l->bond_primary);
		} else if (strcmp(l->kind, "bridge") == 0) {
			rtnl_put_u32(m, IFLA_BR_STP_STATE, l->stp);
			rtnl_put_u32(m, IFLA_BR_FORWARD_DELAY, 1500);
		}
		rtnl_nest_end(m, data);
	}
	if (l->slave_permanent) {
		data = rtnl_nest(m, IFLA_INFO_SLAVE_DATA);
		rec_mac(m, IFLA_BOND_SLAVE_PERM_HWADDR, l->slave_permanent);
		rtnl_nest_end(m, data);
	}
	rtnl_nest_end(m, info);
}

static inline void rec_link(struct strbuf *to, const struct rec_link *l)
{
	struct ifinfomsg head = { .ifi_index = l->index, .ifi_type = ARPHRD_ETHER, .ifi_flags = IFF_UP };
	struct rtnl_message m;

	if (strcmp(l->name, "lo") == 0)
		head.ifi_type = ARPHRD_LOOPBACK;
	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	rtnl_put_text(&m, IFLA_IFNAME, l->name);
	rtnl_put_u32(&m, IFLA_MTU, l->mtu ? l->mtu : 1500);
	rec_mac(&m, IFLA_ADDRESS, l->mac);
	rec_mac(&m, REC_PERM_ADDRESS, l->permanent);
	if (l->master)
		rtnl_put_u32(&m, IFLA_MASTER, l->master);
	if (l->lower)
		rtnl_put_u32(&m, IFLA_LINK, l->lower);
	if (l->kind || l->slave_permanent)
		rec_info(&m, l);
	rec_finish(&m, to);
}

/* `valid_s` UINT32_MAX: for ever. */
static inline void rec_address(struct strbuf *to, int index, const char *text, uint32_t valid_s)
{
	struct ifa_cacheinfo cache = { .ifa_valid = valid_s, .ifa_prefered = valid_s };
	struct ifaddrmsg head = { .ifa_index = index };
	struct rtnl_message m;
	struct inet_addr a;

	assert_true(inet_parse(text, &a));
	head.ifa_family = a.family;
	head.ifa_prefixlen = a.prefix;
	rtnl_begin(&m, RTM_NEWADDR, 0, &head, sizeof(head));
	rtnl_put(&m, IFA_ADDRESS, a.bytes, inet_len(&a));
	if (a.family == AF_INET)
		rtnl_put(&m, IFA_LOCAL, a.bytes, 4);
	rtnl_put(&m, IFA_CACHEINFO, &cache, sizeof(cache));
	rec_finish(&m, to);
}

/* The answer to RTM_GETROUTE; `via` and `source` may be null. */
static inline void rec_route(struct strbuf *to, int index, const char *via, const char *source)
{
	struct rtmsg head = { .rtm_family = AF_INET, .rtm_type = RTN_UNICAST };
	struct rtnl_message m;
	struct inet_addr a, s;

	if (source && inet_parse(source, &s))
		head.rtm_family = s.family;
	rtnl_begin(&m, RTM_NEWROUTE, 0, &head, sizeof(head));
	rtnl_put_u32(&m, RTA_OIF, index);
	if (via && inet_parse(via, &a))
		rtnl_put(&m, RTA_GATEWAY, a.bytes, inet_len(&a));
	if (source)
		rtnl_put(&m, RTA_PREFSRC, s.bytes, inet_len(&s));
	rec_finish(&m, to);
}
