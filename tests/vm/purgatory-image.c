/*
 * purgatory-image OUT [spoil] [vga] [quiet] [graphics] [reset-vga]: a bare machine's whole memory
 * image, as a multiboot file: the start, a stand-in for the new kernel, 8 MiB of data, and
 * purgatory as the loader fills it in. `spoil` changes one byte after the digest was made,
 * `graphics` leaves text mode before purgatory runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "kexec/purgatory_setup.h"
#include "purgatory/purgatory.h"

#define BASE	     0x100000u /* known to bare-machine.S */
#define PURGATORY_PA 0x300000u
#define KERNEL_PA    0x400000u
#define DATA_PA	     0x500000u
#define DATA_LEN     ((8u << 20) + 777)

extern const unsigned char bare_start[], bare_entry[], bare_lengths[], bare_graphics[], bare_kernel[], bare_end[];

static unsigned char image[DATA_PA + DATA_LEN - BASE];

static void put(uint64_t pa, const void *bytes, size_t len)
{
	memcpy(image + (pa - BASE), bytes, len);
}

static struct error *fill(bool vga, bool reset_vga, bool check)
{
	struct kexec_parts parts = { .n = 2 };
	struct kexec_part part = { .name = "purgatory" };
	struct purgatory_setup how = { .entry = KERNEL_PA, .boot_params = 0xb007, .check = check,
				       .console = { 0x3f8, 3, vga, reset_vga } };
	uint32_t end = DATA_PA + DATA_LEN;
	uint64_t entry = PURGATORY_PA;
	struct purgatory_head head;

	for (uint32_t i = 0; i < DATA_LEN; i++)
		image[DATA_PA - BASE + i] = (unsigned char)(i * 11 + (i >> 9));
	put(BASE, bare_start, (size_t)(bare_end - bare_start));
	put(BASE + (uint64_t)(bare_lengths - bare_start), &end, 4);
	put(BASE + (uint64_t)(bare_lengths - bare_start) + 4, &end, 4);
	put(BASE + (uint64_t)(bare_entry - bare_start), &entry, 8);
	put(KERNEL_PA, bare_kernel, (size_t)(bare_end - bare_kernel));
	parts.v[0] = (struct kexec_part){ .bytes = image + (DATA_PA - BASE), .len = DATA_LEN,
					  .pa = DATA_PA, .in_digest = true };
	parts.v[1] = (struct kexec_part){ .bytes = image + (KERNEL_PA - BASE), .len = 4096,
					  .pa = KERNEL_PA, .in_digest = true };
	TRY(purgatory_setup(&how, &parts, &part));
	memcpy(&head, part.bytes, sizeof(head));
	head.args.reset_seconds = 2;
	put(PURGATORY_PA, part.bytes, part.len);
	put(PURGATORY_PA, &head, sizeof(head));
	free(part.owned);
	return NULL;
}

int main(int argc, char **argv)
{
	bool spoil = false, vga = false, check = true, graphics = false, reset_vga = false;
	struct error *e;

	for (int i = 2; i < argc; i++) {
		spoil |= !strcmp(argv[i], "spoil");
		vga |= !strcmp(argv[i], "vga");
		check &= strcmp(argv[i], "quiet") != 0;
		graphics |= !strcmp(argv[i], "graphics");
		reset_vga |= !strcmp(argv[i], "reset-vga");
	}
	if (argc < 2)
		return 2;
	e = fill(vga, reset_vga, check);
	image[bare_graphics - bare_start] = graphics;
	if (spoil)
		image[DATA_PA + DATA_LEN - BASE - 1] ^= 1;
	if (!e)
		e = file_publish(AT_FDCWD, argv[1], 0600, image, sizeof(image));
	if (e)
		fprintf(stderr, "%s\n", error_message(e));
	return e ? 1 : 0;
}
