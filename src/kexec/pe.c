/* Reading PE files; see pe.h. */
#include "kexec/pe.h"

#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

#define COFF_LEN	20
#define SECTION_LEN	40
#define MAGIC_PE32	0x10b
#define MAGIC_PE32_PLUS 0x20b
#define DIRECTORY_CERT	4

bool pe_is(const unsigned char *b, size_t len)
{
	uint32_t off;

	if (len < 64 || b[0] != 'M' || b[1] != 'Z')
		return false;
	off = get_u32(b + 60, false);
	return range_fits(off, 4 + COFF_LEN, len) && !memcmp(b + off, "PE\0\0", 4);
}

/* The certificate table's directory entry holds an offset in the file. */
static void read_signature(const unsigned char *opt, size_t opt_len, size_t file_len, struct pe *pe)
{
	unsigned magic = opt_len >= 2 ? get_u16(opt, false) : 0;
	size_t count = magic == MAGIC_PE32_PLUS ? 108 : 92, entry = count + 4 + DIRECTORY_CERT * 8;
	uint32_t off, len;

	if ((magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS) || opt_len < entry + 8 ||
	    get_u32(opt + count, false) <= DIRECTORY_CERT)
		return;
	off = get_u32(opt + entry, false);
	len = get_u32(opt + entry + 4, false);
	if (off && len && range_fits(off, len, file_len))
		pe->signed_end = off + len;
}

static struct error *read_section(const unsigned char *b, size_t len, const unsigned char *h,
				  struct pe_section *s)
{
	uint32_t virtual_len = get_u32(h + 8, false), raw_len = get_u32(h + 16, false);
	uint32_t off = get_u32(h + 20, false);

	memcpy(s->name, h, 8);
	s->name[8] = '\0';
	s->len = virtual_len ? MIN(virtual_len, raw_len) : raw_len;
	if (!s->len)
		return NULL; /* memory to be zeroed, nothing in the file */
	if (!range_fits(off, s->len, len))
		return error_new(ERROR_BAD_DATA,
				 "the file ends at 0x%zx, inside its section %s of 0x%zx bytes at 0x%x",
				 len, s->name, s->len, off);
	s->bytes = b + off;
	return NULL;
}

struct error *pe_parse(const unsigned char *b, size_t len, struct pe *ret)
{
	struct pe pe = { 0 };
	size_t off, opt_len, table;

	if (!pe_is(b, len))
		return error_new(ERROR_NOT_FOUND, "not a PE file");
	off = get_u32(b + 60, false) + 4;
	pe.machine = get_u16(b + off, false);
	pe.nr_sections = get_u16(b + off + 2, false);
	opt_len = get_u16(b + off + 16, false);
	table = off + COFF_LEN + opt_len;
	if (pe.nr_sections > PE_SECTIONS || !range_fits(table, pe.nr_sections * SECTION_LEN, len))
		return error_new(ERROR_BAD_DATA,
				 "the PE header's %zu sections at 0x%zx do not fit into the file",
				 pe.nr_sections, table);
	read_signature(b + off + COFF_LEN, opt_len, len, &pe);
	for (size_t i = 0; i < pe.nr_sections; i++)
		TRY(read_section(b, len, b + table + i * SECTION_LEN, &pe.sections[i]));
	*ret = pe;
	return NULL;
}

const struct pe_section *pe_find(const struct pe *pe, const char *name, const char *before)
{
	for (size_t i = 0; i < pe->nr_sections; i++) {
		if (before && !strcmp(pe->sections[i].name, before))
			return NULL;
		if (!strcmp(pe->sections[i].name, name) && pe->sections[i].bytes)
			return &pe->sections[i];
	}
	return NULL;
}
