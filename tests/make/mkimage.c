/* Building kernel images; see mkimage.h. Layouts are named at each function. */
#include "make/mkimage.h"

#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "make/make.h"

#define FILE_LIMIT (1u << 30)

static const char *key(const struct words *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++) {
		const char *rest = text_after(w->v[i], name);

		if (rest && *rest == '=')
			return rest + 1;
	}
	return NULL;
}

static struct error *number(const struct words *w, const char *name, uint64_t otherwise, uint64_t *ret)
{
	const char *value = key(w, name);

	*ret = otherwise;
	return !value || text_u64(value, ret) ? NULL :
						error_new(ERROR_USAGE, "%s=%s is no number", name, value);
}

/* DATA or @FILE; empty when the key is not there. */
static struct error *content(const struct words *w, const char *name, struct strbuf *to)
{
	const char *value = key(w, name);
	_cleanup_free_ char *bytes = NULL;
	size_t len;

	if (!value)
		return NULL;
	if (*value != '@')
		return make_data(value, 0, to);
	TRY(file_read(AT_FDCWD, value + 1, FILE_LIMIT, &bytes, &len));
	strbuf_add(to, bytes, len);
	return strbuf_error(to);
}

static void u8(struct strbuf *b, size_t off, uint8_t v)
{
	b->s[off] = (char)v;
}

static void u16(struct strbuf *b, size_t off, uint64_t v, bool big)
{
	put_u16(b->s + off, (uint16_t)v, big);
}

static void u32(struct strbuf *b, size_t off, uint64_t v, bool big)
{
	put_u32(b->s + off, (uint32_t)v, big);
}

static void u64(struct strbuf *b, size_t off, uint64_t v, bool big)
{
	put_u64(b->s + off, v, big);
}

static void noise(struct strbuf *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		strbuf_putc(b, (char)(i * 7 + 1));
}

/* Documentation/arch/x86/boot.rst */
static struct error *make_bzimage(const struct words *w, struct strbuf *b)
{
	uint64_t protocol, xload, init, pref, alignment, cmdline, initrd_max, len;
	const size_t setup = 4 * 512;

	TRY(number(w, "protocol", 0x20f, &protocol));
	TRY(number(w, "xload", 0x7f, &xload));
	TRY(number(w, "init", 0x400000, &init));
	TRY(number(w, "pref", 0x1000000, &pref));
	TRY(number(w, "align", 0x200000, &alignment));
	TRY(number(w, "cmdline", 2047, &cmdline));
	TRY(number(w, "initrd-max", 0x7fffffff, &initrd_max));
	TRY(number(w, "len", 256, &len));
	strbuf_fill(b, '\0', setup);
	noise(b, len);
	TRY(strbuf_error(b));
	u8(b, 0x1f1, 3);
	u16(b, 0x1fe, 0xaa55, false);
	u16(b, 0x200, 0x6aeb, false);
	memcpy(b->s + 0x202, "HdrS", 4);
	u16(b, 0x206, protocol, false);
	u16(b, 0x20e, 0x100, false);
	memcpy(b->s + 0x300, "6.12.0-sample (builder)", 23);
	u8(b, 0x211, 1);
	u32(b, 0x22c, initrd_max, false);
	u32(b, 0x230, alignment, false);
	u8(b, 0x234, 1);
	u16(b, 0x236, xload, false);
	u32(b, 0x238, cmdline, false);
	u64(b, 0x258, pref, false);
	u32(b, 0x260, init, false);
	return NULL;
}

/* Multiboot 0.6.96, 3.1; Multiboot2 2.0, 3.1. At offset `at` of the file. */
static struct error *add_multiboot(const struct words *w, struct strbuf *b, size_t at, uint64_t pa,
				   uint64_t len, bool addresses)
{
	uint64_t version, flags, relocatable;

	TRY(number(w, "multiboot", addresses, &version));
	TRY(number(w, "mb-flags", 3, &flags));
	TRY(number(w, "mb-relocatable", 0, &relocatable));
	if (version)
		memset(b->s + at, 0, 64);
	if (version == 1) {
		flags |= addresses ? 0x10000 : 0;
		u32(b, at, 0x1badb002, false);
		u32(b, at + 4, flags, false);
		u32(b, at + 8, -(0x1badb002 + flags), false);
		if (addresses) {
			u32(b, at + 12, pa + at, false);
			u32(b, at + 16, pa, false);
			u32(b, at + 20, pa + len, false);
			u32(b, at + 24, pa + len + 0x1000, false);
			u32(b, at + 28, pa + 0x100, false);
		}
	} else if (version == 2) {
		size_t tags = at + 16, end = tags;

		if (relocatable) {
			u16(b, end, 10, false);
			u32(b, end + 4, 24, false);
			u32(b, end + 8, 0x100000, false);
			u32(b, end + 12, 0xffffffff, false);
			u32(b, end + 16, 0x200000, false);
			end += 24;
		}
		u32(b, end + 4, 8, false); /* the end */
		end += 8;
		u32(b, at, 0xe85250d6, false);
		u32(b, at + 8, end - at, false);
		u32(b, at + 12, -(0xe85250d6 + (end - at)), false);
	}
	return NULL;
}

/* ELF 1.2; the file's bytes of each segment follow each other at 0x1000. */
static struct error *make_elf_kernel(const struct words *w, struct strbuf *b)
{
	static const char note[] = "\6\0\0\0\4\0\0\0\0\1\0\0Linux\0\0\0salt";
	uint64_t bits, machine, type, pa, va, len, mem, entry, loads, is_linux;
	const size_t first = 0x1000;
	bool wide;

	TRY(number(w, "bits", 64, &bits));
	wide = bits == 64;
	TRY(number(w, "machine", wide ? EM_X86_64 : EM_386, &machine));
	TRY(number(w, "type", ET_EXEC, &type));
	TRY(number(w, "pa", 0x1000000, &pa));
	TRY(number(w, "va", pa, &va));
	TRY(number(w, "len", 8192, &len));
	TRY(number(w, "mem", 0x10000, &mem));
	TRY(number(w, "entry", pa, &entry));
	TRY(number(w, "loads", 1, &loads));
	TRY(number(w, "linux", 0, &is_linux));
	strbuf_fill(b, '\0', first);
	noise(b, loads * len);
	TRY(strbuf_error(b));
	memcpy(b->s, ELFMAG, SELFMAG);
	u8(b, EI_CLASS, wide ? ELFCLASS64 : ELFCLASS32);
	u8(b, EI_DATA, ELFDATA2LSB);
	u8(b, EI_VERSION, 1);
	u16(b, 16, type, false);
	u16(b, 18, machine, false);
	u32(b, 20, 1, false);
	if (wide) {
		u64(b, 24, entry, false);
		u64(b, 32, sizeof(Elf64_Ehdr), false);
	} else {
		u32(b, 24, entry, false);
		u32(b, 28, sizeof(Elf32_Ehdr), false);
	}
	u16(b, wide ? 54 : 42, wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), false);
	u16(b, wide ? 56 : 44, loads + !!is_linux, false);
	for (size_t i = 0; i < loads + !!is_linux; i++) {
		size_t at = wide ? sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr) :
				   sizeof(Elf32_Ehdr) + i * sizeof(Elf32_Phdr);
		bool is_note = i == loads;
		uint64_t v[] = { is_note ? 0x800 : first + i * len, va + i * 0x200000, pa + i * 0x200000,
				 is_note ? sizeof(note) - 1 : len, is_note ? 0 : mem };

		u32(b, at, is_note ? PT_NOTE : PT_LOAD, false);
		for (size_t j = 0; j < ARRAY_SIZE(v); j++)
			if (wide)
				u64(b, at + 8 + j * 8, v[j], false);
			else
				u32(b, at + 4 + j * 4, v[j], false);
		if (wide)
			u64(b, at + 48, 0x200000, false);
		else
			u32(b, at + 28, 0x1000, false);
	}
	if (is_linux)
		memcpy(b->s + 0x800, note, sizeof(note) - 1);
	return add_multiboot(w, b, first + 64, pa, len, false);
}

static struct error *make_raw(const struct words *w, struct strbuf *b)
{
	uint64_t pa, len;

	TRY(number(w, "pa", 0x200000, &pa));
	TRY(number(w, "len", 4096, &len));
	noise(b, len);
	TRY(strbuf_error(b));
	return add_multiboot(w, b, 64, pa, len, true);
}

struct section {
	const char *name; /* in the file, at most 8 bytes */
	const char *key;
};

/* PE/COFF: a stub of MZ and PE header, one section header of 40 bytes each, then the sections
 * with their length in memory exact and in the file padded. */
static struct error *make_uki(const struct words *w, struct strbuf *b)
{
	static const struct section all[] = {
		{ ".osrel", "osrel" }, { ".cmdline", "cmdline" }, { ".uname", "uname" },
		{ ".dtb", "dtb" },     { ".ucode", "ucode" },	  { ".initrd", "initrd" },
		{ ".linux", "linux" }, { ".profile", "profile" }, { ".linux", "profile" },
	};
	const size_t pe = 0x80, opt = pe + 24, opt_len = 240, table = opt + opt_len;
	uint64_t pad, n = 0;

	TRY(number(w, "pad", 512, &pad));
	strbuf_fill(b, '\0', 0x400);
	TRY(strbuf_error(b));
	memcpy(b->s, "MZ", 2);
	u32(b, 60, pe, false);
	memcpy(b->s + pe, "PE\0\0\x64\x86", 6);
	u16(b, pe + 20, opt_len, false);
	u16(b, opt, 0x20b, false);
	u32(b, opt + 108, 16, false);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t at = table + n * 40, start = b->len;

		TRY(content(w, all[i].key, b));
		TRY(strbuf_error(b));
		if (b->len == start)
			continue;
		memcpy(b->s + at, all[i].name, strlen(all[i].name));
		u32(b, at + 8, b->len - start, false);
		u32(b, at + 12, 0x10000 * (n + 1), false);
		strbuf_fill(b, '\0', ROUND_UP(b->len, pad) - b->len);
		TRY(strbuf_error(b));
		u32(b, at + 16, b->len - start, false);
		u32(b, at + 20, start, false);
		n++;
	}
	u16(b, pe + 6, n, false);
	return NULL;
}

/* drivers/firmware/efi/libstub/zboot-header.S */
static struct error *make_zboot(const struct words *w, struct strbuf *b)
{
	const char *format = key(w, "format");
	uint64_t pe;

	TRY(number(w, "pe", 1, &pe));
	strbuf_fill(b, '\0', 0x200);
	TRY(content(w, "payload", b));
	TRY(strbuf_error(b));
	memcpy(b->s, "MZ\0\0zimg", 8);
	u32(b, 8, 0x200, false);
	u32(b, 12, b->len - 0x200, false);
	snprintf(b->s + 24, 32, "%s", format ? format : "gzip");
	if (pe) {
		u32(b, 60, 0x80, false);
		memcpy(b->s + 0x80, "PE\0\0\x64\xaa", 6);
	}
	strbuf_fill(b, '\0', 64);
	return strbuf_error(b);
}

/* CRC-32 of zlib, bit by bit. */
static uint32_t crc32_of(const char *p, size_t len)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* U-Boot, include/image.h */
static struct error *make_uimage(const struct words *w, struct strbuf *b)
{
	const char *name = key(w, "name");
	uint64_t type, comp;

	TRY(number(w, "type", 2, &type));
	TRY(number(w, "comp", 0, &comp));
	strbuf_fill(b, '\0', 64);
	TRY(content(w, "payload", b));
	TRY(strbuf_error(b));
	u32(b, 0, 0x27051956, true);
	u32(b, 12, b->len - 64, true);
	u32(b, 24, crc32_of(b->s + 64, b->len - 64), true);
	u8(b, 28, 5);
	u8(b, 29, 3);
	u8(b, 30, (uint8_t)type);
	u8(b, 31, (uint8_t)comp);
	if (name)
		memcpy(b->s + 32, name, strnlen(name, 32));
	u32(b, 4, crc32_of(b->s, 64), true);
	return NULL;
}

static struct error *make_magic(const struct words *w, struct strbuf *b)
{
	_cleanup_strbuf_ struct strbuf bytes = { 0 };
	uint64_t off, len;

	TRY(number(w, "off", 0, &off));
	TRY(number(w, "len", 512, &len));
	TRY(content(w, "data", &bytes));
	strbuf_fill(b, '\0', len);
	TRY(strbuf_error(b));
	if (off + bytes.len > len)
		return error_new(ERROR_USAGE, "%zu bytes at %llu do not fit", bytes.len,
				 (unsigned long long)off);
	if (bytes.len)
		memcpy(b->s + off, bytes.s, bytes.len);
	return NULL;
}

struct error *mkimage(const char *kind, const struct words *keys, struct strbuf *ret)
{
	static const struct {
		const char *kind;
		struct error *(*make)(const struct words *w, struct strbuf *b);
	} kinds[] = {
		{ "bzimage", make_bzimage }, { "elf", make_elf_kernel }, { "raw", make_raw },
		{ "uki", make_uki },	     { "zboot", make_zboot },	 { "uimage", make_uimage },
		{ "magic", make_magic },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].kind, kind))
			return kinds[i].make(keys, ret);
	return error_new(ERROR_USAGE, "there is no kind of image \"%s\"", kind);
}
