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
#define OLD_ADDRESS	0x100000u
#define OLD_CMDLINE_MAX 255
#define OLD_INITRD_MAX	0x37ffffffu
#define OLD_GROWTH	5 /* times the packed kernel, before headers told what it needs */

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

/* Fields by the version that brought them. */
static void read_fields(struct bzimage *z)
{
	const unsigned char *b = z->bytes;
	unsigned v = z->protocol;

	z->initrd_max = v >= 0x0203 ? get_u32(b + 0x22c, false) : OLD_INITRD_MAX;
	z->relocatable = v >= 0x0205 && b[0x234];
	z->alignment = z->relocatable ? get_u32(b + 0x230, false) : 4096;
	z->cmdline_max = v >= 0x0206 ? get_u32(b + 0x238, false) : OLD_CMDLINE_MAX;
	z->xloadflags = v >= 0x020c ? get_u16(b + 0x236, false) : 0;
	if (v >= 0x020a) {
		z->pref_address = get_u64(b + 0x258, false);
		z->init_size = get_u32(b + 0x260, false);
		return;
	}
	z->pref_address = OLD_ADDRESS;
	if (z->len - z->setup_len < INIT_SIZE_MAX / OLD_GROWTH)
		z->init_size = (uint32_t)(z->len - z->setup_len) * OLD_GROWTH;
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
	z.is_pe = b[0] == 'M' && b[1] == 'Z';
	if (z.protocol < 0x0202)
		return error_new(ERROR_UNSUPPORTED,
				 "boot protocol %u.%02u is too old, 2.02 (Linux 2.4) is needed",
				 z.protocol >> 8, z.protocol & 0xff);
	if (!(b[0x211] & 1))
		return error_new(ERROR_UNSUPPORTED, "a zImage, which loads below 640 KiB");
	if (z.setup_len < len)
		read_fields(&z);
	else
		z.alignment = 4096; /* check_sizes() tells what is wrong */
	TRY(check_sizes(&z));
	*ret = z;
	return NULL;
}

bool bzimage_is_64bit(const struct bzimage *z)
{
	const unsigned need = XLF_KERNEL_64 | XLF_ABOVE_4G;

	return (z->xloadflags & need) == need;
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
