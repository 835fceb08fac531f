/* An answer of a DHCP server: the first four bytes are the exchange's number, so that seeds can
 * be answers to it. */
#include "base/bytes.h"
#include "net/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned char mac[MAC_LEN] = { 0x52, 0x54, 0, 0x5a, 0x1f, 1 };
	struct dhcp_reply r;
	struct error *e;

	if (size < 4)
		return 0;
	e = dhcp_parse(data + 4, size - 4, get_u32(data, true), mac, &r);
	if (!e && (r.nr_routes > DHCP_ROUTES || r.addr.prefix > 32))
		__builtin_trap();
	error_free(e);
	return 0;
}
