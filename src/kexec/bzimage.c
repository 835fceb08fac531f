/* Reading a bzImage's header; see bzimage.h. */
#include "kexec/bzimage.h"

#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

#define SECTOR		512
#define SETUP_SECTS_OLD 4	/* what 0 means */
#define HEADER_MAX	0x27f	/* the header ends before the EDD signatures */
#define INIT_SIZE_MAX	(1u << 30)

static struct error *check_flags(const struct bzimage *z, unsigned loadflags)
{
	if (z->protocol < 0x020c)
		return error_new(ERROR_UNSUPPORTED,
				 "boot protocol %u.%02u is too old for the 64-bit entry, 2.12 is needed",
				 z->protocol >> 8, z->protocol & 0xff);
	if (!(loadflags & 1))
		return error_new(ERROR_UNSUPPORTED, "a zImage, which loads below 640 KiB");
	if (!(z->xloadflags & XLF_KERNEL_64))
		return error_new(ERROR_UNSUPPORTED, "a 32-bit kernel, without 64-bit entry");
	if (!(z->xloadflags & XLF_ABOVE_4G))
		return error_new(ERROR_UNSUPPORTED,
				 "the kernel does not take boot data above 4 GiB");
	return NULL;
}

static struct error *check_sizes(const struct bzimage *z)
{
	if (z->setup_len >= z->len)
		return error_new(ERROR_BAD_DATA,
				 "the file ends at %zu, inside its setup part of %zu bytes", z->len,
				 z->setup_len);
	if (!IS_POW2(z->alignment) || z->alignment < 4096 || z->alignment > INIT_SIZE_MAX)
		return error_new(ERROR_BAD_DATA, "kernel alignment 0x%x makes no sense",
				 z->alignment);
	if (z->init_size < z->len - z->setup_len || z->init_size > INIT_SIZE_MAX)
		return error_new(ERROR_BAD_DATA,
				 "init_size 0x%x does not hold the kernel's %zu bytes", z->init_size,
				 z->len - z->setup_len);
	return NULL;
}

struct error *bzimage_parse(const void *bytes, size_t len, struct bzimage *ret)
{
	const unsigned char *b = bytes;
	struct bzimage z = { .bytes = b, .len = len };
	unsigned sects;

	if (len < 2 * SECTOR || memcmp(b + 0x202, "HdrS", 4) || get_u16(b + 0x1fe, false) != 0xaa55)
		return error_new(ERROR_NOT_FOUND, "not a bzImage: no \"HdrS\" at 0x202");
	sects = b[0x1f1] ? b[0x1f1] : SETUP_SECTS_OLD;
	z.setup_len = (sects + 1) * SECTOR;
	z.header_len = 0x202 + b[0x201] - BZIMAGE_HEADER;
	if (BZIMAGE_HEADER + z.header_len > HEADER_MAX)
		z.header_len = HEADER_MAX - BZIMAGE_HEADER;
	z.protocol = get_u16(b + 0x206, false);
	z.xloadflags = get_u16(b + 0x236, false);
	TRY(check_flags(&z, b[0x211]));
	z.alignment = get_u32(b + 0x230, false);
	z.relocatable = b[0x234];
	z.cmdline_max = get_u32(b + 0x238, false);
	z.pref_address = get_u64(b + 0x258, false);
	z.init_size = get_u32(b + 0x260, false);
	z.is_pe = b[0] == 'M' && b[1] == 'Z';
	TRY(check_sizes(&z));
	*ret = z;
	return NULL;
}

char *bzimage_release(const struct bzimage *z)
{
	size_t off = get_u16(z->bytes + 0x20e, false) + 0x200u, n = 0;

	if (off == 0x200 || off >= z->len)
		return NULL;
	while (off + n < z->len && n < 128 && isgraph(z->bytes[off + n]))
		n++;
	return n ? strndup((const char *)z->bytes + off, n) : NULL;
}
