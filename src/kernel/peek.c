#include "kernel/peek.h"

#include "base/base.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"

#define NAME_MAX_LEN 128

static struct error *find_any(struct kernel *k, const char *type, const char *paths, struct member *ret)
{
	struct error *e = NULL;

	for (const char *at = paths;;) {
		size_t n = strcspn(at, "|");
		char path[NAME_MAX_LEN];

		error_free(e);
		if (n >= sizeof(path))
			return error_new(ERROR_USAGE, "%s: a longer member name than there are", paths);
		memcpy(path, at, n);
		path[n] = '\0';
		e = type_member(k, type, path, ret);
		if (!e || error_kind(e) == ERROR_NOMEM || !at[n])
			return e;
		at += n + 1;
	}
}

struct member peek_layout(struct peek *p, const char *type, const char *paths)
{
	struct member m = {0};

	if (!p->why)
		p->why = find_any(p->k, type, paths, &m);
	return p->why ? (struct member){0} : m;
}

uint64_t peek_member(struct peek *p, uint64_t va, const char *type, const char *paths)
{
	struct member m = peek_layout(p, type, paths);
	uint64_t v = 0;

	if (!p->why)
		p->why = error_prefix(type_read(p->k, va, &m, &v), "%s at 0x%llx", type, (unsigned long long)va);
	return p->why ? 0 : v;
}

int64_t peek_int(struct peek *p, uint64_t va, const char *type, const char *paths)
{
	return (int32_t)peek_member(p, va, type, paths);
}

uint64_t peek_offset(struct peek *p, const char *type, const char *paths)
{
	return peek_layout(p, type, paths).off;
}

uint64_t peek_size(struct peek *p, const char *type)
{
	uint64_t v = 0;

	if (!p->why)
		p->why = type_size(p->k, type, &v);
	return p->why ? 0 : v;
}

uint64_t peek_symbol(struct peek *p, const char *names)
{
	uint64_t va = 0;

	for (const char *at = names; !p->why;) {
		size_t n = strcspn(at, "|");
		char name[NAME_MAX_LEN];
		struct error *e;

		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		e = symbol_find(p->k, name, &va);
		if (!e)
			return va;
		if (!at[n])
			p->why = e;
		else
			error_free(e);
		at += n + 1;
	}
	return 0;
}

int64_t peek_constant(struct peek *p, const char *name)
{
	int64_t v = 0;

	if (!p->why)
		p->why = type_enum_value(p->k, name, &v);
	return p->why ? 0 : v;
}

uint64_t peek_long(struct peek *p, uint64_t va)
{
	uint64_t v = 0;

	if (!p->why)
		p->why = vmem_read_long(p->k, va, &v);
	return p->why ? 0 : v;
}

uint32_t peek_u32(struct peek *p, uint64_t va)
{
	uint32_t v = 0;

	if (!p->why)
		p->why = vmem_read_u32(p->k, va, &v);
	return p->why ? 0 : v;
}

uint8_t peek_u8(struct peek *p, uint64_t va)
{
	uint8_t v = 0;

	if (!p->why)
		p->why = vmem_read_u8(p->k, va, &v);
	return p->why ? 0 : v;
}

void peek_bytes(struct peek *p, uint64_t va, void *buf, size_t len)
{
	if (!p->why)
		p->why = vmem_read(p->k, va, buf, len);
	if (p->why)
		memset(buf, 0, len);
}

void peek_string(struct peek *p, uint64_t va, char *buf, size_t room)
{
	buf[0] = '\0';
	if (!p->why)
		p->why = vmem_read_string(p->k, va, buf, room);
	if (p->why)
		buf[0] = '\0';
}

void peek_name(struct peek *p, uint64_t va, const char *type, const char *path, char *buf, size_t room)
{
	struct member m = peek_layout(p, type, path);

	buf[0] = '\0';
	if (p->why)
		return;
	if (m.array_len) {
		peek_string(p, va + m.off, buf, MIN(room, (size_t)m.array_len + 1));
		return;
	}
	va = peek_long(p, va + m.off);
	if (va)
		peek_string(p, va, buf, room);
}

struct error *peek_error(struct peek *p)
{
	return take_ptr(p->why);
}

bool peek_ok(struct peek *p)
{
	bool ok = !p->why;

	error_free(take_ptr(p->why));
	return ok;
}

bool peek_has(struct kernel *k, const char *type, const char *paths)
{
	struct member m;
	struct error *e = find_any(k, type, paths, &m);

	error_free(e);
	return !e;
}
