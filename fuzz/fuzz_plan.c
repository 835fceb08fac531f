/* Any bytes as a plan: what is read must be written, and read again to the same text. */
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf once = { 0 }, twice = { 0 };
	_cleanup_plan_ struct plan a = { 0 }, b = { 0 };
	struct error *e = plan_parse("fuzz", (const char *)data, size, &a, NULL);

	if (!e)
		e = plan_write(&a, &once);
	if (e) {
		error_free(e);
		return 0;
	}
	if (plan_parse("again", once.s, once.len, &b, NULL) || plan_write(&b, &twice) ||
	    strcmp(once.s, twice.s) != 0)
		abort();
	return 0;
}
