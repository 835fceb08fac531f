/*
 * U-Boot's uImage: a big-endian header of 64 bytes, checksummed, before the kernel (U-Boot,
 * include/image.h, struct legacy_img_hdr). Of a multi-file image the first file is the kernel.
 */
#include <string.h>
#include <lzma.h>

#include "base/bytes.h"
#include "kexec/image.h"
#include "kexec/image_types.h"
#include "unpack/unpack.h"

#define MAGIC	   0x27051956u
#define HEADER_LEN 64
#define OS_LINUX   5
#define TYPE_KERNEL 2
#define TYPE_MULTI  4
#define TYPE_KERNEL_NOLOAD 14

static bool is_uimage(const unsigned char *b, size_t len)
{
	return len > HEADER_LEN && get_u32(b, true) == MAGIC;
}

static struct error *check_sums(const unsigned char *b, size_t data_len)
{
	unsigned char head[HEADER_LEN];

	memcpy(head, b, HEADER_LEN);
	memset(head + 4, 0, 4); /* the sum itself counts as zero */
	if (lzma_crc32(head, HEADER_LEN, 0) != get_u32(b + 4, true))
		return error_new(ERROR_BAD_DATA, "the uImage header's checksum is wrong");
	if (lzma_crc32(b + HEADER_LEN, data_len, 0) != get_u32(b + 24, true))
		return error_new(ERROR_BAD_DATA, "the checksum over the uImage's %zu bytes is wrong", data_len);
	return NULL;
}

/* Lengths of all files, up to a zero; then the files. */
static struct error *first_file(struct image_blob *data)
{
	size_t at = 4;
	uint32_t len = data->len >= 8 ? get_u32(data->bytes, true) : 0;

	while (len && at + 4 <= data->len && get_u32(data->bytes + at, true))
		at += 4;
	at += 4;
	if (!len || at > data->len || len > data->len - at)
		return error_new(ERROR_BAD_DATA, "the multi-file uImage's list of files is damaged");
	*data = (struct image_blob){ data->bytes + at, len };
	return NULL;
}

static struct error *open_uimage(struct image *im)
{
	const unsigned char *b = im->kernel.bytes;
	size_t len = get_u32(b + 12, true);
	unsigned type = b[30];
	struct image_blob data;

	if (!len || len > im->kernel.len - HEADER_LEN)
		return error_new(ERROR_BAD_DATA, "the file ends at %zu, inside the uImage's %zu bytes",
				 im->kernel.len, len);
	TRY(check_sums(b, len));
	if (type != TYPE_KERNEL && type != TYPE_MULTI && type != TYPE_KERNEL_NOLOAD)
		return error_new(ERROR_UNSUPPORTED, "a uImage of type %u, which is no kernel (2)", type);
	data = (struct image_blob){ b + HEADER_LEN, len };
	if (type == TYPE_MULTI)
		TRY(first_file(&data));
	if (b[31] && !unpack_format(data.bytes, data.len))
		return error_new(ERROR_UNSUPPORTED, "the uImage's kernel is packed in a way not known here (%u)", b[31]);
	return image_unpack(im, data, &im->kernel);
}

const struct image_type image_uimage = {
	.name = "uImage",
	.words = "a U-Boot uImage",
	.is = is_uimage,
	.open = open_uimage,
	.wrapper = true,
};
