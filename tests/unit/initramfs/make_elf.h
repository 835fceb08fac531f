/*
 * Builders of tiny ELF files for the initramfs tests: programs and libraries with a dynamic
 * section, in any class and byte order, and relocatable kernel modules for depmod.
 */
#pragma once

#include "base/strbuf.h"

struct elf_make {
	bool wide, big;
	unsigned machine;
	const char *interpreter;      /* null: none */
	const char *const *needed;    /* null-terminated; null: none */
	const char *rpath, *runpath;  /* null: none */
	const char *tail;	      /* not loaded, after the last segment (as symbols are) */
};

void make_program(const struct elf_make *m, struct strbuf *to);

struct module_make {
	const char *const *modinfo; /* "alias=...", "softdep=pre: x", null-terminated */
	const char *const *exports; /* symbols; null: none */
	const char *const *imports;
};

void make_module(const struct module_make *m, struct strbuf *to);
