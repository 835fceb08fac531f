/* Sections are found by name, as elf(5) lays them out. */
#include "kernel/vmlinux.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "kernel/btf.h"
#include "kernel/infotext.h"

#define NR_SECTIONS_MAX 65536
#define SECTION_MAX	(256u << 20)
#define BANNER		"Linux version "

struct section {
	char *bytes; /* NUL behind its end; null: not there */
	uint64_t va, len;
};

struct vmlinux {
	struct source *s;
	const struct arch *arch;
	bool wide, big;
	uint64_t shoff;
	uint32_t shentsize, shnum, shstrndx;
	struct section symtab, strtab, btf;
};

struct header {
	uint32_t name, type;
	uint64_t va, off, len, link;
};

static struct error *read_file_header(struct vmlinux *v)
{
	unsigned char raw[sizeof(Elf64_Ehdr)];
	struct cursor c;
	uint16_t type, machine;

	TRY(source_read(v->s, 0, raw, sizeof(Elf32_Ehdr)));
	if (memcmp(raw, ELFMAG, SELFMAG) != 0)
		return error_new(ERROR_BAD_DATA, "%s: not an ELF file; the unpacked vmlinux is needed",
				 v->s->name);
	v->wide = raw[EI_CLASS] == ELFCLASS64;
	v->big = raw[EI_DATA] == ELFDATA2MSB;
	TRY(source_read(v->s, 0, raw, v->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)));
	cursor_init(&c, v->s->name, raw, sizeof(raw), v->big);
	cursor_seek(&c, EI_NIDENT);
	type = cursor_u16(&c);
	machine = cursor_u16(&c);
	cursor_skip(&c, 4);
	(void)cursor_long(&c, v->wide); /* entry */
	(void)cursor_long(&c, v->wide); /* program headers */
	v->shoff = cursor_long(&c, v->wide);
	cursor_skip(&c, 4 + 2 + 2 + 2);
	v->shentsize = cursor_u16(&c);
	v->shnum = cursor_u16(&c);
	v->shstrndx = cursor_u16(&c);
	v->arch = arch_by_elf(machine, v->wide);
	if ((type != ET_EXEC && type != ET_DYN) || !v->arch ||
	    v->shentsize < (v->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		return error_new(ERROR_BAD_DATA, "%s: an ELF file, but not a vmlinux", v->s->name);
	return NULL;
}

static struct error *read_section_header(struct vmlinux *v, uint32_t i, struct header *ret)
{
	unsigned char raw[sizeof(Elf64_Shdr)];
	struct cursor c;
	size_t len = v->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	TRY(source_read(v->s, v->shoff + (uint64_t)i * v->shentsize, raw, len));
	cursor_init(&c, v->s->name, raw, len, v->big);
	ret->name = cursor_u32(&c);
	ret->type = cursor_u32(&c);
	(void)cursor_long(&c, v->wide); /* flags */
	ret->va = cursor_long(&c, v->wide);
	ret->off = cursor_long(&c, v->wide);
	ret->len = cursor_long(&c, v->wide);
	ret->link = cursor_u32(&c);
	return cursor_error(&c);
}

static struct error *load_section(struct vmlinux *v, const struct header *h, struct section *ret)
{
	if (h->type == SHT_NOBITS || ret->bytes)
		return NULL;
	if (h->len > SECTION_MAX || !range_fits(h->off, h->len, v->s->size))
		return error_new(ERROR_BAD_DATA, "%s: a section of %llu bytes at 0x%llx does not fit",
				 v->s->name, (unsigned long long)h->len, (unsigned long long)h->off);
	ret->bytes = malloc(h->len + 1);
	if (!ret->bytes)
		return error_nomem();
	ret->bytes[h->len] = '\0';
	ret->va = h->va;
	ret->len = h->len;
	return source_read(v->s, h->off, ret->bytes, h->len);
}

/* Section `name`; ERROR_NOT_FOUND without one. */
static struct error *find_section(struct vmlinux *v, const struct section *names, const char *name,
				  struct header *ret)
{
	for (uint32_t i = 0; i < v->shnum; i++) {
		TRY(read_section_header(v, i, ret));
		if (ret->name < names->len && text_equal(names->bytes + ret->name, name))
			return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "%s: no section %s", v->s->name, name);
}

/* ---- symbols ---- */

struct symbol_row {
	uint32_t name;
	uint64_t va, len;
	bool defined;
};

static struct symbol_row symbol_at_row(const struct vmlinux *v, uint64_t off)
{
	const unsigned char *p = (const unsigned char *)v->symtab.bytes + off;
	struct symbol_row r = { .name = get_u32(p, v->big) };

	if (v->wide) {
		r.defined = get_u16(p + 6, v->big) != SHN_UNDEF;
		r.va = get_u64(p + 8, v->big);
		r.len = get_u64(p + 16, v->big);
	} else {
		r.va = get_u32(p + 4, v->big);
		r.len = get_u32(p + 8, v->big);
		r.defined = get_u16(p + 14, v->big) != SHN_UNDEF;
	}
	return r;
}

static bool find_symbol(void *arg, const char *name, uint64_t *ret_va, uint64_t *ret_len)
{
	const struct vmlinux *v = arg;
	size_t row = v->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);

	for (uint64_t off = row; off + row <= v->symtab.len; off += row) {
		struct symbol_row r = symbol_at_row(v, off);

		if (!r.defined || r.name >= v->strtab.len ||
		    !text_equal(v->strtab.bytes + r.name, name))
			continue;
		*ret_va = r.va;
		*ret_len = r.len;
		return true;
	}
	return false;
}

/* ---- who it is ---- */

/* "Linux version RELEASE " in .rodata, where linux_banner is. */
static struct error *add_release(struct vmlinux *v, const struct section *names, struct strbuf *out)
{
	struct section rodata = { 0 };
	struct header h;
	struct error *e = find_section(v, names, ".rodata", &h);
	const char *at = NULL;
	uint64_t va, len;

	if (!e)
		e = load_section(v, &h, &rodata);
	if (!e && find_symbol(v, "linux_banner", &va, &len) && va >= rodata.va &&
	    va - rodata.va < rodata.len)
		at = text_after(rodata.bytes + (va - rodata.va), BANNER);
	if (!e && !at)
		e = error_new(ERROR_NOT_FOUND, "%s: no linux_banner with the release", v->s->name);
	if (!e)
		strbuf_printf(out, "OSRELEASE=%.*s\n", (int)strcspn(at, " \n"), at);
	free(rodata.bytes);
	return e;
}

/* The GNU build id among the notes (a vmlinux has it in .notes). */
static void add_build_id(struct vmlinux *v, const struct section *names, struct strbuf *out)
{
	struct section notes = { 0 };
	struct header h;
	struct error *e = find_section(v, names, ".notes", &h);
	struct cursor c;

	if (!e)
		e = load_section(v, &h, &notes);
	cursor_init(&c, ".notes", notes.bytes, e ? 0 : notes.len, v->big);
	while (!e && cursor_left(&c) >= 12) {
		uint32_t name_len = cursor_u32(&c), len = cursor_u32(&c), type = cursor_u32(&c);
		const char *name = cursor_bytes(&c, name_len);
		const unsigned char *id;

		cursor_align(&c, 4);
		id = cursor_bytes(&c, len);
		cursor_align(&c, 4);
		if (!name || !id || type != NT_GNU_BUILD_ID || name_len != 4 || memcmp(name, "GNU", 4))
			continue;
		strbuf_puts(out, "BUILD-ID=");
		for (uint32_t i = 0; i < len; i++)
			strbuf_printf(out, "%02x", id[i]);
		strbuf_putc(out, '\n');
		break;
	}
	error_free(e); /* a kernel need not have one */
	free(notes.bytes);
}

/* ---- all of it ---- */

static struct error *load(struct vmlinux *v, struct section *names)
{
	struct header h;
	struct error *e;

	TRY(read_file_header(v));
	if (v->shnum > NR_SECTIONS_MAX || v->shstrndx >= v->shnum)
		return error_new(ERROR_BAD_DATA, "%s: its section headers make no sense", v->s->name);
	TRY(read_section_header(v, v->shstrndx, &h));
	TRY(load_section(v, &h, names));
	e = find_section(v, names, ".symtab", &h);
	if (e)
		return error_prefix(e, "the symbols were stripped");
	TRY(load_section(v, &h, &v->symtab));
	if (h.link >= v->shnum)
		return error_new(ERROR_BAD_DATA, "%s: .symtab names no string table", v->s->name);
	TRY(read_section_header(v, h.link, &h));
	TRY(load_section(v, &h, &v->strtab));
	if (!v->symtab.bytes || !v->strtab.bytes || !names->bytes)
		return error_new(ERROR_BAD_DATA, "%s: a file of debug information alone has no symbols; "
						 "give the whole vmlinux", v->s->name);
	e = find_section(v, names, ".BTF", &h);
	if (!e)
		return load_section(v, &h, &v->btf);
	error_free(e);
	return NULL;
}

static struct error *write_text(struct vmlinux *v, const struct section *names, struct strbuf *out)
{
	_cleanup_kernel_ struct kernel *k = calloc(1, sizeof(*k)); /* its types alone */
	struct infotext_source s = { .k = k, .symbol = find_symbol, .arg = v };

	if (!k)
		return error_nomem();
	k->arch = v->arch;
	k->big = v->big;
	k->is_64bit = v->wide;
	k->long_size = v->wide ? 8 : 4;
	k->release = "";
	k->no_btf = k->no_symbols = true;
	TRY(vmcoreinfo_parse("", 0, &k->info));
	if (v->btf.len) {
		struct error *e = btf_open(v->btf.bytes, v->btf.len, k->long_size, &k->btf);

		if (e)
			return error_prefix(e, "%s: .BTF", v->s->name);
	}
	TRY(add_release(v, names, out));
	add_build_id(v, names, out);
	if (IS_POW2(v->arch->page_sizes))
		strbuf_printf(out, "PAGESIZE=%u\n", v->arch->page_sizes);
	return infotext_write(&s, NULL, out);
}

struct error *vmlinux_infotext_of(struct source *s, struct strbuf *out)
{
	struct vmlinux v = { .s = s };
	struct section names = { 0 };
	struct error *e = load(&v, &names);

	if (!e)
		e = write_text(&v, &names, out);
	free(names.bytes);
	free(v.symtab.bytes);
	free(v.strtab.bytes);
	free(v.btf.bytes);
	return e;
}

struct error *vmlinux_infotext(const char *path, struct strbuf *out)
{
	_cleanup_source_ struct source *s = NULL;

	TRY(source_open_file(path, &s));
	return vmlinux_infotext_of(s, out);
}
