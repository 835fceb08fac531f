/* Any bytes as the memory of a machine that left nothing but registers: CR3 and the interrupt table's
 * base are the first 16 bytes. VMCOREINFO, page tables and gates are looked for in it. */
#include "base/base.h"
#include "kernel/kaslr.h"
#include "kernel/vmem.h"
#include "make/fake_kernel.h"

#define MEMORY (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char state[432] = {0};
	struct kaslr found;
	struct fake f;
	char text[64];

	if (size < 16)
		return 0;
	fake_init(&f, FAKE_X86_64, true, false, MEMORY);
	memcpy(state + 416, data, 8); /* CR3 */
	memcpy(state + 384, data + 8, 8);
	memcpy(f.memory, data + 16, MIN(size - 16, (size_t)MEMORY));
	fake_note(&f, "QEMU", 0, state, sizeof(state));
	error_free(fake_try_open(&f));
	if (f.dump) {
		struct error *e = kaslr_find(f.dump, &found);

		if (!e && found.image_va < 0xffffffff80000000ull)
			abort();
		error_free(e);
	}
	if (f.k)
		error_free(vmem_read_string(f.k, 0xffffffff81000000ull, text, sizeof(text)));
	fake_done(&f);
	return 0;
}
