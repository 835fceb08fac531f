/*
 * Headers of multiboot kernels (Multiboot Specification 0.6.96; Multiboot2 Specification 2.0):
 * a magic number near the file's start, flags or tags that say what the kernel wants.
 */
#pragma once

#include "base/error.h"

struct multiboot {
	unsigned version;     /* 1 or 2 */
	bool have_addresses;  /* load addresses stand in the header: the file need not be ELF */
	uint32_t header_off;
	uint32_t header_pa, load_pa, load_end, bss_end; /* with have_addresses */
	bool have_entry;
	uint32_t entry;
	bool align_modules;   /* to pages; we always do */
	bool want_video;
	/* multiboot 2 */
	bool relocatable;
	uint32_t reloc_min, reloc_max, reloc_align;
};

/* Where the header of this version is; false when there is none with a right checksum. */
bool multiboot_find(const unsigned char *b, size_t len, unsigned version, size_t *ret_off);
/* ERROR_UNSUPPORTED for something it insists on that we cannot give. */
struct error *multiboot_parse(const unsigned char *b, size_t len, unsigned version,
			      struct multiboot *ret) MUST_CHECK;
