/*
 * ELF kernels of x86. What they are told depends on --args-linux (boot_params, as a Linux
 * vmlinux wants them), --args-elf (a list of ELF boot notes) or --args-none; without a word
 * Linux is told in its own way and everything else by notes.
 *
 * A 64-bit vmlinux finds out where it lies and may be moved by multiples of 2 MiB
 * (arch/x86/boot/startup/map_kernel.c); a 32-bit one has lost its relocations and may not.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "kexec/build.h"
#include "kexec/image_types.h"
#include "kexec/result.h"

#define COMMAND_LINE_MAX 2047 /* COMMAND_LINE_SIZE of x86, without the NUL */
#define MOVE_ALIGN	 0x200000u
#define LOWMEM_END	 0x38000000ull

/* ELF boot notes (Etherboot, elf_boot.h): a header of signature, size, checksum and count. */
#define NOTES_MAGIC	    0x0e1fb007u
#define NOTES_HEAD	    12
#define NOTE_LOADER_NAME    2
#define NOTE_LOADER_VERSION 3
#define NOTE_COMMAND_LINE   4

static bool is_elf_x86_64(const unsigned char *b, size_t len)
{
	return elf_image_is(b, len, EM_X86_64);
}

static bool is_elf_x86(const unsigned char *b, size_t len)
{
	return elf_image_is(b, len, EM_386);
}

/* The fields of a setup header that a kernel still reads when it is entered behind its
 * decompressor. */
static struct error *make_header(struct image *im)
{
	static const unsigned char fixed[] = { 0x55, 0xaa, 0xeb, 0x6a, 'H', 'd', 'r', 'S', 0x0f, 0x02 };
	const size_t len = 0x26c;
	unsigned char *b;

	if (im->nr_owned == IMAGE_LAYERS)
		return error_new(ERROR_UNSUPPORTED, "wrapped more than %d times", IMAGE_LAYERS - 1);
	b = calloc(1, len);
	if (!b)
		return error_nomem();
	im->owned[im->nr_owned++] = (char *)b;
	memcpy(b + 0x1fe, fixed, sizeof(fixed));
	b[0x211] = 1;
	put_u32(b + 0x22c, LOWMEM_END - 1, false);
	put_u32(b + 0x230, MOVE_ALIGN, false);
	put_u32(b + 0x238, COMMAND_LINE_MAX, false);
	im->bz = (struct bzimage){ .bytes = b, .len = len, .header_len = len - BZIMAGE_HEADER,
				   .protocol = 0x020f, .cmdline_max = COMMAND_LINE_MAX,
				   .initrd_max = LOWMEM_END - 1 };
	if (im->elf.machine == EM_X86_64)
		im->bz.xloadflags = XLF_KERNEL_64 | XLF_ABOVE_4G | XLF_EFI_KEXEC | XLF_5LEVEL;
	return NULL;
}

static struct error *open_elf(struct image *im)
{
	TRY(elf_image_parse(im->kernel.bytes, im->kernel.len, &im->elf));
	if (im->elf.big)
		return error_new(ERROR_BAD_DATA, "a big-endian ELF file for x86");
	return make_header(im);
}

/* RFC 1071, as the notes' readers check it. */
static uint16_t internet_sum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_u16(p + i, false);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static unsigned char *add_note(unsigned char *at, uint32_t type, const char *text)
{
	size_t len = strlen(text) + 1;

	put_u32(at + 4, (uint32_t)len, false);
	put_u32(at + 8, type, false);
	memcpy(at + 12, text, len);
	return at + 12 + ROUND_UP(len, (size_t)4);
}

static struct error *place_notes(struct build *b, uint64_t *ret_pa)
{
	static const char name[] = "kexec", version[] = "salvage " SALVAGE_VERSION;
	struct place where = { LOW_END, FOUR_GIB, KEXEC_PAGE, true };
	size_t len = NOTES_HEAD + 3 * 12 + ROUND_UP(sizeof(name), 4) + ROUND_UP(sizeof(version), 4) +
		     ROUND_UP(strlen(b->p->full_cmdline) + 1, (size_t)4);
	struct kexec_part *part;
	unsigned char *bytes, *at;

	TRY(build_put(b, "boot notes", len, where, &part));
	part->bytes = part->owned = bytes = calloc(1, len);
	if (!bytes)
		return error_nomem();
	part->len = len;
	part->in_digest = true;
	put_u32(bytes, NOTES_MAGIC, false);
	put_u32(bytes + 4, (uint32_t)len, false);
	put_u16(bytes + 10, 3, false);
	at = add_note(bytes + NOTES_HEAD, NOTE_LOADER_NAME, name);
	at = add_note(at, NOTE_LOADER_VERSION, version);
	add_note(at, NOTE_COMMAND_LINE, b->p->full_cmdline);
	put_u16(bytes + 8, internet_sum(bytes, len), false);
	*ret_pa = part->pa;
	return NULL;
}

static enum kexec_args args_of(const struct build *b)
{
	if (b->p->rq.args != KEXEC_ARGS_AUTO)
		return b->p->rq.args;
	return b->p->image.elf.is_linux ? KEXEC_ARGS_LINUX : KEXEC_ARGS_NOTES;
}

static struct error *put_kernel(struct build *b, bool may_move, struct kexec_result *r)
{
	const struct elf_image *elf = &b->p->image.elf;
	struct place where = { LOW_END, elf->is_64bit ? UINT64_MAX : LOWMEM_END,
			       elf->is_64bit ? MOVE_ALIGN : KEXEC_PAGE, true };
	uint64_t delta;
	struct error *e = build_put_elf(b, elf, may_move || elf->type == ET_DYN, where, &delta);

	if (e && error_kind(e) != ERROR_NO_SPACE)
		return refuse_error(r, KEXEC_BAD_IMAGE, "give the kernel as bzImage", e);
	TRY(refuse_error(r, KEXEC_NO_ROOM,
			 may_move ? build_next_room(b) :
				    "give the kernel as bzImage, which can lie elsewhere",
			 e));
	b->start.entry = elf->entry + delta;
	return NULL;
}

static struct error *load_linux(struct build *b, struct kexec_result *r)
{
	const struct elf_image *elf = &b->p->image.elf;
	uint64_t max = elf->is_64bit ? UINT64_MAX : FOUR_GIB;

	TRY(linux_begin(b, &b->p->image.bz, max, r));
	TRY(put_kernel(b, elf->is_64bit, r));
	b->start.rsi = linux_params_pa(b);
	return linux_end(b, elf->is_64bit ? UINT64_MAX : LOWMEM_END, r);
}

static struct error *load_elf(struct build *b, struct kexec_result *r)
{
	enum kexec_args args = args_of(b);
	uint64_t notes = 0;

	b->start = (struct start){ .is_32bit = !b->p->image.elf.is_64bit };
	if (args == KEXEC_ARGS_LINUX)
		return load_linux(b, r);
	if (b->p->initrd.len)
		return refuse(r, KEXEC_BAD_REQUEST, "say --args-linux if it is a Linux kernel",
			      "an ELF kernel that is told by %s takes no initrd",
			      args == KEXEC_ARGS_NOTES ? "ELF notes" : "nothing");
	TRY(put_kernel(b, false, r));
	b->p->full_cmdline = strdup(b->p->cmdline);
	if (!b->p->full_cmdline)
		return refuse_error(r, KEXEC_NO_MEMORY, "", error_nomem());
	if (args == KEXEC_ARGS_NONE)
		return NULL;
	TRY(refuse_error(r, KEXEC_NO_ROOM, build_next_room(b), place_notes(b, &notes)));
	b->start.eax = NOTES_MAGIC;
	b->start.ebx = (uint32_t)notes;
	return NULL;
}

const struct image_type image_elf_x86_64 = {
	.name = "elf-x86_64",
	.words = "an ELF kernel for x86_64",
	.is = is_elf_x86_64,
	.open = open_elf,
	.load = load_elf,
};

const struct image_type image_elf_x86 = {
	.name = "elf-x86",
	.words = "an ELF kernel for 32-bit x86",
	.is = is_elf_x86,
	.open = open_elf,
	.load = load_elf,
};
