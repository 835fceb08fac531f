/*
 * The exchange of DHCPv4 (RFC 2131) over an ordinary UDP socket: questions go to everybody and
 * ask for answers to everybody, which the kernel takes without an address. The address that this
 * machine had is asked for first (INIT-REBOOT, 4.3.2), then any.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "capture/internal.h"
#include "capture/net.h"
#include "net/dhcp.h"

#define FIRST_WAIT_MS	2000 /* doubled each time */
#define REBOOT_QUESTIONS 3
#define QUESTIONS	5 /* of each kind: 2, 4, 8, 16, 32 s */

struct exchange {
	struct net_up *n;
	const struct net_made *on;
	int fd;
	uint64_t start_ms;
	uint32_t xid;
};

static struct error *open_socket(const struct net_made *on, int *ret)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(DHCP_CLIENT_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return error_sys(errno, "DHCP: cannot open a socket");
	if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, on->name, strlen(on->name) + 1) < 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0) {
		close_keep_errno(fd);
		return error_sys(errno, "DHCP: %s: cannot use a socket", on->name);
	}
	*ret = fd;
	return NULL;
}

static struct error *ask(struct exchange *x, const struct dhcp_request *rq)
{
	struct sockaddr_in all = { .sin_family = AF_INET, .sin_port = htons(DHCP_SERVER_PORT),
				   .sin_addr = { htonl(INADDR_BROADCAST) } };
	unsigned char packet[DHCP_ROOM];
	size_t len = dhcp_build(rq, packet);

	if (sendto(x->fd, packet, len, 0, (struct sockaddr *)&all, sizeof(all)) < 0)
		return error_sys(errno, "DHCP: %s: cannot send", x->on->name);
	return NULL;
}

/* The first answer of the wanted types until then; *ret_got says whether one came. */
static struct error *listen_until(struct exchange *x, uint64_t end, unsigned types,
				  struct dhcp_reply *ret, bool *ret_got)
{
	struct pollfd p = { .fd = x->fd, .events = POLLIN };
	unsigned char packet[2048];
	uint64_t now;

	*ret_got = false;
	while (!*ret_got && (now = clock_now_ms()) < end) {
		struct error *e;
		ssize_t len;

		if (poll(&p, 1, end - now) <= 0)
			continue;
		len = recv(x->fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (len < 0)
			continue;
		e = dhcp_parse(packet, len, x->xid, x->on->mac, ret);
		if (error_drop_if(&e, ERROR_NOT_FOUND))
			continue;
		if (e && error_kind(e) == ERROR_BAD_DATA) {
			say_error(e, "%s", x->on->name); /* another one may answer better */
			continue;
		}
		TRY(e);
		*ret_got = types & 1u << ret->type;
	}
	return NULL;
}

/* One question, repeated with longer and longer waits. */
static struct error *question(struct exchange *x, struct dhcp_request *rq, unsigned times,
			      unsigned types, struct dhcp_reply *ret, bool *ret_got)
{
	unsigned wait_ms = FIRST_WAIT_MS;

	*ret_got = false;
	memcpy(rq->mac, x->on->mac, MAC_LEN);
	rq->xid = x->xid;
	rq->host = x->n->c->plan.host;
	for (unsigned i = 0; i < times && !*ret_got && clock_now_ms() < x->n->deadline_ms; i++) {
		rq->seconds = (clock_now_ms() - x->start_ms) / 1000;
		TRY(ask(x, rq));
		TRY(listen_until(x, MIN(clock_now_ms() + wait_ms, x->n->deadline_ms), types, ret, ret_got));
		wait_ms *= 2;
	}
	return NULL;
}

static struct error *obtain(struct exchange *x, const struct inet_addr *lent, struct dhcp_reply *ret)
{
	const unsigned verdict = 1u << DHCP_ACK | 1u << DHCP_NAK;
	struct dhcp_request again = { .type = DHCP_REQUEST, .wanted = *lent };
	struct dhcp_request discover = { .type = DHCP_DISCOVER, .wanted = *lent };
	bool got = false;

	if (lent->family)
		TRY(question(x, &again, REBOOT_QUESTIONS, verdict, ret, &got));
	if (got && ret->type == DHCP_ACK)
		return NULL;
	for (int round = 0; round < 2; round++) {
		struct dhcp_request take = { .type = DHCP_REQUEST };

		x->xid++;
		TRY(question(x, &discover, QUESTIONS, 1u << DHCP_OFFER, ret, &got));
		if (!got)
			break;
		take.wanted = ret->addr;
		take.server = ret->server;
		TRY(question(x, &take, REBOOT_QUESTIONS, verdict, ret, &got));
		if (got && ret->type == DHCP_ACK)
			return NULL;
	}
	return error_new(ERROR_TIMEOUT, "DHCP: %s: no server lends an address within %ju s", x->on->name,
			 (uintmax_t)(clock_now_ms() - x->start_ms) / 1000);
}

static struct error *apply(struct net_up *n, const struct net_made *on, const struct dhcp_reply *r)
{
	char text[INET_TEXT], server[INET_TEXT];

	say("%s: %s lent by %s", on->link->name, inet_format_prefix(&r->addr, text),
	    r->server.family ? inet_format(&r->server, server) : "a server without a name");
	if (r->mtu && !on->link->mtu)
		say_error(net_set_mtu(n, on->index, r->mtu), "%s", on->link->name);
	TRY(net_add_address(n, on->index, &r->addr));
	for (size_t i = 0; i < r->nr_routes; i++) {
		const struct inet_addr *via = &r->routes[i].via;
		bool on_link = !via->bytes[0] && !via->bytes[1] && !via->bytes[2] && !via->bytes[3];

		say_error(net_add_route(n, on->index, &r->routes[i].to, on_link ? NULL : via), "%s",
			  on->link->name);
	}
	return NULL;
}

struct error *net_dhcp(struct net_up *n, const struct net_made *on, const struct inet_addr *lent)
{
	struct exchange x = { .n = n, .on = on, .start_ms = clock_now_ms() };
	_cleanup_close_ int fd = -1;
	struct dhcp_reply reply;

	TRY(open_socket(on, &fd));
	x.fd = fd;
	if (getrandom(&x.xid, sizeof(x.xid), GRND_NONBLOCK) != sizeof(x.xid))
		memcpy(&x.xid, on->mac + 2, sizeof(x.xid)); /* it only tells exchanges apart */
	x.xid += (uint32_t)clock_now_ms();
	TRY(obtain(&x, lent, &reply));
	return apply(n, on, &reply);
}
