/*
 * Virtual memory of the dead kernel: page tables first, the dump's segments where these do not
 * help. Translations met lately are kept in two small direct-mapped tables, one for pages and
 * one for what is larger, so that sequential reads rarely walk.
 */
#include "kernel/vmem.h"

#include "base/bytes.h"
#include "kernel/paging.h"

#define CACHE_ROWS  64 /* power of two */
#define LARGE_SHIFT 21
#define MAX_COPIED  (160u << 20) /* symbols, types and unwind tables take about 30 MiB */

/* [va, va + len) is at `pa`; len 0: empty row */
struct run {
	uint64_t va, len, pa;
};

struct vmem_cache {
	struct run small[CACHE_ROWS], large[CACHE_ROWS];
};

static struct run *cache_row(struct kernel *k, uint64_t va, bool large)
{
	struct vmem_cache *c = k->vmem_state;

	if (large)
		return &c->large[(va >> LARGE_SHIFT) % CACHE_ROWS];
	return &c->small[(va / k->page_size) % CACHE_ROWS];
}

static bool cache_find(struct kernel *k, uint64_t va, uint64_t *ret_pa, uint64_t *ret_len)
{
	for (int large = 1; large >= 0; large--) {
		const struct run *r = cache_row(k, va, large);

		if (va - r->va < r->len) {
			*ret_pa = r->pa + (va - r->va);
			*ret_len = r->len - (va - r->va);
			return true;
		}
	}
	return false;
}

static void cache_add(struct kernel *k, uint64_t va, uint64_t pa, uint64_t len)
{
	bool large = len >= 1ull << LARGE_SHIFT;

	/* The row that a lookup of `va` asks: only that part of a run is found through it. */
	*cache_row(k, va, large) = (struct run){va, len, pa};
}

/* Through the segments that the dump's headers map. The narrowest that holds `va` is the most
 * telling one: the kernel image's lies inside others where headers map all memory twice. */
static struct error *translate_by_segments(struct kernel *k, uint64_t va, uint64_t *ret_pa,
					   uint64_t *ret_len)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < dump_nr_segments(k->dump); i++) {
		struct dump_segment s = dump_segment_at(k->dump, i);

		if (!s.va || va < s.va || va - s.va >= s.len || s.len >= best)
			continue;
		best = s.len;
		*ret_pa = s.pa + (va - s.va);
		*ret_len = s.len - (va - s.va);
	}
	if (best == UINT64_MAX)
		return error_new(ERROR_NOT_FOUND, "address 0x%llx is in no segment of the dump",
				 (unsigned long long)va);
	return NULL;
}

static struct error *translate_slowly(struct kernel *k, uint64_t va, uint64_t *ret_pa,
				      uint64_t *ret_len)
{
	struct error *e, *e2;

	if (!k->paging)
		return translate_by_segments(k, va, ret_pa, ret_len);
	e = k->paging->translate(k, UINT64_MAX, va, ret_pa, ret_len);
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	e2 = translate_by_segments(k, va, ret_pa, ret_len);
	if (e2) {
		error_free(e2);
		return e;
	}
	error_free(e);
	return NULL;
}

struct error *vmem_translate(struct kernel *k, uint64_t va, uint64_t *ret_pa, uint64_t *ret_len)
{
	uint64_t pa, len;

	if (!k->is_64bit)
		va &= UINT32_MAX;
	if (!k->vmem_state) {
		k->vmem_state = calloc(1, sizeof(struct vmem_cache));
		if (!k->vmem_state)
			return error_nomem();
	}
	if (!cache_find(k, va, &pa, &len)) {
		TRY(translate_slowly(k, va, &pa, &len));
		cache_add(k, va, pa, len);
	}
	*ret_pa = pa;
	if (ret_len)
		*ret_len = len;
	return NULL;
}

struct error *vmem_translate_in(struct kernel *k, uint64_t top_pa, uint64_t va,
				uint64_t *ret_pa, uint64_t *ret_len)
{
	uint64_t pa, len;

	if (!k->paging)
		return error_new(
			ERROR_UNSUPPORTED,
			"page tables of this dump's architecture (%s) are not understood",
			k->arch ? k->arch->name : "unknown");
	TRY(k->paging->translate(k, top_pa, va, &pa, &len));
	*ret_pa = pa;
	if (ret_len)
		*ret_len = len;
	return NULL;
}

struct error *vmem_read(struct kernel *k, uint64_t va, void *buf, size_t len)
{
	unsigned char *to = buf;

	while (len) {
		uint64_t pa, run;
		struct error *e;

		TRY(vmem_translate(k, va, &pa, &run));
		run = MIN(run, (uint64_t)len);
		e = dump_read_phys(k->dump, pa, to, run);
		if (e)
			return error_prefix(e, "address 0x%llx", (unsigned long long)va);
		va += run;
		to += run;
		len -= run;
	}
	return NULL;
}

static const void *map_contiguous(struct kernel *k, uint64_t va, size_t len,
				  const void *(*map)(struct dump *d, uint64_t pa, size_t len))
{
	uint64_t first, pa, run, done = 0;

	if (!len)
		return NULL;
	while (done < len) {
		struct error *e = vmem_translate(k, va + done, &pa, &run);

		if (e) {
			error_free(e);
			return NULL;
		}
		if (!done)
			first = pa;
		else if (pa != first + done)
			return NULL;
		done += MIN(run, (uint64_t)len - done);
	}
	return map(k->dump, first, len);
}

const void *vmem_map(struct kernel *k, uint64_t va, size_t len)
{
	return map_contiguous(k, va, len, dump_map_phys);
}

static struct error *read_uint(struct kernel *k, uint64_t va, size_t width, uint64_t *ret)
{
	unsigned char buf[8];

	TRY(vmem_read(k, va, buf, width));
	*ret = get_uint(buf, width, k->big);
	return NULL;
}

struct error *vmem_read_u8(struct kernel *k, uint64_t va, uint8_t *ret)
{
	return vmem_read(k, va, ret, 1);
}

struct error *vmem_read_u32(struct kernel *k, uint64_t va, uint32_t *ret)
{
	uint64_t v;

	TRY(read_uint(k, va, 4, &v));
	*ret = v;
	return NULL;
}

struct error *vmem_read_u64(struct kernel *k, uint64_t va, uint64_t *ret)
{
	return read_uint(k, va, 8, ret);
}

struct error *vmem_read_long(struct kernel *k, uint64_t va, uint64_t *ret)
{
	return read_uint(k, va, k->long_size, ret);
}

struct error *vmem_read_string(struct kernel *k, uint64_t va, char *buf, size_t room)
{
	size_t len = 0;

	if (!room)
		return NULL;
	while (len < room - 1) {
		/* up to the end of the page: what follows the string may not be there */
		size_t part =
			MIN(room - 1 - len, (size_t)(k->page_size - (va + len) % k->page_size));
		const char *end;

		TRY(vmem_read(k, va + len, buf + len, part));
		end = memchr(buf + len, '\0', part);
		if (end)
			return NULL;
		len += part;
	}
	buf[len] = '\0';
	return NULL;
}

struct error *vmem_load(struct kernel *k, uint64_t va, uint64_t len, uint64_t limit,
			struct vmem_block *ret)
{
	_cleanup_free_ unsigned char *bytes = NULL;
	const void *mapped;

	if (len > limit || len > SIZE_MAX)
		return error_new(
			ERROR_BAD_DATA,
			"address 0x%llx: %llu bytes are more than the %llu that make sense there",
			(unsigned long long)va, (unsigned long long)len,
			(unsigned long long)limit);
	mapped = map_contiguous(k, va, len, dump_map_phys_forever);
	if (mapped) {
		*ret = (struct vmem_block){mapped, len, false};
		return NULL;
	}
	if (len > MAX_COPIED - k->copied)
		return error_new(ERROR_BAD_DATA,
				 "address 0x%llx: more than %u MiB of tables would have to be copied",
				 (unsigned long long)va, MAX_COPIED >> 20);
	bytes = malloc(len ? len : 1);
	if (!bytes)
		return error_nomem();
	TRY(vmem_read(k, va, bytes, len));
	k->copied += len;
	*ret = (struct vmem_block){take_ptr(bytes), len, true};
	return NULL;
}

void vmem_block_done(struct vmem_block *b)
{
	if (b->owned)
		free((void *)b->bytes);
	*b = (struct vmem_block){0};
}

void vmem_done(struct kernel *k)
{
	free(k->vmem_state);
	k->vmem_state = NULL;
}
