/* Reading multiboot headers; see multiboot.h. */
#include "kexec/multiboot.h"

#include "base/bytes.h"
#include "base/checked.h"

#define MAGIC_1	     0x1badb002u
#define MAGIC_2	     0xe85250d6u
#define SEARCH_1     8192u
#define SEARCH_2     32768u
#define MUST_1	     0xffffu /* flags that may not be passed over */
#define PAGE_ALIGN_1 0x1u
#define MEMORY_1     0x2u
#define VIDEO_1	     0x4u
#define ADDRESSES_1  0x10000u
#define TAGS_MAX     64

enum { /* header tags of version 2 */
	TAG_END, TAG_REQUEST, TAG_ADDRESS, TAG_ENTRY, TAG_CONSOLE, TAG_VIDEO, TAG_ALIGN,
	TAG_EFI_SERVICES, TAG_EFI_ENTRY_32, TAG_EFI_ENTRY_64, TAG_RELOCATABLE,
};

static bool header_ok(const unsigned char *b, unsigned version)
{
	uint32_t sum = get_u32(b, false) + get_u32(b + 4, false) + get_u32(b + 8, false);

	if (version == 2)
		sum += get_u32(b + 12, false);
	return get_u32(b, false) == (version == 1 ? MAGIC_1 : MAGIC_2) && !sum;
}

bool multiboot_find(const unsigned char *b, size_t len, unsigned version, size_t *ret_off)
{
	const size_t need = version == 1 ? 12 : 16, step = version == 1 ? 4 : 8;
	size_t end = MIN(len, (size_t)(version == 1 ? SEARCH_1 : SEARCH_2));

	for (size_t off = 0; off + need <= end; off += step)
		if (header_ok(b + off, version)) {
			*ret_off = off;
			return true;
		}
	return false;
}

static void read_addresses(const unsigned char *at, struct multiboot *m)
{
	m->have_addresses = true;
	m->header_pa = get_u32(at, false);
	m->load_pa = get_u32(at + 4, false);
	m->load_end = get_u32(at + 8, false);
	m->bss_end = get_u32(at + 12, false);
}

static struct error *parse_1(const unsigned char *h, size_t left, struct multiboot *m)
{
	uint32_t flags = get_u32(h + 4, false);
	const uint32_t known = PAGE_ALIGN_1 | MEMORY_1 | VIDEO_1;

	if (flags & MUST_1 & ~known)
		return error_new(ERROR_UNSUPPORTED, "the multiboot header insists on what is not known here (flags 0x%x)",
				 flags);
	m->align_modules = flags & PAGE_ALIGN_1;
	m->want_video = flags & VIDEO_1;
	if (!(flags & ADDRESSES_1))
		return NULL;
	if (left < 32)
		return error_new(ERROR_BAD_DATA, "the multiboot header is cut off");
	read_addresses(h + 12, m);
	m->have_entry = true;
	m->entry = get_u32(h + 28, false);
	return NULL;
}

/* Information tags that are given: command line, loader, modules, memory, map, load base. */
static bool is_given(uint32_t tag)
{
	return (tag >= 1 && tag <= 4) || tag == 6 || tag == 21;
}

static struct error *check_requests(const unsigned char *at, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i += 4)
		if (!is_given(get_u32(at + i, false)))
			return error_new(ERROR_UNSUPPORTED,
					 "the multiboot2 header insists on information %u, which cannot be given",
					 get_u32(at + i, false));
	return NULL;
}

/* One header tag; `at` is behind its 8 bytes, `len` what it has left. */
static struct error *read_tag(unsigned type, bool optional, const unsigned char *at, size_t len,
			      struct multiboot *m)
{
	static const unsigned char need[] = { [TAG_ADDRESS] = 16, [TAG_ENTRY] = 4, [TAG_RELOCATABLE] = 16 };

	if (type < ARRAY_SIZE(need) && len < need[type])
		return error_new(ERROR_BAD_DATA, "multiboot2 header tag %u is too short", type);
	switch (type) {
	case TAG_REQUEST:
		return optional ? NULL : check_requests(at, len);
	case TAG_ADDRESS:
		read_addresses(at, m);
		return NULL;
	case TAG_ENTRY:
		m->have_entry = true;
		m->entry = get_u32(at, false);
		return NULL;
	case TAG_VIDEO:
		m->want_video = true;
		return NULL;
	case TAG_ALIGN:
		m->align_modules = true;
		return NULL;
	case TAG_CONSOLE:
	case TAG_EFI_SERVICES: /* over since Linux runs */
	case TAG_EFI_ENTRY_32:
	case TAG_EFI_ENTRY_64:
		return NULL;
	case TAG_RELOCATABLE:
		m->relocatable = true;
		m->reloc_min = get_u32(at, false);
		m->reloc_max = get_u32(at + 4, false);
		m->reloc_align = get_u32(at + 8, false);
		return IS_POW2(m->reloc_align) ? NULL :
			error_new(ERROR_BAD_DATA, "multiboot2 alignment 0x%x makes no sense", m->reloc_align);
	default:
		return optional ? NULL :
			error_new(ERROR_UNSUPPORTED, "the multiboot2 header insists on tag %u, which is not known here", type);
	}
}

static struct error *parse_2(const unsigned char *h, size_t left, struct multiboot *m)
{
	size_t len = get_u32(h + 8, false), at = 16;

	if (get_u32(h + 4, false) != 0)
		return error_new(ERROR_UNSUPPORTED, "a multiboot2 kernel for architecture %u, not x86 (0)",
				 get_u32(h + 4, false));
	if (len > left)
		return error_new(ERROR_BAD_DATA, "the multiboot2 header of %zu bytes is cut off", len);
	for (unsigned n = 0; at + 8 <= len; n++) {
		unsigned type = get_u16(h + at, false);
		size_t tag_len = get_u32(h + at + 4, false);

		if (type == TAG_END)
			return NULL;
		if (tag_len < 8 || tag_len > len - at || n == TAGS_MAX)
			break;
		TRY(read_tag(type, get_u16(h + at + 2, false) & 1, h + at + 8, tag_len - 8, m));
		if (ROUND_UP(tag_len, (size_t)8) > len - at)
			break;
		at += ROUND_UP(tag_len, (size_t)8);
	}
	return error_new(ERROR_BAD_DATA, "the multiboot2 header's list of tags does not end");
}

struct error *multiboot_parse(const unsigned char *b, size_t len, unsigned version,
			      struct multiboot *ret)
{
	struct multiboot m = { .version = version };
	size_t off;

	if (!multiboot_find(b, len, version, &off))
		return error_new(ERROR_NOT_FOUND, "no multiboot header");
	m.header_off = (uint32_t)off;
	TRY(version == 1 ? parse_1(b + off, len - off, &m) : parse_2(b + off, len - off, &m));
	*ret = m;
	return NULL;
}
