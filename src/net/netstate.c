/* See netstate.h. */
#include "net/netstate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "net/bond.h"

#ifndef IFAPROT_KERNEL_RA
#define IFAPROT_KERNEL_RA 2
#endif
#define ATTR_IFA_PROTO	      11 /* IFA_PROTO, 5.18 */
#define ATTR_PERM_ADDRESS     54 /* IFLA_PERM_ADDRESS, 5.6 */
#define LINKS_LIMIT	      65536

static bool take_mac(const struct attr *a, unsigned char to[MAC_LEN])
{
	static const unsigned char none[MAC_LEN];

	if (a->len != MAC_LEN || memcmp(a->bytes, none, MAC_LEN) == 0)
		return false;
	memcpy(to, a->bytes, MAC_LEN);
	return true;
}

static struct error *take_data(struct net_link *l, const struct attr *data)
{
	struct attr_walk w = { data->bytes, data->len };
	struct attr a;

	if (strcmp(l->kind, "bond") == 0)
		return bond_words(data, &l->bond, &l->bond_primary);
	if (strcmp(l->kind, "vlan") == 0) {
		while (attr_next(&w, &a)) {
			if (a.type == IFLA_VLAN_ID)
				l->vlan_id = attr_u16(&a);
			else if (a.type == IFLA_VLAN_PROTOCOL)
				l->vlan_ad = attr_u16(&a) == htons(ETH_P_8021AD);
		}
	} else if (strcmp(l->kind, "bridge") == 0) {
		while (attr_next(&w, &a)) {
			if (a.type == IFLA_BR_STP_STATE)
				l->stp = attr_u32(&a) != 0;
			else if (a.type == IFLA_BR_FORWARD_DELAY)
				l->forward_delay = attr_u32(&a);
			else if (a.type == IFLA_BR_VLAN_FILTERING)
				l->vlan_filtering = attr_u8(&a) != 0;
		}
	}
	return NULL;
}

/* The kind stands before its data. A bond's slave tells the address that its card came with,
 * which kernels before 5.6 tell nowhere else. */
static struct error *take_info(struct net_link *l, const struct attr *info)
{
	struct attr_walk w = { info->bytes, info->len }, inner;
	struct attr a, b;

	while (attr_next(&w, &a)) {
		if (a.type == IFLA_INFO_KIND)
			attr_text(&a, l->kind, sizeof(l->kind));
		else if (a.type == IFLA_INFO_DATA)
			TRY(take_data(l, &a));
		else if (a.type == IFLA_INFO_SLAVE_DATA) {
			inner = (struct attr_walk){ a.bytes, a.len };
			while (attr_next(&inner, &b))
				if (b.type == IFLA_BOND_SLAVE_PERM_HWADDR && !l->has_permanent &&
				    b.len == MAC_LEN)
					l->has_permanent = take_mac(&b, l->permanent);
		}
	}
	return NULL;
}

static struct error *fill_link(struct net_link *l, struct attr_walk w)
{
	bool own_lower = true;
	struct attr a;

	while (attr_next(&w, &a))
		switch (a.type) {
		case IFLA_IFNAME:
			attr_text(&a, l->name, sizeof(l->name));
			break;
		case IFLA_MTU:
			l->mtu = attr_u32(&a);
			break;
		case IFLA_ADDRESS:
			l->has_mac = take_mac(&a, l->mac);
			break;
		case ATTR_PERM_ADDRESS:
			l->has_permanent = take_mac(&a, l->permanent) || l->has_permanent;
			break;
		case IFLA_MASTER:
			l->master = (int)attr_u32(&a);
			break;
		case IFLA_LINK:
			l->lower = (int)attr_u32(&a);
			break;
		case IFLA_LINK_NETNSID: /* the other end is in another network namespace */
			own_lower = false;
			break;
		case IFLA_OPERSTATE:
			l->operstate = attr_u8(&a);
			break;
		case IFLA_LINKINFO:
			TRY(take_info(l, &a));
			break;
		}
	if (!own_lower)
		l->lower = 0;
	return NULL;
}

static struct error *take_link(struct netstate *n, const struct rtnl_item *item)
{
	struct net_link l = { 0 };
	struct ifinfomsg head;
	struct error *e;

	if (item->len < sizeof(head))
		return error_new(ERROR_BAD_DATA, "rtnetlink: an interface's message is too short");
	memcpy(&head, item->bytes, sizeof(head));
	if (head.ifi_family == AF_BRIDGE)
		return NULL; /* a port's entry for the bridge, not an interface */
	if (n->links.n >= LINKS_LIMIT)
		return error_new(ERROR_BAD_DATA, "rtnetlink: more than %d interfaces", LINKS_LIMIT);
	l.index = head.ifi_index;
	l.hardware = head.ifi_type;
	l.flags = head.ifi_flags;
	e = fill_link(&l, (struct attr_walk){ item->bytes + NLMSG_ALIGN(sizeof(head)),
					      item->len - NLMSG_ALIGN(sizeof(head)) });
	if (!e && !vector_push(&n->links, l))
		e = error_nomem();
	if (e)
		words_done(&l.bond);
	return e;
}

static struct error *take_address(struct netstate *n, const struct rtnl_item *item)
{
	struct net_address out = { .valid_s = UINT32_MAX };
	bool has_local = false, has = false;
	struct ifaddrmsg head;
	struct attr_walk w;
	struct attr a;

	if (item->len < sizeof(head))
		return error_new(ERROR_BAD_DATA, "rtnetlink: an address's message is too short");
	memcpy(&head, item->bytes, sizeof(head));
	if (head.ifa_family != AF_INET && head.ifa_family != AF_INET6)
		return NULL;
	out.addr.family = head.ifa_family;
	out.addr.prefix = MIN((size_t)head.ifa_prefixlen, 8 * inet_len(&out.addr));
	out.index = (int)head.ifa_index;
	out.scope = head.ifa_scope;
	out.flags = head.ifa_flags;
	w = (struct attr_walk){ item->bytes + sizeof(head), item->len - sizeof(head) };
	while (attr_next(&w, &a)) {
		/* point to point: the local end is ours, the other one the peer's */
		if ((a.type == IFA_LOCAL || (a.type == IFA_ADDRESS && !has_local)) &&
		    a.len == inet_len(&out.addr)) {
			memcpy(out.addr.bytes, a.bytes, a.len);
			has_local |= a.type == IFA_LOCAL;
			has = true;
		} else if (a.type == IFA_FLAGS) {
			out.flags = attr_u32(&a);
		} else if (a.type == IFA_CACHEINFO && a.len >= sizeof(struct ifa_cacheinfo)) {
			struct ifa_cacheinfo info;

			memcpy(&info, a.bytes, sizeof(info));
			out.valid_s = info.ifa_valid;
		} else if (a.type == ATTR_IFA_PROTO) {
			out.from_router = attr_u8(&a) == IFAPROT_KERNEL_RA;
		}
	}
	if (has && !vector_push(&n->addresses, out))
		return error_nomem();
	return NULL;
}

struct error *netstate_parse(struct netstate *n, const void *bytes, size_t len)
{
	struct rtnl_item item;

	while (rtnl_next(&bytes, &len, &item)) {
		if (item.type == RTM_NEWLINK)
			TRY(take_link(n, &item));
		else if (item.type == RTM_NEWADDR)
			TRY(take_address(n, &item));
	}
	return NULL;
}

struct error *netstate_read(struct netstate *n, struct rtnl *r)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg address = { .ifa_family = AF_UNSPEC };
	_cleanup_strbuf_ struct strbuf all = { 0 };
	_cleanup_rtnl_ struct rtnl own = { .fd = -1 };
	struct rtnl_message m;

	if (!r) {
		TRY(rtnl_open(&own));
		r = &own;
	}
	rtnl_begin(&m, RTM_GETLINK, NLM_F_DUMP, &link, sizeof(link));
	TRY(rtnl_ask(r, &m, "cannot list the network interfaces", &all));
	rtnl_begin(&m, RTM_GETADDR, NLM_F_DUMP, &address, sizeof(address));
	TRY(rtnl_ask(r, &m, "cannot list the network addresses", &all));
	return netstate_parse(n, strbuf_str(&all), all.len);
}

void netstate_done(struct netstate *n)
{
	for (size_t i = 0; i < n->links.n; i++)
		words_done(&n->links.v[i].bond);
	vector_done(&n->links);
	vector_done(&n->addresses);
}

const struct net_link *netstate_link(const struct netstate *n, int index)
{
	for (size_t i = 0; i < n->links.n; i++)
		if (n->links.v[i].index == index)
			return &n->links.v[i];
	return NULL;
}

const struct net_link *netstate_named(const struct netstate *n, const char *name)
{
	for (size_t i = 0; i < n->links.n; i++)
		if (strcmp(n->links.v[i].name, name) == 0)
			return &n->links.v[i];
	return NULL;
}

/* --- the way to an address ---------------------------------------------------------- */

static void take_inet(const struct attr *a, int family, struct inet_addr *to)
{
	struct inet_addr out = { .family = family };

	if (a->len != inet_len(&out))
		return;
	memcpy(out.bytes, a->bytes, a->len);
	out.prefix = 8 * a->len;
	*to = out;
}

struct error *route_parse(const void *bytes, size_t len, struct net_route *ret)
{
	struct net_route out = { 0 };
	struct rtnl_item item;
	struct rtmsg head;
	struct attr_walk w;
	struct attr a;

	if (!rtnl_next(&bytes, &len, &item) || item.type != RTM_NEWROUTE ||
	    item.len < sizeof(head))
		return error_new(ERROR_BAD_DATA, "rtnetlink: the answer is no route");
	memcpy(&head, item.bytes, sizeof(head));
	out.type = head.rtm_type;
	w = (struct attr_walk){ item.bytes + sizeof(head), item.len - sizeof(head) };
	while (attr_next(&w, &a))
		switch (a.type) {
		case RTA_OIF:
			out.index = (int)attr_u32(&a);
			break;
		case RTA_GATEWAY:
			take_inet(&a, head.rtm_family, &out.via);
			break;
		case RTA_VIA: /* a gateway of the other family: its number stands before it */
			if (a.len > 2) {
				struct attr inner = { 0, a.bytes + 2, a.len - 2 };

				take_inet(&inner, attr_u16(&a), &out.via);
			}
			break;
		case RTA_PREFSRC:
			take_inet(&a, head.rtm_family, &out.source);
			break;
		}
	*ret = out;
	return NULL;
}

struct error *route_find(struct rtnl *r, const struct inet_addr *to, struct net_route *ret)
{
	struct rtmsg head = { .rtm_family = to->family, .rtm_dst_len = 8 * inet_len(to) };
	_cleanup_strbuf_ struct strbuf answer = { 0 };
	_cleanup_rtnl_ struct rtnl own = { .fd = -1 };
	char shown[INET_TEXT], what[INET_TEXT + 40];
	struct rtnl_message m;
	struct error *e;

	if (!r) {
		TRY(rtnl_open(&own));
		r = &own;
	}
	snprintf(what, sizeof(what), "there is no way to %s", inet_format(to, shown));
	rtnl_begin(&m, RTM_GETROUTE, 0, &head, sizeof(head));
	rtnl_put(&m, RTA_DST, to->bytes, inet_len(to));
	e = rtnl_ask(r, &m, what, &answer);
	if (e && (error_errno(e) == ENETUNREACH || error_errno(e) == EHOSTUNREACH ||
		  error_errno(e) == EINVAL || error_errno(e) == EACCES)) {
		struct error *kind = error_new(ERROR_NOT_FOUND, "%s", error_message(e));

		error_free(e);
		return kind;
	}
	TRY(e);
	TRY(route_parse(strbuf_str(&answer), answer.len, ret));
	if (ret->type != RTN_UNICAST && ret->type != RTN_LOCAL)
		return error_new(ERROR_NOT_FOUND, "%s", what);
	return NULL;
}
