/* Reading PT_INTERP and the dynamic section; see elfdeps.h. */
#include "initramfs/elfdeps.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"
#include "base/cursor.h"

#define PHDRS_MAX   4096
#define DYNAMIC_MAX 65536

struct elf {
	const char *name;
	const unsigned char *bytes;
	size_t len;
	bool big, wide; /* wide: 64 bit */
	uint64_t phoff;
	unsigned phnum, phentsize;
};

struct segment {
	uint32_t type;
	uint64_t off, va, filesz;
};

bool elf_is_elf(const void *bytes, size_t len)
{
	return len > EI_DATA && memcmp(bytes, ELFMAG, SELFMAG) == 0;
}

static struct error *read_header(struct elf *elf, struct elf_deps *d)
{
	struct cursor c;
	unsigned type;

	if (!elf_is_elf(elf->bytes, elf->len))
		return error_new(ERROR_BAD_DATA, "%s: is no ELF file", elf->name);
	d->class = elf->bytes[EI_CLASS];
	elf->wide = d->class == ELFCLASS64;
	elf->big = elf->bytes[EI_DATA] == ELFDATA2MSB;
	cursor_init(&c, elf->name, elf->bytes, elf->len, elf->big);
	cursor_skip(&c, EI_NIDENT);
	type = cursor_u16(&c);
	d->machine = cursor_u16(&c);
	cursor_skip(&c, 4);
	cursor_long(&c, elf->wide); /* e_entry */
	elf->phoff = cursor_long(&c, elf->wide);
	cursor_long(&c, elf->wide); /* e_shoff */
	cursor_skip(&c, 4 + 2);	    /* e_flags, e_ehsize */
	elf->phentsize = cursor_u16(&c);
	elf->phnum = cursor_u16(&c);
	TRY(cursor_error(&c));
	if (type != ET_EXEC && type != ET_DYN)
		return error_new(ERROR_BAD_DATA, "%s: is an ELF file of type %u, no program or library",
				 elf->name, type);
	if (elf->phnum == 0 || elf->phnum > PHDRS_MAX ||
	    elf->phentsize < (elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return error_new(ERROR_BAD_DATA, "%s: %u program headers of %u bytes make no program",
				 elf->name, elf->phnum, elf->phentsize);
	return NULL;
}

static struct error *segment_at(const struct elf *elf, unsigned i, struct segment *ret)
{
	struct cursor c;
	uint64_t off;

	if (add_overflows(elf->phoff, (uint64_t)i * elf->phentsize, &off) || off > elf->len)
		off = elf->len;
	cursor_init(&c, elf->name, elf->bytes, elf->len, elf->big);
	cursor_seek(&c, off);
	ret->type = cursor_u32(&c);
	if (elf->wide)
		cursor_skip(&c, 4); /* p_flags */
	ret->off = cursor_long(&c, elf->wide);
	ret->va = cursor_long(&c, elf->wide);
	cursor_long(&c, elf->wide); /* p_paddr */
	ret->filesz = cursor_long(&c, elf->wide);
	TRY(cursor_error(&c));
	if (!range_fits(ret->off, ret->filesz, elf->len))
		return error_new(ERROR_BAD_DATA,
				 "%s: segment %u lies outside of the file (offset %#jx, %#jx bytes)",
				 elf->name, i, (uintmax_t)ret->off, (uintmax_t)ret->filesz);
	return NULL;
}

/* File offset of a virtual address; false when no segment has it. */
static bool offset_of(const struct elf *elf, uint64_t va, uint64_t *ret)
{
	for (unsigned i = 0; i < elf->phnum; i++) {
		struct segment s;
		struct error *e = segment_at(elf, i, &s);

		if (e) {
			error_free(e);
			return false;
		}
		if (s.type == PT_LOAD && va >= s.va && va - s.va < s.filesz) {
			*ret = s.off + (va - s.va);
			return true;
		}
	}
	return false;
}

/* Borrowed NUL-terminated text at a file offset. */
static struct error *text_at(const struct elf *elf, uint64_t off, const char **ret)
{
	const unsigned char *start;

	if (off >= elf->len)
		return error_new(ERROR_BAD_DATA, "%s: a name at offset %#jx is outside of the file",
				 elf->name, (uintmax_t)off);
	start = elf->bytes + off;
	if (!memchr(start, '\0', elf->len - off))
		return error_new(ERROR_BAD_DATA, "%s: the name at offset %#jx has no end", elf->name,
				 (uintmax_t)off);
	*ret = (const char *)start;
	return NULL;
}

static struct error *keep_text(const struct elf *elf, uint64_t off, char **to)
{
	const char *text = NULL;

	TRY(text_at(elf, off, &text));
	free(*to);
	*to = strdup(text);
	return *to ? NULL : error_nomem();
}

static struct error *take_dynamic(const struct elf *elf, uint64_t strings, uint64_t tag,
				  uint64_t value, struct elf_deps *d)
{
	const char *text = NULL;
	uint64_t off;

	if (add_overflows(strings, value, &off))
		off = elf->len;
	if (tag == DT_RPATH)
		return keep_text(elf, off, &d->rpath);
	if (tag == DT_RUNPATH)
		return keep_text(elf, off, &d->runpath);
	if (tag != DT_NEEDED)
		return NULL;
	TRY(text_at(elf, off, &text));
	return words_add(&d->needed, text);
}

static struct error *read_dynamic(const struct elf *elf, const struct segment *s,
				  struct elf_deps *d)
{
	uint64_t tag = 1, value, strings = 0;
	bool have_strings = false;

	/* first where the names are, then the names */
	for (int round = 0; round < 2; round++) {
		struct cursor c;

		cursor_init(&c, elf->name, elf->bytes + s->off, s->filesz, elf->big);
		for (size_t i = 0; i < DYNAMIC_MAX && cursor_left(&c); i++) {
			tag = cursor_long(&c, elf->wide);
			value = cursor_long(&c, elf->wide);
			TRY(cursor_error(&c));
			if (tag == DT_NULL)
				break;
			if (round == 0 && tag == DT_STRTAB) {
				have_strings = offset_of(elf, value, &strings);
				break;
			}
			if (round == 1)
				TRY(take_dynamic(elf, strings, tag, value, d));
		}
		if (!have_strings)
			return error_new(ERROR_BAD_DATA, "%s: its dynamic section names no string table",
					 elf->name);
	}
	return NULL;
}

struct error *elf_deps_read(const char *name, const void *bytes, size_t len,
			    struct elf_deps *ret)
{
	struct elf elf = { .name = name, .bytes = bytes, .len = len };
	_cleanup_elf_deps_ struct elf_deps d = { 0 };
	bool dynamic = false;
	uint64_t end;

	TRY(read_header(&elf, &d));
	end = elf.phoff + (uint64_t)elf.phnum * elf.phentsize;
	for (unsigned i = 0; i < elf.phnum; i++) {
		struct segment s;

		TRY(segment_at(&elf, i, &s));
		end = MAX(end, s.off + s.filesz);
		if (s.type == PT_INTERP)
			TRY(keep_text(&elf, s.off, &d.interpreter));
		if (s.type == PT_DYNAMIC && !dynamic) {
			dynamic = true; /* there is but one */
			TRY(read_dynamic(&elf, &s, &d));
		}
	}
	d.loaded_len = MIN(end, (uint64_t)len);
	*ret = d;
	d = (struct elf_deps){ 0 };
	return NULL;
}

void elf_drop_sections(void *bytes, size_t len)
{
	unsigned char *b = bytes;

	if (!elf_is_elf(b, len))
		return;
	if (b[EI_CLASS] == ELFCLASS64 && len >= sizeof(Elf64_Ehdr)) {
		memset(b + offsetof(Elf64_Ehdr, e_shoff), 0, 8);
		memset(b + offsetof(Elf64_Ehdr, e_shnum), 0, 4); /* and e_shstrndx */
	} else if (b[EI_CLASS] == ELFCLASS32 && len >= sizeof(Elf32_Ehdr)) {
		memset(b + offsetof(Elf32_Ehdr, e_shoff), 0, 4);
		memset(b + offsetof(Elf32_Ehdr, e_shnum), 0, 4);
	}
}

void elf_deps_done(struct elf_deps *d)
{
	free(d->interpreter);
	free(d->rpath);
	free(d->runpath);
	words_done(&d->needed);
	*d = (struct elf_deps){ 0 };
}
