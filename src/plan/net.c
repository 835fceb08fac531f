/* See net.h; the words are specified in doc/plan.md. */
#include "plan/net.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NAME_MAX_LEN 15 /* of an interface, include/uapi/linux/if.h */
#define LINKS_MAX    64
#define MTU_LEAST    68
#define MTU_MOST     65535

static const char *const kinds[PLAN_LINK_KINDS] = {
	[PLAN_LINK_CARD] = "card",
	[PLAN_LINK_VLAN] = "vlan",
	[PLAN_LINK_BOND] = "bond",
	[PLAN_LINK_BRIDGE] = "bridge",
};

const char *plan_link_kind_name(enum plan_link_kind kind)
{
	return (size_t)kind < PLAN_LINK_KINDS ? kinds[kind] : NULL;
}

const struct plan_link *plan_net_named(const struct plan_net *n, const char *name)
{
	for (size_t i = 0; i < n->links.n; i++)
		if (text_equal(n->links.v[i].name, name))
			return &n->links.v[i];
	return NULL;
}

/* The next blank-separated word, or null. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");

	if (!*word)
		return NULL;
	*rest = word + strcspn(word, " \t");
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

static struct error *take_name(char **to, const char *value)
{
	if (strlen(value) > NAME_MAX_LEN || !*value || strchr(value, '/') ||
	    strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
		return error_new(ERROR_USAGE, "\"%s\" is no name for an interface", value);
	if (*to)
		return error_new(ERROR_USAGE, "\"%s\": said twice", value);
	*to = strdup(value);
	return *to ? NULL : error_nomem();
}

static struct error *take_number(unsigned *to, const char *value, unsigned least, unsigned most)
{
	uint64_t v;

	if (!text_u64(value, &v) || v < least || v > most)
		return error_new(ERROR_USAGE, "\"%s\" is not a number from %u to %u", value, least, most);
	*to = v;
	return NULL;
}

static struct error *take_mac(bool *has, unsigned char *to, const char *value)
{
	*has = mac_parse(value, to);
	return *has ? NULL : error_new(ERROR_USAGE, "\"%s\" is no address of a card", value);
}

static struct error *take_truth(bool *to, const char *value)
{
	*to = strcmp(value, "1") == 0;
	return *to || strcmp(value, "0") == 0 ? NULL :
						error_new(ERROR_USAGE, "\"%s\" is neither 0 nor 1", value);
}

static struct error *take_option(struct plan_link *l, char *word)
{
	char *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);
	bool card = l->kind == PLAN_LINK_CARD, vlan = l->kind == PLAN_LINK_VLAN,
	     bond = l->kind == PLAN_LINK_BOND, bridge = l->kind == PLAN_LINK_BRIDGE;

	if (!value || !*++value)
		return error_new(ERROR_USAGE, "\"%s\" is not NAME=VALUE", word);
#define IS(name) (len == sizeof(name) - 1 && strncmp(word, name, len) == 0)
	if (IS("mac"))
		return take_mac(&l->has_mac, l->mac, value);
	if (IS("mtu"))
		return take_number(&l->mtu, value, MTU_LEAST, MTU_MOST);
	if (IS("master"))
		return take_name(&l->master, value);
	if (card && IS("permanent"))
		return take_mac(&l->has_permanent, l->permanent, value);
	if (card && IS("driver") && !l->driver) {
		l->driver = strdup(value);
		return l->driver ? NULL : error_nomem();
	}
	if (vlan && IS("parent"))
		return take_name(&l->parent, value);
	if (vlan && IS("id"))
		return take_number(&l->vlan_id, value, 0, 4094);
	if (vlan && IS("ad"))
		return take_truth(&l->vlan_ad, value);
	if (bond && IS("primary"))
		return take_name(&l->primary, value);
	if (bridge && IS("stp"))
		return take_truth(&l->stp, value);
	if (bridge && IS("forward-delay"))
		return take_number(&l->forward_delay, value, 0, 3000);
#undef IS
	if (bond)
		return words_add(&l->options, word); /* PID 1 knows which there are */
	return error_new(ERROR_USAGE, "\"%s\" is no option of a %s", word, kinds[l->kind]);
}

static struct error *fill_link(struct plan_link *l, char *rest)
{
	char *name = next_word(&rest), *kind = next_word(&rest), *word;

	if (!kind)
		return error_new(ERROR_USAGE, "a link has a name and a kind");
	TRY(take_name(&l->name, name));
	l->kind = PLAN_LINK_KINDS;
	for (int i = 0; i < PLAN_LINK_KINDS; i++)
		if (strcmp(kinds[i], kind) == 0)
			l->kind = i;
	if (l->kind == PLAN_LINK_KINDS)
		return error_new(ERROR_USAGE, "\"%s\" is no kind of link", kind);
	while ((word = next_word(&rest)))
		TRY(take_option(l, word));
	return NULL;
}

struct error *plan_net_link(struct plan_net *n, char *value)
{
	struct plan_link l = { 0 };
	struct error *e = fill_link(&l, value);

	if (!e && n->links.n >= LINKS_MAX)
		e = error_new(ERROR_USAGE, "more than %d links", LINKS_MAX);
	if (!e && !vector_push(&n->links, l))
		e = error_nomem();
	if (e)
		plan_link_done(&l);
	return e;
}

static struct error *take_inet(struct inet_addr *to, const char *value)
{
	return inet_parse(value, to) ? NULL :
				       error_new(ERROR_USAGE, "\"%s\" is no address", value);
}

static struct error *fill_address(struct plan_address *a, char *rest)
{
	char *link = next_word(&rest), *addr = next_word(&rest), *word;

	if (!addr)
		return error_new(ERROR_USAGE, "an address has a link and ADDRESS/BITS");
	TRY(take_name(&a->link, link));
	TRY(take_inet(&a->addr, addr));
	while ((word = next_word(&rest))) {
		const char *until = text_after(word, "until=");

		if (strcmp(word, "dhcp") == 0 && a->addr.family == AF_INET)
			a->how = PLAN_ADDRESS_DHCP;
		else if (strcmp(word, "auto") == 0 && a->addr.family == AF_INET6)
			a->how = PLAN_ADDRESS_AUTO;
		else if (!until || !text_u64(until, &a->until))
			return error_new(ERROR_USAGE, "\"%s\" says nothing of such an address", word);
	}
	return NULL;
}

struct error *plan_net_address(struct plan_net *n, char *value)
{
	struct plan_address a = { 0 };
	struct error *e = fill_address(&a, value);

	if (!e && !vector_push(&n->addresses, a))
		e = error_nomem();
	if (e)
		free(a.link);
	return e;
}

static struct error *fill_route(struct plan_route *r, char *rest)
{
	char *link = next_word(&rest), *to = next_word(&rest), *word = next_word(&rest),
	     *via = word ? next_word(&rest) : NULL;

	if (!to)
		return error_new(ERROR_USAGE, "a route has a link and ADDRESS/BITS");
	TRY(take_name(&r->link, link));
	TRY(take_inet(&r->to, to));
	if (word && (strcmp(word, "via") != 0 || !via || next_word(&rest)))
		return error_new(ERROR_USAGE, "behind a route's address there is \"via ADDRESS\" or nothing");
	return via ? take_inet(&r->via, via) : NULL;
}

struct error *plan_net_route(struct plan_net *n, char *value)
{
	struct plan_route r = { 0 };
	struct error *e = fill_route(&r, value);

	if (!e && !vector_push(&n->routes, r))
		e = error_nomem();
	if (e)
		free(r.link);
	return e;
}

struct error *plan_net_server(struct plan_net *n, const char *value)
{
	return take_inet(&n->server, value);
}

/* --- fence_kdump -------------------------------------------------------------------- */

struct error *plan_fence_take(struct plan_fence *f, char *value)
{
	char *port = next_word(&value), *interval = next_word(&value), *count = next_word(&value), *word;

	if (!count)
		return error_new(ERROR_USAGE, "fence has PORT INTERVAL COUNT ADDRESS...");
	TRY(take_number(&f->port, port, 1, 65535));
	TRY(take_number(&f->interval_s, interval, 1, 3600));
	TRY(take_number(&f->count, count, 0, 1000000));
	while ((word = next_word(&value))) {
		struct inet_addr a;

		TRY(take_inet(&a, word));
		if (f->nodes.n >= LINKS_MAX)
			return error_new(ERROR_USAGE, "more than %d nodes", LINKS_MAX);
		if (!vector_push(&f->nodes, a))
			return error_nomem();
	}
	return f->nodes.n ? NULL : error_new(ERROR_USAGE, "fence names no node");
}

void plan_fence_write(const struct plan_fence *f, struct strbuf *to)
{
	char text[INET_TEXT];

	if (!f->nodes.n)
		return;
	strbuf_printf(to, "fence %u %u %u", f->port, f->interval_s, f->count);
	for (size_t i = 0; i < f->nodes.n; i++)
		strbuf_printf(to, " %s", inet_format(&f->nodes.v[i], text));
	strbuf_putc(to, '\n');
}

/* --- the whole ---------------------------------------------------------------------- */

static struct error *check_link(const struct plan_net *n, size_t i)
{
	const struct plan_link *l = &n->links.v[i], *other;

	for (size_t j = 0; j < i; j++)
		if (strcmp(n->links.v[j].name, l->name) == 0)
			return error_new(ERROR_USAGE, "link %s stands there twice", l->name);
	if (l->kind == PLAN_LINK_CARD && !l->has_permanent)
		return error_new(ERROR_USAGE, "link %s: a card is found by permanent=, which is not said",
				 l->name);
	if (l->kind == PLAN_LINK_VLAN) {
		other = l->parent ? plan_net_named(n, l->parent) : NULL;
		if (!other || other >= l)
			return error_new(ERROR_USAGE, "link %s: its parent must be a link that stands before it",
					 l->name);
	}
	if (l->master) {
		other = plan_net_named(n, l->master);
		if (!other || other <= l ||
		    (other->kind != PLAN_LINK_BOND && other->kind != PLAN_LINK_BRIDGE))
			return error_new(ERROR_USAGE,
					 "link %s: its master must be a bond or bridge that stands behind it",
					 l->name);
	}
	if (l->primary && !plan_net_named(n, l->primary))
		return error_new(ERROR_USAGE, "link %s: its primary %s is no link", l->name, l->primary);
	return NULL;
}

struct error *plan_net_check(const struct plan_net *n)
{
	for (size_t i = 0; i < n->links.n; i++)
		TRY(check_link(n, i));
	for (size_t i = 0; i < n->addresses.n; i++)
		if (!plan_net_named(n, n->addresses.v[i].link))
			return error_new(ERROR_USAGE, "net-address: there is no link %s",
					 n->addresses.v[i].link);
	for (size_t i = 0; i < n->routes.n; i++)
		if (!plan_net_named(n, n->routes.v[i].link))
			return error_new(ERROR_USAGE, "net-route: there is no link %s", n->routes.v[i].link);
	if (n->server.family && !n->links.n)
		return error_new(ERROR_USAGE, "net-server: there is no link to reach it by");
	return NULL;
}

static void write_link(const struct plan_link *l, struct strbuf *to)
{
	char mac[18];

	strbuf_printf(to, "net-link %s %s", l->name, kinds[l->kind]);
	if (l->has_permanent)
		strbuf_printf(to, " permanent=%s", mac_format(l->permanent, mac));
	if (l->has_mac)
		strbuf_printf(to, " mac=%s", mac_format(l->mac, mac));
	if (l->driver)
		strbuf_printf(to, " driver=%s", l->driver);
	if (l->parent)
		strbuf_printf(to, " parent=%s", l->parent);
	if (l->kind == PLAN_LINK_VLAN)
		strbuf_printf(to, " id=%u%s", l->vlan_id, l->vlan_ad ? " ad=1" : "");
	if (l->mtu)
		strbuf_printf(to, " mtu=%u", l->mtu);
	if (l->master)
		strbuf_printf(to, " master=%s", l->master);
	if (l->primary)
		strbuf_printf(to, " primary=%s", l->primary);
	if (l->stp)
		strbuf_printf(to, " stp=1 forward-delay=%u", l->forward_delay);
	for (size_t i = 0; i < l->options.n; i++)
		strbuf_printf(to, " %s", l->options.v[i]);
	strbuf_putc(to, '\n');
}

void plan_net_write(const struct plan_net *n, struct strbuf *to)
{
	static const char *const hows[] = { "", " dhcp", " auto" };
	char text[INET_TEXT];

	for (size_t i = 0; i < n->links.n; i++)
		write_link(&n->links.v[i], to);
	for (size_t i = 0; i < n->addresses.n; i++) {
		const struct plan_address *a = &n->addresses.v[i];

		strbuf_printf(to, "net-address %s %s%s", a->link, inet_format_prefix(&a->addr, text),
			      hows[a->how]);
		if (a->until)
			strbuf_printf(to, " until=%ju", (uintmax_t)a->until);
		strbuf_putc(to, '\n');
	}
	for (size_t i = 0; i < n->routes.n; i++) {
		const struct plan_route *r = &n->routes.v[i];

		strbuf_printf(to, "net-route %s %s", r->link, inet_format_prefix(&r->to, text));
		if (r->via.family)
			strbuf_printf(to, " via %s", inet_format(&r->via, text));
		strbuf_putc(to, '\n');
	}
	if (n->server.family)
		strbuf_printf(to, "net-server %s\n", inet_format(&n->server, text));
}

static struct error *copy_text(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? error_nomem() : NULL;
}

static struct error *copy_link(const struct plan_link *from, struct plan_link *to)
{
	*to = *from;
	to->name = to->driver = to->master = to->parent = to->primary = NULL;
	to->options = (struct words){ 0 };
	TRY(copy_text(from->name, &to->name));
	TRY(copy_text(from->driver, &to->driver));
	TRY(copy_text(from->master, &to->master));
	TRY(copy_text(from->parent, &to->parent));
	TRY(copy_text(from->primary, &to->primary));
	for (size_t i = 0; i < from->options.n; i++)
		TRY(words_add(&to->options, from->options.v[i]));
	return NULL;
}

/* Elements are counted when they are there, so that plan_net_done() frees what a failure leaves. */
struct error *plan_net_copy(const struct plan_net *from, struct plan_net *to)
{
	if (!vector_reserve(&to->links, from->links.n + 1) ||
	    !vector_reserve(&to->addresses, from->addresses.n + 1) ||
	    !vector_reserve(&to->routes, from->routes.n + 1))
		return error_nomem();
	for (size_t i = 0; i < from->links.n; i++)
		TRY(copy_link(&from->links.v[i], &to->links.v[to->links.n++]));
	for (size_t i = 0; i < from->addresses.n; i++) {
		struct plan_address *a = &to->addresses.v[to->addresses.n++];

		*a = from->addresses.v[i];
		TRY(copy_text(from->addresses.v[i].link, &a->link));
	}
	for (size_t i = 0; i < from->routes.n; i++) {
		struct plan_route *r = &to->routes.v[to->routes.n++];

		*r = from->routes.v[i];
		TRY(copy_text(from->routes.v[i].link, &r->link));
	}
	to->server = from->server;
	return NULL;
}

void plan_link_done(struct plan_link *l)
{
	free(l->name);
	free(l->driver);
	free(l->master);
	free(l->parent);
	free(l->primary);
	words_done(&l->options);
	*l = (struct plan_link){ 0 };
}

void plan_net_done(struct plan_net *n)
{
	for (size_t i = 0; i < n->links.n; i++)
		plan_link_done(&n->links.v[i]);
	for (size_t i = 0; i < n->addresses.n; i++)
		free(n->addresses.v[i].link);
	for (size_t i = 0; i < n->routes.n; i++)
		free(n->routes.v[i].link);
	vector_done(&n->links);
	vector_done(&n->addresses);
	vector_done(&n->routes);
	*n = (struct plan_net){ 0 };
}
