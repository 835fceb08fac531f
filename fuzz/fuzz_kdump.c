/* Any bytes, folded, as a kdump-compressed file. */
#include "dump_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	unsigned char *file = fuzz_unfold(data, size, &len);

	if (file)
		fuzz_dump_pages(file, len);
	free(file);
	return 0;
}
