/* fence_kdump_nodes and fence_kdump_args of kdump.conf: whom the capture kernel tells that a dump
 * is being made, so that the cluster does not switch the machine off. */
#pragma once

#include "plan/plan.h"
#include "service/network.h"
#include "service/settings.h"

/* The options of fence_kdump_send(8): -p PORT, -f FAMILY, -c COUNT, -i INTERVAL, -v; long ones too.
 * *ret_family: AF_INET, AF_INET6, or 0 for either. */
struct error *fence_args(const char *text, struct plan_fence *to, int *ret_family) MUST_CHECK;
/* Fills in the nodes (none when kdump.conf names none), and adds the network that leads to
 * them. `host` is this machine's name (may be null): it must not be among them. */
struct error *fence_resolve(const struct network_how *how, const struct settings *s, const char *host,
			    struct plan_fence *to, struct plan_net *net, struct words *modules,
			    struct words *warnings) MUST_CHECK;
