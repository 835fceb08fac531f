/* Any bytes as the list of CMA ranges of a crash kernel. */
#include <string.h>

#include "host/kexec_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_ranges_ struct ranges r = { 0 };
	char *text = strndup((const char *)data, size);

	if (text)
		error_free(crash_cma_parse("fuzz", text, &r));
	for (size_t i = 1; i < r.n; i++)
		if (r.v[i - 1].end >= r.v[i].start)
			abort();
	free(text);
	return 0;
}
