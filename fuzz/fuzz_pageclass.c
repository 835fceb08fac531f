/* Sections and struct pages of any contents; the first byte chooses release and model. */
#include <stdlib.h>

#include "kernel/pageclass.h"
#include "make/fake_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASE 0xffff888000000000
#define NR   64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pageclass *c = NULL;
	struct fake_pages p;
	struct fake f;
	uint64_t pfn, n;
	struct error *e;

	if (len < 1)
		return 0;
	fake_init(&f, FAKE_X86_64, true, data[0] & 128, 0x40000);
	fake_segment(&f, BASE, 0, f.len);
	fake_pages_init(&p, &f, BASE, NR, data[0] % (FAKE_7_1 + 1), data[0] >> 4 & 3);
	fake_put_bytes(&f, p.array, data + 1, MIN(len - 1, (size_t)(f.len - p.array)));
	fake_open(&f);
	e = pageclass_open(f.k, &c);
	for (pfn = 0; !e && pfn < 4 * NR; pfn += n) {
		(void)pageclass_at(c, pfn, 4 * NR, &n);
		if (n == 0 || n > 4 * NR - pfn)
			abort();
		/* and one at random, which must not spoil what follows */
		(void)pageclass_at(c, (pfn * 7) % NR, NR, &(uint64_t){0});
	}
	error_free(e);
	pageclass_close(c);
	fake_done(&f);
	return 0;
}
