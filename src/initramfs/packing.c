/*
 * Compressing the archive with what the capture kernel can open.
 *
 * zstd: the kernel's unpacker (lib/decompress_unzstd.c) allocates a workspace that grows with
 * the frame's window, while the reserved memory already holds the packed archive and what was
 * unpacked so far. A window of 128 KiB costs it well under 1 MiB, at a few percent more of
 * archive. gzip (lib/decompress_inflate.c) always needs about 44 KiB.
 */
#include <string.h>
#include <libdeflate.h>
#include <zstd.h>

#include "base/file.h"
#include "initramfs/internal.h"

#define ZSTD_LEVEL	12 /* 19 takes nine times as long for a tenth less */
#define ZSTD_WINDOW_LOG 17
#define GZIP_LEVEL	12
#define CONFIG_LIMIT	(4u << 20)

static struct error *pack_gzip(const void *in, size_t in_len, char **ret, size_t *ret_len)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(GZIP_LEVEL);
	size_t room = c ? libdeflate_gzip_compress_bound(c, in_len) : 0;
	char *out = c ? malloc(room) : NULL;

	*ret_len = out ? libdeflate_gzip_compress(c, in, in_len, out, room) : 0;
	libdeflate_free_compressor(c);
	*ret = out;
	return out ? NULL : error_nomem();
}

static struct error *pack_zstd(const void *in, size_t in_len, char **ret, size_t *ret_len)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t room = ZSTD_compressBound(in_len), len = 0;
	char *out = c ? malloc(room) : NULL;
	struct error *e = NULL;

	if (!out)
		e = error_nomem();
	else {
		ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
		/* a frame that tells its size may be made with a window of that size */
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
		len = ZSTD_compress2(c, out, room, in, in_len);
		if (ZSTD_isError(len))
			e = error_new(ERROR_OTHER, "cannot compress the initramfs: %s",
				      ZSTD_getErrorName(len));
	}
	ZSTD_freeCCtx(c);
	if (e) {
		free(out);
		return e;
	}
	*ret = out;
	*ret_len = len;
	return NULL;
}

struct error *initramfs_pack(enum initramfs_packing packing, const void *in, size_t in_len,
			     char **ret, size_t *ret_len)
{
	switch (packing) {
	case INITRAMFS_GZIP:
		return pack_gzip(in, in_len, ret, ret_len);
	case INITRAMFS_ZSTD:
		return pack_zstd(in, in_len, ret, ret_len);
	case INITRAMFS_PLAIN:
		break;
	}
	*ret = malloc(in_len);
	if (!*ret)
		return error_nomem();
	memcpy(*ret, in, in_len);
	*ret_len = in_len;
	return NULL;
}

/* --- what the kernel can open ------------------------------------------------------- */

static bool config_has(const char *config, const char *option)
{
	size_t len = strlen(option);

	for (const char *s = config; (s = strstr(s, option)) != NULL; s += len)
		if ((s == config || s[-1] == '\n') && strncmp(s + len, "=y", 2) == 0)
			return true;
	return false;
}

struct error *initramfs_pick_packing(int root, const char *release,
				     enum initramfs_packing *ret)
{
	static const char *const places[][2] = {
		{ "boot/config-", "" },
		{ "lib/modules/", "/config" },
		{ "usr/lib/modules/", "/config" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_strbuf_ struct strbuf path = { 0 };
		_cleanup_free_ char *config = NULL;
		_cleanup_close_ int fd = -1;

		strbuf_printf(&path, "%s%s%s", places[i][0], release, places[i][1]);
		TRY(strbuf_error(&path));
		fd = initramfs_open_source(root, path.s);
		if (fd < 0)
			continue;
		TRY(file_read_fd(fd, path.s, CONFIG_LIMIT, &config, NULL));
		if (config_has(config, "CONFIG_RD_ZSTD"))
			*ret = INITRAMFS_ZSTD;
		else if (config_has(config, "CONFIG_RD_GZIP"))
			*ret = INITRAMFS_GZIP;
		else
			*ret = INITRAMFS_PLAIN;
		return NULL;
	}
	*ret = INITRAMFS_GZIP;
	return NULL;
}
