/*
 * The x86 bzImage: a real-mode setup part with a header at 0x1f1, then the protected-mode
 * kernel (Documentation/arch/x86/boot.rst; arch/x86/include/uapi/asm/bootparam.h).
 */
#pragma once

#include "base/error.h"

/* xloadflags */
#define XLF_KERNEL_64	 0x01
#define XLF_ABOVE_4G	 0x02
#define XLF_EFI_KEXEC	 0x10
#define XLF_5LEVEL	 0x20

struct bzimage {
	const unsigned char *bytes; /* the whole file; borrowed */
	size_t len;
	size_t header_len;   /* of the setup header, from 0x1f1 */
	size_t setup_len;    /* the kernel proper begins here */
	uint16_t protocol;   /* 0x020c is 2.12 */
	uint16_t xloadflags;
	bool relocatable;
	uint32_t alignment;
	uint64_t pref_address;
	uint32_t init_size;  /* memory to give, from the load address */
	uint32_t cmdline_max; /* bytes without the final NUL */
	bool is_pe;	     /* carries a PE header: may be signed */
};

#define BZIMAGE_HEADER	  0x1f1
#define BZIMAGE_ENTRY_64  0x200 /* from the load address */

/* ERROR_NOT_FOUND: not a bzImage at all. ERROR_UNSUPPORTED: one that the 64-bit entry cannot
 * start. ERROR_BAD_DATA: damaged. */
struct error *bzimage_parse(const void *bytes, size_t len, struct bzimage *ret) MUST_CHECK;
/* The release out of the version string that the header points at, or null; malloc'd. */
char *bzimage_release(const struct bzimage *z);
