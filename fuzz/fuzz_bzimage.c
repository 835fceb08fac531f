/* Any bytes as a kernel file: the header, its release, and the boot parameters made of it. */
#include <stdlib.h>

#include "kexec/boot_params.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct e820 none = { 0 };
	struct bzimage z;
	struct boot_params_input in = { .image = &z, .cmdline = "quiet", .e820 = &none };
	struct error *e = bzimage_parse(data, size, &z);
	unsigned char *bytes;

	if (e) {
		error_free(e);
		return 0;
	}
	free(bzimage_release(&z));
	bytes = calloc(1, boot_params_len(&in));
	if (bytes)
		boot_params_build(&in, 0x1000000, 0x2000000, 100, bytes);
	free(bytes);
	return 0;
}
