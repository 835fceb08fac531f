/*
 * Multiboot kernels, version 1 and 2 (Xen and others): entered in 32-bit protected mode with a
 * magic number in eax and the address of the boot information in ebx. The information is
 * written by multiboot_info.c; modules lie in one part, each at a page.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/build.h"
#include "kexec/image_types.h"
#include "kexec/multiboot_info.h"
#include "kexec/result.h"

#define EAX_1 0x2badb002u
#define EAX_2 0x36d76289u

/* Only files of x86, or those that say their addresses themselves. */
static bool is_version(const unsigned char *b, size_t len, unsigned version)
{
	struct multiboot m;
	struct error *e;
	size_t off;
	bool yes;

	if (!multiboot_find(b, len, version, &off))
		return false;
	if (elf_image_is(b, len, EM_386) || elf_image_is(b, len, EM_X86_64))
		return true;
	e = multiboot_parse(b, len, version, &m);
	yes = !e && m.have_addresses;
	error_free(e);
	return yes;
}

static bool is_multiboot(const unsigned char *b, size_t len)
{
	return is_version(b, len, 1);
}

static bool is_multiboot2(const unsigned char *b, size_t len)
{
	return is_version(b, len, 2);
}

/* A header with addresses describes one segment. */
static struct error *by_addresses(const struct image *im, struct elf_image *ret)
{
	const struct multiboot *m = &im->mb;
	uint64_t before = (uint64_t)m->header_pa - m->load_pa, off = m->header_off - before, len, end;

	if (m->load_pa > m->header_pa || before > m->header_off)
		return error_new(ERROR_BAD_DATA, "the multiboot header's load address 0x%x is not in the file",
				 m->load_pa);
	len = m->load_end ? (uint64_t)m->load_end - m->load_pa : im->kernel.len - off;
	if ((m->load_end && m->load_end <= m->load_pa) || len > im->kernel.len - off)
		return error_new(ERROR_BAD_DATA, "the multiboot header's load end 0x%x is not in the file",
				 m->load_end);
	end = MAX((uint64_t)m->load_pa + len, (uint64_t)m->bss_end);
	*ret = (struct elf_image){ .machine = EM_386, .type = ET_EXEC, .entry = m->entry,
				   .loads = { { m->load_pa, off, len, end - m->load_pa } },
				   .nr_loads = 1, .start = m->load_pa, .end = end, .align = 4096 };
	return NULL;
}

static struct error *open_version(struct image *im, unsigned version)
{
	TRY(multiboot_parse(im->kernel.bytes, im->kernel.len, version, &im->mb));
	if (im->mb.have_addresses)
		TRY(by_addresses(im, &im->elf));
	else
		TRY(elf_image_parse(im->kernel.bytes, im->kernel.len, &im->elf));
	if (im->mb.have_entry)
		im->elf.entry = im->mb.entry;
	if (im->elf.end > FOUR_GIB || im->elf.entry < im->elf.start || im->elf.entry >= im->elf.end)
		return error_new(ERROR_BAD_DATA, "the entry 0x%llx is not in the kernel, or above 4 GiB",
				 (unsigned long long)im->elf.entry);
	return NULL;
}

static struct error *open_multiboot(struct image *im)
{
	return open_version(im, 1);
}

static struct error *open_multiboot2(struct image *im)
{
	return open_version(im, 2);
}

static size_t modules_len(const struct kexec_plan *p)
{
	size_t len = 0;

	for (size_t i = 0; i < p->modules.n; i++)
		len += ROUND_UP(p->modules.v[i].len, (size_t)KEXEC_PAGE);
	return len;
}

static struct error *place_modules(struct build *b, uint64_t *ret_pa)
{
	struct place where = { LOW_END, FOUR_GIB, KEXEC_PAGE, true };
	size_t len = modules_len(b->p), at = 0;
	struct kexec_part *part;

	*ret_pa = 0;
	if (!len)
		return NULL;
	TRY(build_put(b, "modules", len, where, &part));
	part->bytes = part->owned = calloc(1, len);
	if (!part->owned)
		return error_nomem();
	part->len = len;
	part->in_digest = true;
	for (size_t i = 0; i < b->p->modules.n; i++) {
		const struct kexec_module *m = &b->p->modules.v[i];

		memcpy((char *)part->owned + at, m->bytes, m->len);
		at += ROUND_UP(m->len, (size_t)KEXEC_PAGE);
	}
	*ret_pa = part->pa;
	return NULL;
}

static struct error *place_info(struct build *b, struct multiboot_input *in, uint64_t *ret_pa)
{
	struct place where = { LOW_END, FOUR_GIB, KEXEC_PAGE, true };
	struct kexec_part *part;
	size_t len;

	TRY(multiboot_info_build(in, 0, NULL, &len));
	TRY(build_put(b, "boot information", len, where, &part));
	TRY(multiboot_info_build(in, (uint32_t)part->pa, (unsigned char **)&part->owned, &part->len));
	part->bytes = part->owned;
	part->in_digest = true;
	*ret_pa = part->pa;
	return NULL;
}

static struct error *place_all(struct build *b, uint64_t *ret_delta, uint64_t *ret_info)
{
	const struct image *im = &b->p->image;
	const struct multiboot *m = &im->mb;
	struct place where = { LOW_END, FOUR_GIB, KEXEC_PAGE, true };
	struct multiboot_input in = { .version = m->version, .cmdline = b->p->full_cmdline,
				      .e820 = &b->p->e820, .modules = &b->p->modules };
	uint64_t modules = 0;

	if (m->relocatable)
		where = (struct place){ MAX((uint64_t)LOW_END, (uint64_t)m->reloc_min),
					(uint64_t)m->reloc_max + 1, MAX(m->reloc_align, KEXEC_PAGE), true };
	TRY(build_put_elf(b, &im->elf, m->relocatable, where, ret_delta));
	TRY(place_modules(b, &modules));
	in.modules_pa = (uint32_t)modules;
	in.have_base = m->relocatable;
	in.base = (uint32_t)(im->elf.start + *ret_delta);
	return place_info(b, &in, ret_info);
}

/* The file's name comes first, as loaders of this protocol do. */
static struct error *make_cmdline(struct build *b)
{
	const char *name = b->p->rq.kernel ? b->p->rq.kernel : "kernel";

	if (asprintf(&b->p->full_cmdline, "%s%s%s", name, *b->p->cmdline ? " " : "", b->p->cmdline) < 0) {
		b->p->full_cmdline = NULL;
		return error_nomem();
	}
	return NULL;
}

static struct error *load(struct build *b, struct kexec_result *r)
{
	const struct image *im = &b->p->image;
	uint64_t delta = 0, info = 0;
	struct error *e;

	if (b->p->initrd.len)
		return refuse(r, KEXEC_BAD_REQUEST, "give it as --module=FILE",
			      "a multiboot kernel takes modules, no initrd");
	TRY(refuse_error(r, KEXEC_NO_MEMORY, "", make_cmdline(b)));
	e = place_all(b, &delta, &info);
	if (e && error_kind(e) != ERROR_NO_SPACE)
		return refuse_error(r, KEXEC_BAD_IMAGE, "see the message", e);
	TRY(refuse_error(r, KEXEC_NO_ROOM, build_next_room(b), e));
	b->start = (struct start){ .entry = im->elf.entry + delta, .is_32bit = true,
				   .eax = im->mb.version == 1 ? EAX_1 : EAX_2, .ebx = (uint32_t)info };
	return NULL;
}

const struct image_type image_multiboot = {
	.name = "multiboot-x86",
	.words = "a multiboot kernel",
	.is = is_multiboot,
	.open = open_multiboot,
	.load = load,
};

const struct image_type image_multiboot2 = {
	.name = "multiboot2-x86",
	.words = "a multiboot2 kernel",
	.is = is_multiboot2,
	.open = open_multiboot2,
	.load = load,
};
