/* Any bytes as a boot loader entry, its first line as its name and as a version. */
#include <string.h>

#include "service/bls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = strndup((const char *)data, size), *text = name ? strchr(name, '\n') : NULL;
	struct bls_entry entry = { 0 };
	struct error *e;

	if (text) {
		*text++ = '\0';
		if (version_compare(name, text) != -version_compare(text, name) || version_compare(name, name))
			abort();
		e = bls_parse(name, text, &entry);
		error_free(e);
		bls_entry_done(&entry);
	}
	free(name);
	return 0;
}
