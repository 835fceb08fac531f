/* The memory of a kernel log of any contents; the first byte chooses generation and machine. */
#include "kernel/printk.h"
#include "make/fake_printk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BASE 0xc0000000

static void build(struct fake *f, uint8_t choice)
{
	struct fake_ring ring;
	struct fake_records records;

	fake_init(f, choice & 4 ? FAKE_PPC64 : FAKE_I386, choice & 4, choice & 8, 16384);
	fake_segment(f, BASE, 0, f->len);
	switch (choice & 3) {
	case 0:
	case 1:
		fake_ring_init(&ring, f, BASE, 3, 8, 0, false);
		fake_ring_finish(&ring, choice & 1);
		break;
	case 2:
		fake_records_init(&records, f, BASE, 1024, choice & 16, choice & 32);
		fake_records_finish(&records, 0);
		break;
	case 3:
		fake_bytes(f, BASE, 256, "", 0);
		break;
	}
}

/* The CPUs' own buffers; as many CPUs and as much text as the input says. */
static void add_safe_buffers(struct fake *f)
{
	uint64_t at = fake_alloc(f, 512, 8);

	fake_info(f, "OSRELEASE=5.4.0");
	fake_info(f, "SYMBOL(nr_cpu_ids)=%llx", (unsigned long long)(BASE + at));
	fake_info(f, "SYMBOL(__per_cpu_offset)=%llx", (unsigned long long)(BASE + at + 8));
	fake_info(f, "SYMBOL(nmi_print_seq)=%llx", (unsigned long long)(BASE + at + 64));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct strbuf out = {0};
	struct fake f;
	size_t room;

	if (len < 1)
		return 0;
	build(&f, data[0]);
	if (data[0] & 128)
		add_safe_buffers(&f);
	room = f.next - 4096;
	fake_put_bytes(&f, 4096, data + 1, MIN(len - 1, room));
	fake_open(&f);
	error_free(printk_text(f.k, data[0] & 64, &out, NULL));
	strbuf_done(&out);
	fake_done(&f);
	return 0;
}
