/* The record of an image: what is read is written back as it was. */
#include "service/inputs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_inputs_ struct inputs a = { 0 }, b = { 0 };
	_cleanup_words_ struct words reasons = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error *e = inputs_parse(&a, "fuzz", (const char *)data, size);

	if (e) {
		error_free(e);
		return 0;
	}
	error_free(inputs_write(&a, &text));
	e = inputs_parse(&b, "written", strbuf_str(&text), text.len);
	if (e)
		__builtin_trap();
	error_free(inputs_compare(&a, &b, &reasons));
	if (reasons.n)
		__builtin_trap();
	return 0;
}
