/*
 * Kernels that are known but not loaded on this machine: each only has a magic number, so that
 * the refusal can name it. Sources: Documentation/arch/arm64/booting.rst, arch/riscv/boot-image-
 * header.rst, arch/arm/boot/compressed/head.S, arch/s390/boot/head.S, Etherboot's NBI (36 13 03 1b).
 */
#include <elf.h>
#include <string.h>

#include "base/bytes.h"
#include "kexec/image.h"
#include "kexec/image_types.h"

static bool is_elf_ppc64(const unsigned char *b, size_t len)
{
	return elf_image_is(b, len, EM_PPC64);
}

static bool is_elf_arm64(const unsigned char *b, size_t len)
{
	return elf_image_is(b, len, EM_AARCH64);
}

static bool is_elf(const unsigned char *b, size_t len)
{
	return len >= sizeof(Elf32_Ehdr) && !memcmp(b, ELFMAG, SELFMAG);
}

static bool is_arm64(const unsigned char *b, size_t len)
{
	return len >= 64 && !memcmp(b + 56, "ARM\x64", 4);
}

static bool is_riscv(const unsigned char *b, size_t len)
{
	return len >= 64 && !memcmp(b + 56, "RSC\x05", 4);
}

static bool is_arm(const unsigned char *b, size_t len)
{
	return len >= 0x30 && get_u32(b + 0x24, false) == 0x016f2818;
}

static bool is_s390(const unsigned char *b, size_t len)
{
	return len >= 0x10010 && !memcmp(b + 0x10008, "S390EP", 6);
}

static bool is_nbi(const unsigned char *b, size_t len)
{
	return len >= 512 && !memcmp(b, "\x36\x13\x03\x1b", 4);
}

static struct error *open_elf_foreign(struct image *im)
{
	struct elf_image elf;

	return elf_image_parse(im->kernel.bytes, im->kernel.len, &elf);
}

static struct error *open_nothing(struct image *im)
{
	(void)im; /* the magic number says all that is used */
	return NULL;
}

const struct image_type image_elf_ppc64 = { .name = "elf-ppc64", .words = "an ELF kernel for 64-bit POWER",
					    .is = is_elf_ppc64, .open = open_elf_foreign };
const struct image_type image_elf_arm64 = { .name = "vmlinux", .words = "an ELF kernel for arm64",
					    .is = is_elf_arm64, .open = open_elf_foreign };
const struct image_type image_elf_foreign = { .name = "elf", .words = "an ELF file for another machine",
					      .is = is_elf, .open = open_elf_foreign };
const struct image_type image_arm64 = { .name = "Image", .words = "an arm64 Image",
					.is = is_arm64, .open = open_nothing };
const struct image_type image_riscv = { .name = "Image-riscv", .words = "a RISC-V Image",
					.is = is_riscv, .open = open_nothing };
const struct image_type image_arm = { .name = "zImage", .words = "an arm zImage",
				      .is = is_arm, .open = open_nothing };
const struct image_type image_s390 = { .name = "image", .words = "a kernel image for s390x",
				       .is = is_s390, .open = open_nothing };
const struct image_type image_nbi = { .name = "nbi-x86",
				      .words = "an Etherboot network image (NBI), a format of the 16-bit PC",
				      .is = is_nbi, .open = open_nothing };
