/* Any bytes as a vmlinux. */
#include "kernel/vmlinux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct strbuf out = { 0 };
	struct source *s;
	struct error *e = source_open_memory("fuzz", data, len, &s);

	if (!e) {
		e = vmlinux_infotext_of(s, &out);
		source_close(s);
	}
	error_free(e);
	strbuf_done(&out);
	return 0;
}
