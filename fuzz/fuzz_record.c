/* What is kept of a loaded capture kernel: parsed, and written again the same. */
#include "kexec/record.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_record_ struct record rec = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	char *copy = strndup((const char *)data, size);
	struct error *e = copy ? record_parse(copy, &rec) : error_nomem();

	if (!e) {
		struct record again = { 0 };

		e = record_write(&rec, &text);
		if (!e)
			e = record_parse(text.s, &again);
		if (e || strcmp(again.cmdline, rec.cmdline) || again.rq.mem_max != rec.rq.mem_max)
			abort();
		record_done(&again);
	}
	error_free(e);
	free(copy);
	return 0;
}
