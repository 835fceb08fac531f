/*
 * Modules: the kernel's `modules` list of struct module (include/linux/module.h). Where their
 * memory is has three shapes: module_core/module_init (before 4.5), core_layout/init_layout
 * (4.5 to 6.3), mem[] (6.4). Symbols are the ELF table that the kernel keeps for kallsyms
 * (kernel/module/kallsyms.c); while a module is loading that is its whole table.
 */
#include "kernel/module.h"

#include <stdio.h>

#include "base/base.h"
#include "kernel/list.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

#define MAX_MODULES 16384
#define MAX_SYMBOLS (1u << 20)
#define MAX_ORC	    (1u << 24)

struct modules {
	VECTOR(struct module) list;
	enum error_kind kind;
	char *why; /* why there are none; null: they are loaded */
};

/* ---- reading struct module ---- */

/* A member that this kernel may not have: 0 then. */
static uint64_t read_or_zero(struct kernel *k, uint64_t va, const char *path)
{
	uint64_t v = 0;

	error_free(type_read_member(k, va, "module", path, &v));
	return v;
}

static void add_range(struct module *m, uint64_t base, uint64_t size, bool text)
{
	uint64_t end;

	if (!base || !size || m->nr_mem == ARRAY_SIZE(m->mem) ||
	    add_overflows(base, size, &end))
		return;
	m->mem[m->nr_mem].start = base;
	m->mem[m->nr_mem].end = end;
	m->mem[m->nr_mem++].text = text;
	m->total_size += size;
}

/* One layout: text first, then the rest. */
static void add_layout(struct kernel *k, struct module *m, const char *base_path,
		       const char *size_path, const char *text_path)
{
	uint64_t base = read_or_zero(k, m->va, base_path);
	uint64_t size = (uint32_t)read_or_zero(k, m->va, size_path);
	uint64_t text = MIN((uint64_t)(uint32_t)read_or_zero(k, m->va, text_path), size);

	add_range(m, base, text, true);
	add_range(m, base + text, size - text, false);
}

static int64_t enum_or(struct kernel *k, const char *name, int64_t value)
{
	error_free(type_enum_value(k, name, &value));
	return value;
}

static void read_memory(struct kernel *k, struct module *m)
{
	_cleanup_error_ struct error *e = NULL;
	struct member mem;

	e = type_member(k, "module", "mem", &mem);
	if (!e && mem.array_len) {
		int64_t text = enum_or(k, "MOD_TEXT", 0);
		int64_t init_text = enum_or(k, "MOD_INIT_TEXT", 4);

		for (uint32_t i = 0; i < MIN(mem.array_len, 32u); i++) {
			char base[32], size[32];

			snprintf(base, sizeof(base), "mem[%u].base", i);
			snprintf(size, sizeof(size), "mem[%u].size", i);
			add_range(m, read_or_zero(k, m->va, base),
				  (uint32_t)read_or_zero(k, m->va, size),
				  i == text || i == init_text);
		}
		return;
	}
	add_layout(k, m, "core_layout.base", "core_layout.size", "core_layout.text_size");
	add_layout(k, m, "init_layout.base", "init_layout.size", "init_layout.text_size");
	if (m->nr_mem)
		return;
	add_layout(k, m, "module_core", "core_size", "core_text_size");
	add_layout(k, m, "module_init", "init_size", "init_text_size");
}

/* The kernel's view of the symbols: mod_kallsyms since 4.5, members of module before. */
static void read_symbol_tables(struct kernel *k, struct module *m)
{
	const char *type = "mod_kallsyms";
	uint64_t at = read_or_zero(k, m->va, "kallsyms"), n = 0;
	struct error *e;

	if (!at) {
		type = "module";
		at = m->va;
	}
	e = type_read_member(k, at, type, "symtab", &m->symtab_va);
	if (!e)
		e = type_read_member(k, at, type, "strtab", &m->strtab_va);
	if (!e)
		e = type_read_member(k, at, type, "num_symtab", &n);
	if (!e && n <= MAX_SYMBOLS)
		m->nr_symbols = n;
	error_free(e);
	error_free(type_read_member(k, at, type, "typetab", &m->typetab_va));
}

static struct error *read_module(struct kernel *k, uint64_t va, struct module *m)
{
	struct member name;
	uint64_t version;

	*m = (struct module){.va = va};
	TRY(type_member(k, "module", "name", &name));
	TRY(vmem_read_string(k, va + name.off, m->name,
			     MIN(sizeof(m->name), (size_t)MAX(name.size, 2u))));
	m->state = (int32_t)read_or_zero(k, va, "state");
	m->taints = read_or_zero(k, va, "taints");
	version = read_or_zero(k, va, "version");
	if (version) {
		struct error *e = vmem_read_string(k, version, m->version, sizeof(m->version));

		if (e)
			m->version[0] = '\0';
		error_free(e);
	}
	read_memory(k, m);
	read_symbol_tables(k, m);
	m->nr_orc = (uint32_t)read_or_zero(k, va, "arch.num_orcs");
	m->orc_ip_va = read_or_zero(k, va, "arch.orc_unwind_ip");
	m->orc_va = read_or_zero(k, va, "arch.orc_unwind");
	if (m->nr_orc > MAX_ORC || !m->orc_ip_va || !m->orc_va)
		m->nr_orc = 0;
	return NULL;
}

static struct error *load(struct kernel *k, struct modules *all)
{
	struct list_walk w;
	struct member list;
	struct error *broken;
	uint64_t head, node;

	TRY(symbol_find(k, "modules", &head));
	TRY(type_member(k, "module", "list", &list));
	TRY(list_begin(k, head, MAX_MODULES, &w));
	while (list_next(k, &w, &node)) {
		struct module m;
		struct error *e = read_module(k, node - list.off, &m);

		if (e && error_kind(e) == ERROR_NOMEM)
			return e;
		error_free(e);
		if (!e && !vector_push(&all->list, m))
			return error_nomem();
	}
	/* a broken list keeps what was read before */
	broken = list_error(&w);
	if (all->list.n) {
		error_free(broken);
		return NULL;
	}
	return broken;
}

struct error *modules_load(struct kernel *k)
{
	struct modules *all = k->modules;

	if (!all) {
		struct error *e;

		all = k->modules = calloc(1, sizeof(*all));
		if (!all)
			return error_nomem();
		e = load(k, all);
		if (e) {
			k->no_modules = true;
			all->kind = error_kind(e);
			all->why = strdup(error_message(e));
			error_free(e);
		}
	}
	if (!k->no_modules)
		return NULL;
	return error_new(all->kind, "no modules: %s", all->why ? all->why : "out of memory");
}

size_t modules_count(struct kernel *k)
{
	_cleanup_error_ struct error *e = modules_load(k);

	return e ? 0 : k->modules->list.n;
}

const struct module *module_at(struct kernel *k, size_t i)
{
	return i < modules_count(k) ? &k->modules->list.v[i] : NULL;
}

const struct module *module_containing(struct kernel *k, uint64_t va)
{
	for (size_t i = 0; i < modules_count(k); i++) {
		const struct module *m = &k->modules->list.v[i];

		for (unsigned j = 0; j < m->nr_mem; j++)
			if (va >= m->mem[j].start && va < m->mem[j].end)
				return m;
	}
	return NULL;
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	vector_done(&m->list);
	free(m->why);
	free(m);
}

/* ---- symbols ---- */

struct elf_symbol {
	uint64_t i, value;
	uint32_t name;
	uint16_t section;
	uint8_t info;
};

/* The ELF symbol table, read a few at a time. */
struct symbol_walk {
	unsigned char buf[64 * 24];
	uint64_t first, n; /* which symbols are in buf */
	uint64_t next;
};

static bool next_symbol(struct kernel *k, const struct module *m, struct symbol_walk *w,
			struct elf_symbol *ret)
{
	size_t each = k->is_64bit ? 24 : 16;
	const unsigned char *p;

	if (w->next >= m->nr_symbols)
		return false;
	if (w->next - w->first >= w->n) {
		w->first = w->next;
		w->n = MIN(m->nr_symbols - w->next, (uint64_t)64);
		struct error *e =
			vmem_read(k, m->symtab_va + w->first * each, w->buf, w->n * each);

		error_free(e);
		if (e)
			return false;
	}
	p = w->buf + (w->next - w->first) * each;
	*ret = (struct elf_symbol){.i = w->next++, .name = get_u32(p, k->big)};
	if (k->is_64bit) {
		ret->info = p[4];
		ret->section = get_u16(p + 6, k->big);
		ret->value = get_u64(p + 8, k->big);
	} else {
		ret->value = get_u32(p + 4, k->big);
		ret->info = p[12];
		ret->section = get_u16(p + 14, k->big);
	}
	return true;
}

/* Names that the kernel skips too: none, local labels, mapping symbols of arm and riscv. */
static bool read_name(struct kernel *k, const struct module *m, uint32_t off, char *buf,
		      size_t room)
{
	struct error *e = vmem_read_string(k, m->strtab_va + off, buf, room);

	error_free(e);
	if (e || !buf[0])
		return false;
	if (buf[0] == '.' && buf[1] == 'L')
		return false;
	return !(buf[0] == '$' && buf[1] && strchr("adtx", buf[1]));
}

static char symbol_letter(struct kernel *k, const struct module *m, const struct elf_symbol *s)
{
	uint8_t letter = '?';

	if (!m->typetab_va)
		return s->info; /* before 5.2 the letter was put there */
	error_free(vmem_read_u8(k, m->typetab_va + s->i, &letter));
	return letter;
}

struct error *module_symbol_at(struct kernel *k, const struct module *m, uint64_t va,
			       struct symbol *ret)
{
	struct symbol_walk w = {.next = 1};
	struct elf_symbol s, best = {0};
	uint64_t end = 0;
	char name[sizeof(ret->name)];

	for (unsigned j = 0; j < m->nr_mem; j++)
		if (va >= m->mem[j].start && va < m->mem[j].end)
			end = m->mem[j].end;
	while (next_symbol(k, m, &w, &s)) {
		if (!s.section || !s.value)
			continue;
		if (s.value <= va ? s.value <= best.value : s.value >= end)
			continue;
		if (!read_name(k, m, s.name, name, sizeof(name)))
			continue;
		if (s.value > va) {
			end = s.value;
			continue;
		}
		best = s;
		memcpy(ret->name, name, sizeof(name));
	}
	if (!best.value || module_containing(k, best.value) != m)
		return error_new(ERROR_NOT_FOUND, "no symbol of module %s covers 0x%llx",
				 m->name, (unsigned long long)va);
	ret->va = best.value;
	ret->len = end > best.value ? end - best.value : 0;
	ret->module = m->name;
	ret->type = symbol_letter(k, m, &best);
	return NULL;
}

struct error *module_symbol_find(struct kernel *k, const struct module *m, const char *name,
				 uint64_t *ret_va)
{
	struct symbol_walk w = {.next = 1};
	struct elf_symbol s;
	char has[512];

	while (next_symbol(k, m, &w, &s)) {
		if (!s.section || !read_name(k, m, s.name, has, sizeof(has)) ||
		    strcmp(has, name) != 0)
			continue;
		*ret_va = s.value;
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "module %s has no symbol %s", m->name, name);
}

static int by_value(const void *a, const void *b)
{
	const struct elf_symbol *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->i < y->i ? -1 : x->i > y->i;
}

struct error *module_symbols_walk(struct kernel *k, const struct module *m,
				  bool (*each)(const struct symbol *s, void *arg), void *arg)
{
	VECTOR(struct elf_symbol) all = {0};
	struct symbol_walk w = {.next = 1};
	struct symbol out = {.module = m->name};
	struct elf_symbol s;

	while (next_symbol(k, m, &w, &s)) {
		if (!s.section || !s.value || module_containing(k, s.value) != m)
			continue;
		if (!vector_push(&all, s)) {
			vector_done(&all);
			return error_nomem();
		}
	}
	qsort(all.v, all.n, sizeof(*all.v), by_value);
	for (size_t i = 0; i < all.n; i++) {
		if (!read_name(k, m, all.v[i].name, out.name, sizeof(out.name)))
			continue;
		out.va = all.v[i].value;
		out.len = i + 1 < all.n ? all.v[i + 1].value - out.va : 0;
		out.type = symbol_letter(k, m, &all.v[i]);
		if (!each(&out, arg))
			break;
	}
	vector_done(&all);
	return NULL;
}
