/*
 * Any bytes as an LKCD dump. The records start at 65536, so the input is folded: 1024 bytes of
 * header, then the records.
 */
#include "dump_pages.h"

#define HEADER 1024
#define START  65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rest = size > HEADER ? size - HEADER : 0;
	unsigned char *file = calloc(1, START + rest);

	if (!file)
		return 0;
	memcpy(file, data, size - rest);
	if (rest)
		memcpy(file + START, data + HEADER, rest);
	fuzz_dump_pages(file, rest ? START + rest : size);
	free(file);
	return 0;
}
