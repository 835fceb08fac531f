/* VMCOREINFO text of any shape. */
#include "kernel/infotext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct strbuf both = { 0 };
	struct vmcoreinfo *v;
	uint64_t u;
	int64_t i;
	struct error *e = vmcoreinfo_parse((const char *)data, len, &v);

	if (e) {
		error_free(e);
		return 0;
	}
	(void)vmcoreinfo_symbol(v, "prb", &u);
	(void)vmcoreinfo_offset(v, "page", "flags", &u);
	(void)vmcoreinfo_number(v, "phys_base", &i);
	(void)vmcoreinfo_number_hex(v, "VMALLOC_START", &u);
	(void)vmcoreinfo_hex(v, "KERNELOFFSET", &u);
	vmcoreinfo_free(v);
	/* the first half with what the second one has more */
	error_free(infotext_merge((const char *)data, len / 2, (const char *)data + len / 2,
				  len - len / 2, &both));
	strbuf_done(&both);
	return 0;
}
