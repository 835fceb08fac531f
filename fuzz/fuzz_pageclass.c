/* Sections, nodes and struct pages of any contents; three bytes choose release, model and
 * machine. */
#include <stdlib.h>

#include "kernel/pageclass.h"
#include "make/fake_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NR 64

static const struct {
	uint16_t machine;
	bool is_64bit, big;
	uint32_t page_size;
} kinds[] = {
	{FAKE_X86_64, true, false, 4096},   {FAKE_I386, false, false, 4096},
	{FAKE_AARCH64, true, false, 65536}, {FAKE_PPC64, true, true, 65536},
	{40, false, true, 4096},	    {22, true, true, 4096},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pageclass *c = NULL;
	struct fake_pages p;
	struct fake f;
	uint64_t pfn, n, base;
	unsigned kind;
	struct error *e;

	if (len < 3)
		return 0;
	kind = data[2] % ARRAY_SIZE(kinds);
	base = kinds[kind].is_64bit ? 0xffff888000000000 : 0xc0000000;
	fake_init(&f, kinds[kind].machine, kinds[kind].is_64bit, kinds[kind].big, 0x40000);
	f.page_size = kinds[kind].page_size;
	fake_segment(&f, base, 0, f.len);
	fake_pages_init(&p, &f, base, NR, data[0] % (FAKE_7_1 + 1), data[1] % FAKE_MODELS);
	fake_put_bytes(&f, p.array, data + 3, MIN(len - 3, (size_t)(f.len - p.array)));
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
