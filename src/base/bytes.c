#include "base/bytes.h"

bool bytes_are_zero(const void *p, size_t len)
{
	const unsigned char *c = p;
	uint64_t w[8];

	for (; len >= sizeof(w); c += sizeof(w), len -= sizeof(w)) {
		memcpy(w, c, sizeof(w));
		if (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7])
			return false;
	}
	for (; len; c++, len--)
		if (*c)
			return false;
	return true;
}
