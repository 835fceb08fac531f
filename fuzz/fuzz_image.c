/* Any bytes as a kernel file: all layers, all types; then a multiboot kernel's own demands. */
#include "kexec/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const insisted[] = { NULL, "multiboot-x86", "elf-x86_64" };

	for (size_t i = 0; i < ARRAY_SIZE(insisted); i++) {
		struct image im = { 0 };
		char *text = NULL;

		error_free(image_open("fuzz", data, size, insisted[i], 4u << 20, &im));
		error_free(im.type ? image_layers_text(&im, &text) : NULL);
		free(text);
		image_close(&im);
	}
	return 0;
}
