/*
 * The options of a bond as words, "mode=1 miimon=100", and as rtnetlink's attributes
 * (IFLA_BOND_*, drivers/net/bonding/bond_netlink.c; Documentation/networking/bonding.rst says
 * what they mean). Only what differs from the kernel's own default is said.
 */
#pragma once

#include "base/text.h"
#include "net/rtnl.h"

/* From an IFLA_INFO_DATA: appends one word an option to `to`. `primary` is returned as an
 * interface's number, 0: none. */
struct error *bond_words(const struct attr *data, struct words *to, int *ret_primary) MUST_CHECK;
/* Whether the word is an option as bond_words() writes them; `error` says why not. */
struct error *bond_check(const char *word) MUST_CHECK;
/* The options into an IFLA_INFO_DATA that is open. Words must have been checked. */
void bond_put(struct rtnl_message *m, const struct words *options);
