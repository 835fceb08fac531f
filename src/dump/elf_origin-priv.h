/*
 * Who wrote an ELF dump, by its notes and its PT_LOADs: netdump and diskdump of RHEL 3 and 4 left
 * no other sign (crash, netdump.c: is_netdump(), dump_Elf32_Nhdr()), nor has /proc/kcore one
 * (fs/proc/kcore.c). Folder-private.
 */
#pragma once

#include "dump/dump.h"

struct elf_origin {
	bool netdump;	    /* or diskdump: pages stand at their address, behind the headers */
	uint32_t page_size; /* that the alignment of its segments tells; 0: nothing */
};

/* Whether it is /proc/kcore, or a copy: `nr_virtual` of its PT_LOADs have no physical address,
 * which is said as -1 since Linux 4.11; before, all of them had 0 there (`all_at_zero`) and nothing
 * told where the memory is: this is an error. Its notes besides VMCOREINFO are empty and dropped. */
struct error *elf_take_kcore(struct dump *d, size_t nr_virtual, bool all_at_zero,
			     bool *ret_kcore) MUST_CHECK;
/* Sets d->format and d->panic_task where the notes, which are read, tell them. `off` and `align`
 * are those of the first PT_LOAD. */
struct elf_origin elf_take_origin(struct dump *d, uint64_t off, uint64_t align);
