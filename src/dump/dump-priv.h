/* What the format readers share: their list, most likely first, common header parts, and what sets
 * of files need. Folder-private. */
#pragma once

#include "base/strbuf.h"
#include "dump/dump.h"

extern const struct dump_format read_diskdump, read_elf, read_kdump, read_lkcd, read_s390,
	read_sadump;

/* An empty dump, complete until something else is seen; null: out of memory. */
struct dump *dump_new(const struct dump_format *ops);
/* Opens a part of a set as a dump by itself; takes its source over, also on failure. */
struct error *dump_open_part(struct dump_part *p, struct dump **ret) MUST_CHECK;

/* The error for a file that no format wants: it says what the file is, where that is known. */
struct error *foreign_refuse(struct source *s) MUST_CHECK;

#define UTSNAME_LEN 390 /* struct new_utsname: six names of 65 bytes */

/* `len` bytes, up to a NUL, made printable; `to` has room for len + 1. */
void header_text(const unsigned char *raw, size_t len, char *to);
/* struct new_utsname (UTSNAME_LEN bytes) as printable names. */
void header_utsname(const unsigned char *raw, struct dump_utsname *u);

/* Notes that a format without notes can give, one behind the other in `to`. */
void put_note(struct strbuf *to, bool big, const char *name, uint32_t type, const void *desc,
	      size_t len);
/* The NT_PRSTATUS of one CPU, made from `len` bytes in the order of d->arch->regs (more are
 * left out, fewer are zeros). Its pid is CPU + 1, as hypervisors have it. */
void put_cpu_note(const struct dump *d, unsigned cpu, const void *regs, size_t len,
		  struct strbuf *to);
/* Makes them the notes of the dump, and empties `notes`. None is fine. */
struct error *take_made_notes(struct dump *d, struct strbuf *notes) MUST_CHECK;

#define INFO_SEARCH_MAX (64ull << 30) /* bytes of memory that are worth searching */

/* Searches memory, [pa, pa + len) at `off` of d->source, for the VMCOREINFO note that the kernel
 * keeps; found, it becomes the last of the dump's notes and d->vmcoreinfo. */
struct error *find_info_in_memory(struct dump *d, uint64_t pa, uint64_t off, uint64_t len) MUST_CHECK;
