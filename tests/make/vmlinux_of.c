/*
 * vmlinux-of BZIMAGE >VMLINUX: the ELF kernel that a bzImage carries packed. Offset and length
 * of the payload stand in the setup header at 0x248 and 0x24c, protocol 2.08 and later; all
 * packings but gzip have the unpacked length behind them (scripts/Makefile.lib, size_append).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/bytes.h"
#include "kexec/bzimage.h"
#include "unpack/unpack.h"

#define LIMIT (1u << 30)

static struct error *extract(const char *name, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *file = NULL;
	struct bzimage z;
	size_t len, off, payload;

	TRY(file_read(AT_FDCWD, name, LIMIT, &file, &len));
	TRY(error_prefix(bzimage_parse(file, len, &z), "%s", name));
	off = z.setup_len + get_u32(file + 0x248, false);
	payload = get_u32(file + 0x24c, false);
	if (z.protocol < 0x208 || payload < 8 || off > len || payload > len - off)
		return error_new(ERROR_BAD_DATA, "%s: no payload in the file", name);
	if (get_u16(file + off, false) != 0x8b1f)
		payload -= 4;
	TRY(unpack_bytes(name, file + off, payload, LIMIT, ret, ret_len));
	return *ret ? NULL : error_new(ERROR_UNSUPPORTED, "%s: packed in a way not known here", name);
}

int main(int argc, char **argv)
{
	_cleanup_free_ char *vmlinux = NULL;
	size_t len = 0;
	_cleanup_error_ struct error *e = argc == 2 ? extract(argv[1], &vmlinux, &len) :
						      error_new(ERROR_USAGE, "usage: vmlinux-of BZIMAGE");

	if (!e)
		e = file_write_fd(1, "stdout", vmlinux, len);
	if (e)
		fprintf(stderr, "vmlinux-of: %s\n", error_message(e));
	return e ? 1 : 0;
}
