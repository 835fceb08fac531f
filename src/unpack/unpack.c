/* Which format, and the growing output; see unpack.h. */
#include <stdlib.h>
#include <string.h>

#include "unpack/internal.h"

#define FIRST_ROOM (1u << 20)

static const struct {
	const char *name;
	const char *magic;
	size_t len;
	struct error *(*unpack)(const unsigned char *in, size_t in_len, struct unpacked *u);
} formats[] = {
	{ "gzip", "\x1f\x8b", 2, unpack_gzip },
	{ "xz", "\xfd" "7zXZ\0", 6, unpack_xz },
	{ "lzma", "\x5d\0\0", 3, unpack_lzma },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, unpack_zstd },
	{ "lz4", "\x04\x22\x4d\x18", 4, unpack_lz4 },
	{ "lz4", "\x02\x21\x4c\x18", 4, unpack_lz4_legacy },
};

static int find_format(const void *in, size_t in_len)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (in_len > formats[i].len && !memcmp(in, formats[i].magic, formats[i].len))
			return (int)i;
	return -1;
}

const char *unpack_format(const void *in, size_t in_len)
{
	int i = find_format(in, in_len);

	return i < 0 ? NULL : formats[i].name;
}

struct error *unpacked_damaged(const struct unpacked *u)
{
	return error_new(ERROR_BAD_DATA, "%s: the %s stream is damaged, or longer than %zu MiB",
			 u->name, u->format, u->limit >> 20);
}

struct error *unpacked_grow(struct unpacked *u, size_t hint)
{
	size_t more = u->room ? u->room * 2 : MAX(hint, (size_t)FIRST_ROOM);
	char *p;

	if (u->room >= u->limit)
		return unpacked_damaged(u);
	more = MIN(more, u->limit);
	p = realloc(u->bytes, more);
	if (!p)
		return error_nomem();
	u->bytes = p;
	u->room = more;
	return NULL;
}

struct error *unpack_bytes(const char *name, const void *in, size_t in_len, size_t limit,
			   char **ret, size_t *ret_len)
{
	struct unpacked u = { .name = name, .limit = limit };
	int i = find_format(in, in_len);
	struct error *e;

	*ret = NULL;
	*ret_len = 0;
	if (i < 0)
		return NULL;
	u.format = formats[i].name;
	e = formats[i].unpack(in, in_len, &u);
	if (!e && !u.len)
		e = error_new(ERROR_BAD_DATA, "%s: the %s stream holds nothing", name, u.format);
	if (e) {
		free(u.bytes);
		return e;
	}
	*ret = u.bytes;
	*ret_len = u.len;
	return NULL;
}
