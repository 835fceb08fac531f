/* Any bytes as a dump, seeded with flattened streams. */
#include "dump_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_dump_pages(data, size);
	return 0;
}
