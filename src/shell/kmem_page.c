/* kmem -p, -m, -g, ADDRESS: struct pages, their flags, and what an address is. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/module.h"
#include "kernel/peek.h"
#include "kernel/slab.h"
#include "kernel/symbol.h"
#include "kernel/vmem.h"
#include "shell/command.h"
#include "shell/kmem.h"
#include "shell/row.h"
#include "shell/show.h"
#include "shell/tasks.h"
#include "shell/vmap.h"

#define MEMBERS_MAX 16

/* ---- flags ---- */

struct flag {
	char name[40]; /* with PG_ */
	unsigned bit;
};

struct flags {
	VECTOR(struct flag) v;
};

/* include/linux/page-flags.h: the bits, then other names of some of them. */
static struct error *flags_load(struct shell *sh, struct flags *ret)
{
	struct btf_type t;
	struct btf_elem el;
	uint32_t id = 0;

	*ret = (struct flags){0};
	TRY(types_load(sh->kernel));
	if (!btf_next_named(sh->kernel->btf, "pageflags", &id))
		return error_new(ERROR_NOT_FOUND, "this kernel's BTF has no enum pageflags");
	btf_type_at(sh->kernel->btf, id, &t);
	for (uint32_t i = 0; btf_elem_at(sh->kernel->btf, &t, i, &el); i++) {
		struct flag f = {.bit = (unsigned)el.value};

		snprintf(f.name, sizeof(f.name), "%s", el.name);
		if (strncmp(f.name, "PG_", 3) != 0 || f.bit > 63)
			continue;
		if (!vector_push(&ret->v, f))
			return error_nomem();
	}
	return NULL;
}

/* Bits from the count of flags on are the zone, the node and the like. */
static void names_of(const struct flags *all, uint64_t value, char *buf, size_t room)
{
	uint64_t shown = 0;
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < all->v.n && n < room; i++) {
		uint64_t bit = 1ull << all->v.v[i].bit;

		if (!(value & bit) || shown & bit)
			continue;
		shown |= bit;
		n += (size_t)snprintf(buf + n, room - n, "%s%s", n ? "," : "", all->v.v[i].name + 3);
	}
}

struct error *kmem_flags(struct shell *sh, const char *value)
{
	uint64_t v = UINT64_MAX, shown = 0;
	struct flags all;
	struct error *e;

	if (value && !text_hex(value, &v))
		return error_new(ERROR_USAGE, "%s: expected a hexadecimal number", value);
	e = flags_load(sh, &all);
	if (value)
		row_text(sh, "FLAGS: %" PRIx64 "\n  ", v);
	row_text(sh, "PAGE-FLAG              BIT  VALUE\n");
	for (size_t i = 0; i < all.v.n && !e; i++) {
		uint64_t bit = 1ull << all.v.v[i].bit;

		if (!(v & bit) || (value && shown & bit))
			continue;
		shown |= bit;
		row_text(sh, "%s", value ? "  " : "");
		row_begin(sh, "flag");
		row_str(sh, "name", -22, all.v.v[i].name);
		row_u64(sh, "bit", 4, all.v.v[i].bit);
		row_text(sh, "  %07" PRIx64, bit);
		row_only_addr(sh, "value", bit);
		row_end(sh);
	}
	vector_done(&all.v);
	return e;
}

/* ---- pages ---- */

struct asked {
	struct shell *sh;
	struct slabs *s;
	struct flags flags;
	struct member mapping, index, count, flag_word;
	char *words; /* -m: a copy, cut at the commas; owned */
	const char *paths[MEMBERS_MAX];
	unsigned nr_paths;
};

static struct error *take_members(struct asked *a, const char *members)
{
	char *rest, *part;

	a->words = rest = strdup(members);
	if (!rest)
		return error_nomem();
	while ((part = strsep(&rest, ","))) {
		struct member m;

		if (a->nr_paths == MEMBERS_MAX)
			return error_new(ERROR_USAGE, "-m: more than %d members", MEMBERS_MAX);
		TRY(type_member(a->sh->kernel, "page", part, &m));
		a->paths[a->nr_paths++] = part;
	}
	return NULL;
}

static struct error *asked_begin(struct shell *sh, const char *members, struct asked *a)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};

	*a = (struct asked){.sh = sh};
	TRY(shell_slabs(sh, &a->s));
	a->mapping = peek_layout(&p, "page", "mapping");
	a->index = peek_layout(&p, "page", "index|__folio_index");
	a->count = peek_layout(&p, "page", "_refcount|_count");
	a->flag_word = peek_layout(&p, "page", "flags");
	TRY(peek_error(&p));
	TRY(flags_load(sh, &a->flags));
	return members ? take_members(a, members) : NULL;
}

static void asked_end(struct asked *a)
{
	vector_done(&a->flags.v);
	free(a->words);
}

static void put_page_head(struct asked *a)
{
	row_middle(a->sh, 0, "PAGE");
	if (!a->nr_paths) {
		row_text(a->sh, " PHYSICAL      MAPPING       INDEX CNT FLAGS\n");
		return;
	}
	for (unsigned i = 0; i < a->nr_paths; i++)
		row_text(a->sh, "  %s", a->paths[i]);
	row_text(a->sh, "\n");
}

/* One member: numbers in hexadecimal at their width, pairs of pointers with a comma. */
static struct error *put_member(struct asked *a, uint64_t page, const char *path)
{
	unsigned char bytes[64];
	struct member m;
	size_t each;

	TRY(type_member(a->sh->kernel, "page", path, &m));
	each = m.size > a->sh->kernel->long_size ? a->sh->kernel->long_size : m.size;
	if (!m.size || m.size > sizeof(bytes) || m.size % each)
		return error_new(ERROR_UNSUPPORTED, "-m: %s is of %u bytes", path, m.size);
	TRY(vmem_read(a->sh->kernel, page + m.off, bytes, m.size));
	if (a->sh->rows && m.size == each) {
		row_hex(a->sh, path, 0, get_uint(bytes, each, a->sh->kernel->big));
		return NULL;
	}
	row_text(a->sh, "  ");
	for (size_t at = 0; at < m.size; at += each)
		row_text(a->sh, "%s%0*" PRIx64, at ? "," : "", (int)(2 * each),
			 get_uint(bytes + at, each, a->sh->kernel->big));
	return NULL;
}

static struct error *put_page(struct asked *a, uint64_t page, uint64_t pfn)
{
	struct shell *sh = a->sh;
	uint64_t mapping, index, count, flags;
	char names[512];
	struct error *e = NULL;

	if (a->nr_paths) {
		row_begin(sh, "page");
		row_addr(sh, "page", page);
		for (unsigned i = 0; i < a->nr_paths && !e; i++)
			e = put_member(a, page, a->paths[i]);
		row_end(sh);
		return e;
	}
	TRY(type_read(sh->kernel, page, &a->mapping, &mapping));
	TRY(type_read(sh->kernel, page, &a->index, &index));
	TRY(type_read(sh->kernel, page, &a->count, &count));
	TRY(type_read(sh->kernel, page, &a->flag_word, &flags));
	names_of(&a->flags, flags, names, sizeof(names));
	row_begin(sh, "page");
	row_addr(sh, "page", page);
	row_text(sh, " ");
	row_hex(sh, "physical", 8, pfn * sh->kernel->page_size);
	row_text(sh, " ");
	row_hex(sh, "mapping", 16, mapping);
	row_text(sh, " ");
	row_hex(sh, "index", 8, index);
	row_i64(sh, "count", 3, (int32_t)count);
	row_text(sh, " ");
	row_hex(sh, "flags", 0, flags);
	row_text(sh, " ");
	row_str(sh, "flag_names", 0, names);
	row_end(sh);
	return NULL;
}

struct error *kmem_page(struct shell *sh, uint64_t page, uint64_t pfn, const char *members)
{
	struct asked a;
	struct error *e = asked_begin(sh, members, &a);

	if (!e) {
		put_page_head(&a);
		e = put_page(&a, page, pfn);
	}
	asked_end(&a);
	return e;
}

struct error *kmem_pages(struct shell *sh, const char *members)
{
	struct asked a;
	struct error *e = asked_begin(sh, members, &a);
	uint64_t missing = 0, end = sh->dump->max_pfn;
	int64_t bits;

	/* the last section of memory is whole, whatever of it is in the dump */
	if (vmcoreinfo_number(sh->kernel->info, "SECTION_SIZE_BITS", &bits) && bits > 12 && bits < 40)
		end = ROUND_UP(end, ((uint64_t)1 << bits) / sh->kernel->page_size);
	if (!e)
		put_page_head(&a);
	for (uint64_t pfn = 0; pfn < end && !e && !shell_interrupted(); pfn++) {
		uint64_t page;
		struct error *one = slabs_page(a.s, pfn, &page);

		if (!one)
			one = put_page(&a, page, pfn);
		if (one && error_kind(one) == ERROR_NOMEM)
			e = one;
		else if (one && error_kind(one) != ERROR_NOT_FOUND)
			missing++;
		if (one && !e)
			error_free(one);
	}
	asked_end(&a);
	if (missing)
		fprintf(sh->errors, "kmem: the dump lacks the struct pages of %" PRIu64 " frames\n", missing);
	return e;
}

struct error *kmem_page_of(struct shell *sh, uint64_t word, bool physical, uint64_t *ret_page, uint64_t *ret_pfn)
{
	struct slabs *s;
	struct error *e;

	TRY(shell_slabs(sh, &s));
	if (!physical) {
		e = slabs_page_frame(s, word, ret_pfn);
		if (!e)
			return slabs_page(s, *ret_pfn, ret_page);
		error_free(e);
	}
	*ret_pfn = word / sh->kernel->page_size;
	e = slabs_page(s, *ret_pfn, ret_page);
	if (!e)
		return NULL;
	error_free(e);
	return error_new(ERROR_USAGE, "%" PRIx64 ": not the address of a struct page, and no physical address", word);
}

/* ---- any address ---- */

static bool put_symbol(struct shell *sh, uint64_t va)
{
	struct symbol s;
	struct error *e = symbol_at(sh->kernel, va, &s);
	bool found = !e && s.len && va - s.va < s.len;

	error_free(e);
	if (!found)
		return false;
	row_begin(sh, "symbol");
	row_addr(sh, "address", va);
	row_text(sh, " (%c) ", s.type);
	row_str(sh, "symbol", 0, s.name);
	if (va != s.va)
		row_text(sh, sh->set.radix == 16 ? "+0x%" PRIx64 : "+%" PRIu64, va - s.va);
	row_only_u64(sh, "offset", va - s.va);
	if (s.module) {
		row_text(sh, " [");
		row_str(sh, "module", 0, s.module);
		row_text(sh, "]");
	}
	row_end(sh);
	row_text(sh, "\n");
	return true;
}

/* The task whose struct or whose stack it is in. */
static bool put_task(struct shell *sh, uint64_t va)
{
	const struct shell_tasks *all;
	uint64_t len = 0, stack = task_stack_size(sh->kernel);
	struct error *e = shell_tasks_load(sh, &all);

	if (!e)
		e = type_size(sh->kernel, "task_struct", &len);
	for (size_t i = 0; !e && i < all->n; i++) {
		const struct task *t = &all->v[i];

		if (va - t->va < len || va - t->stack_va < stack) {
			print_set_task(sh, t);
			row_text(sh, "\n");
			return true;
		}
	}
	error_free(e);
	return false;
}

struct in_area {
	uint64_t va;
	struct vmap_row found;
	bool any;
};

static struct error *look(const struct vmap_row *r, void *arg)
{
	struct in_area *in = arg;

	if (in->va >= r->start && in->va < r->end) {
		in->found = *r;
		in->any = true;
	}
	return NULL;
}

static bool put_vmap(struct shell *sh, uint64_t va)
{
	struct in_area in = {.va = va};
	struct error *e = vmap_walk(sh, look, &in);

	error_free(e);
	if (!in.any)
		return false;
	row_text(sh, "   VMAP_AREA         VM_STRUCT                 ADDRESS RANGE                SIZE\n");
	vmap_put(sh, &in.found);
	row_text(sh, "\n");
	return true;
}

struct error *kmem_identify(struct shell *sh, uint64_t va, bool physical)
{
	uint64_t page, pfn, pa;
	struct slabs *s;
	bool found = false, is_page = false;
	struct error *e;

	TRY(shell_slabs(sh, &s));
	e = physical ? NULL : slabs_page_frame(s, va, &pfn);
	is_page = !e && !physical;
	error_free(e);
	if (is_page) {
		TRY(slabs_page(s, pfn, &page));
		return kmem_page(sh, page, pfn, NULL);
	}
	e = physical ? NULL : vmem_translate(sh->kernel, va, &pa, NULL);
	if (e || physical) { /* no virtual address: a physical one */
		struct error *none;

		pa = va;
		none = slabs_page(s, pa / sh->kernel->page_size, &page);
		if (none) {
			error_free(none);
			return e ? e : error_new(ERROR_USAGE, "%" PRIx64 ": no page of memory is there", va);
		}
		error_free(e);
		none = slabs_linear(s, pa, &va);
		error_free(none); /* then only the page is told */
	}
	found = put_symbol(sh, va);
	TRY(kmem_object(sh, va, &is_page));
	found |= is_page;
	found |= put_task(sh, va);
	found |= put_vmap(sh, va);
	e = slabs_page(s, pa / sh->kernel->page_size, &page);
	if (!e)
		return kmem_page(sh, page, pa / sh->kernel->page_size, NULL);
	if (!found)
		return e;
	error_free(e);
	return NULL;
}
