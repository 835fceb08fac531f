/*
 * The network part of the plan: which interfaces are brought up, with what on top of each other,
 * with which addresses and routes. Interfaces are named as in the crashed system, but cards are
 * found by the address that they came with: kernels and boots may name them differently.
 */
#pragma once

#include "base/inet.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/vector.h"

enum plan_link_kind {
	PLAN_LINK_CARD, /* a device that a driver brings */
	PLAN_LINK_VLAN,
	PLAN_LINK_BOND,
	PLAN_LINK_BRIDGE,
	PLAN_LINK_KINDS,
};

struct plan_link {
	char *name; /* the plan's own; of at most 15 bytes */
	enum plan_link_kind kind;
	bool has_permanent, has_mac;
	unsigned char permanent[MAC_LEN]; /* card: how it is found */
	unsigned char mac[MAC_LEN];	  /* to be set; none: as it comes */
	char *driver;			  /* card: which of two with the same address; null: any */
	unsigned mtu;			  /* 0: as it comes */
	char *master;			  /* name of the bond or bridge that it belongs to; null */
	char *parent;			  /* vlan: what it stands on */
	unsigned vlan_id;
	bool vlan_ad;		/* 802.1ad */
	char *primary;		/* bond: the preferred slave; null */
	bool stp;		/* bridge */
	unsigned forward_delay; /* bridge with stp, 1/100 s */
	struct words options;	/* bond: "mode=1", "miimon=100", …; net/bond.h */
};

enum plan_address_how {
	PLAN_ADDRESS_STATIC,
	PLAN_ADDRESS_DHCP, /* IPv4: lent by a server; `addr` is what it was */
	PLAN_ADDRESS_AUTO, /* IPv6: from a router's advertisement; likewise */
};

struct plan_address {
	char *link;
	struct inet_addr addr;
	enum plan_address_how how;
	uint64_t until; /* seconds since 1970 until which a lent one is ours; 0: not known */
};

struct plan_route {
	char *link;
	struct inet_addr to, via; /* via.family 0: on the link */
};

struct plan_net {
	VECTOR(struct plan_link) links; /* what is below stands before what is above */
	VECTOR(struct plan_address) addresses;
	VECTOR(struct plan_route) routes;
	struct inet_addr server; /* what all this is for; family 0: no network is needed */
};

/* Nodes of a cluster that are told of the dump (fence_kdump). */
struct plan_fence {
	VECTOR(struct inet_addr) nodes;
	unsigned port, interval_s, count; /* count 0: until the end */
};

/* "PORT INTERVAL COUNT ADDRESS..." */
struct error *plan_fence_take(struct plan_fence *f, char *value) MUST_CHECK;
void plan_fence_write(const struct plan_fence *f, struct strbuf *to);

/* The values of the plan's keys, cut up in place. ERROR_USAGE for mistakes. */
struct error *plan_net_link(struct plan_net *n, char *value) MUST_CHECK;
struct error *plan_net_address(struct plan_net *n, char *value) MUST_CHECK;
struct error *plan_net_route(struct plan_net *n, char *value) MUST_CHECK;
struct error *plan_net_server(struct plan_net *n, const char *value) MUST_CHECK;
/* What holds between them: every name is that of a link, in its order. */
struct error *plan_net_check(const struct plan_net *n) MUST_CHECK;
/* Appends the lines. */
void plan_net_write(const struct plan_net *n, struct strbuf *to);
/* A whole copy into a zeroed one. */
struct error *plan_net_copy(const struct plan_net *from, struct plan_net *to) MUST_CHECK;
void plan_net_done(struct plan_net *n);
void plan_link_done(struct plan_link *l);

const struct plan_link *plan_net_named(const struct plan_net *n, const char *name);
/* "vlan", ...; null for none. */
const char *plan_link_kind_name(enum plan_link_kind kind);
