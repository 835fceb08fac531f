/*
 * Reading many members in a row. The first thing that fails is kept, and everything asked after it
 * reads as 0: a reader asks for all that it needs and looks once.
 *
 *	_cleanup_peek_ struct peek p = {.k = k};
 *	uint64_t curr = peek_member(&p, rq, "rq", "curr");
 *	uint64_t pid = peek_member(&p, curr, "task_struct", "pid");
 *	TRY(peek_error(&p));
 *
 * Names with | in them are alternatives, the first that this kernel has counts.
 */
#pragma once

#include "kernel/type.h"

struct peek {
	struct kernel *k;
	struct error *why; /* the first failure; private */
};

/* Integers and pointers, as type_read(). */
uint64_t peek_member(struct peek *p, uint64_t va, const char *type, const char *paths);
/* The same of a signed 32-bit integer. */
int64_t peek_int(struct peek *p, uint64_t va, const char *type, const char *paths);
/* Bytes from the start of the struct. */
uint64_t peek_offset(struct peek *p, const char *type, const char *paths);
struct member peek_layout(struct peek *p, const char *type, const char *paths);
uint64_t peek_size(struct peek *p, const char *type);
uint64_t peek_symbol(struct peek *p, const char *names);
/* Enum constant. */
int64_t peek_constant(struct peek *p, const char *name);
uint64_t peek_long(struct peek *p, uint64_t va);
uint32_t peek_u32(struct peek *p, uint64_t va);
uint8_t peek_u8(struct peek *p, uint64_t va);
void peek_bytes(struct peek *p, uint64_t va, void *buf, size_t len); /* zeros when it failed */
void peek_string(struct peek *p, uint64_t va, char *buf, size_t room); /* "" when it failed */
/* The string that a char * member points to ("" for null), or that a char[] member is. */
void peek_name(struct peek *p, uint64_t va, const char *type, const char *path, char *buf, size_t room);

static inline bool peek_failed(const struct peek *p)
{
	return p->why != NULL;
}
/* Hands the failure out, null when there was none; the next read starts afresh. */
struct error *peek_error(struct peek *p) MUST_CHECK;
/* Whether all was well; what was not is forgotten and the next read starts afresh. */
bool peek_ok(struct peek *p);
/* Whether this kernel has such a member. */
bool peek_has(struct kernel *k, const char *type, const char *paths);

static inline void peek_done_cleanup(struct peek *p)
{
	error_free(p->why);
}
#define _cleanup_peek_ CLEANUP(peek_done)
