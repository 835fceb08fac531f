/* Any bytes as grub.cfg, and as its environment block. */
#include <string.h>

#include "service/grub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct grub_where nowhere = { -1, "boot/grub" };
	_cleanup_boot_entry_ struct boot_entry entry = { 0 };
	_cleanup_words_ struct words vars = { 0 };
	char *text = strndup((const char *)data, size);

	if (!text)
		return 0;
	error_free(grub_entry(&nowhere, text, NULL, &entry));
	error_free(grubenv_parse(text, &vars));
	free(text);
	return 0;
}
