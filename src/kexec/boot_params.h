/*
 * The x86 zero page and what hangs on it, in one piece of memory: boot_params, command line,
 * EFI memory map, setup_data list (Documentation/arch/x86/zero-page.rst).
 */
#pragma once

#include "host/host.h"
#include "kexec/bzimage.h"
#include "kexec/e820.h"

struct boot_params_input {
	const struct bzimage *image;
	const char *cmdline;	     /* complete */
	const struct e820 *e820;
	const unsigned char *running; /* the running kernel's block, or null */
	const struct host_efi *efi;   /* pass its tables; null: none */
	uint64_t acpi_rsdp;	      /* 0: unknown */
	const unsigned char *seed;    /* 32 random bytes, or null */
	const void *dtb;	      /* device tree blob, or null */
	size_t dtb_len;
};

#define RNG_SEED_LEN 32

/* Length of the piece, known before addresses are. */
size_t boot_params_len(const struct boot_params_input *in);
/* Fills `bytes` (boot_params_len() of them, zeroed) for a piece that will lie at `pa`. */
void boot_params_build(const struct boot_params_input *in, uint64_t pa, uint64_t initrd_pa,
		       uint64_t initrd_len, unsigned char *bytes);
/* Whether EFI tables can be handed to this kernel. */
bool boot_params_can_efi(const struct bzimage *image, const unsigned char *running,
			 const struct host_efi *efi);
