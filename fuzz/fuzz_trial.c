/* Any text as the record of a test crash: what is taken is written the same way, and its id is no path. */
#include <string.h>

#include "service/trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct trial t = { 0 };

	error_free(text ? trial_parse(text, &t) : NULL);
	if (t.state != TRIAL_NONE && (!trial_state_name(t.state) || !t.id[0] || strchr(t.id, '/') || strchr(t.id, '.')))
		abort();
	return 0;
}
