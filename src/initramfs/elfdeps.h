/*
 * What an ELF program needs to be started: its interpreter, its libraries, where it says they
 * are, and how much of the file is loaded. ELF32 and ELF64, both byte orders; the layout is
 * the System V gABI's (elf.h). Nothing is run.
 */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct elf_deps {
	char *interpreter;    /* PT_INTERP; null: static, or a library */
	struct words needed;  /* DT_NEEDED, in order */
	char *rpath;	      /* DT_RPATH, colon list; null: none */
	char *runpath;	      /* DT_RUNPATH, likewise */
	uint16_t machine;     /* e_machine */
	uint8_t class;	      /* 1: 32 bit, 2: 64 bit */
	size_t loaded_len;    /* bytes of the file up to the end of its last segment */
};

bool elf_is_elf(const void *bytes, size_t len);
/* `name` is for messages. ERROR_BAD_DATA when the file is no whole ELF program or library. */
struct error *elf_deps_read(const char *name, const void *bytes, size_t len,
			    struct elf_deps *ret) MUST_CHECK;
void elf_deps_done(struct elf_deps *d);
/* Takes the section table out of the header of a file that is cut to loaded_len. */
void elf_drop_sections(void *bytes, size_t len);

static inline void elf_deps_done_cleanup(struct elf_deps *d)
{
	elf_deps_done(d);
}
#define _cleanup_elf_deps_ CLEANUP(elf_deps_done)
