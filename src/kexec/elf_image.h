/*
 * ELF executables as kernels: where their parts want to lie in physical memory (ELF 1.2,
 * "Program Header"), and whether they are Linux.
 */
#pragma once

#include "base/error.h"

#define ELF_IMAGE_LOADS 64

struct elf_load {
	uint64_t pa;	  /* where it was linked for */
	uint64_t off;	  /* in the file */
	uint64_t file_len;
	uint64_t mem_len; /* at least file_len */
};

struct elf_image {
	bool is_64bit, big;
	uint16_t machine;     /* EM_* */
	uint16_t type;	      /* ET_EXEC, ET_DYN */
	uint64_t entry;	      /* physical where the headers allow to say so */
	struct elf_load loads[ELF_IMAGE_LOADS]; /* ascending, disjoint */
	size_t nr_loads;
	uint64_t start, end;  /* all of them */
	uint64_t align;	      /* the largest of the segments', at least a page */
	bool is_linux;	      /* has a note of the Linux build, or its banner */
};

/* ERROR_NOT_FOUND: no ELF file; ERROR_UNSUPPORTED: not an executable; ERROR_BAD_DATA. */
struct error *elf_image_parse(const void *bytes, size_t len, struct elf_image *ret) MUST_CHECK;
/* Class, byte order and machine of what may be an ELF file; false when it is none. */
bool elf_image_is(const unsigned char *b, size_t len, uint16_t machine);
