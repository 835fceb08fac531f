/* /etc/sysconfig/kdump: any text is read or refused, in bounded memory. */
#include "service/sysconfig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_sysconfig_ struct sysconfig s = { 0 };
	struct error *e = sysconfig_parse(&s, "fuzz", (const char *)data, size);

	for (int i = 0; i < SYSCONFIG_COUNT; i++)
		if (strlen(sysconfig_get(&s, i)) > (1 << 20))
			__builtin_trap();
	error_free(e);
	return 0;
}
