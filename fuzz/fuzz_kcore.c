/* Any bytes as the head of /proc/kcore. */
#include "host/kcore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kcore_facts f;

	error_free(kcore_parse(data, size, &f));
	return 0;
}
