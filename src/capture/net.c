/* The network from the first card to the way to the server. */
#include "capture/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"
#include "base/file.h"
#include "capture/internal.h"

#define ROUTER_MS 15000 /* how long a router's advertisement is waited for */
#define LOOK_MS	  200
#define SAY_MS	  5000

const struct net_made *net_made_named(const struct net_up *n, const char *name)
{
	const struct plan_net *plan = &n->c->plan.net;

	for (size_t i = 0; i < plan->links.n; i++)
		if (strcmp(plan->links.v[i].name, name) == 0)
			return &n->made[i];
	return NULL;
}

/* --- addresses ---------------------------------------------------------------------- */

/* The routes that were found for the recorded addresses. */
static struct error *add_routes(struct net_up *n, const char *link, int family)
{
	const struct plan_net *plan = &n->c->plan.net;

	for (size_t i = 0; i < plan->routes.n; i++) {
		const struct plan_route *r = &plan->routes.v[i];
		const struct net_made *made = net_made_named(n, r->link);

		if (strcmp(r->link, link) == 0 && r->to.family == family)
			TRY(net_add_route(n, made->index, &r->to, &r->via));
	}
	return NULL;
}

static struct error *as_recorded(struct net_up *n, const struct net_made *made,
				 const struct plan_address *a)
{
	TRY(error_prefix(net_add_address(n, made->index, &a->addr), "%s", a->link));
	return error_prefix(add_routes(n, a->link, a->addr.family), "%s", a->link);
}

/* A lease that still runs is this machine's; one that has run out may be somebody else's. */
static struct error *lent_address(struct net_up *n, const struct net_made *made,
				  const struct plan_address *a)
{
	time_t now = n->c->ops->now(n->c);
	char text[INET_TEXT];
	struct error *e;

	if (a->until && now >= 0 && (uint64_t)now < a->until) {
		say("%s: %s is still lent", a->link, inet_format(&a->addr, text));
		return as_recorded(n, made, a);
	}
	e = net_dhcp(n, made, &a->addr);
	if (!e)
		return NULL;
	say_error(e, "%s: goes on with the address that it had, %s", a->link,
		  inet_format(&a->addr, text));
	return as_recorded(n, made, a);
}

static bool has_router_address(const struct netstate *state, int index)
{
	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct net_address *a = &state->addresses.v[i];

		if (a->index == index && a->addr.family == AF_INET6 && a->scope == RT_SCOPE_UNIVERSE &&
		    !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			return true;
	}
	return false;
}

/* The kernel makes the address of what a router says. */
static struct error *router_address(struct net_up *n, const struct net_made *made,
				    const struct plan_address *a)
{
	uint64_t end = MIN(n->deadline_ms, clock_now_ms() + ROUTER_MS);

	do {
		_cleanup_netstate_ struct netstate state = { 0 };

		TRY(netstate_read(&state, &n->rtnl));
		if (has_router_address(&state, made->index))
			return NULL;
		clock_sleep_ms(LOOK_MS);
	} while (clock_now_ms() < end);
	say("%s: no router has told an address; going on with the one that it had", a->link);
	return as_recorded(n, made, a);
}

static struct error *add_addresses(struct net_up *n)
{
	const struct plan_net *plan = &n->c->plan.net;

	for (size_t i = 0; i < plan->addresses.n; i++) {
		const struct plan_address *a = &plan->addresses.v[i];
		const struct net_made *made = net_made_named(n, a->link);

		switch (a->how) {
		case PLAN_ADDRESS_STATIC:
			TRY(as_recorded(n, made, a));
			break;
		case PLAN_ADDRESS_DHCP:
			TRY(lent_address(n, made, a));
			break;
		case PLAN_ADDRESS_AUTO:
			TRY(router_address(n, made, a));
			break;
		}
	}
	return NULL;
}

/* --- the way ------------------------------------------------------------------------ */

/* The own address that the kernel would speak to the server with. */
static bool own_address(const struct inet_addr *server, struct inet_addr *ret)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(9) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	bool is_v4 = server->family == AF_INET;
	struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t len = is_v4 ? sizeof(v4) : sizeof(v6);
	_cleanup_close_ int fd = socket(server->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, server->bytes, inet_len(server));
	if (fd < 0 || connect(fd, address, len) < 0 || getsockname(fd, address, &len) < 0)
		return false;
	*ret = (struct inet_addr){ .family = server->family, .prefix = 8 * inet_len(server) };
	memcpy(ret->bytes, is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, inet_len(server));
	return true;
}

static struct error *wait_for_way(struct net_up *n)
{
	const struct inet_addr *server = &n->c->plan.net.server;
	uint64_t start = clock_now_ms();
	char text[INET_TEXT], shown[INET_TEXT];
	struct inet_addr own;
	bool said = false;

	while (!own_address(server, &own)) {
		uint64_t now = clock_now_ms();

		if (now >= n->deadline_ms)
			return error_new(ERROR_TIMEOUT, "there is no way to the server %s after %ju s",
					 inet_format(server, text), (uintmax_t)(now - start) / 1000);
		if (!said && now - start >= SAY_MS) {
			say("waiting for a way to %s", inet_format(server, text));
			said = true;
		}
		clock_sleep_ms(LOOK_MS);
	}
	say("the network is up: %s speaks to %s", inet_format(&own, shown), inet_format(server, text));
	if (!plan_place_is_remote(&n->c->plan.target))
		return NULL; /* local dumps are named without it */
	free(n->c->plan.address);
	n->c->plan.address = strdup(shown);
	return n->c->plan.address ? NULL : error_nomem();
}

/* Programs of the site may speak to this machine itself. */
static void loopback_up(struct net_up *n)
{
	struct ifinfomsg head = { .ifi_index = 1, .ifi_flags = 1 /* IFF_UP */, .ifi_change = 1 };
	struct rtnl_message m;

	rtnl_begin(&m, RTM_NEWLINK, 0, &head, sizeof(head));
	say_error(rtnl_do(&n->rtnl, &m, "lo: cannot set it up"), "goes on without");
}

struct error *net_bring_up(struct capture *c)
{
	_cleanup_rtnl_ struct rtnl rtnl = { .fd = -1 };
	_cleanup_free_ struct net_made *made = calloc(c->plan.net.links.n + 1, sizeof(*made));
	struct net_up n = { .c = c, .made = made };

	if (!made)
		return error_nomem();
	/* the last second is for saying that it failed */
	n.deadline_ms = clock_now_ms() +
			MAX(plan_limit_s(&c->plan, PLAN_STEP_NETWORK), 2u) * UINT64_C(1000) - 1000;
	TRY(rtnl_open(&rtnl));
	n.rtnl = rtnl;
	loopback_up(&n);
	TRY(net_make_links(&n));
	TRY(net_wait_carrier(&n));
	TRY(add_addresses(&n));
	return c->plan.net.server.family ? wait_for_way(&n) : NULL;
}
