/*
 * The network as the kernel shows it: interfaces, their addresses, and the way to an address.
 * Read live, or from recorded messages of rtnetlink.
 */
#pragma once

#include "base/inet.h"
#include "base/text.h"
#include "base/vector.h"
#include "net/rtnl.h"

struct net_link {
	int index;
	char name[16];
	char kind[16]; /* "vlan", "bond", "bridge", "dummy", …; empty: a card or something like it */
	unsigned hardware; /* ARPHRD_... */
	unsigned flags;	   /* IFF_... */
	uint8_t operstate; /* IF_OPER_... */
	unsigned mtu;
	bool has_mac, has_permanent;
	unsigned char mac[MAC_LEN], permanent[MAC_LEN];
	int master; /* index of the bond or bridge that it belongs to; 0: none */
	int lower;  /* index of what a VLAN stands on; 0: none */
	unsigned vlan_id;
	bool vlan_ad;	      /* 802.1ad */
	struct words bond;    /* its options; net/bond.h */
	int bond_primary;     /* index; 0: none */
	bool stp;	      /* of a bridge */
	unsigned forward_delay; /* of a bridge, in 1/100 s (USER_HZ) */
	bool vlan_filtering;  /* of a bridge */
};

struct net_address {
	int index;
	struct inet_addr addr;
	uint8_t scope;	  /* RT_SCOPE_... */
	uint32_t flags;	  /* IFA_F_... */
	uint32_t valid_s; /* how long it holds; UINT32_MAX: for ever */
	bool from_router; /* made by the kernel from a router's advertisement (5.18 tells) */
};

struct net_route {
	int index; /* of the interface; 0: there is no way */
	struct inet_addr via; /* family 0: on the link itself */
	struct inet_addr source; /* family 0: not said */
	unsigned type; /* RTN_... */
};

struct netstate {
	VECTOR(struct net_link) links;
	VECTOR(struct net_address) addresses;
};

/* Takes messages (RTM_NEWLINK, RTM_NEWADDR; others are skipped) into a zeroed or filled `n`. */
struct error *netstate_parse(struct netstate *n, const void *bytes, size_t len) MUST_CHECK;
/* Interfaces and addresses of this machine. `r` may be null: it is opened for the call. */
struct error *netstate_read(struct netstate *n, struct rtnl *r) MUST_CHECK;
void netstate_done(struct netstate *n);

const struct net_link *netstate_link(const struct netstate *n, int index);
const struct net_link *netstate_named(const struct netstate *n, const char *name);

/* The answer to "how does one get there?" (RTM_GETROUTE with an address). */
struct error *route_parse(const void *bytes, size_t len, struct net_route *ret) MUST_CHECK;
/* Asks the kernel; ERROR_NOT_FOUND when there is no way. `r` may be null. */
struct error *route_find(struct rtnl *r, const struct inet_addr *to,
			 struct net_route *ret) MUST_CHECK;

static inline void netstate_done_cleanup(struct netstate *n)
{
	netstate_done(n);
}
#define _cleanup_netstate_ CLEANUP(netstate_done)
