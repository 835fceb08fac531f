/*
 * A bounds-checked reader over bytes from outside. It either advances or fails, and after
 * the first failure it stays failed and reads zeros: read a whole header, then ask
 * cursor_error() once. The message names the place ("NAME: offset 0x40: ...").
 */
#pragma once

#include "base/error.h"

struct cursor {
	const unsigned char *start;
	size_t len;
	size_t off;
	bool big;	    /* big-endian input */
	bool failed;
	size_t failed_off;  /* where the first failing read began */
	size_t failed_want; /* how many bytes it wanted */
	const char *name;   /* borrowed; for messages */
};

void cursor_init(struct cursor *c, const char *name, const void *bytes, size_t len, bool big);
/* Null when everything read so far was there. */
struct error *cursor_error(const struct cursor *c) MUST_CHECK;

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* An integer of 4 or 8 bytes, as a C `long` of the dumped machine. */
uint64_t cursor_long(struct cursor *c, bool is_64bit);
/* Borrowed pointer to the next `len` bytes, or null (failed). */
const void *cursor_bytes(struct cursor *c, size_t len);
void cursor_skip(struct cursor *c, size_t len);
void cursor_seek(struct cursor *c, size_t off); /* from the start */
void cursor_align(struct cursor *c, size_t p2);
size_t cursor_left(const struct cursor *c);
