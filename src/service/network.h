/*
 * Which part of this machine's network leads to a server, for the plan: the interface with the
 * way to it, what that stands on down to the cards, the address that is used, and the drivers.
 */
#pragma once

#include "base/base.h"
#include "net/netstate.h"
#include "plan/net.h"

/* Where the answers come from; the tests have recorded ones. */
struct network_source {
	struct error *(*state)(const struct network_source *s, struct netstate *ret);
	struct error *(*route)(const struct network_source *s, const struct inet_addr *to,
			       struct net_route *ret);
};

/* The running kernel. */
extern const struct network_source network_live;

struct network_how {
	int root;     /* of /sys */
	bool foreign; /* the capture kernel is of another release than the running one */
	uint64_t now; /* seconds since 1970: how long leases hold counts from here */
	const struct network_source *source;
};

/*
 * Adds to the plan what leads to the server; what is there already (for another server) is not
 * added again. `modules`: names and aliases; `warnings`: whole sentences. ERROR_NOT_FOUND when
 * there is no way to it, ERROR_UNSUPPORTED for kinds of interfaces that can't be made again.
 */
struct error *network_plan(const struct network_how *how, const struct inet_addr *server,
			   struct plan_net *to, struct words *modules,
			   struct words *warnings) MUST_CHECK;

/* The own address that speaks to the server; family 0 when that isn't said. */
struct error *network_own_address(const struct network_how *how, const struct inet_addr *server,
				  struct inet_addr *ret) MUST_CHECK;

/* The addresses of a name (or of an address, with or without brackets), as the system resolves
 * names, in its order. ERROR_NOT_FOUND for none. */
struct inet_list {
	struct inet_addr v[16];
	size_t n;
};
struct error *network_resolve(const char *host, struct inet_list *ret) MUST_CHECK;
/* The first of them that there is a way to. */
struct error *network_choose(const struct network_how *how, const char *host,
			     struct inet_addr *ret) MUST_CHECK;
