/* Any text as the console of a rehearsal's virtual machine, line by line. */
#include <string.h>

#include "service/rehearse-priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_rehearse_result_ struct rehearse_result r = { .end = REHEARSE_NOT_LOADED };
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct rehearse_reader rd = { 0 };
	char *rest = text, *line;
	unsigned ms = 0;

	while (text && (line = text_next_line(&rest)))
		error_free(rehearse_read_line(&rd, line, ms += 7, &r));
	/* nothing is a success before the panic, and no figure is larger than the whole */
	if (r.end == REHEARSE_SAVED && !rd.init_ran)
		abort();
	if (r.used_mb > r.total_mb || r.saved_ms > ms || r.init_ms > ms)
		abort();
	return 0;
}
