/* See dhcp.h. */
#include "net/dhcp.h"

#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"

#define BOOT_REQUEST 1
#define BOOT_REPLY   2
#define ETHERNET     1
#define COOKIE	     0x63825363
#define FLAG_BROADCAST 0x8000 /* the answer to everybody: we have no address yet */
#define HEAD_LEN     236
#define LEAST_LEN    300 /* BOOTP's; some relays drop shorter ones */
#define OVERLOAD_FILE  1
#define OVERLOAD_SNAME 2

enum option {
	OPT_PAD = 0,
	OPT_MASK = 1,
	OPT_ROUTER = 3,
	OPT_HOST = 12,
	OPT_MTU = 26,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_WANTED = 55,
	OPT_SIZE = 57,
	OPT_CLIENT = 61,
	OPT_ROUTES = 121,
	OPT_END = 255,
};

/* --- building ----------------------------------------------------------------------- */

static unsigned char *put_option(unsigned char *p, enum option which, const void *bytes, size_t len)
{
	*p++ = which;
	*p++ = len;
	memcpy(p, bytes, len);
	return p + len;
}

size_t dhcp_build(const struct dhcp_request *rq, unsigned char to[DHCP_ROOM])
{
	static const unsigned char wanted[] = { OPT_MASK, OPT_ROUTER, OPT_MTU, OPT_ROUTES };
	unsigned char *p = to + HEAD_LEN, type = rq->type, client[1 + MAC_LEN] = { ETHERNET };
	unsigned char size[2];

	memset(to, 0, DHCP_ROOM);
	to[0] = BOOT_REQUEST;
	to[1] = ETHERNET;
	to[2] = MAC_LEN;
	put_u32(to + 4, rq->xid, true);
	put_u16(to + 8, MIN(rq->seconds, 0xffffu), true);
	put_u16(to + 10, FLAG_BROADCAST, true);
	memcpy(to + 28, rq->mac, MAC_LEN);
	put_u32(p, COOKIE, true);
	p += 4;
	p = put_option(p, OPT_TYPE, &type, 1);
	memcpy(client + 1, rq->mac, MAC_LEN);
	p = put_option(p, OPT_CLIENT, client, sizeof(client));
	if (rq->wanted.family)
		p = put_option(p, OPT_REQUESTED, rq->wanted.bytes, 4);
	if (rq->server.family)
		p = put_option(p, OPT_SERVER, rq->server.bytes, 4);
	put_u16(size, DHCP_ROOM, true);
	p = put_option(p, OPT_SIZE, size, sizeof(size));
	p = put_option(p, OPT_WANTED, wanted, sizeof(wanted));
	if (rq->host && *rq->host)
		p = put_option(p, OPT_HOST, rq->host, MIN(strlen(rq->host), (size_t)63));
	*p++ = OPT_END;
	return MAX((size_t)(p - to), (size_t)LEAST_LEN);
}

/* --- reading ------------------------------------------------------------------------ */

struct options {
	struct dhcp_reply *reply;
	struct inet_addr router;
	unsigned overload;
	bool has_mask, has_classless, broken;
};

static void take_addr(struct inet_addr *to, const unsigned char *bytes)
{
	*to = (struct inet_addr){ .family = AF_INET, .prefix = 32 };
	memcpy(to->bytes, bytes, 4);
}

/* 255.255.254.0 to 23; false for masks with holes. */
static bool mask_bits(uint32_t mask, unsigned *ret)
{
	unsigned bits = mask ? 32 - (unsigned)__builtin_ctz(mask) : 0;

	*ret = bits;
	return mask == (bits ? ~0u << (32 - bits) : 0);
}

/* RFC 3442: bits, as many bytes of the network as these fill, the router. */
static void take_routes(struct options *o, const unsigned char *p, size_t len)
{
	o->has_classless = true;
	o->reply->nr_routes = 0;
	while (len && o->reply->nr_routes < DHCP_ROUTES) {
		struct dhcp_route *r = &o->reply->routes[o->reply->nr_routes];
		unsigned bits = p[0], bytes = (bits + 7) / 8;

		if (bits > 32 || len < 1 + bytes + 4) {
			o->broken = true;
			return;
		}
		*r = (struct dhcp_route){ .to = { .family = AF_INET, .prefix = bits } };
		memcpy(r->to.bytes, p + 1, bytes);
		take_addr(&r->via, p + 1 + bytes);
		o->reply->nr_routes++;
		p += 1 + bytes + 4;
		len -= 1 + bytes + 4;
	}
}

static void take_option(struct options *o, unsigned which, const unsigned char *p, size_t len)
{
	struct dhcp_reply *r = o->reply;

	switch (which) {
	case OPT_TYPE:
		if (len == 1)
			r->type = p[0];
		break;
	case OPT_MASK:
		o->has_mask = len == 4 && mask_bits(get_u32(p, true), &r->addr.prefix);
		o->broken |= !o->has_mask;
		break;
	case OPT_ROUTER: /* the first of the list is the preferred one */
		if (len >= 4)
			take_addr(&o->router, p);
		break;
	case OPT_MTU:
		if (len == 2)
			r->mtu = get_u16(p, true);
		break;
	case OPT_LEASE:
		if (len == 4)
			r->lease_s = get_u32(p, true);
		break;
	case OPT_SERVER:
		if (len == 4)
			take_addr(&r->server, p);
		break;
	case OPT_OVERLOAD:
		if (len == 1)
			o->overload = p[0];
		break;
	case OPT_ROUTES:
		take_routes(o, p, len);
		break;
	}
}

static void take_options(struct options *o, const unsigned char *p, size_t len)
{
	while (len && *p != OPT_END) {
		if (*p == OPT_PAD) {
			p++;
			len--;
			continue;
		}
		if (len < 2 || len < 2u + p[1]) {
			o->broken = true;
			return;
		}
		take_option(o, p[0], p + 2, p[1]);
		len -= 2u + p[1];
		p += 2u + p[1];
	}
}

/* Where the server gave no mask: the old classes. */
static unsigned class_bits(const unsigned char *addr)
{
	return addr[0] < 128 ? 8 : addr[0] < 192 ? 16 : 24;
}

static void finish(struct options *o, const unsigned char *packet)
{
	struct dhcp_reply *r = o->reply;

	/* a server that sends classless routes puts the default one among them (RFC 3442) */
	if (!o->has_classless && o->router.family) {
		r->routes[0] = (struct dhcp_route){ .to = { .family = AF_INET }, .via = o->router };
		r->nr_routes = 1;
	}
	r->addr.family = AF_INET;
	memcpy(r->addr.bytes, packet + 16, 4);
	if (!o->has_mask)
		r->addr.prefix = class_bits(r->addr.bytes);
}

struct error *dhcp_parse(const void *bytes, size_t len, uint32_t xid,
			 const unsigned char mac[MAC_LEN], struct dhcp_reply *ret)
{
	const unsigned char *p = bytes;
	struct dhcp_reply reply = { 0 };
	struct options o = { .reply = &reply };

	if (len < HEAD_LEN + 4 || p[0] != BOOT_REPLY || p[1] != ETHERNET || p[2] != MAC_LEN ||
	    get_u32(p + 4, true) != xid || memcmp(p + 28, mac, MAC_LEN) != 0 ||
	    get_u32(p + HEAD_LEN, true) != COOKIE)
		return error_new(ERROR_NOT_FOUND, "DHCP: not an answer to this machine's question");
	take_options(&o, p + HEAD_LEN + 4, len - HEAD_LEN - 4);
	if (o.overload & OVERLOAD_FILE)
		take_options(&o, p + 108, 128);
	if (o.overload & OVERLOAD_SNAME)
		take_options(&o, p + 44, 64);
	if (o.broken)
		return error_new(ERROR_BAD_DATA, "DHCP: an answer with a broken option");
	if (reply.type != DHCP_OFFER && reply.type != DHCP_ACK && reply.type != DHCP_NAK)
		return error_new(ERROR_NOT_FOUND, "DHCP: a message of type %d, which is no answer",
				 (int)reply.type);
	finish(&o, p);
	if (reply.type != DHCP_NAK && (reply.addr.bytes[0] == 0 || reply.addr.bytes[0] >= 224))
		return error_new(ERROR_BAD_DATA, "DHCP: the address of the answer is none for a host");
	*ret = reply;
	return NULL;
}
