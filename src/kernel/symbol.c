/*
 * Finds kallsyms in the dump by VMCOREINFO's SYMBOL(kallsyms_*) keys (Linux 6.0 and vendors'
 * backports) and asks it; addresses in modules are handed to module.c. The tables are mapped
 * where the dump can be; only the index is ours.
 */
#include "kernel/symbol.h"

#include <stdio.h>

#include "base/base.h"
#include "kernel/kallsyms.h"
#include "kernel/module.h"
#include "kernel/vmem.h"

#define MAX_NAMES  (64u << 20)
#define MAX_TOKENS (64u << 10)
#define LAST_LEN   0x10000 /* how far the last symbol may reach */

struct symbols {
	struct kallsyms *ks; /* null: none, `why` says the reason */
	struct vmem_block names, tokens, entries;
	uint64_t low, high; /* kernel image */
	enum error_kind kind;
	char *why;
};

struct keys {
	uint64_t names, num, token_table, token_index, entries, base, stext;
	bool absolute, has_base;
};

static struct error *find_keys(struct kernel *k, struct keys *ret)
{
	const struct vmcoreinfo *v = k->info;
	struct keys t = {0};

	if (!vmcoreinfo_symbol(v, "_stext", &t.stext))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no SYMBOL(_stext): kallsyms cannot be checked");
	if (!vmcoreinfo_symbol(v, "kallsyms_names", &t.names) ||
	    !vmcoreinfo_symbol(v, "kallsyms_num_syms", &t.num) ||
	    !vmcoreinfo_symbol(v, "kallsyms_token_table", &t.token_table) ||
	    !vmcoreinfo_symbol(v, "kallsyms_token_index", &t.token_index))
		return error_new(
			ERROR_NOT_FOUND,
			"VMCOREINFO has no SYMBOL(kallsyms_*) keys (Linux 6.0 and later have them)");
	if (!vmcoreinfo_symbol(v, "kallsyms_offsets", &t.entries)) {
		if (!vmcoreinfo_symbol(v, "kallsyms_addresses", &t.entries))
			return error_new(
				ERROR_NOT_FOUND,
				"VMCOREINFO has neither kallsyms_offsets nor kallsyms_addresses");
		t.absolute = true;
	}
	t.has_base = vmcoreinfo_symbol(v, "kallsyms_relative_base", &t.base);
	*ret = t;
	return NULL;
}

static struct error *load_tables(struct kernel *k, struct symbols *s, const struct keys *at,
				 struct kallsyms_tables *t)
{
	uint64_t index_off, width = at->absolute ? 8 : 4;

	*t = (struct kallsyms_tables){.big = k->big,
				      .absolute = at->absolute,
				      .has_base = at->has_base,
				      .entries_va = at->entries};
	TRY(vmem_read_u32(k, at->num, &t->num));
	if (at->has_base)
		TRY(vmem_read_long(k, at->base, &t->base));
	if (!t->num || t->num >= KALLSYMS_MAX_SYMBOLS)
		return error_new(ERROR_BAD_DATA, "kallsyms_num_syms is %u", t->num);
	if (sub_overflows(at->token_index, at->token_table, &index_off) ||
	    index_off > MAX_TOKENS || at->token_table < at->names)
		return error_new(
			ERROR_BAD_DATA,
			"the tables of kallsyms do not follow each other: names 0x%llx, tokens 0x%llx, index 0x%llx",
			(unsigned long long)at->names, (unsigned long long)at->token_table,
			(unsigned long long)at->token_index);
	TRY(vmem_load(k, at->names, at->token_table - at->names, MAX_NAMES, &s->names));
	TRY(vmem_load(k, at->token_table, index_off + 512, MAX_TOKENS + 512, &s->tokens));
	TRY(vmem_load(k, at->entries, t->num * width, KALLSYMS_MAX_SYMBOLS * width,
		      &s->entries));
	t->names = s->names.bytes;
	t->names_len = s->names.len;
	t->token_table = s->tokens.bytes;
	t->token_table_len = index_off;
	t->token_index = s->tokens.bytes + index_off;
	t->entries = s->entries.bytes;
	t->entries_len = s->entries.len;
	return NULL;
}

static void drop_tables(struct symbols *s)
{
	kallsyms_free(s->ks);
	s->ks = NULL;
	vmem_block_done(&s->names);
	vmem_block_done(&s->tokens);
	vmem_block_done(&s->entries);
}

static struct error *load(struct kernel *k, struct symbols *s)
{
	struct kallsyms_tables t;
	struct keys at = {0};
	uint32_t i;

	TRY(find_keys(k, &at));
	TRY(load_tables(k, s, &at, &t));
	TRY(kallsyms_open(&t, at.stext, &s->ks));
	s->low = at.stext;
	if (kallsyms_find(s->ks, "_text", &i))
		s->low = MIN(s->low, kallsyms_address(s->ks, i));
	s->high = kallsyms_address(s->ks, kallsyms_count(s->ks) - 1) + LAST_LEN;
	if (kallsyms_find(s->ks, "_end", &i))
		s->high = kallsyms_address(s->ks, i);
	return NULL;
}

struct error *symbols_load(struct kernel *k)
{
	struct symbols *s = k->symbols;
	struct error *e;

	if (!s) {
		s = k->symbols = calloc(1, sizeof(*s));
		if (!s)
			return error_nomem();
		e = load(k, s);
		if (e) {
			drop_tables(s);
			k->no_symbols = true;
			s->kind = error_kind(e);
			s->why = strdup(error_message(e));
			error_free(e);
		}
	}
	if (s->ks)
		return NULL;
	return error_new(s->kind, "no symbols: %s", s->why ? s->why : "out of memory");
}

void symbols_free(struct symbols *s)
{
	if (!s)
		return;
	drop_tables(s);
	free(s->why);
	free(s);
}

bool symbols_have_data(struct kernel *k)
{
	_cleanup_error_ struct error *e = symbols_load(k);

	return !e && kallsyms_have_data(k->symbols->ks);
}

struct error *symbol_find(struct kernel *k, const char *name, uint64_t *ret_va)
{
	uint32_t i;

	if (vmcoreinfo_symbol(k->info, name, ret_va))
		return NULL;
	TRY(symbols_load(k));
	if (!kallsyms_find(k->symbols->ks, name, &i))
		return error_new(ERROR_NOT_FOUND, "the kernel has no symbol %s%s", name,
				 kallsyms_have_data(k->symbols->ks)
					 ? ""
					 : " (its kallsyms hold functions only)");
	*ret_va = kallsyms_address(k->symbols->ks, i);
	return NULL;
}

struct error *symbol_find_any(struct kernel *k, const char *const *names, uint64_t *ret_va)
{
	struct error *e = NULL;

	for (size_t i = 0; names[i]; i++) {
		error_free(e);
		e = symbol_find(k, names[i], ret_va);
		if (!e || error_kind(e) != ERROR_NOT_FOUND)
			return e;
	}
	return e ? e : error_new(ERROR_NOT_FOUND, "no symbol was named");
}

static void fill(const struct kallsyms *ks, uint32_t i, uint64_t end, struct symbol *ret)
{
	kallsyms_name(ks, i, ret->name, sizeof(ret->name), &ret->type);
	ret->va = kallsyms_address(ks, i);
	ret->len = end > ret->va ? end - ret->va : 0;
	ret->module = NULL;
}

static struct error *none_at(uint64_t va)
{
	return error_new(ERROR_NOT_FOUND, "no symbol covers 0x%llx", (unsigned long long)va);
}

struct error *symbol_at(struct kernel *k, uint64_t va, struct symbol *ret)
{
	_cleanup_error_ struct error *e = symbols_load(k);
	const struct module *m;
	uint64_t end;
	uint32_t i;

	if (!e && va >= k->symbols->low && va < k->symbols->high) {
		if (!kallsyms_at(k->symbols->ks, va, &i, &end))
			return none_at(va);
		fill(k->symbols->ks, i, end ? end : k->symbols->high, ret);
		return NULL;
	}
	m = module_containing(k, va);
	if (m)
		return module_symbol_at(k, m, va, ret);
	return e ? take_ptr(e) : none_at(va);
}

void symbol_format(struct kernel *k, uint64_t va, char *buf, size_t room)
{
	struct symbol s;
	_cleanup_error_ struct error *e = symbol_at(k, va, &s);
	int n;

	if (e) {
		snprintf(buf, room, "0x%0*llx", k->is_64bit ? 16 : 8, (unsigned long long)va);
		return;
	}
	n = snprintf(buf, room, "%s+0x%llx/0x%llx", s.name, (unsigned long long)(va - s.va),
		     (unsigned long long)s.len);
	if (s.module && n >= 0 && (size_t)n < room)
		snprintf(buf + n, room - n, " [%s]", s.module);
}

struct error *symbols_walk(struct kernel *k, bool (*each)(const struct symbol *s, void *arg),
			   void *arg)
{
	const struct kallsyms *ks;
	struct symbol s;

	TRY(symbols_load(k));
	ks = k->symbols->ks;
	for (uint32_t i = 0; i < kallsyms_count(ks); i++) {
		uint64_t end = 0, at = kallsyms_address(ks, i);

		/* aliases share the length up to the next other address */
		for (uint32_t j = i + 1; j < kallsyms_count(ks) && j < i + 64 && end <= at; j++)
			end = kallsyms_address(ks, j);
		fill(ks, i, end, &s);
		if (!each(&s, arg))
			break;
	}
	return NULL;
}
