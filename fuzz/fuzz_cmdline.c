/* Any text as a kernel command line; its first word up to '\n' is the parameter's name. */
#include <string.h>

#include "host/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size), *line = NULL, *value = NULL;
	char *rest = text ? strchr(text, '\n') : NULL;
	bool found;

	if (!rest)
		return 0;
	*rest++ = '\0';
	line = strdup(rest);
	if (!line)
		return 0;
	error_free(cmdline_find(line, text, &found, &value));
	error_free(cmdline_append(&line, "nr_cpus=1 irqpoll"));
	error_free(cmdline_remove(&line, text));
	error_free(cmdline_find(line, text, &found, NULL));
	assert(!found || !*text);
	(void)cmdline_open_quote(line);
	return 0;
}
