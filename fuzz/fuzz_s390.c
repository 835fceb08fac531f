/*
 * Any bytes as an IBM Z stand-alone dump. Its header and the head of each segment are blocks
 * of 4096 bytes that are mostly empty, so the input is folded: 128 bytes of header, 64 of the
 * prefix areas, 128 of the first segment's head, then what follows.
 */
#include "dump_pages.h"

#define BLOCK 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		size_t off, len;
	} parts[] = { { 0, 128 }, { 0x800, 64 }, { BLOCK, 128 } };
	unsigned char *file = calloc(1, 2 * BLOCK + size);
	size_t done = 0;

	if (!file)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t n = MIN(parts[i].len, size - done);

		memcpy(file + parts[i].off, data + done, n);
		done += n;
	}
	memcpy(file + 2 * BLOCK, data + done, size - done);
	fuzz_dump_pages(file, 2 * BLOCK + size - done);
	free(file);
	return 0;
}
