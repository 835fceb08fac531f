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
	uint16_t xloadflags; /* 0 before 2.12 */
	bool relocatable;
	uint32_t alignment;
	uint64_t pref_address;
	uint32_t init_size;  /* memory to give, from the load address */
	uint32_t cmdline_max; /* bytes without the final NUL */
	uint32_t initrd_max; /* the initrd's last byte, for the 32-bit entry */
	bool is_pe;	     /* carries a PE header: may be signed */
};

#define BZIMAGE_HEADER	  0x1f1
#define BZIMAGE_ENTRY_64  0x200 /* from the load address */

/* ERROR_NOT_FOUND: not a bzImage at all. ERROR_UNSUPPORTED: one that no protected-mode entry
 * can start. ERROR_BAD_DATA: damaged. What the header's version does not have is filled in as
 * such a kernel expects it. */
struct error *bzimage_parse(const void *bytes, size_t len, struct bzimage *ret) MUST_CHECK;
/* Whether the 64-bit entry can start it, its data above 4 GiB too: protocol 2.12 and later. */
bool bzimage_is_64bit(const struct bzimage *z);
/* The release out of the version string that the header points at, or null; malloc'd. */
char *bzimage_release(const struct bzimage *z);
