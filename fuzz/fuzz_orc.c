/* Input: rules of 6 bytes, then addresses of 4 bytes, as many. */
#include "base/base.h"
#include "kernel/orc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct orc_table t = { .rules = data, .n = size / 10, .ips_va = 0xffffffff82000000 };
	const char *why;
	uint32_t found;
	int version;

	t.ips = data + 6ull * t.n;
	version = orc_find_version(&t, &why);
	for (uint32_t i = 0; i < t.n && i < 1000; i++) {
		if (orc_lookup(&t, orc_ip(&t, i), &found))
			(void)orc_decode(t.rules + 6ull * found, version, i & 1);
	}
	return 0;
}
