/*
 * Floor 1: network configuration through rtnetlink (rtnetlink(7), include/uapi/linux/netlink.h,
 * rtnetlink.h, if_link.h), used by the service to look and by PID 1 to act; and the packets of
 * DHCP. libc and the kernel's headers only.
 *
 * Building: rtnl_begin(), rtnl_put()..., then rtnl_do() or rtnl_ask(). Reading: rtnl_next() over
 * the messages, attr_next() over the attributes of one; both never leave the bytes given.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"

#define RTNL_ROOM 2048 /* bytes of one message that we build */

struct rtnl_message {
	unsigned char bytes[RTNL_ROOM];
	size_t len;
	bool failed; /* something did not fit */
};

/* `fixed` is the header that the type wants behind the netlink one (struct ifinfomsg, ...). */
void rtnl_begin(struct rtnl_message *m, uint16_t type, uint16_t flags, const void *fixed,
		size_t len);
void rtnl_put(struct rtnl_message *m, uint16_t type, const void *bytes, size_t len);
void rtnl_put_u8(struct rtnl_message *m, uint16_t type, uint8_t v);
void rtnl_put_u16(struct rtnl_message *m, uint16_t type, uint16_t v);
void rtnl_put_u32(struct rtnl_message *m, uint16_t type, uint32_t v);
void rtnl_put_text(struct rtnl_message *m, uint16_t type, const char *text);
/* Attributes inside an attribute. */
size_t rtnl_nest(struct rtnl_message *m, uint16_t type);
void rtnl_nest_end(struct rtnl_message *m, size_t nest);

/* What came from the kernel, or from a recording. */
struct rtnl_item {
	uint16_t type;
	const unsigned char *bytes; /* behind the netlink header */
	size_t len;
};
/* Takes the next whole message off `*bytes`; false at the end or at the first broken one. */
bool rtnl_next(const void **bytes, size_t *len, struct rtnl_item *ret);

struct attr {
	uint16_t type; /* without the flag bits */
	const unsigned char *bytes;
	size_t len;
};
struct attr_walk {
	const unsigned char *bytes;
	size_t len;
};
bool attr_next(struct attr_walk *w, struct attr *ret);
/* 0 when the attribute is too short. */
uint8_t attr_u8(const struct attr *a);
uint16_t attr_u16(const struct attr *a);
uint32_t attr_u32(const struct attr *a);
/* Cuts what is too long; always ends in NUL. */
void attr_text(const struct attr *a, char *to, size_t room);

struct rtnl {
	int fd;
	uint32_t seq;
};

struct error *rtnl_open(struct rtnl *ret) MUST_CHECK;
void rtnl_close(struct rtnl *r);
/* Sends and waits for the kernel's yes or no. A refusal is ERROR_SYSTEM (or what its errno
 * says), its message begins with `what`. */
struct error *rtnl_do(struct rtnl *r, struct rtnl_message *m, const char *what) MUST_CHECK;
/* Sends, and appends every message of the answer, whole, to `to`: for dumps and questions. */
struct error *rtnl_ask(struct rtnl *r, struct rtnl_message *m, const char *what,
		       struct strbuf *to) MUST_CHECK;

static inline void rtnl_close_cleanup(struct rtnl *r)
{
	rtnl_close(r);
}
#define _cleanup_rtnl_ CLEANUP(rtnl_close)
