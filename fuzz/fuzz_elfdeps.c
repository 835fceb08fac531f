/* Any bytes as a program whose libraries are wanted. */
#include <stdlib.h>
#include <string.h>

#include "initramfs/elfdeps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_deps d;
	struct error *e = elf_deps_read("fuzz", data, size, &d);
	char *copy = malloc(size + 1);

	if (copy && size) {
		memcpy(copy, data, size);
		elf_drop_sections(copy, size);
	}
	free(copy);
	if (e) {
		error_free(e);
		return 0;
	}
	if (d.loaded_len > size)
		abort();
	elf_deps_done(&d);
	return 0;
}
