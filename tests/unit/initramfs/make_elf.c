/* See make_elf.h; the layouts are those of elf.h. */
#include "make_elf.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"

static void put(struct strbuf *to, uint64_t v, size_t width, bool big)
{
	unsigned char b[8];

	for (size_t i = 0; i < width; i++)
		b[big ? width - 1 - i : i] = v >> (8 * i);
	strbuf_add(to, b, width);
}

static void put_ident(struct strbuf *to, bool wide, bool big)
{
	const char ident[EI_NIDENT] = { 0x7f, 'E', 'L', 'F', wide ? ELFCLASS64 : ELFCLASS32,
					big ? ELFDATA2MSB : ELFDATA2LSB, EV_CURRENT };

	strbuf_add(to, ident, sizeof(ident));
}

static void put_header(struct strbuf *to, bool wide, bool big, unsigned type, unsigned machine,
		       uint64_t phoff, unsigned phnum, uint64_t shoff, unsigned shnum,
		       unsigned shstrndx)
{
	size_t w = wide ? 8 : 4;

	put_ident(to, wide, big);
	put(to, type, 2, big);
	put(to, machine, 2, big);
	put(to, EV_CURRENT, 4, big);
	put(to, 0, w, big); /* e_entry */
	put(to, phoff, w, big);
	put(to, shoff, w, big);
	put(to, 0, 4, big); /* e_flags */
	put(to, wide ? 64 : 52, 2, big);
	put(to, phnum ? (wide ? 56 : 32) : 0, 2, big);
	put(to, phnum, 2, big);
	put(to, shnum ? (wide ? 64 : 40) : 0, 2, big);
	put(to, shnum, 2, big);
	put(to, shstrndx, 2, big);
}

static void put_segment(struct strbuf *to, const struct elf_make *m, unsigned type, uint64_t off,
			uint64_t len)
{
	size_t w = m->wide ? 8 : 4;

	put(to, type, 4, m->big);
	if (m->wide)
		put(to, PF_R, 4, m->big);
	put(to, off, w, m->big);
	put(to, off + 0x10000, w, m->big); /* p_vaddr, so that it is not the offset */
	put(to, 0, w, m->big);
	put(to, len, w, m->big);
	put(to, len, w, m->big);
	if (!m->wide)
		put(to, PF_R, 4, m->big);
	put(to, 1, w, m->big);
}

struct tags {
	uint64_t v[40][2];
	size_t n;
};

static void tag(struct tags *t, uint64_t name, uint64_t value)
{
	t->v[t->n][0] = name;
	t->v[t->n++][1] = value;
}

static uint64_t name_in(struct strbuf *names, const char *name)
{
	uint64_t off = names->len;

	strbuf_add(names, name, strlen(name) + 1);
	return off;
}

void make_program(const struct elf_make *m, struct strbuf *to)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };
	size_t w = m->wide ? 8 : 4, header = m->wide ? 64 : 52, each = m->wide ? 56 : 32;
	unsigned phnum = 2 + (m->interpreter != NULL);
	uint64_t interp = header + phnum * each, strings, dynamic, end;
	struct tags t = { 0 };

	strings = interp + (m->interpreter ? strlen(m->interpreter) + 1 : 0);
	strbuf_putc(&names, '\0');
	for (size_t i = 0; m->needed && m->needed[i]; i++)
		tag(&t, DT_NEEDED, name_in(&names, m->needed[i]));
	if (m->rpath)
		tag(&t, DT_RPATH, name_in(&names, m->rpath));
	if (m->runpath)
		tag(&t, DT_RUNPATH, name_in(&names, m->runpath));
	tag(&t, DT_STRTAB, strings + 0x10000);
	tag(&t, DT_NULL, 0);
	dynamic = strings + names.len;
	end = dynamic + t.n * 2 * w;

	put_header(to, m->wide, m->big, ET_DYN, m->machine, header, phnum, end, 1, 0);
	put_segment(to, m, PT_LOAD, 0, end);
	put_segment(to, m, PT_DYNAMIC, dynamic, t.n * 2 * w);
	if (m->interpreter) {
		put_segment(to, m, PT_INTERP, interp, strlen(m->interpreter) + 1);
		strbuf_add(to, m->interpreter, strlen(m->interpreter) + 1);
	}
	strbuf_add(to, names.s, names.len);
	for (size_t i = 0; i < t.n; i++) {
		put(to, t.v[i][0], w, m->big);
		put(to, t.v[i][1], w, m->big);
	}
	if (m->tail)
		strbuf_puts(to, m->tail);
}

/* --- kernel modules ----------------------------------------------------------------- */

static void put_section(struct strbuf *to, unsigned name, unsigned type, uint64_t flags,
			uint64_t off, uint64_t len, unsigned link, unsigned sh_info,
			uint64_t entsize)
{
	put(to, name, 4, false);
	put(to, type, 4, false);
	put(to, flags, 8, false);
	put(to, 0, 8, false);
	put(to, off, 8, false);
	put(to, len, 8, false);
	put(to, link, 4, false);
	put(to, sh_info, 4, false);
	put(to, 1, 8, false);
	put(to, entsize, 8, false);
}

static void put_symbol(struct strbuf *to, unsigned name, unsigned type, unsigned section)
{
	put(to, name, 4, false);
	put(to, name ? ELF64_ST_INFO(STB_GLOBAL, type) : 0, 1, false);
	put(to, 0, 1, false);
	put(to, section, 2, false);
	put(to, 0, 8, false);
	put(to, 0, 8, false);
}

/* Sections: 1 .modinfo, 2 __ksymtab_strings, 3 .symtab, 4 .strtab, 5 .shstrtab */
void make_module(const struct module_make *m, struct strbuf *to)
{
	static const char section_names[] =
		"\0.modinfo\0__ksymtab_strings\0.symtab\0.strtab\0.shstrtab";
	_cleanup_strbuf_ struct strbuf modinfo = { 0 }, exported = { 0 }, symbols = { 0 },
				      strings = { 0 };
	uint64_t off = 64, shoff;

	for (size_t i = 0; m->modinfo && m->modinfo[i]; i++)
		strbuf_add(&modinfo, m->modinfo[i], strlen(m->modinfo[i]) + 1);
	strbuf_puts(&exported, "");
	strbuf_putc(&strings, '\0');
	put_symbol(&symbols, 0, 0, 0);
	for (size_t i = 0; m->exports && m->exports[i]; i++) {
		_cleanup_strbuf_ struct strbuf name = { 0 };

		strbuf_printf(&name, "__ksymtab_%s", m->exports[i]);
		put_symbol(&symbols, name_in(&strings, name.s), STT_OBJECT, 2);
		strbuf_add(&exported, m->exports[i], strlen(m->exports[i]) + 1);
	}
	for (size_t i = 0; m->imports && m->imports[i]; i++)
		put_symbol(&symbols, name_in(&strings, m->imports[i]), STT_NOTYPE, SHN_UNDEF);
	shoff = off + modinfo.len + exported.len + symbols.len + strings.len + sizeof(section_names);

	put_header(to, true, false, ET_REL, EM_X86_64, 0, 0, shoff, 6, 5);
	strbuf_add(to, strbuf_str(&modinfo), modinfo.len);
	strbuf_add(to, strbuf_str(&exported), exported.len);
	strbuf_add(to, symbols.s, symbols.len);
	strbuf_add(to, strings.s, strings.len);
	strbuf_add(to, section_names, sizeof(section_names));

	put_section(to, 0, SHT_NULL, 0, 0, 0, 0, 0, 0);
	put_section(to, 1, SHT_PROGBITS, SHF_ALLOC, off, modinfo.len, 0, 0, 0);
	off += modinfo.len;
	put_section(to, 10, SHT_PROGBITS, SHF_ALLOC, off, exported.len, 0, 0, 0);
	off += exported.len;
	put_section(to, 28, SHT_SYMTAB, 0, off, symbols.len, 4, 1, 24);
	off += symbols.len;
	put_section(to, 36, SHT_STRTAB, 0, off, strings.len, 0, 0, 0);
	off += strings.len;
	put_section(to, 44, SHT_STRTAB, 0, off, sizeof(section_names), 0, 0, 0);
}
