/* Any text as a report.json to take a headline from. */
#include <string.h>

#include "report/saved.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size), *got = NULL;

	if (text)
		error_free(json_top_string(text, "headline", &got));
	return 0;
}
