/*
 * Who wrote an ELF dump, by its notes and its first PT_LOAD: netdump and diskdump of RHEL 3 and
 * 4 left no other sign (crash, netdump.c: is_netdump(), dump_Elf32_Nhdr()). Folder-private.
 */
#pragma once

#include "dump/dump.h"

struct elf_origin {
	bool netdump;	    /* or diskdump: pages stand at their address, behind the headers */
	uint32_t page_size; /* that the alignment of its segments tells; 0: nothing */
};

/* Sets d->format and d->panic_task where the notes, which are read, tell them. `off` and `align`
 * are those of the first PT_LOAD. */
struct elf_origin elf_take_origin(struct dump *d, uint64_t off, uint64_t align);
