/* Addresses and routes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "capture/internal.h"
#include "capture/net.h"

struct error *net_add_address(struct net_up *n, int index, const struct inet_addr *addr)
{
	struct ifaddrmsg head = { .ifa_family = addr->family, .ifa_prefixlen = addr->prefix,
				  .ifa_index = index };
	char text[INET_TEXT], what[INET_TEXT + 40];
	struct rtnl_message m;
	struct error *e;

	/* nobody else can have it: it was this machine's until a moment ago */
	head.ifa_flags = addr->family == AF_INET6 ? IFA_F_NODAD : 0;
	rtnl_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	rtnl_put(&m, IFA_LOCAL, addr->bytes, inet_len(addr));
	rtnl_put(&m, IFA_ADDRESS, addr->bytes, inet_len(addr));
	snprintf(what, sizeof(what), "cannot set the address %s", inet_format_prefix(addr, text));
	e = rtnl_do(&n->rtnl, &m, what);
	if (e && error_errno(e) == EEXIST) { /* a router's advertisement was quicker */
		error_free(e);
		return NULL;
	}
	return e;
}

struct error *net_add_route(struct net_up *n, int index, const struct inet_addr *to,
			    const struct inet_addr *via)
{
	struct rtmsg head = { .rtm_family = to->family, .rtm_dst_len = to->prefix,
			      .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
			      .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST };
	char text[INET_TEXT], gateway[INET_TEXT], what[2 * INET_TEXT + 40];
	struct rtnl_message m;
	bool has_via = via && via->family;

	if (has_via) {
		head.rtm_scope = RT_SCOPE_UNIVERSE;
		head.rtm_flags = RTNH_F_ONLINK; /* it need not lie in a network of ours */
	}
	rtnl_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (to->prefix)
		rtnl_put(&m, RTA_DST, to->bytes, inet_len(to));
	if (has_via && via->family == to->family) {
		rtnl_put(&m, RTA_GATEWAY, via->bytes, inet_len(via));
	} else if (has_via) {
		unsigned char other[2 + 16];
		uint16_t family = via->family;

		memcpy(other, &family, sizeof(family));
		memcpy(other + 2, via->bytes, inet_len(via));
		rtnl_put(&m, RTA_VIA, other, 2 + inet_len(via));
	}
	rtnl_put_u32(&m, RTA_OIF, index);
	snprintf(what, sizeof(what), "cannot set the route to %s%s%s", inet_format_prefix(to, text),
		 has_via ? " via " : "", has_via ? inet_format(via, gateway) : "");
	return rtnl_do(&n->rtnl, &m, what);
}
