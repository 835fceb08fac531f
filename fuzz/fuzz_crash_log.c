/* Any text as a kernel log: judged, concluded and rendered without trouble. */
#include <string.h>

#include "analyze/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	const struct log_event *cause, *panic;
	struct log_details d;
	struct log l;

	error_free(log_init(&l, 8));
	if (text)
		error_free(log_add_text(&l, text));
	cause = log_cause(&l, &panic);
	if (cause) {
		(void)log_cause_kind(cause);
		log_cause_details(&l, cause, &d);
	}
	log_done(&l);
	return 0;
}
