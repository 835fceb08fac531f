/*
 * A small dead x86_64 kernel for tests: an image of 2 MiB with code, data, a stack, kallsyms,
 * BTF and ORC tables, which opens through VMCOREINFO as a real one does. Fill it, then
 * dead_open().
 */
#pragma once

#include <stdlib.h>

#include "build_btf.h"
#include "build_kallsyms.h"
#include "build_orc.h"
#include "kernel/task.h"
#include "make/fake_kernel.h"

#define DEAD_TEXT  0xffffffff81000000ull
#define DEAD_DATA  (DEAD_TEXT + 0x20000)
#define DEAD_STACK (DEAD_TEXT + 0x40000) /* 16 KiB */
#define DEAD_IPS   (DEAD_TEXT + 0x80000)
#define DEAD_RULES (DEAD_TEXT + 0xa0000)
#define DEAD_NAMES (DEAD_TEXT + 0xc0000)
#define DEAD_BTF   (DEAD_TEXT + 0x100000)
#define DEAD_END   (DEAD_TEXT + 0x200000)
#define DEAD_PA	   0x200000ull

struct dead {
	struct fake f;
	struct sym syms[256];
	size_t nr_syms;
	struct orc_build orc;
	struct btf_build btf;
	bool no_orc, no_btf_symbols;
};

static inline uint64_t dead_pa(uint64_t va)
{
	return va - DEAD_TEXT + DEAD_PA;
}

static inline void dead_put(struct dead *d, uint64_t va, unsigned width, uint64_t value)
{
	fake_put(&d->f, dead_pa(va), width, value);
}

static inline void dead_symbol(struct dead *d, char type, const char *name, uint64_t va)
{
	d->syms[d->nr_syms++] = (struct sym){ type, name, va };
}

static inline void dead_init(struct dead *d, int orc_version)
{
	*d = (struct dead){ .orc = { .version = orc_version, .ips_va = DEAD_IPS } };
	fake_init(&d->f, FAKE_X86_64, true, false, 8 << 20);
	d->f.next = 6 << 20;
	dead_symbol(d, 'T', "_stext", DEAD_TEXT);
	dead_symbol(d, 'B', "_end", DEAD_END);
}

static inline int dead_by_address(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	if (x->va != y->va)
		return x->va < y->va ? -1 : 1;
	return x < y ? -1 : 1;
}

static inline void dead_key(struct dead *d, const char *name, uint64_t va)
{
	fake_info(&d->f, "SYMBOL(%s)=%llx", name, (unsigned long long)va);
}

static inline void dead_write(struct dead *d, uint64_t va, const struct strbuf *b)
{
	fake_put_bytes(&d->f, dead_pa(va), b->s, b->len);
}

static inline void dead_write_kallsyms(struct dead *d)
{
	struct kallsyms_shape s = { .how = KALLSYMS_PERCPU, .long_names = true, .marker_width = 4,
				    .align = 8, .base = DEAD_TEXT };
	uint64_t at = DEAD_NAMES;
	struct kallsyms_build b;

	qsort(d->syms, d->nr_syms, sizeof(*d->syms), dead_by_address);
	build_kallsyms(&b, &s, d->syms, d->nr_syms);
	dead_put(d, at - 16, 4, d->nr_syms);
	dead_put(d, at - 8, 8, s.base);
	dead_key(d, "kallsyms_num_syms", at - 16);
	dead_key(d, "kallsyms_relative_base", at - 8);
	dead_key(d, "kallsyms_names", at);
	dead_write(d, at, &b.names);
	at = ROUND_UP(at + b.names.len, 8);
	dead_key(d, "kallsyms_token_table", at);
	dead_write(d, at, &b.tokens);
	at = ROUND_UP(at + b.tokens.len, 8);
	dead_key(d, "kallsyms_token_index", at);
	dead_write(d, at, &b.index);
	at += b.index.len;
	dead_key(d, "kallsyms_offsets", at);
	dead_write(d, at, &b.entries);
	build_kallsyms_done(&b);
}

/* Writes all tables; fake_open() is left to the caller. */
static inline void dead_build(struct dead *d)
{
	const struct strbuf *blob;

	fake_info(&d->f, "OSRELEASE=6.1.0-test");
	fake_info(&d->f, "CRASHTIME=1");
	dead_key(d, "_stext", DEAD_TEXT);
	if (!d->no_orc) {
		dead_symbol(d, 'R', "__start_orc_unwind_ip", DEAD_IPS);
		dead_symbol(d, 'R', "__stop_orc_unwind_ip", DEAD_IPS + d->orc.ips.len);
		dead_symbol(d, 'R', "__start_orc_unwind", DEAD_RULES);
	}
	dead_write(d, DEAD_IPS, &d->orc.ips);
	dead_write(d, DEAD_RULES, &d->orc.rules);
	if (!d->btf.nr)
		btf_add_int(&d->btf, "int", 4);
	blob = btf_finish(&d->btf);
	dead_write(d, DEAD_BTF, blob);
	if (!d->no_btf_symbols) {
		dead_symbol(d, 'R', "__start_BTF", DEAD_BTF);
		dead_symbol(d, 'R', "__stop_BTF", DEAD_BTF + blob->len);
	}
	dead_write_kallsyms(d);
	fake_segment(&d->f, DEAD_TEXT, DEAD_PA, DEAD_END - DEAD_TEXT);
}

static inline void dead_open(struct dead *d)
{
	dead_build(d);
	fake_open(&d->f);
}

static inline void dead_done(struct dead *d)
{
	orc_build_done(&d->orc);
	btf_build_done(&d->btf);
	fake_done(&d->f);
}

/* A struct of n members that follow with btf_elem(name, type, bit offset). */
static inline uint32_t dead_struct(struct dead *d, const char *name, uint32_t size, uint32_t n)
{
	return btf_add(&d->btf, name, BTF_STRUCT << 24 | n, size);
}
