/* See network.h. */
#include "service/network.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "service/blockdev.h"
#include "service/rootpath.h"

#define DEPTH_MAX 8 /* a VLAN on a bridge on a VLAN on a bond ... */
#define USUAL_MTU 1500

struct walk {
	const struct network_how *how;
	const struct netstate *state;
	struct plan_net *to;
	struct words *modules, *warnings;
};

/* --- the running kernel ------------------------------------------------------------- */

static struct error *live_state(const struct network_source *s, struct netstate *ret)
{
	return netstate_read(ret, NULL);
}

static struct error *live_route(const struct network_source *s, const struct inet_addr *to,
				struct net_route *ret)
{
	return route_find(NULL, to, ret);
}

const struct network_source network_live = { live_state, live_route };

/* --- names -------------------------------------------------------------------------- */

struct error *network_resolve(const char *host, struct inet_list *ret)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *one;
	size_t len = strlen(host);
	char name[NI_MAXHOST];
	int r;

	*ret = (struct inet_list){ 0 };
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	}
	if (!len || len >= sizeof(name))
		return error_new(ERROR_USAGE, "\"%s\" is no name of a host", host);
	memcpy(name, host, len);
	name[len] = '\0';
	if (inet_parse(name, &ret->v[0]) && !strchr(name, '/')) {
		ret->n = 1;
		return NULL;
	}
	r = getaddrinfo(name, NULL, &hints, &list);
	if (r)
		return error_new(ERROR_NOT_FOUND, "the address of %s is not known: %s", name,
				 gai_strerror(r));
	for (one = list; one && ret->n < ARRAY_SIZE(ret->v); one = one->ai_next) {
		struct inet_addr *a = &ret->v[ret->n];
		const void *from;

		if (one->ai_family != AF_INET && one->ai_family != AF_INET6)
			continue;
		*a = (struct inet_addr){ .family = one->ai_family };
		a->prefix = 8 * inet_len(a);
		from = one->ai_family == AF_INET ?
			       (void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr :
			       (void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
		memcpy(a->bytes, from, inet_len(a));
		ret->n++;
	}
	freeaddrinfo(list);
	return ret->n ? NULL : error_new(ERROR_NOT_FOUND, "%s has no address", name);
}

struct error *network_choose(const struct network_how *how, const char *host, struct inet_addr *ret)
{
	struct error *first = NULL;
	struct inet_list list;

	TRY(network_resolve(host, &list));
	for (size_t i = 0; i < list.n; i++) {
		struct net_route route;
		struct error *e = how->source->route(how->source, &list.v[i], &route);

		if (!e) {
			error_free(first);
			*ret = list.v[i];
			return NULL;
		}
		if (!first)
			first = e;
		else
			error_free(e);
	}
	return error_prefix(first, "%s", host);
}

/* --- interfaces --------------------------------------------------------------------- */

static struct error *add_module(struct words *to, const char *name)
{
	return words_have(to, name) ? NULL : words_add(to, name);
}

static struct error *set(char **to, const char *value)
{
	*to = strdup(value);
	return *to ? NULL : error_nomem();
}

/* The card's driver, those of the bus down to it, and of the chip that speaks to the cable. */
static struct error *card_drivers(const struct walk *w, const char *name, struct plan_link *l)
{
	_cleanup_free_ char *device = NULL, *real = NULL, *link = NULL, *phy = NULL;
	struct error *e;

	if (asprintf(&device, "/sys/class/net/%s/device", name) < 0 ||
	    asprintf(&link, "/sys/class/net/%s/device/driver", name) < 0 ||
	    asprintf(&phy, "/sys/class/net/%s/phydev", name) < 0)
		return error_nomem();
	e = rootpath_real(w->how->root, device, &real);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return error_new(ERROR_UNSUPPORTED,
				 "%s is no network card (there is no %s), and can't be made again in the "
				 "capture kernel",
				 name, device);
	TRY(e);
	TRY(device_drivers(w->how->root, real, w->how->foreign, w->modules));
	e = rootpath_link_name(w->how->root, link, &l->driver);
	if (!error_drop_if(&e, ERROR_NOT_FOUND))
		TRY(e);
	free(real);
	real = NULL;
	e = rootpath_real(w->how->root, phy, &real);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	return device_drivers(w->how->root, real, w->how->foreign, w->modules);
}

static bool has_device(const struct walk *w, const struct net_link *l)
{
	char path[64];

	snprintf(path, sizeof(path), "sys/class/net/%s/device", l->name);
	return file_exists(w->how->root, path);
}

static struct error *fill_card(const struct walk *w, const struct net_link *l, struct plan_link *to)
{
	const struct net_link *master = l->master ? netstate_link(w->state, l->master) : NULL;

	to->kind = PLAN_LINK_CARD;
	to->has_permanent = l->has_permanent || l->has_mac;
	memcpy(to->permanent, l->has_permanent ? l->permanent : l->mac, MAC_LEN);
	if (!to->has_permanent)
		return error_new(ERROR_UNSUPPORTED, "the network card %s has no address to find it by", l->name);
	/* a bond gives its slaves what address they need */
	if (l->has_mac && memcmp(l->mac, to->permanent, MAC_LEN) != 0 &&
	    !(master && strcmp(master->kind, "bond") == 0)) {
		to->has_mac = true;
		memcpy(to->mac, l->mac, MAC_LEN);
	}
	return card_drivers(w, l->name, to);
}

/* `master`: of which bond or bridge it is added as a member; null: of none. */
static struct error *add_link(const struct walk *w, const struct net_link *l, const char *master,
			      unsigned depth);

static struct error *fill_vlan(const struct walk *w, const struct net_link *l, struct plan_link *to,
			       unsigned depth)
{
	const struct net_link *lower = netstate_link(w->state, l->lower);

	if (!l->lower || !lower)
		return error_new(ERROR_UNSUPPORTED, "what the VLAN %s stands on is not in this network namespace",
				 l->name);
	TRY(add_link(w, lower, NULL, depth + 1));
	to->kind = PLAN_LINK_VLAN;
	to->vlan_id = l->vlan_id;
	to->vlan_ad = l->vlan_ad;
	to->has_mac = l->has_mac && lower->has_mac && memcmp(l->mac, lower->mac, MAC_LEN) != 0;
	memcpy(to->mac, l->mac, MAC_LEN);
	TRY(add_module(w->modules, "8021q"));
	return set(&to->parent, lower->name);
}

/* A bridge's taps to virtual machines need not be made again: those are gone. */
static bool leads_outside(const struct walk *w, const struct net_link *l)
{
	return strcmp(l->kind, "vlan") == 0 || strcmp(l->kind, "bond") == 0 ||
	       (l->hardware == ARPHRD_ETHER && has_device(w, l));
}

static struct error *add_members(const struct walk *w, const struct net_link *l, bool all, unsigned depth,
				 size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < w->state->links.n; i++) {
		const struct net_link *one = &w->state->links.v[i];

		if (one->master != l->index || (!all && !leads_outside(w, one)))
			continue;
		TRY(add_link(w, one, l->name, depth + 1));
		++*ret_n;
	}
	return NULL;
}

static struct error *fill_bond(const struct walk *w, const struct net_link *l, struct plan_link *to,
			       unsigned depth)
{
	const struct net_link *primary = l->bond_primary ? netstate_link(w->state, l->bond_primary) : NULL;
	bool own_mac = true;
	size_t n;

	TRY(add_members(w, l, true, depth, &n));
	if (!n)
		return error_new(ERROR_UNSUPPORTED, "the bond %s has no slaves", l->name);
	to->kind = PLAN_LINK_BOND;
	for (size_t i = 0; i < l->bond.n; i++) {
		TRY(words_add(&to->options, l->bond.v[i]));
		if (text_starts(l->bond.v[i], "fail_over_mac="))
			own_mac = false; /* it has its active slave's, and that may be another one then */
	}
	to->has_mac = l->has_mac && own_mac;
	memcpy(to->mac, l->mac, MAC_LEN);
	TRY(add_module(w->modules, "bonding"));
	return primary ? set(&to->primary, primary->name) : NULL;
}

static struct error *fill_bridge(const struct walk *w, const struct net_link *l, struct plan_link *to,
				 unsigned depth)
{
	size_t n;

	TRY(add_members(w, l, false, depth, &n));
	if (!n)
		return error_new(ERROR_UNSUPPORTED, "the bridge %s has no port that leads out of this machine",
				 l->name);
	if (l->vlan_filtering)
		TRY(words_addf(w->warnings,
			       "the bridge %s filters VLANs; in the capture kernel it passes everything on",
			       l->name));
	to->kind = PLAN_LINK_BRIDGE;
	to->stp = l->stp;
	to->forward_delay = l->stp ? MIN(l->forward_delay, 3000u) : 0;
	to->has_mac = l->has_mac;
	memcpy(to->mac, l->mac, MAC_LEN);
	return add_module(w->modules, "bridge");
}

/* An Open vSwitch's inner port has the address of the card that it is fed by. */
static const struct net_link *card_of_switch(const struct walk *w, const struct net_link *l)
{
	for (size_t i = 0; i < w->state->links.n; i++) {
		const struct net_link *one = &w->state->links.v[i];

		if (!*one->kind && one->has_mac && l->has_mac && memcmp(one->mac, l->mac, MAC_LEN) == 0 &&
		    has_device(w, one))
			return one;
	}
	return NULL;
}

static struct error *fill_link(const struct walk *w, const struct net_link *l, struct plan_link *to,
			       unsigned depth)
{
	const struct net_link *card;

	TRY(set(&to->name, l->name));
	to->mtu = l->mtu == USUAL_MTU ? 0 : l->mtu;
	if (strcmp(l->kind, "vlan") == 0)
		return fill_vlan(w, l, to, depth);
	if (strcmp(l->kind, "bond") == 0)
		return fill_bond(w, l, to, depth);
	if (strcmp(l->kind, "bridge") == 0)
		return fill_bridge(w, l, to, depth);
	if (strcmp(l->kind, "openvswitch") == 0 && (card = card_of_switch(w, l)) != NULL) {
		TRY(words_addf(w->warnings, "%s belongs to an Open vSwitch; the capture kernel uses the card %s",
			       l->name, card->name));
		return fill_card(w, card, to);
	}
	if (*l->kind)
		return error_new(ERROR_UNSUPPORTED,
				 "%s is an interface of kind %s, which can't be made again in the capture kernel",
				 l->name, l->kind);
	if (l->hardware != ARPHRD_ETHER)
		return error_new(ERROR_UNSUPPORTED, "%s is no Ethernet interface (kind %u)", l->name, l->hardware);
	return fill_card(w, l, to);
}

/* What it stands on is added first, then itself. */
static struct error *add_link(const struct walk *w, const struct net_link *l, const char *master,
			      unsigned depth)
{
	struct plan_link out = { 0 };
	struct error *e;

	if (plan_net_named(w->to, l->name))
		return NULL;
	if (depth > DEPTH_MAX)
		return error_new(ERROR_UNSUPPORTED, "%s: interfaces stand more than %d deep on each other",
				 l->name, DEPTH_MAX);
	e = fill_link(w, l, &out, depth);
	if (!e && master)
		e = set(&out.master, master);
	if (!e && !vector_push(&w->to->links, out))
		e = error_nomem();
	if (e)
		plan_link_done(&out);
	return e;
}

/* --- addresses ---------------------------------------------------------------------- */

static const struct net_address *find_address(const struct netstate *state, const struct inet_addr *a)
{
	for (size_t i = 0; i < state->addresses.n; i++)
		if (inet_same(&state->addresses.v[i].addr, a))
			return &state->addresses.v[i];
	return NULL;
}

/* Where the kernel names no source: the interface's first address of that family. */
static const struct net_address *first_address(const struct netstate *state, int index, int family)
{
	for (size_t i = 0; i < state->addresses.n; i++) {
		const struct net_address *a = &state->addresses.v[i];

		if (a->index == index && a->addr.family == family && a->scope == RT_SCOPE_UNIVERSE)
			return a;
	}
	return NULL;
}

static bool has_address(const struct plan_net *n, const char *link, const struct inet_addr *a)
{
	for (size_t i = 0; i < n->addresses.n; i++)
		if (strcmp(n->addresses.v[i].link, link) == 0 && inet_same(&n->addresses.v[i].addr, a))
			return true;
	return false;
}

static struct error *add_address(const struct walk *w, const struct net_link *l,
				 const struct net_address *a)
{
	struct plan_address out = { .addr = a->addr };
	bool lent = a->valid_s != UINT32_MAX;

	if (has_address(w->to, l->name, &a->addr))
		return NULL;
	if (a->index != l->index)
		out.addr.prefix = 8 * inet_len(&a->addr); /* it is another interface's network */
	if (lent && a->addr.family == AF_INET)
		out.how = PLAN_ADDRESS_DHCP;
	else if (a->addr.family == AF_INET6 && (a->from_router || (lent && a->addr.prefix < 128)))
		out.how = PLAN_ADDRESS_AUTO;
	if (lent)
		out.until = w->how->now + a->valid_s;
	TRY(set(&out.link, l->name));
	if (!vector_push(&w->to->addresses, out)) {
		free(out.link);
		return error_nomem();
	}
	return NULL;
}

static struct error *add_route(const struct walk *w, const struct net_link *l,
			       const struct inet_addr *server, const struct inet_addr *via,
			       const struct net_address *source)
{
	struct plan_route out = { .to = *server, .via = *via };

	out.to.prefix = 8 * inet_len(server);
	if (!via->family && source->index == l->index && inet_within(server, &source->addr))
		return NULL; /* in the network of the address itself */
	TRY(set(&out.link, l->name));
	if (!vector_push(&w->to->routes, out)) {
		free(out.link);
		return error_nomem();
	}
	return NULL;
}

static struct error *way(const struct network_how *how, const struct inet_addr *server,
			 const struct netstate *state, struct net_route *ret_route,
			 const struct net_link **ret_link, const struct net_address **ret_address)
{
	char text[INET_TEXT];

	TRY(how->source->route(how->source, server, ret_route));
	inet_format(server, text);
	if (ret_route->type == RTN_LOCAL)
		return error_new(ERROR_USAGE, "%s is an address of this machine itself", text);
	*ret_link = netstate_link(state, ret_route->index);
	if (!*ret_link)
		return error_new(ERROR_NOT_FOUND, "there is no way to %s", text);
	*ret_address = ret_route->source.family ?
			       find_address(state, &ret_route->source) :
			       first_address(state, ret_route->index, server->family);
	if (!*ret_address)
		return error_new(ERROR_NOT_FOUND, "%s, which leads to %s, has no address", (*ret_link)->name,
				 text);
	return NULL;
}

struct error *network_own_address(const struct network_how *how, const struct inet_addr *server,
				  struct inet_addr *ret)
{
	_cleanup_netstate_ struct netstate state = { 0 };
	const struct net_address *address;
	const struct net_link *link;
	struct net_route route;

	TRY(how->source->state(how->source, &state));
	TRY(way(how, server, &state, &route, &link, &address));
	*ret = address->addr;
	return NULL;
}

struct error *network_plan(const struct network_how *how, const struct inet_addr *server,
			   struct plan_net *to, struct words *modules, struct words *warnings)
{
	_cleanup_netstate_ struct netstate state = { 0 };
	struct walk w = { how, &state, to, modules, warnings };
	const struct net_address *address;
	const struct net_link *link;
	struct net_route route;

	TRY(how->source->state(how->source, &state));
	TRY(way(how, server, &state, &route, &link, &address));
	TRY(add_link(&w, link, NULL, 0));
	TRY(add_address(&w, link, address));
	TRY(add_route(&w, link, server, &route.via, address));
	if (server->family == AF_INET6)
		TRY(add_module(modules, "ipv6"));
	if (!to->server.family)
		to->server = *server;
	return NULL;
}
