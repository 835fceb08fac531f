/*
 * EFI zboot: a small PE program that unpacks the kernel it carries (Linux,
 * drivers/firmware/efi/libstub/zboot-header.S): "MZ", "zimg" at 4, offset and length of the
 * packed kernel at 8 and 12, the packing's name at 24.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "kexec/image.h"
#include "kexec/image_types.h"
#include "kexec/pe.h"
#include "unpack/unpack.h"

#define HEADER_LEN 64

static bool is_zboot(const unsigned char *b, size_t len)
{
	return len > HEADER_LEN && b[0] == 'M' && b[1] == 'Z' && !memcmp(b + 4, "zimg", 4);
}

/* A signed kernel inside ends with its certificates; the packer padded behind them. */
static void cut_at_signature(struct image_blob *kernel)
{
	struct pe pe;
	struct error *e = pe_is(kernel->bytes, kernel->len) ? pe_parse(kernel->bytes, kernel->len, &pe) :
							      error_new(ERROR_NOT_FOUND, "no PE");

	if (!e && pe.signed_end)
		kernel->len = pe.signed_end;
	error_free(e); /* no PE kernel, nothing to cut */
}

static struct error *open_zboot(struct image *im)
{
	const unsigned char *b = im->kernel.bytes;
	uint32_t off = get_u32(b + 8, false), len = get_u32(b + 12, false);
	struct image_blob packed;
	const char *format;

	if (off < HEADER_LEN || !len || !range_fits(off, len, im->kernel.len))
		return error_new(ERROR_BAD_DATA,
				 "the zboot payload of 0x%x bytes at 0x%x does not fit into the file's 0x%zx",
				 len, off, im->kernel.len);
	packed = (struct image_blob){ b + off, len };
	format = unpack_format(packed.bytes, packed.len);
	if (!format)
		return error_new(ERROR_UNSUPPORTED, "the zboot payload is packed with \"%.*s\", which is not known here",
				 (int)strnlen((const char *)b + 24, 32), (const char *)b + 24);
	TRY(image_unpack(im, packed, &im->kernel));
	cut_at_signature(&im->kernel);
	return NULL;
}

const struct image_type image_zboot = {
	.name = "vmlinuz",
	.words = "an EFI zboot image",
	.is = is_zboot,
	.open = open_zboot,
	.wrapper = true,
};
