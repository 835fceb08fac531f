/* Messages of rtnetlink: interfaces, addresses, a route. */
#include "net/bond.h"
#include "net/netstate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_netstate_ struct netstate n = { 0 };
	struct net_route route;
	struct error *e = netstate_parse(&n, data, size);

	error_free(e);
	for (size_t i = 0; i < n.links.n; i++)
		for (size_t j = 0; j < n.links.v[i].bond.n; j++) {
			e = bond_check(n.links.v[i].bond.v[j]);
			if (e) /* what is read can be written */
				__builtin_trap();
		}
	error_free(route_parse(data, size, &route));
	return 0;
}
