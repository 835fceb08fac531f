/*
 * What firmware and boot loader told the running kernel: the x86 boot_params block
 * (/sys/kernel/boot_params/data), the untouched memory map (/sys/firmware/memmap), EFI
 * tables and the runtime memory map (/sys/firmware/efi).
 */
#pragma once

#include "base/error.h"
#include "base/vector.h"

#define BOOT_PARAMS_LEN 4096

/* Types of E820 (arch/x86/include/asm/e820/types.h). */
enum e820_type {
	E820_RAM = 1,
	E820_RESERVED = 2,
	E820_ACPI = 3,
	E820_NVS = 4,
	E820_UNUSABLE = 5,
	E820_PMEM = 7,
	E820_PRAM = 12,
	E820_SOFT_RESERVED = 0xefffffff,
};

/* By the kernel's words in iomem and memmap; E820_RESERVED for words not known. */
enum e820_type e820_type_by_name(const char *name);

struct memmap_entry {
	uint64_t start;
	uint64_t end; /* half-open */
	char type[40];
};

struct memmap {
	VECTOR(struct memmap_entry) rows; /* ascending by start */
};

/* ERROR_NOT_FOUND when the kernel has no /sys/firmware/memmap. */
struct error *host_memmap(int root, struct memmap *ret) MUST_CHECK;
void memmap_done(struct memmap *m);

/* One descriptor of the EFI memory map, as /sys/firmware/efi/runtime-map/N shows it. */
struct efi_descriptor {
	uint32_t type;
	uint64_t pa;
	uint64_t va;
	uint64_t nr_pages;
	uint64_t attribute;
};

struct host_efi {
	bool booted; /* by EFI */
	bool is_64bit;
	uint64_t fw_vendor, runtime, config_table; /* physical; 0 when not shown */
	uint64_t acpi, acpi20, smbios, smbios3;	   /* of /sys/firmware/efi/systab */
	VECTOR(struct efi_descriptor) runtime_map; /* in the order of their numbers */
};

struct error *host_efi(int root, struct host_efi *ret) MUST_CHECK;
void host_efi_done(struct host_efi *e);

/* The running kernel's boot_params; ERROR_NOT_FOUND where there is none. */
struct error *host_boot_params(int root, unsigned char ret[BOOT_PARAMS_LEN]) MUST_CHECK;

static inline void memmap_done_cleanup(struct memmap *m)
{
	memmap_done(m);
}
#define _cleanup_memmap_ CLEANUP(memmap_done)

static inline void host_efi_done_cleanup(struct host_efi *e)
{
	host_efi_done(e);
}
#define _cleanup_host_efi_ CLEANUP(host_efi_done)
