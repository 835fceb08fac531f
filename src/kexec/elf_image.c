/* Reading ELF kernels; see elf_image.h. */
#include "kexec/elf_image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/checked.h"

#define PHDRS_MAX 512

struct phdr {
	uint32_t type;
	uint64_t off, va, pa, file_len, mem_len, align;
};

static uint64_t word(const struct elf_image *im, const unsigned char *p)
{
	return get_uint(p, im->is_64bit ? 8 : 4, im->big);
}

static void read_phdr(const struct elf_image *im, const unsigned char *p, struct phdr *h)
{
	const unsigned w = im->is_64bit ? 8 : 4;
	const unsigned char *at = p + w; /* type, and in the wide form flags */

	h->type = get_u32(p, im->big);
	h->off = word(im, at);
	h->va = word(im, at + w);
	h->pa = word(im, at + 2 * w);
	h->file_len = word(im, at + 3 * w);
	h->mem_len = word(im, at + 4 * w);
	h->align = word(im, p + (im->is_64bit ? 48 : 28));
}

bool elf_image_is(const unsigned char *b, size_t len, uint16_t machine)
{
	return len >= sizeof(Elf32_Ehdr) && !memcmp(b, ELFMAG, SELFMAG) &&
	       get_u16(b + 18, b[EI_DATA] == ELFDATA2MSB) == machine;
}

static struct error *read_header(const unsigned char *b, size_t len, struct elf_image *im)
{
	if (len < sizeof(Elf32_Ehdr) || memcmp(b, ELFMAG, SELFMAG))
		return error_new(ERROR_NOT_FOUND, "not an ELF file");
	im->is_64bit = b[EI_CLASS] == ELFCLASS64;
	im->big = b[EI_DATA] == ELFDATA2MSB;
	if ((b[EI_CLASS] != ELFCLASS32 && !im->is_64bit) || len < sizeof(Elf64_Ehdr))
		return error_new(ERROR_BAD_DATA, "the ELF header is damaged or cut off");
	im->type = get_u16(b + 16, im->big);
	im->machine = get_u16(b + 18, im->big);
	im->entry = word(im, b + 24);
	if (im->type != ET_EXEC && im->type != ET_DYN)
		return error_new(ERROR_UNSUPPORTED,
				 "an ELF file of type %u, an executable (2) or shared (3) one is needed",
				 im->type);
	return NULL;
}

static struct error *add_load(struct elf_image *im, const struct phdr *h, size_t file_len)
{
	struct elf_load l = { h->pa, h->off, h->file_len, h->mem_len };
	uint64_t end;

	if (!h->mem_len)
		return NULL;
	if (!range_fits(h->off, h->file_len, file_len))
		return error_new(ERROR_BAD_DATA,
				 "the file ends at 0x%zx, inside a segment of 0x%llx bytes at 0x%llx",
				 file_len, (unsigned long long)h->file_len, (unsigned long long)h->off);
	if (h->file_len > h->mem_len || add_overflows(h->pa, h->mem_len, &end) || end > 1ull << 52)
		return error_new(ERROR_BAD_DATA, "a segment at 0x%llx has impossible lengths",
				 (unsigned long long)h->pa);
	if (im->nr_loads == ELF_IMAGE_LOADS)
		return error_new(ERROR_UNSUPPORTED, "more than %d segments", ELF_IMAGE_LOADS);
	if (IS_POW2(h->align) && h->align > im->align)
		im->align = h->align;
	im->loads[im->nr_loads++] = l;
	return NULL;
}

/* "Linux" notes come from the kernel's build (include/linux/elfnote-lto.h, build-salt.h). */
static bool has_linux_note(const struct elf_image *im, const unsigned char *b, size_t len,
			   const struct phdr *h)
{
	size_t at = h->off;

	if (!range_fits(h->off, h->file_len, len))
		return false;
	for (size_t end = at + h->file_len; end - at >= 12;) {
		uint64_t name = get_u32(b + at, im->big), desc = get_u32(b + at + 4, im->big);
		uint64_t step = 12 + ROUND_UP(name, 4) + ROUND_UP(desc, 4);

		if (step > end - at)
			return false;
		if (name == 6 && !memcmp(b + at + 12, "Linux", 6))
			return true;
		at += step;
	}
	return false;
}

/* An entry given as virtual address is found by the segment it lies in. */
static uint64_t physical_entry(const struct elf_image *im, const struct phdr *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].type == PT_LOAD && im->entry - all[i].pa < all[i].mem_len)
			return im->entry;
	for (size_t i = 0; i < n; i++)
		if (all[i].type == PT_LOAD && im->entry - all[i].va < all[i].mem_len)
			return im->entry - all[i].va + all[i].pa;
	return im->entry;
}

static int by_address(const void *a, const void *b)
{
	const struct elf_load *x = a, *y = b;

	return x->pa < y->pa ? -1 : x->pa > y->pa;
}

static struct error *check_loads(struct elf_image *im)
{
	if (!im->nr_loads)
		return error_new(ERROR_BAD_DATA, "the ELF file has nothing to load");
	qsort(im->loads, im->nr_loads, sizeof(*im->loads), by_address);
	im->start = im->loads[0].pa;
	im->end = im->start;
	for (size_t i = 0; i < im->nr_loads; i++) {
		if (im->loads[i].pa < im->end)
			return error_new(ERROR_BAD_DATA, "segments overlap at 0x%llx",
					 (unsigned long long)im->loads[i].pa);
		im->end = im->loads[i].pa + im->loads[i].mem_len;
	}
	if (im->entry < im->start || im->entry >= im->end)
		return error_new(ERROR_BAD_DATA, "the entry 0x%llx lies in no segment",
				 (unsigned long long)im->entry);
	return NULL;
}

static struct error *read_segments(const unsigned char *b, size_t len, struct elf_image *im)
{
	const bool wide = im->is_64bit;
	const size_t each = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint64_t off = word(im, b + (wide ? 32 : 28));
	unsigned n = get_u16(b + (wide ? 56 : 44), im->big);
	struct phdr all[PHDRS_MAX];

	if (get_u16(b + (wide ? 54 : 42), im->big) != each && n)
		return error_new(ERROR_BAD_DATA, "program headers are not of %zu bytes", each);
	if (n > PHDRS_MAX || !range_fits(off, n * each, len))
		return error_new(ERROR_BAD_DATA, "%u program headers at 0x%llx do not fit into the file",
				 n, (unsigned long long)off);
	for (unsigned i = 0; i < n; i++) {
		read_phdr(im, b + off + i * each, &all[i]);
		if (all[i].type == PT_LOAD)
			TRY(add_load(im, &all[i], len));
		if (all[i].type == PT_NOTE)
			im->is_linux = im->is_linux || has_linux_note(im, b, len, &all[i]);
	}
	im->entry = physical_entry(im, all, n);
	return check_loads(im);
}

struct error *elf_image_parse(const void *bytes, size_t len, struct elf_image *ret)
{
	static const char banner[] = "Linux version ";
	struct elf_image im = { .align = 4096 };

	TRY(read_header(bytes, len, &im));
	TRY(read_segments(bytes, len, &im));
	if (!im.is_linux)
		im.is_linux = memmem(bytes, len, banner, sizeof(banner) - 1);
	*ret = im;
	return NULL;
}
