/* Any bytes as a sadump file. The chain of magic numbers, which no fuzzer finds, is put in when
 * the header is there, and blocks are folded as for other formats. */
#include "dump_pages.h"

#define CHAIN 168
#define BLOCK 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t magic = 1;
	size_t len, part;
	unsigned char *file = fuzz_unfold(data, size, &len);

	if (!file)
		return 0;
	part = memcmp(file, "sadump\0\0", 8) ? BLOCK : 0;
	for (size_t off = CHAIN; off < BLOCK; off += 4) {
		put_u32(file + part + off, magic, false);
		magic = (magic + 7) * 11;
	}
	fuzz_dump_pages(file, len);
	free(file);
	return 0;
}
