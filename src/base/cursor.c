/* Bounds-checked reading; see cursor.h. */
#include "base/cursor.h"

#include "base/bytes.h"

void cursor_init(struct cursor *c, const char *name, const void *bytes, size_t len, bool big)
{
	*c = (struct cursor){ .start = bytes, .len = len, .big = big, .name = name };
}

struct error *cursor_error(const struct cursor *c)
{
	if (!c->failed)
		return NULL;
	return error_new(ERROR_BAD_DATA, "%s: offset 0x%zx: %zu bytes wanted, %zu there", c->name,
			 c->failed_off, c->failed_want,
			 c->failed_off <= c->len ? c->len - c->failed_off : 0);
}

const void *cursor_bytes(struct cursor *c, size_t len)
{
	const void *p;

	if (c->failed)
		return NULL;
	if (c->off > c->len || len > c->len - c->off) {
		c->failed = true;
		c->failed_off = c->off;
		c->failed_want = len;
		return NULL;
	}
	p = c->start + c->off;
	c->off += len;
	return p;
}

uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);

	return p ? *p : 0;
}

uint16_t cursor_u16(struct cursor *c)
{
	const void *p = cursor_bytes(c, 2);

	return p ? get_u16(p, c->big) : 0;
}

uint32_t cursor_u32(struct cursor *c)
{
	const void *p = cursor_bytes(c, 4);

	return p ? get_u32(p, c->big) : 0;
}

uint64_t cursor_u64(struct cursor *c)
{
	const void *p = cursor_bytes(c, 8);

	return p ? get_u64(p, c->big) : 0;
}

uint64_t cursor_long(struct cursor *c, bool is_64bit)
{
	return is_64bit ? cursor_u64(c) : cursor_u32(c);
}

void cursor_skip(struct cursor *c, size_t len)
{
	(void)cursor_bytes(c, len);
}

void cursor_seek(struct cursor *c, size_t off)
{
	if (!c->failed)
		c->off = off; /* past the end fails at the next read */
}

void cursor_align(struct cursor *c, size_t p2)
{
	size_t past = c->off & (p2 - 1);

	if (past)
		cursor_skip(c, p2 - past);
}

size_t cursor_left(const struct cursor *c)
{
	return c->failed || c->off > c->len ? 0 : c->len - c->off;
}
