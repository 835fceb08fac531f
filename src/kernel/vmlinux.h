/*
 * A kernel's own ELF file: its symbols, and BTF where it was built with it. DWARF is not read:
 * every distribution's kernel since 5.2 has BTF, and older ones' VMCOREINFO says what they need.
 */
#pragma once

#include "base/strbuf.h"
#include "dump/source.h"

/* Appends VMCOREINFO text (infotext.h) for the kernel in `path`, with OSRELEASE and, where the file
 * has one, BUILD-ID. */
struct error *vmlinux_infotext(const char *path, struct strbuf *out) MUST_CHECK;
/* The same of a source, which is borrowed. */
struct error *vmlinux_infotext_of(struct source *s, struct strbuf *out) MUST_CHECK;
