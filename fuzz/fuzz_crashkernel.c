/* Any text as a value of crashkernel=, asked for several amounts of memory. */
#include <string.h>

#include "service/crashkernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_crashkernel_ struct crashkernel c = { 0 };
	struct error *e = text ? crashkernel_parse(text, &c) : NULL;

	for (unsigned shift = 0; !e && shift < 64; shift++)
		(void)crashkernel_size(&c, 1ull << shift);
	error_free(e);
	return 0;
}
