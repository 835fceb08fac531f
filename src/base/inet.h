/* Addresses of the internet and of network cards, as text and as bytes. */
#pragma once

#include "base/error.h"

#define MAC_LEN 6 /* Ethernet's; other kinds are not ours */

struct inet_addr {
	int family; /* AF_INET or AF_INET6; 0: none */
	unsigned char bytes[16]; /* network order; the first 4 for AF_INET */
	unsigned prefix;	 /* bits of the network; 32 or 128 for a single address */
};

#define INET_TEXT 50 /* bytes for any of the texts below */

/* "192.0.2.1", "2001:db8::1", both with or without "/BITS". False for anything else. */
bool inet_parse(const char *text, struct inet_addr *ret);
/* Without the prefix; returns `to`, which holds INET_TEXT bytes. */
const char *inet_format(const struct inet_addr *a, char *to);
/* With the prefix. */
const char *inet_format_prefix(const struct inet_addr *a, char *to);
static inline size_t inet_len(const struct inet_addr *a)
{
	return a->family == 2 /* AF_INET */ ? 4 : 16;
}
/* The same address; prefixes are not compared. */
bool inet_same(const struct inet_addr *a, const struct inet_addr *b);
/* Whether `a` lies in the network of `net` and its prefix. */
bool inet_within(const struct inet_addr *a, const struct inet_addr *net);

/* "52:54:00:12:34:56" */
bool mac_parse(const char *text, unsigned char ret[MAC_LEN]);
const char *mac_format(const unsigned char mac[MAC_LEN], char *to); /* 18 bytes */
