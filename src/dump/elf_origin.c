/* Netdump's and diskdump's ELF files; see elf_origin-priv.h. */
#include "dump/elf_origin-priv.h"

#include <elf.h>

#include "base/base.h"

#ifndef NT_TASKSTRUCT
#define NT_TASKSTRUCT 4
#endif
#define NT_DISKDUMP 0x70000001

/* A task's address in front of the descriptor; crash's snap puts more behind it. */
static void take_task(struct dump *d, const struct dump_note *n)
{
	size_t word = d->is_64bit ? 8 : 4;

	if (n && n->desc_len >= word)
		d->panic_task = get_uint(n->desc, word, d->big);
}

struct elf_origin elf_take_origin(struct dump *d, uint64_t off, uint64_t align)
{
	const struct dump_note *task = dump_find_note(d, "CORE", NT_TASKSTRUCT);
	const struct dump_note *snap = dump_find_note(d, "SNAP", NT_TASKSTRUCT);
	bool diskdump = dump_find_note(d, "DISKDUMP", NT_DISKDUMP);
	/* a process's core file looks alike, but for its auxiliary vector */
	bool netdump = task || (dump_find_note(d, "CORE", NT_PRPSINFO) &&
				!dump_find_note(d, "CORE", NT_AUXV));

	take_task(d, snap ? snap : task);
	if (snap) {
		d->format = "ELF vmcore, crash's snap";
		return (struct elf_origin){ 0 };
	}
	if (d->vmcoreinfo || !(diskdump || netdump) || !align || off % 4096)
		return (struct elf_origin){ 0 };
	d->format = diskdump ? "ELF vmcore, diskdump" : "ELF vmcore, netdump";
	return (struct elf_origin){ true, align & d->arch->page_sizes && IS_POW2(align) ? align : 0 };
}
