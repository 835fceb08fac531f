/*
 * Any bytes as a kdump-compressed file. The format leaves most of its first four blocks
 * (header, sub header, two bitmaps) empty, so the input is folded: 512 bytes of each, then
 * what follows them.
 */
#include "dump_pages.h"

#define FOLD  512
#define BLOCK 4096
#define NR    4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t rest = size > NR * FOLD ? size - NR * FOLD : 0;
	unsigned char *file = calloc(1, NR * BLOCK + rest);

	if (!file)
		return 0;
	for (size_t i = 0; i < NR && i * FOLD < size; i++)
		memcpy(file + i * BLOCK, data + i * FOLD, MIN(size - i * FOLD, (size_t)FOLD));
	if (rest)
		memcpy(file + NR * BLOCK, data + NR * FOLD, rest);
	fuzz_dump_pages(file, NR * BLOCK + rest);
	free(file);
	return 0;
}
