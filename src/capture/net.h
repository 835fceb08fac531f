/*
 * Bringing up the network that the plan speaks of, through rtnetlink: no tools are needed. Each
 * wait has its limit, all of them together that of the step "network".
 */
#pragma once

#include "capture/capture.h"
#include "net/netstate.h"

/* An interface of the plan and what it is in this kernel. */
struct net_made {
	const struct plan_link *link;
	int index;
	char name[16];		    /* this kernel's */
	unsigned char mac[MAC_LEN]; /* that it has now */
};

struct net_up {
	struct capture *c;
	struct rtnl rtnl;
	uint64_t deadline_ms; /* of everything */
	struct net_made *made; /* as many as the plan has links, in its order */
};

/* net.c: sets c->plan.address to the own address that reaches the server. */
struct error *net_bring_up(struct capture *c) MUST_CHECK;
const struct net_made *net_made_named(const struct net_up *n, const char *name);

/* net_links.c */
/* The message that makes the link, which is no card. `parent`: the index of what a VLAN stands on. */
void net_link_message(const struct plan_link *l, int parent, struct rtnl_message *m);
struct error *net_make_links(struct net_up *n) MUST_CHECK;
/* Until every interface that has an address carries; some never say, so that the time's end is no
 * error. */
struct error *net_wait_carrier(struct net_up *n) MUST_CHECK;

/* net_address.c */
struct error *net_add_address(struct net_up *n, int index, const struct inet_addr *addr) MUST_CHECK;
struct error *net_add_route(struct net_up *n, int index, const struct inet_addr *to,
			    const struct inet_addr *via) MUST_CHECK;
struct error *net_set_mtu(struct net_up *n, int index, unsigned mtu) MUST_CHECK;

/* net_dhcp.c: asks for an address, the lent one first, and sets what comes. */
struct error *net_dhcp(struct net_up *n, const struct net_made *on,
		       const struct inet_addr *lent) MUST_CHECK;
