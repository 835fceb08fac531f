/* Builds small vmlinux files: sections and symbols, of either width and byte order. */
#pragma once

#include <elf.h>

#include "base/base.h"

struct vmlinux_build {
	bool wide, big;
	uint16_t machine;
	uint32_t nr;
	struct strbuf names, headers, bodies; /* names: .shstrtab; bodies stand behind the ELF header */
	struct strbuf symbols, strings, file;
};

static inline void vb_put(struct strbuf *b, unsigned width, bool big, uint64_t v)
{
	unsigned char p[8];

	for (unsigned i = 0; i < width; i++)
		p[big ? width - 1 - i : i] = v >> 8 * i;
	strbuf_add(b, p, width);
}

static inline void vb_long(struct vmlinux_build *b, struct strbuf *to, uint64_t v)
{
	vb_put(to, b->wide ? 8 : 4, b->big, v);
}

/* Returns the section's number. */
static inline uint32_t vb_section(struct vmlinux_build *b, const char *name, uint32_t type, uint64_t va,
				  const void *bytes, size_t len, uint32_t link)
{
	struct strbuf *h = &b->headers;

	if (!b->nr) { /* section 0 */
		b->nr = 1;
		strbuf_add(&b->names, "", 1);
		strbuf_fill(h, '\0', b->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
	}
	vb_put(h, 4, b->big, b->names.len);
	vb_put(h, 4, b->big, type);
	vb_long(b, h, 0);
	vb_long(b, h, va);
	vb_long(b, h, (b->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) + b->bodies.len);
	vb_long(b, h, len);
	vb_put(h, 4, b->big, link);
	vb_put(h, 4, b->big, 0);
	vb_long(b, h, 0);
	vb_long(b, h, 0);
	strbuf_add(&b->names, name, strlen(name) + 1);
	strbuf_add(&b->bodies, bytes, len);
	return b->nr++;
}

static inline void vb_symbol(struct vmlinux_build *b, const char *name, uint64_t va, uint64_t len,
			     uint16_t section)
{
	struct strbuf *s = &b->symbols;
	uint32_t at;

	if (!b->strings.len) {
		strbuf_add(&b->strings, "", 1);
		strbuf_fill(s, '\0', b->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
	}
	at = b->strings.len;
	strbuf_add(&b->strings, name, strlen(name) + 1);
	vb_put(s, 4, b->big, at);
	if (b->wide) {
		vb_put(s, 2, b->big, 0);
		vb_put(s, 2, b->big, section);
	}
	vb_long(b, s, va);
	vb_long(b, s, len);
	if (!b->wide) {
		vb_put(s, 2, b->big, 0);
		vb_put(s, 2, b->big, section);
	}
}

/* The file. */
static inline void vb_finish(struct vmlinux_build *b)
{
	struct strbuf *f = &b->file;
	size_t head = b->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);

	if (b->symbols.len) {
		vb_section(b, ".strtab", SHT_STRTAB, 0, b->strings.s, b->strings.len, 0);
		vb_section(b, ".symtab", SHT_SYMTAB, 0, b->symbols.s, b->symbols.len, b->nr - 1);
	}
	strbuf_add(&b->names, ".shstrtab", 10); /* room for its own name, so that it stays where it is */
	b->names.len -= 10;
	vb_section(b, ".shstrtab", SHT_STRTAB, 0, b->names.s, b->names.len + 10, 0);
	strbuf_add(f, ELFMAG, SELFMAG);
	strbuf_putc(f, b->wide ? ELFCLASS64 : ELFCLASS32);
	strbuf_putc(f, b->big ? ELFDATA2MSB : ELFDATA2LSB);
	strbuf_putc(f, EV_CURRENT);
	strbuf_fill(f, '\0', EI_NIDENT - f->len);
	vb_put(f, 2, b->big, ET_EXEC);
	vb_put(f, 2, b->big, b->machine);
	vb_put(f, 4, b->big, EV_CURRENT);
	vb_long(b, f, 0);
	vb_long(b, f, 0);
	vb_long(b, f, head + b->bodies.len);
	vb_put(f, 4, b->big, 0);
	vb_put(f, 2, b->big, head);
	vb_put(f, 2, b->big, 0);
	vb_put(f, 2, b->big, 0);
	vb_put(f, 2, b->big, b->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
	vb_put(f, 2, b->big, b->nr);
	vb_put(f, 2, b->big, b->nr - 1);
	strbuf_add(f, b->bodies.s, b->bodies.len);
	strbuf_add(f, b->headers.s, b->headers.len);
}

static inline void vb_done(struct vmlinux_build *b)
{
	struct strbuf *const all[] = { &b->names, &b->headers, &b->bodies, &b->symbols, &b->strings,
				       &b->file };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		strbuf_done(all[i]);
}
