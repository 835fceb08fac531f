/*
 * PE files: unified kernel images and signed kernels (Microsoft PE/COFF Specification; UAPI
 * group's "Unified Kernel Image"). Sections are asked for by name.
 */
#pragma once

#include "base/error.h"

#define PE_SECTIONS 96 /* the format's own limit */

struct pe_section {
	char name[9];
	const unsigned char *bytes; /* borrowed from the file */
	size_t len; /* as the program sees it: without padding of the file */
};

struct pe {
	uint16_t machine;
	struct pe_section sections[PE_SECTIONS]; /* in the file's order */
	size_t nr_sections;
	size_t signed_end; /* where the certificate table ends; 0: none */
};

/* "MZ", and a PE header where it says. */
bool pe_is(const unsigned char *b, size_t len);
/* ERROR_BAD_DATA for what does not fit into the file. */
struct error *pe_parse(const unsigned char *b, size_t len, struct pe *ret) MUST_CHECK;
/* The first section of that name in front of the first section named `before` (null: of all). */
const struct pe_section *pe_find(const struct pe *pe, const char *name, const char *before);
