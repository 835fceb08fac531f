/*
 * Page tables of any contents: 8 bytes of address, then 10-byte rows (place, entry) that are
 * put into the eight pages from the top table on. The first byte also chooses the levels.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "kernel/vmem.h"
#include "make/fake_kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define TOP_PA 0x10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fake f;
	uint64_t pa, run, va;
	char buf[32];

	if (len < 8)
		return 0;
	va = get_u64(data, false);
	fake_init(&f, FAKE_X86_64, true, false, 0x20000);
	fake_info(&f, "NUMBER(phys_base)=0");
	fake_info(&f, "SYMBOL(init_top_pgt)=ffffffff80010000");
	fake_info(&f, "NUMBER(pgtable_l5_enabled)=%d", data[0] & 1);
	for (size_t i = 8; i + 10 <= len; i += 10)
		fake_put(&f, TOP_PA + get_u16(data + i, false) % 4096 * 8, 8,
			 get_u64(data + i + 2, false));
	fake_open(&f);
	for (int i = 0; i < 4; i++, va += 4096) {
		struct error *e = vmem_translate(f.k, va, &pa, &run);

		if (!e && (run == 0 || pa >> 52 || va + run - 1 < va))
			abort();
		error_free(e);
		error_free(vmem_translate_in(f.k, TOP_PA + i * 4096, va, &pa, &run));
		error_free(vmem_read_string(f.k, va + 4090, buf, sizeof(buf)));
		(void)vmem_map(f.k, va, 9000);
	}
	fake_done(&f);
	return 0;
}
