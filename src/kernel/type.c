/*
 * Finds BTF in the dump: between __start_BTF and __stop_BTF, else by its magic in the kernel
 * image; where there is none, VMCOREINFO's few offsets and sizes answer.
 */
#include "kernel/type.h"

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/symbol.h"

/* a scan may meet the small blobs of embedded BPF programs first */
#define MIN_BTF	   (64u << 10)
#define MAX_BTF	   (64u << 20)
#define MAX_TRIES  64 /* headers of that size: each costs a look at all that it speaks of */
#define SCAN_LIMIT (64u << 20) /* how far after _stext rodata may end */

/* ---- finding it ---- */

static struct error *open_at(struct kernel *k, uint64_t va, uint64_t len)
{
	struct vmem_block block = {0};
	struct error *e;

	TRY(vmem_load(k, va, len, MAX_BTF, &block));
	e = btf_open(block.bytes, block.len, k->long_size, &k->btf);
	if (e)
		vmem_block_done(&block);
	else
		btf_own(k->btf, &block);
	return e;
}

static struct error *open_by_symbols(struct kernel *k)
{
	static const char *const starts[] = {"__start_BTF", "_binary__btf_vmlinux_bin_start",
					     NULL};
	static const char *const ends[] = {"__stop_BTF", "_binary__btf_vmlinux_bin_end", NULL};
	uint64_t start, end;

	TRY(symbol_find_any(k, starts, &start));
	TRY(symbol_find_any(k, ends, &end));
	if (end <= start)
		return error_new(ERROR_NOT_FOUND, "the kernel's BTF is empty");
	return open_at(k, start, end - start);
}

/* A blob's header may stand at any multiple of 4; what opens is the one. */
static struct error *scan_page(struct kernel *k, uint64_t va, const unsigned char *page,
			       size_t len, unsigned *tries)
{
	for (size_t off = 0; off + 24 <= len; off += 4) {
		uint64_t blob;
		struct error *e;

		if (get_u16(page + off, k->big) != BTF_MAGIC)
			continue;
		blob = btf_blob_length(page + off, len - off);
		if (blob < MIN_BTF || blob > MAX_BTF)
			continue;
		if (!*tries)
			return error_new(ERROR_BAD_DATA,
					 "the kernel image is full of BTF that does not open");
		--*tries;
		e = open_at(k, va + off, blob);
		if (!e || error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e);
	}
	return NULL;
}

static struct error *open_by_scan(struct kernel *k)
{
	_cleanup_free_ unsigned char *page = NULL;
	unsigned tries = MAX_TRIES;
	uint64_t start;

	if (!vmcoreinfo_symbol(k->info, "_stext", &start))
		return error_new(ERROR_NOT_FOUND,
				 "VMCOREINFO does not say where the kernel is");
	/* a header that crosses pages is seen from the page before */
	page = malloc(k->page_size + 32);
	if (!page)
		return error_nomem();
	start = ROUND_DOWN(start, k->page_size);
	for (uint64_t off = 0; off < SCAN_LIMIT && !k->btf; off += k->page_size) {
		size_t len = k->page_size + 32;
		struct error *e = vmem_read(k, start + off, page, len);

		if (e) {
			len = k->page_size;
			error_free(e);
			e = vmem_read(k, start + off, page, len);
		}
		if (e) {
			error_free(e);
			continue;
		}
		TRY(scan_page(k, start + off, page, len, &tries));
	}
	return k->btf ? NULL
		      : error_new(
				ERROR_NOT_FOUND,
				"the kernel carries no BTF (CONFIG_DEBUG_INFO_BTF is not set?)");
}

struct error *types_load(struct kernel *k)
{
	struct error *e;

	if (k->btf)
		return NULL;
	if (k->no_btf)
		return error_new(ERROR_NOT_FOUND, "no types: no usable BTF in the dump");
	e = open_by_symbols(k);
	if (e && error_kind(e) != ERROR_NOMEM) {
		struct error *scan = open_by_scan(k);

		if (!scan) {
			error_free(e);
			return NULL;
		}
		error_free(scan);
	}
	if (e) {
		k->no_btf = true;
		return error_prefix(e, "no types");
	}
	return NULL;
}

/* ---- asking ---- */

static bool by_vmcoreinfo(struct kernel *k, const char *type, const char *path,
			  struct member *ret)
{
	uint64_t off;

	if (!vmcoreinfo_offset(k->info, type, path, &off) || off > UINT32_MAX)
		return false;
	*ret = (struct member){.off = off};
	return true;
}

struct error *type_member(struct kernel *k, const char *type, const char *path,
			  struct member *ret)
{
	struct error *e = types_load(k);
	uint32_t id = 0;

	if (e) {
		if (by_vmcoreinfo(k, type, path, ret)) {
			error_free(e);
			return NULL;
		}
		return e;
	}
	/* variants of one name may differ in members: the first that has it */
	while (btf_next_named(k->btf, type, &id)) {
		e = btf_member(k->btf, id, path, ret);
		if (!e || error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e);
	}
	if (by_vmcoreinfo(k, type, path, ret))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "this kernel has no %s.%s", type, path);
}

struct error *type_member_any(struct kernel *k, const char *type, const char *const *paths,
			      struct member *ret)
{
	struct error *e = NULL;

	for (size_t i = 0; paths[i]; i++) {
		error_free(e);
		e = type_member(k, type, paths[i], ret);
		if (!e || error_kind(e) == ERROR_NOMEM)
			return e;
	}
	return e ? e : error_new(ERROR_NOT_FOUND, "no member of %s was named", type);
}

struct error *type_size(struct kernel *k, const char *type, uint64_t *ret)
{
	struct error *e = types_load(k);
	uint32_t id = 0;

	if (!e) {
		while (btf_next_named(k->btf, type, &id))
			if (btf_size(k->btf, id, ret))
				return NULL;
		e = error_new(ERROR_NOT_FOUND, "this kernel has no type %s with a size", type);
	}
	if (vmcoreinfo_size(k->info, type, ret)) {
		error_free(e);
		return NULL;
	}
	return e;
}

bool type_exists(struct kernel *k, const char *type)
{
	struct error *e = types_load(k);
	uint32_t id = 0;

	error_free(e);
	return !e && btf_next_named(k->btf, type, &id);
}

struct error *type_enum_value(struct kernel *k, const char *name, int64_t *ret)
{
	TRY(types_load(k));
	if (btf_enum_value(k->btf, name, ret))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "this kernel has no enum constant %s", name);
}

struct error *type_percpu_var(struct kernel *k, const char *name, uint64_t *ret_off,
			      uint32_t *ret_type_id)
{
	TRY(types_load(k));
	if (btf_section_var(k->btf, ".data..percpu", name, ret_off, ret_type_id))
		return NULL;
	return error_new(ERROR_NOT_FOUND, "BTF describes no per-CPU variable %s", name);
}

/* ---- reading ---- */

struct error *type_read(struct kernel *k, uint64_t va, const struct member *m, uint64_t *ret)
{
	size_t width = m->size ? m->size : k->long_size;
	unsigned char buf[8];
	uint64_t v;

	if (width > 8 || !IS_POW2(width))
		return error_new(ERROR_BAD_DATA, "a member of %zu bytes is no integer", width);
	TRY(vmem_read(k, va + m->off, buf, width));
	v = get_uint(buf, width, k->big);
	if (m->bit_size && m->bit_size < 64) {
		unsigned shift = m->bit_off;

		if (k->big) /* numbered from the other end */
			shift = 8 * width - MIN(8 * width, (size_t)m->bit_off + m->bit_size);
		v = v >> (shift & 63) & ((1ull << m->bit_size) - 1);
	}
	*ret = v;
	return NULL;
}

struct error *type_read_member(struct kernel *k, uint64_t va, const char *type,
			       const char *path, uint64_t *ret)
{
	struct member m;

	TRY(type_member(k, type, path, &m));
	return type_read(k, va, &m, ret);
}
