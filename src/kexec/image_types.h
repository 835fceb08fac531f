/* The types' rows; image.c lists them in probe order. */
#pragma once

#include "kexec/image.h"

extern const struct image_type image_multiboot2;
extern const struct image_type image_elf_x86_64;
extern const struct image_type image_multiboot;
extern const struct image_type image_elf_x86;
extern const struct image_type image_bzimage64;
extern const struct image_type image_bzimage;
extern const struct image_type image_zboot;
extern const struct image_type image_uki;
extern const struct image_type image_uimage;
/* Recognised, for a message that says what the file is. */
extern const struct image_type image_elf_ppc64;
extern const struct image_type image_elf_arm64;
extern const struct image_type image_elf_foreign;
extern const struct image_type image_arm64;
extern const struct image_type image_riscv;
extern const struct image_type image_arm;
extern const struct image_type image_s390;
extern const struct image_type image_nbi;
