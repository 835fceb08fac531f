/*
 * The packets of DHCPv4 (RFC 2131, options RFC 2132, classless routes RFC 3442), as a client
 * makes and reads them. Bytes in, bytes out; the exchange is in capture/net_dhcp.c.
 */
#pragma once

#include "base/inet.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_ROOM	 576 /* bytes that every host takes; longer ones are not asked for */
#define DHCP_ROUTES	 16

enum dhcp_type {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
};

struct dhcp_request {
	enum dhcp_type type; /* DISCOVER or REQUEST */
	uint32_t xid;
	unsigned seconds; /* since the exchange began */
	unsigned char mac[MAC_LEN];
	struct inet_addr wanted; /* family 0: none */
	struct inet_addr server; /* the one whose offer is taken; family 0: any */
	const char *host;	 /* null: not said */
};

struct dhcp_route {
	struct inet_addr to, via; /* via 0.0.0.0: on the link */
};

struct dhcp_reply {
	enum dhcp_type type; /* OFFER, ACK or NAK */
	struct inet_addr addr; /* with the prefix of the network */
	struct inet_addr server;
	uint32_t lease_s; /* UINT32_MAX: for ever; 0: not said */
	unsigned mtu;	  /* 0: not said */
	struct dhcp_route routes[DHCP_ROUTES]; /* the default route among them */
	size_t nr_routes;
};

/* Writes the packet (without IP and UDP headers); returns its length, at most DHCP_ROOM. */
size_t dhcp_build(const struct dhcp_request *rq, unsigned char to[DHCP_ROOM]);
/* ERROR_NOT_FOUND: an answer to somebody else, or no answer at all; ERROR_BAD_DATA: to us, but
 * it contradicts itself. */
struct error *dhcp_parse(const void *bytes, size_t len, uint32_t xid,
			 const unsigned char mac[MAC_LEN], struct dhcp_reply *ret) MUST_CHECK;
