/*
 * Page tables of any architecture and contents: a byte that chooses the row of fake_mmus[], 8
 * bytes of address, then 10-byte rows (place, entry) that are put into the tables, from the top
 * one on.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "kernel/vmem.h"
#include "make/fake_mmu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MEMORY 0x100000
#define PLACES 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct fake_mmu *m;
	struct fake f;
	uint64_t pa, run, va;
	char buf[32];

	if (len < 9)
		return 0;
	m = &fake_mmus[data[0] % fake_nr_mmus];
	va = get_u64(data + 1, false);
	fake_mmu_init(m, &f, MEMORY);
	for (size_t i = 9; i + 10 <= len; i += 10)
		fake_mmu_put(m, &f,
			     FAKE_IMAGE_PA +
				     get_u16(data + i, false) % PLACES * (m->is_64bit ? 8 : 4),
			     get_u64(data + i + 2, false));
	fake_open(&f);
	for (int i = 0; i < 4; i++, va += m->page_size) {
		struct error *e = vmem_translate(f.k, va, &pa, &run);

		if (!e && (run == 0 || pa + run - 1 < pa || va + run - 1 < va))
			abort();
		error_free(e);
		error_free(vmem_translate_in(f.k, FAKE_IMAGE_PA + i * 4096, va, &pa, &run));
		error_free(vmem_read_string(f.k, va + 4090, buf, sizeof(buf)));
		(void)vmem_map(f.k, va, 9000);
	}
	fake_done(&f);
	return 0;
}
